"""A contract's service levels as they stand: promised, measured, 30 days, error budget; plain data.

What each one means is in `meanings`; who keeps the record they are measured from is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.amounts import amount, level_name, words
from mesh_defs.contracts.evidence import Part, by_day, days_until, just_after, window_start
from mesh_defs.contracts.meanings import DATED, MEANINGS, Meaning
from mesh_defs.contracts.seen import Measured, NotMeasured, Seen
from mesh_defs.contracts.softening import custom
from mesh_defs.contracts.wording import number, span

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        ServiceLevelAgreementProperty,
    )

HOLDS, BROKEN, ENDED, NOT_MEASURED = "holds", "broken", "ended", "not measured"
ALWAYS = 100.0
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


def elements_of(
    level: ServiceLevelAgreementProperty, odcs: OpenDataContractStandard
) -> list[str | None]:
    """The columns that a level names, each as `object.column`; [None] where it means none."""
    meaning = MEANINGS.get(level_name(level.property))
    if meaning is None or not meaning.of_column:
        return [None]
    written = [e.strip() for e in (level.element or odcs.slaDefaultElement or "").split(",")]
    names = [o.name or "" for o in odcs.schema_ or []]
    return [
        f"{names[0]}.{e}" if e and "." not in e and len(names) == 1 else e or None for e in written
    ]


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
    value = words(name, level.value, level.unit)
    blank = ServiceLevel(
        level=level.id or name,
        property=name,
        element=element,
        promised=f"{level.property} {value}",
        state=NOT_MEASURED,
        measured=None,
        unit=None,
        found="",
        history=tuple(Day(d.isoformat()) for d in days_until(seen.now)),
    )
    try:
        if name in DATED:
            return _dated(level, replace(blank, unit="days"), seen)
        if name not in MEANINGS:
            raise NotMeasured(f"`{level.property}` is not a level that is known here")
        meaning = MEANINGS[name]
        template = meaning.of_column if element else meaning.plain
        if not template:
            raise NotMeasured(f"{name} needs `element: object.column`, the column of the time")
        limit = _limit(level, meaning)
        column = (element or "").rpartition(".")[2]
        said = words(name, level.value, _unit(level, meaning))
        blank = replace(
            blank, unit=meaning.unit, promised=template.format(column=column, value=said)
        )
        objective = _objective(level, meaning, limit)
        if element and element in broken_elements:
            raise NotMeasured(broken_elements[element])
        return _over_time(
            blank, meaning, limit, objective, meaning.measure(limit, element, seen), seen.now
        )
    except NotMeasured as why:
        return replace(blank, found=str(why))


def _dated(level: ServiceLevelAgreementProperty, blank: ServiceLevel, seen: Seen) -> ServiceLevel:
    said, measure = DATED[blank.property]
    found = amount(blank.property, level.value, level.unit)
    if found is None or found[0] != "date":
        raise NotMeasured(f"`{level.value}` is not a date such as `2032-05-12`")
    return _now(replace(blank, promised=said.format(value=level.value)), measure(found[1], seen))


def _now(blank: ServiceLevel, measured: Measured) -> ServiceLevel:
    state = ENDED if measured.ended else HOLDS if measured.holds else BROKEN
    return replace(blank, state=state, measured=measured.number, found=measured.found)


def _over_time(
    blank: ServiceLevel,
    meaning: Meaning,
    limit: float,
    objective: float,
    measured: Measured,
    now: datetime,
) -> ServiceLevel:
    found = _now(blank, measured)
    if measured.evidence is None:
        return found
    whole = measured.evidence.within(window_start(now), just_after(now))
    days = (_day(d.isoformat(), p, meaning, limit) for d, p in by_day(measured.evidence, now))
    budget = Budget(objective, meaning.counts, whole.of, whole.broken)
    return replace(found, history=tuple(days), budget=budget)


def _day(day: str, part: Part, meaning: Meaning, limit: float) -> Day:
    if not part.of:
        return Day(day)
    if meaning.share == "at least":
        kept = 100 - part.share
        return Day(day, kept >= limit, round(kept, 3))
    if meaning.share == "at most":
        return Day(day, part.share <= limit, round(part.share, 3))
    worst = min if meaning.dimension == "rows" else max
    return Day(day, not part.broken, round(worst(part.numbers), 3))


def _limit(level: ServiceLevelAgreementProperty, meaning: Meaning) -> float:
    found = amount(level_name(level.property), level.value, _unit(level, meaning))
    if found is None or found[0] != meaning.dimension or found[1] < 0:
        said = f"{level.value} {level.unit or ''}".strip()
        raise NotMeasured(f"`{said}` is not {_A[meaning.dimension]}")
    if meaning.share and found[1] > 100:
        raise NotMeasured(f"`{level.value}` percent is more than all")
    return float(found[1])


def _unit(level: ServiceLevelAgreementProperty, meaning: Meaning) -> str:
    return level.unit or {"time": "d", "percent": "percent", "rows": "rows/s"}[meaning.dimension]


_A = {
    "time": "a time span such as `6 h`",
    "percent": "a percentage",
    "rows": "a number of rows a time, such as `1000 rows/s`",
}


def _objective(level: ServiceLevelAgreementProperty, meaning: Meaning, limit: float) -> float:
    """The percentage that must hold: the level's own, or else what `objective` says."""
    if meaning.share:
        return limit if meaning.share == "at least" else 100 - limit
    said = custom(level, "objective")
    if said is None:
        return ALWAYS
    found = amount("objective", said, "percent")
    if found is None or found[0] != "percent" or not 0 <= found[1] <= 100:
        raise NotMeasured(f"the objective `{said}` is not a percentage")
    return float(found[1])


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
