"""How rules and verdicts read to a person: numbers, lists, operators; no checking."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

OPERATORS = {
    "mustBe": "{0}",
    "mustNotBe": "anything but {0}",
    "mustBeGreaterThan": "more than {0}",
    "mustBeGreaterOrEqualTo": "at least {0}",
    "mustBeLessThan": "less than {0}",
    "mustBeLessOrEqualTo": "at most {0}",
    "mustBeBetween": "between {0} and {1}",
    "mustNotBeBetween": "not between {0} and {1}",
}


def number(value: Any) -> str:
    """1469307 as `1,469,307`; anything that is no number as it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{int(value):,}" if value.is_integer() else f"{value:,.6g}"


def share(part: float, whole: int) -> str:
    """A percentage that never rounds a real part down to nothing."""
    if not whole:
        return "0%"
    percent = 100 * part / whole
    return f"{percent:.4g}%" if percent >= 0.01 or not part else "under 0.01%"


def listing(values: Iterable[Any], most: int = 8) -> str:
    """`a, b, c and 4 more`."""
    shown = [str(v) for v in values]
    extra = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {extra} more" if extra > 0 else "")


def rows(count: int, unit: str = "row") -> str:
    return f"1 {unit}" if count == 1 else f"{count:,} {unit}s"


def of_rows(failing: int, total: int, singular: str, plural: str, unit: str = "row") -> str:
    """`12 of 1,469,307 rows are null`; `none of 4 rows is null`."""
    if not failing:
        return f"none of {rows(total, unit)} {singular}"
    return f"{failing:,} of {rows(total, unit)} {singular if failing == 1 else plural}"


def must(operator: str, value: Any) -> str:
    """An ODCS operator and its value as words."""
    values = value if isinstance(value, list | tuple) else (value,)
    return OPERATORS[operator].format(*(number(v) for v in values))


def tolerated(tolerance: dict[str, Any]) -> str:
    value = tolerance["value"]
    return f"{number(value)}%" if tolerance["unit"] == "percent" else rows(value)


def span(seconds: float) -> str:
    """Seconds as the two largest units that say it: `2 d 3 h`, `45 min`."""
    sign, left = ("-" if seconds < 0 else ""), round(abs(seconds))
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return sign + (" ".join(parts[:2]) or "0 s")
