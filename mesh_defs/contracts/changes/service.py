"""Changes of service levels: how fresh, how long kept, how available, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mesh_defs.contracts.changes.change import Both, Change, Element
from mesh_defs.contracts.changes.pairing import own_id, paired
from mesh_defs.contracts.changes.softness import KNOWN, softness
from mesh_defs.contracts.changes.terms import customs
from mesh_defs.contracts.levels.amounts import amount, level_name

# Whether more of it is better for consumers.
_LEVELS = {
    "freshness": False,
    "latency": False,
    "frequency": False,
    "errorRate": False,
    "timeToDetect": False,
    "timeToNotify": False,
    "timeToRepair": False,
    "generalAvailability": False,  # a date: sooner is better
    "retention": True,
    "availability": True,
    "throughput": True,
    "endOfSupport": True,
    "endOfLife": True,
}
_ENDS = ("endOfSupport", "endOfLife")
_MEASURED = ("value", "valueExt", "unit")
_WORDS = ("id", "driver", "description", "authoritativeDefinitions")


def service_levels(contract: Both) -> Iterator[Change]:
    """Changes of a contract's `slaProperties`."""
    old, new = contract.value("slaProperties")
    for was, now in paired(old, new, (own_id, _exactly, _name)):
        at = [f"slaProperties.{(e or {}).get('property', '')}" for e in (was or now, now or was)]
        yield from _changes(contract.below(was, now, *at), was, now)


def _name(level: Element) -> str:
    return level_name(level.get("property"))


def _exactly(level: Element) -> str:
    return f"{_name(level)} {level.get('element')}"


def _changes(level: Both, was: Element | None, now: Element | None) -> Iterator[Change]:
    ends = _name(level.old or level.new) in _ENDS
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
        name = _name(level.new)
        yield from softness(level, name, default="warning" if name == "freshness" else "error")


def said(level: Element | None) -> str:
    parts = [(level or {}).get(field) for field in _MEASURED]
    return " ".join(str(p) for p in parts if p is not None)


def _measured(level: Both) -> str | None:
    """The kind of change of a level's number, or None."""
    if not any(level.differ(field) for field in ("property", *_MEASURED)):
        return None
    names = {_name(level.old), _name(level.new)}
    name = _name(level.new)
    old, new = _amount(level.old), _amount(level.new)
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


def _amount(level: Element) -> tuple[str, Any] | None:
    return amount(_name(level), level.get("value"), level.get("unit"))
