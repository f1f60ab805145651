"""What a service level says: its name in ODCS, its value and unit as a number; nothing measured."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from mesh_defs.contracts.wording import number

_ALIASES = {
    "av": "availability", "th": "throughput", "er": "errorRate", "ga": "generalAvailability",
    "es": "endOfSupport", "el": "endOfLife", "re": "retention", "fy": "frequency",
    "frequencyofupdate": "frequency", "ly": "latency", "fr": "freshness", "td": "timeToDetect",
    "tn": "timeToNotify", "tr": "timeToRepair",
}  # fmt: skip
_NAMES = {name.lower(): name for name in _ALIASES.values()} | _ALIASES
DATES = ("generalAvailability", "endOfSupport", "endOfLife")

_DAY = 86400.0
# Each unit's size in seconds, and how it is shown.
UNITS = {
    **dict.fromkeys(("y", "yr", "a", "year", "years"), (365.25 * _DAY, "y")),
    **dict.fromkeys(("mo", "month", "months"), (365.25 / 12 * _DAY, "months")),
    **dict.fromkeys(("w", "wk", "week", "weeks"), (7 * _DAY, "weeks")),
    **dict.fromkeys(("d", "day", "days"), (_DAY, "d")),
    **dict.fromkeys(("h", "hr", "hour", "hours"), (3600.0, "h")),
    **dict.fromkeys(("min", "minute", "minutes"), (60.0, "min")),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (1.0, "s")),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), (0.001, "ms")),
}
_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SIZES = ("y", "mo", "w", "d", "h", "min", "s")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_RATE = re.compile(r"(?:rows?|records?)\s*(?:/|a|an|per)\s*(\w+)")


def level_name(said: str | None) -> str:
    """ODCS's name of a level, also where it was abbreviated or written in another case."""
    name = (said or "").replace(" ", "").replace("_", "")
    return _NAMES.get(name.lower(), name)


def amount(name: str, value: Any, unit: str | None) -> tuple[str, Any] | None:
    """(dimension, number) of a level, so that two in other units can be compared; or None.

    Dimensions are time (in seconds), percent, rows (a second), date (a moment), and whatever else
    was said as a unit.
    """
    unit = (unit or "").strip().lower()
    if isinstance(value, str):
        text = value.strip()
        if match := _DURATION.fullmatch(text.upper()):
            parts = zip(match.groups(), _SIZES, strict=True)
            return "time", sum(int(n) * UNITS[size][0] for n, size in parts if n)
        if found := moment(text):
            return "date", found
        try:
            value = float(text.removesuffix("%"))
        except ValueError:
            return None
        unit = unit or ("percent" if text.endswith("%") else "")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    unit = _meant(name, unit)
    if unit in UNITS:
        return "time", value * UNITS[unit][0]
    if (rate := _RATE.fullmatch(unit)) and (per := _meant(name, rate[1])) in UNITS:
        return "rows", value / UNITS[per][0]
    return ("percent" if unit in ("percent", "%") else f"unit {unit}"), value


def _meant(name: str, unit: str) -> str:
    """The standard's trap: what is kept is kept for months, what is awaited takes minutes."""
    return ("mo" if name == "retention" else "min") if unit == "m" else unit


def words(name: str, value: Any, unit: str | None) -> str:
    """A level's value as a person reads it: `6 h`, `18 months`, `99.5%`."""
    if isinstance(value, str) and not value.strip().replace(".", "", 1).isdigit():
        return value.strip()
    said = _meant(name, (unit or "").strip().lower())
    if said in ("percent", "%"):
        return f"{number(value)}%"
    return f"{number(value)} {UNITS[said][1] if said in UNITS else (unit or '').strip()}".strip()


def moment(text: str) -> datetime | None:
    """A date's first moment, or the moment; UTC unless it says. None if it is none."""
    try:
        found = datetime.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None
    if found is None:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
