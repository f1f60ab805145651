"""Which numbers an ODCS operator accepts, and whether one promise lets through all that another
does. No rule and no contract here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any

Span = tuple[float, bool, float, bool]
"""(low, whether low is in it, high, whether high is in it)."""

ANYTHING: tuple[Span, ...] = ((-math.inf, False, math.inf, False),)
_COUNTS: Span = (0.0, True, math.inf, False)


class Compared(Enum):
    SAME = "same"
    TIGHTER = "tightened"
    LOOSER = "loosened"
    OTHER = "changed"


def spans(operator: str, value: Any, counts: bool = False) -> tuple[Span, ...] | None:
    """The numbers a clause accepts; of a count or a share only those from zero on.

    None where the value is no number, or no pair of numbers where there should be one.
    """
    try:
        found = _SPANS[operator](value)
    except (KeyError, TypeError, ValueError, IndexError):
        return None
    if counts:
        found = tuple(_met(span, _COUNTS) for span in found)
    return tuple(span for span in found if not _empty(span))


def compared(old: tuple[Span, ...], new: tuple[Span, ...]) -> Compared:
    """What the new numbers are to the old ones: fewer, more, the same or others."""
    fewer, more = _within(new, old), _within(old, new)
    if fewer and more:
        return Compared.SAME
    return Compared.TIGHTER if fewer else Compared.LOOSER if more else Compared.OTHER


def upper_bound(accepted: tuple[Span, ...]) -> bool:
    """Whether less is always accepted where more is."""
    return len(accepted) == 1 and accepted[0][:2] == (0.0, True)


def lower_bound(accepted: tuple[Span, ...]) -> bool:
    """Whether more is always accepted where less is."""
    return len(accepted) == 1 and accepted[0][2] == math.inf


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return float(value)


def _one(value: Any) -> tuple[Span, ...]:
    n = _number(value)
    return ((n, True, n, True),)


def _between(value: Any) -> tuple[Span, ...]:
    low, high = value
    return ((_number(low), True, _number(high), True),)


def _outside(value: Any) -> tuple[Span, ...]:
    low, high = value
    return (-math.inf, False, _number(low), False), (_number(high), False, math.inf, False)


_SPANS: dict[str, Callable[[Any], tuple[Span, ...]]] = {
    "mustBe": _one,
    "mustNotBe": lambda v: _outside((v, v)),
    "mustBeGreaterThan": lambda v: ((_number(v), False, math.inf, False),),
    "mustBeGreaterOrEqualTo": lambda v: ((_number(v), True, math.inf, False),),
    "mustBeLessThan": lambda v: ((-math.inf, False, _number(v), False),),
    "mustBeLessOrEqualTo": lambda v: ((-math.inf, False, _number(v), True),),
    "mustBeBetween": _between,
    "mustNotBeBetween": _outside,
}


def _met(left: Span, right: Span) -> Span:
    low = max((left[0], not left[1]), (right[0], not right[1]))
    high = min((left[2], left[3]), (right[2], right[3]))
    return low[0], not low[1], high[0], high[1]


def _empty(span: Span) -> bool:
    low, low_in, high, high_in = span
    return low > high or (low == high and not (low_in and high_in))


def _within(inner: tuple[Span, ...], outer: tuple[Span, ...]) -> bool:
    return all(any(_met(span, other) == span for other in outer) for span in inner)
