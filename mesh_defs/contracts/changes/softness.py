"""How strictly an element was promised, in both versions: severity, tolerance, quarantine.

What they mean is in `contracts.softening`, where rules read them, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mesh_defs.contracts.changes.change import Both, Change, Element, joined
from mesh_defs.contracts.clauses import softening
from mesh_defs.contracts.clauses.quality import METRICS

Nearer = tuple[Sequence[Element], Sequence[Element]]

KNOWN = ("severity", "tolerance", softening.BREACH, softening.BUDGET)
"""Custom properties that are compared here."""

_STRICTNESS = {"info": 0, "warning": 1, "error": 2}
# A quality clause has a number of its own, and what looks at no rows tolerates none.
_COUNTED = softening.POINTS_AT_ROWS - {*METRICS}
_UNREADABLE = {"unit": "", "value": None}


def custom(element: Element, name: str) -> Any:
    """The value of an element's custom property, or None."""
    return softening.custom(_Seen(element), name)


def is_soft(both: Both, kind: str, nearer: Nearer = ((), ())) -> bool:
    """Whether the old version only warned when a clause of this kind was broken."""
    return softening.severity_of(_around(both, nearer)[0], kind) != "error"


def softness(
    both: Both, kind: str, field: str = "", default: str = "error", nearer: Nearer = ((), ())
) -> Iterator[Change]:
    """Changes of how strictly one clause that both versions have is promised.

    The clause is a field of the element, or the element itself. `nearer` are elements of the old
    and of the new version that have more to say than this one. A breach that was only warned about
    may be warned about less: no promise is taken back, and so it is risky.
    """
    olds, news = _around(both, nearer)
    was, now = (softening.severity_of(side, kind, default) for side in (olds, news))
    soft = was != "error"
    if was != now:
        lower = _STRICTNESS[now] < _STRICTNESS[was]
        name = "severity.lowered" if lower else "severity.raised"
        yield both.change(name, joined(field, "severity"), was, now, soft=soft)
    before, after = (_tolerance(side, kind) if kind in _COUNTED else None for side in (olds, news))
    if before != after:
        name = "tolerance.grown" if _grown(before, after) else "tolerance.shrunk"
        yield both.change(name, joined(field, "tolerance"), _said(before), _said(after), soft=soft)
    if not olds or not news:
        return
    held, holds = (softening.quarantine_of(side, kind, side[-1]) for side in (olds, news))
    if held != holds:
        name = "quarantine.grown" if _grown(held, holds) else "quarantine.shrunk"
        yield both.change(name, joined(field, "quarantine"), _said(held), _said(holds))


class _Seen:
    """Plain data with its fields as attributes, as `softening` reads a contract."""

    def __init__(self, data: Element) -> None:
        self._data = data

    def __getattr__(self, name: str) -> Any:
        value = self._data.get(name)
        if isinstance(value, list):
            return [_Seen(v) if isinstance(v, Mapping) else v for v in value]
        return value


def _around(both: Both, nearer: Nearer) -> tuple[list[_Seen], list[_Seen]]:
    """The element and those around it up to the schema object; the contract softens nothing."""
    around = [(both.old, both.new), *both.above[:-1]]
    olds = [*nearer[0], *(old for old, _ in around)]
    news = [*nearer[1], *(new for _, new in around)]
    return [_Seen(old) for old in olds], [_Seen(new) for new in news]


def _tolerance(elements: Sequence[_Seen], kind: str) -> dict[str, Any] | None:
    try:
        return softening.tolerance_of(elements, kind)
    except ValueError:
        return _UNREADABLE


def _grown(before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    """Rows and percentages cannot be compared: what cannot be is taken for more."""
    if after is _UNREADABLE or before is _UNREADABLE:
        return after is not None
    if not after or not before or not after["value"] or not before["value"]:
        return bool(after and after["value"])
    return bool(after["unit"] != before["unit"] or after["value"] > before["value"])


def _said(allowed: dict[str, Any] | None) -> str | None:
    return f"{allowed['value']} {allowed['unit']}".strip() if allowed else None
