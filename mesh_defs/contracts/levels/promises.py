"""What each service level promises, in words and as numbers, as its contract says; not measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mesh_defs.contracts.clauses.softening import custom
from mesh_defs.contracts.levels.amounts import amount, level_name, words
from mesh_defs.contracts.levels.freshness import AUDITED, freshness_clause
from mesh_defs.contracts.levels.meanings import DATED, MEANINGS, Meaning
from mesh_defs.contracts.levels.seen import Measured, NotMeasured, Seen
from mesh_defs.contracts.rules import Rule

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        ServiceLevelAgreementProperty,
    )

ALWAYS = 100.0


@dataclass(frozen=True)
class Promise:
    """A level that can be measured: `objective` is the percentage that must hold.

    A date has no `meaning`, and nothing of it is counted.
    """

    words: str
    unit: str
    measure: Callable[[Seen], Measured]
    meaning: Meaning | None = None
    limit: float = 0.0
    objective: float = ALWAYS


def promise_of(
    level: ServiceLevelAgreementProperty,
    element: str | None,
    broken_elements: Mapping[str, str],
) -> Promise:
    """Raises NotMeasured, with the reason, for a level that never can be as it is written."""
    name = level_name(level.property)
    if name in DATED:
        return _date(level, name)
    if name not in MEANINGS:
        raise NotMeasured(f"`{level.property}` is not a level that is known here")
    meaning = MEANINGS[name]
    template = meaning.of_column if element else meaning.plain
    if not template:
        raise NotMeasured(f"{name} needs `element: object.column`, the column of the time")
    limit, objective = _limit(level, meaning), _objective(level, meaning)
    if element and element in broken_elements:
        raise NotMeasured(broken_elements[element])
    column = (element or "").rpartition(".")[2]
    said = template.format(column=column, value=words(name, level.value, _unit(level, meaning)))
    return Promise(
        said,
        meaning.unit,
        lambda seen: meaning.measure(limit, element, seen),
        meaning,
        limit,
        objective,
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


def clocks_of(odcs: OpenDataContractStandard) -> dict[str, Rule]:
    """Each element of a service level that names a column, and how it is read."""
    elements = (e for level in odcs.slaProperties or [] for e in elements_of(level, odcs) if e)
    return {e: freshness_clause(e, odcs) for e in elements}


def not_audited(odcs: OpenDataContractStandard) -> list[str]:
    """The levels that no table tells, by their ids or names: time and a record of runs do."""
    levels = odcs.slaProperties or []
    return [v.id or v.property or "" for v in levels if level_name(v.property) not in AUDITED]


def broken_clocks(odcs: OpenDataContractStandard) -> dict[str, str]:
    """Elements that tell no time, and why not."""
    return {e: rule.unusable for e, rule in clocks_of(odcs).items() if rule.unusable}


def unreadable(
    odcs: OpenDataContractStandard, broken_elements: Mapping[str, str]
) -> Iterator[tuple[int, str]]:
    """Levels that ODCS knows and nobody can measure as they are written: (position, why)."""
    for index, level in enumerate(odcs.slaProperties or []):
        if level_name(level.property) not in (*MEANINGS, *DATED):
            continue
        for element in elements_of(level, odcs):
            try:
                promise_of(level, element, broken_elements)
            except NotMeasured as why:
                yield index, str(why)


def _date(level: ServiceLevelAgreementProperty, name: str) -> Promise:
    said, measure = DATED[name]
    found = amount(name, level.value, level.unit)
    if found is None or found[0] != "date":
        raise NotMeasured(f"`{level.value}` is not a date such as `2032-05-12`")
    return Promise(said.format(value=level.value), "days", lambda seen: measure(found[1], seen))


def _limit(level: ServiceLevelAgreementProperty, meaning: Meaning) -> float:
    found = amount(level_name(level.property), level.value, _unit(level, meaning))
    if found is None or found[0] != meaning.dimension or not 0 <= found[1] < math.inf:
        said = f"{level.value} {level.unit or ''}".strip()
        raise NotMeasured(f"`{said}` is not {_A[meaning.dimension]}")
    if meaning.share and found[1] > 100:
        raise NotMeasured(f"`{level.value}` percent is more than all")
    return float(found[1])


_A = {
    "time": "a time span such as `6 h`",
    "percent": "a percentage",
    "rows": "a number of rows a time, such as `1000 rows/s`",
}


def _unit(level: ServiceLevelAgreementProperty, meaning: Meaning) -> str:
    return level.unit or {"time": "d", "percent": "percent", "rows": "rows/s"}[meaning.dimension]


def _objective(level: ServiceLevelAgreementProperty, meaning: Meaning) -> float:
    """The level's own percentage, or else what `objective` says."""
    if meaning.share:
        limit = _limit(level, meaning)
        return limit if meaning.share == "at least" else 100 - limit
    said = custom(level, "objective")
    if said is None:
        return ALWAYS
    found = amount("objective", said, "percent")
    if found is None or found[0] != "percent" or not 0 <= found[1] <= 100:
        raise NotMeasured(f"the objective `{said}` is not a percentage")
    return float(found[1])
