"""The eight ODCS operators: whether a number satisfies one; how they read is in `wording`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any


def holds(operator: str, actual: Any, value: Any) -> bool:
    """Whether an ODCS operator is satisfied. A null satisfies none; between includes its ends."""
    if actual is None or (isinstance(actual, float) and math.isnan(actual)):
        return False
    return COMPARISONS[operator](actual, value)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "mustBe": lambda a, v: bool(a == v),
    "mustNotBe": lambda a, v: bool(a != v),
    "mustBeGreaterThan": lambda a, v: bool(a > v),
    "mustBeGreaterOrEqualTo": lambda a, v: bool(a >= v),
    "mustBeLessThan": lambda a, v: bool(a < v),
    "mustBeLessOrEqualTo": lambda a, v: bool(a <= v),
    "mustBeBetween": lambda a, v: bool(v[0] <= a <= v[1]),
    "mustNotBeBetween": lambda a, v: not v[0] <= a <= v[1],
}
