"""Changes of service levels: how fresh, how long kept, how available, and when it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mesh_defs.contracts.changes.change import Both, Change, Element
from mesh_defs.contracts.changes.pairing import own_id, paired
from mesh_defs.contracts.changes.softness import KNOWN, softness
from mesh_defs.contracts.changes.terms import customs

# ODCS's names with their abbreviations, and whether more of it is better for consumers.
_LEVELS = {
    "freshness": False,
    "latency": False,
    "frequency": False,
    "errorrate": False,
    "timetodetect": False,
    "timetonotify": False,
    "timetorepair": False,
    "generalavailability": False,  # a date: sooner is better
    "retention": True,
    "availability": True,
    "throughput": True,
    "endofsupport": True,
    "endoflife": True,
}
_ALIASES = {
    "fr": "freshness", "ly": "latency", "fy": "frequency", "frequencyofupdate": "frequency",
    "er": "errorrate", "td": "timetodetect", "tn": "timetonotify", "tr": "timetorepair",
    "ga": "generalavailability", "re": "retention", "av": "availability", "th": "throughput",
    "es": "endofsupport", "el": "endoflife",
}  # fmt: skip
_ENDS = ("endofsupport", "endoflife")
_DAY = 86400.0
_UNITS = {
    **dict.fromkeys(("y", "yr", "year", "years"), 365.25 * _DAY),
    **dict.fromkeys(("mo", "month", "months"), 365.25 / 12 * _DAY),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * _DAY),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
}
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_SIZES = ("y", "mo", "w", "d", "h", "min", "s")
_MEASURED = ("value", "valueExt", "unit")
_WORDS = ("id", "driver", "description", "authoritativeDefinitions")


def service_levels(contract: Both) -> Iterator[Change]:
    """Changes of a contract's `slaProperties`."""
    old, new = contract.value("slaProperties")
    for was, now in paired(old, new, (own_id, _exactly, level_name)):
        at = [f"slaProperties.{(e or {}).get('property', '')}" for e in (was or now, now or was)]
        yield from _changes(contract.below(was, now, *at), was, now)


def level_name(level: Element) -> str:
    """ODCS's name of a level in small letters, also where it was abbreviated."""
    name = str(level.get("property") or "").lower().replace(" ", "").replace("_", "")
    return _ALIASES.get(name, name)


def _exactly(level: Element) -> str:
    return f"{level_name(level)} {level.get('element')}"


def _changes(level: Both, was: Element | None, now: Element | None) -> Iterator[Change]:
    ends = level_name(level.old or level.new) in _ENDS
    if now is None:
        yield level.change("end.later" if ends else "level.removed", old=said(was))
    elif was is None:
        yield level.change("end.announced" if ends else "level.added", new=said(now))
    else:
        kind = _measured(level)
        if kind:
            yield level.change(kind, "value", said(was), said(now))
        if level.differ("element"):
            yield level.field("level.changed", "element")
        for field in ("schedule", "scheduler"):
            if level.differ(field):
                yield level.field("quality.schedule", field)
        for field in _WORDS:
            if level.differ(field):
                yield level.field("level.words", field)
        yield from customs(level, KNOWN)
        name = level_name(level.new)
        yield from softness(level, name, default="warning" if name == "freshness" else "error")


def said(level: Element | None) -> str:
    parts = [(level or {}).get(field) for field in _MEASURED]
    return " ".join(str(p) for p in parts if p is not None)


def _measured(level: Both) -> str | None:
    """The kind of change of a level's number, or None."""
    if not any(level.differ(field) for field in ("property", *_MEASURED)):
        return None
    names = {level_name(level.old), level_name(level.new)}
    name = level_name(level.new)
    old, new = amount(level.old), amount(level.new)
    better = _LEVELS.get(name)
    comparable = old and new and old[0] == new[0] and len(names) == 1 and better is not None
    if not comparable or level.differ("valueExt"):
        return "level.changed"
    assert old and new
    if old[1] == new[1]:
        return "level.words"
    tighter = (new[1] > old[1]) == better
    if name in _ENDS:
        return "end.later" if tighter else "end.sooner"
    return "level.tighter" if tighter else "level.looser"


def amount(level: Element) -> tuple[str, Any] | None:
    """(dimension, number) of a level, so that two in other units can be compared; or None."""
    value, unit = level.get("value"), str(level.get("unit") or "").strip().lower()
    if isinstance(value, str):
        if match := _DURATION.fullmatch(value.strip().upper()):
            parts = zip(match.groups(), _SIZES, strict=True)
            return "time", sum(int(n) * _UNITS[size] for n, size in parts if n)
        if re.match(r"\d{4}-\d\d-\d\d", value):
            return "date", value[:10]
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
        unit = unit or ("percent" if str(level["value"]).strip().endswith("%") else "")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if unit == "m":
        # The standard's trap: what is kept is kept for months, what is awaited takes minutes.
        unit = "mo" if level_name(level) == "retention" else "min"
    if unit in _UNITS:
        return "time", value * _UNITS[unit]
    return ("percent" if unit in ("percent", "%") else f"unit {unit}"), value
