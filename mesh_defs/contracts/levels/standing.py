"""A contract's service levels as they stand: promised, measured, 30 days, error budget; plain data.

What each one means is in `meanings`, what it promises in `promises`; the record they are measured
from is kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.levels.amounts import level_name, words
from mesh_defs.contracts.levels.evidence import Part, by_day, days_until, just_after, window_start
from mesh_defs.contracts.levels.promises import Promise, elements_of, promise_of
from mesh_defs.contracts.levels.seen import NotMeasured, Seen
from mesh_defs.contracts.wording import number, span

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        ServiceLevelAgreementProperty,
    )

HOLDS, BROKEN, ENDED, NOT_MEASURED = "holds", "broken", "ended", "not measured"
_GIVEN = ("objective", "counts", "of", "used")


@dataclass(frozen=True)
class Day:
    """What a day showed: whether the level held, and its worst number; None where nothing did."""

    day: str
    holds: bool | None = None
    number: float | None = None


@dataclass(frozen=True)
class Budget:
    """How much may be broken: of the `of` that the window showed, all but the objective's share."""

    objective: float
    counts: str
    of: float
    used: float

    @property
    def allowed(self) -> float:
        return self.of * (100 - self.objective) / 100

    @property
    def left(self) -> float:
        return self.allowed - self.used

    def to_json(self) -> dict[str, Any]:
        numbers = {"of": self.of, "allowed": self.allowed, "used": self.used, "left": self.left}
        rounded = {name: round(value, 3) for name, value in numbers.items()}
        return {"objective": self.objective, "counts": self.counts, **rounded}


@dataclass(frozen=True)
class ServiceLevel:
    """One service level, for one element. `found` says in words what `measured` is, or why not."""

    level: str
    property: str
    element: str | None
    promised: str
    state: str
    measured: float | None
    unit: str | None
    found: str
    history: tuple[Day, ...]
    budget: Budget | None = None

    def to_json(self) -> dict[str, Any]:
        measured = self.measured
        return {
            "level": self.level,
            "property": self.property,
            "element": self.element,
            "promised": self.promised,
            "state": self.state,
            "measured": None if measured is None else round(measured, 3),
            "unit": self.unit,
            "found": self.found,
            "history": [dict(vars(day)) for day in self.history],
            "budget": self.budget.to_json() if self.budget else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ServiceLevel:
        history = tuple(Day(**day) for day in data["history"])
        budget = {n: data["budget"][n] for n in _GIVEN} if data["budget"] else None
        found = {**data, "history": history, "budget": Budget(**budget) if budget else None}
        return cls(**found)


def service_levels(
    odcs: OpenDataContractStandard, seen: Seen, broken_elements: Mapping[str, str]
) -> tuple[ServiceLevel, ...]:
    """Every service level of a contract, as it stands now.

    `broken_elements` says of columns that tell no time why not.
    """
    seen = _from_its_beginning(seen)
    return tuple(
        _measured(level, element, seen, broken_elements)
        for level in odcs.slaProperties or []
        for element in elements_of(level, odcs)
    )


def _from_its_beginning(seen: Seen) -> Seen:
    """What there was until now. Inputs that lay there before the first attempt came with it."""
    attempts = sorted((a for a in seen.attempts if a.at <= seen.now), key=lambda a: a.at)
    if not attempts:
        return replace(seen, attempts=())
    begin = attempts[0].at - timedelta(seconds=attempts[0].seconds)
    clamped = [replace(a, arrived=max(a.arrived, begin)) if a.arrived else a for a in attempts]
    return replace(seen, attempts=clamped)


def _measured(
    level: ServiceLevelAgreementProperty,
    element: str | None,
    seen: Seen,
    broken_elements: Mapping[str, str],
) -> ServiceLevel:
    name = level_name(level.property)
    blank = ServiceLevel(
        level=level.id or name,
        property=name,
        element=element,
        promised=f"{name} {words(name, level.value, level.unit)}",
        state=NOT_MEASURED,
        measured=None,
        unit=None,
        found="",
        history=tuple(Day(d.isoformat()) for d in days_until(seen.now)),
    )
    try:
        promise = promise_of(level, element, broken_elements)
        blank = replace(blank, promised=promise.words, unit=promise.unit)
        measured = promise.measure(seen)
    except NotMeasured as why:
        return replace(blank, found=str(why))
    state = ENDED if measured.ended else HOLDS if measured.holds else BROKEN
    found = replace(blank, state=state, measured=measured.number, found=measured.found)
    if measured.evidence is None or promise.meaning is None:
        return found
    whole = measured.evidence.within(window_start(seen.now), just_after(seen.now))
    days = (_day(d.isoformat(), part, promise) for d, part in by_day(measured.evidence, seen.now))
    budget = Budget(promise.objective, promise.meaning.counts, whole.of, whole.broken)
    return replace(found, history=tuple(days), budget=budget)


def _day(day: str, part: Part, promise: Promise) -> Day:
    meaning, limit = promise.meaning, promise.limit
    if not part.of or meaning is None:
        return Day(day)
    if meaning.share == "at least":
        kept = 100 - part.share
        return Day(day, kept >= limit, round(kept, 3))
    if meaning.share == "at most":
        return Day(day, part.share <= limit, round(part.share, 3))
    worst = min if meaning.dimension == "rows" else max
    return Day(day, not part.broken, round(worst(part.numbers), 3))


def strip(history: Iterable[Day]) -> str:
    """A sign a day, the oldest first: kept, broken, or nothing to be told."""
    return "".join("·" if d.holds is None else "▇" if d.holds else "▁" for d in history)


def budget_words(level: ServiceLevel) -> str:
    """A level's error budget: how much of what it allows is used."""
    budget = level.budget
    if budget is None:
        return ""
    used = _counted(budget.used, budget.counts)
    if budget.allowed:
        return f"{used} of {_counted(budget.allowed, budget.counts)} used"
    return f"{used} broken, nothing allowed" if budget.used else "nothing broken"


def _counted(many: float, counts: str) -> str:
    if counts == "seconds":
        return span(many)
    one = {"batches": "batch"}.get(counts, counts.removesuffix("s"))
    return f"{number(round(many, 1))} {one if many == 1 else counts}"
