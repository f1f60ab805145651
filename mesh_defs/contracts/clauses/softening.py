"""What a breach of a clause comes to, also where ODCS has no field for it; no rows are looked at.

A quality clause has a `severity` of its own. Everything else is softened by custom properties on
the element that carries the clause (a relationship, a service level, a property or an object):

    customProperties:
      - {property: severity, value: warning}                 # every clause of this element
      - {property: severity, value: {enum: warning}}         # only clauses of this kind
      - {property: tolerance, value: "0.5%"}                 # or a number of rows
      - {property: tolerance, value: {enum: 10}}
      - {property: onBreach, value: quarantine}              # or block, or warn

`error` blocks a publication, `warning` shows, `info` records. A tolerance lets a rule that counts
rows hold while at most so many rows break it. `onBreach: quarantine` takes the rows that break the
rule out of what is published, up to the object's `quarantineBudget` (rows, or a percentage).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

# ODCS leaves severity as free text. A word that is not known here blocks: better than to let a
# "blocker" of somebody's own vocabulary pass as harmless.
WORDS = {
    "warning": "warning",
    "warn": "warning",
    "medium": "warning",
    "minor": "warning",
    "moderate": "warning",
    "info": "info",
    "information": "info",
    "informational": "info",
    "low": "info",
    "notice": "info",
}


QUARANTINE = "quarantine"
SEVERITY, TOLERANCE = "severity", "tolerance"
BREACH, BUDGET = "onBreach", "quarantineBudget"
# What a breach does, and the severity that goes with it. Another word blocks.
ON_BREACH = {"block": "error", QUARANTINE: "error", "warn": "warning"}
# Kinds of rules that can say which rows break them; the others are about the table as a whole.
POINTS_AT_ROWS = frozenset(
    [
        *("required", "nullValues", "missingValues", "invalidValues", "enum", "pattern", "format"),
        *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("multipleOf", "minItems", "maxItems", "uniqueItems", "dimensions", "normalized"),
        *("minProperties", "maxProperties", "requiredProperties"),
        *("unique", "primaryKey", "duplicateValues", "foreignKey"),
        "physicalType",  # one with a length: the rows whose text is longer
    ]
)
# Kinds that hold a value against others. In a list or map they count values, and name no rows.
ABOUT_OTHER_VALUES = ("unique", "primaryKey", "duplicateValues", "foreignKey")


def severity_word(text: Any) -> str:
    return WORDS.get(str(text).strip().lower(), "error")


def custom(element: Any, name: str) -> Any:
    """The value of an element's custom property, or None."""
    for item in getattr(element, "customProperties", None) or ():
        if item.property == name:
            return item.value
    return None


def chosen(value: Any, kind: str) -> Any:
    """A setting for all kinds, or the one for this kind out of a mapping."""
    return value.get(kind) if isinstance(value, dict) else value


def severity_of(elements: Iterable[Any], kind: str, default: str = "error") -> str:
    """The severity said by the first element that says one; the nearest element comes first."""
    breach, severity = _said(elements, kind)
    if breach is not None:
        return ON_BREACH.get(breach, "error")
    return default if severity is None else severity_word(severity)


def quarantine_of(elements: Iterable[Any], kind: str, holder: Any) -> dict[str, Any] | None:
    """The budget `{"unit": rows|percent, "value": …}` where rows that break go to quarantine.

    `holder` is the schema object, which has the budget. Without one that can be read there is no
    quarantine: the rule blocks, as `error` does.
    """
    if kind not in POINTS_AT_ROWS or _said(elements, kind)[0] != QUARANTINE:
        return None
    try:
        return read_tolerance(custom(holder, BUDGET))
    except ValueError:
        return None


def _said(elements: Iterable[Any], kind: str) -> tuple[str | None, Any]:
    """(what a breach does, severity) of the nearest element that says either."""
    for element in elements:
        breach = chosen(custom(element, BREACH), kind)
        severity = getattr(element, "severity", None) or chosen(custom(element, SEVERITY), kind)
        if breach is not None or severity is not None:
            return None if breach is None else str(breach).strip().lower(), severity
    return None, None


def tolerance_of(elements: Iterable[Any], kind: str) -> dict[str, Any] | None:
    """`{"unit": rows|percent, "value": …}` or None. Raises ValueError if it cannot be read."""
    for element in elements:
        said = chosen(custom(element, TOLERANCE), kind)
        if said is not None:
            return read_tolerance(said)
    return None


def read_tolerance(said: Any) -> dict[str, Any]:
    text = str(said).strip()
    percent = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = math.nan
    whole = percent or value == math.floor(value) if math.isfinite(value) else False
    if isinstance(said, bool) or not whole or value < 0 or (percent and value > 100):
        raise ValueError(f"tolerance `{said}` is neither a whole number of rows nor a percentage")
    return {"unit": "percent" if percent else "rows", "value": value if percent else int(value)}
