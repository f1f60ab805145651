"""A contract's service levels as far as a candidate tells them: freshness becomes a rule.

It is judged by a column of the data itself (`element: object.column`), so a table that was
published again with old rows is not fresh. What only time tells is in `service_levels`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.options import time_params
from mesh_defs.contracts.clauses.properties import Place, place_named
from mesh_defs.contracts.clauses.schema import make
from mesh_defs.contracts.clauses.softening import severity_of
from mesh_defs.contracts.levels.amounts import amount, level_name
from mesh_defs.contracts.rules import Clause, Rule
from mesh_defs.contracts.wording import span

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        SchemaObject,
        ServiceLevelAgreementProperty,
    )

    from mesh_defs.model import DataContract

AUDITED = ("freshness",)


def publication_interval(contract: DataContract) -> timedelta | None:
    """How often the contract promises a new publication (`frequency`), where it says so."""
    for level in contract.odcs.slaProperties or []:
        if level_name(level.property) == "frequency":
            try:
                seconds = seconds_of(level.value, level.unit)
            except ValueError:
                return None
            return timedelta(seconds=seconds) if seconds else None
    return None


def end_of_life(contract: DataContract) -> date | None:
    """The day from which the contract promises nothing any more (`endOfLife`), where it says so."""
    for level in contract.odcs.slaProperties or []:
        if level_name(level.property) == "endOfLife":
            return _day(level.value)
    return None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def service_level_clauses(odcs: OpenDataContractStandard) -> list[Clause]:
    found = []
    for level in odcs.slaProperties or []:
        if level_name(level.property) in AUDITED:
            elements = (level.element or odcs.slaDefaultElement or "").split(",")
            found += [_freshness(level, element.strip(), odcs) for element in elements]
    return found


def freshness_clause(element: str, odcs: OpenDataContractStandard) -> Rule:
    """How a column that another level names tells the time, as a rule; or why it does not."""
    from open_data_contract_standard.model import ServiceLevelAgreementProperty

    level = ServiceLevelAgreementProperty(property="freshness", value=0)
    return _freshness(level, element, odcs).rule


def _freshness(
    level: ServiceLevelAgreementProperty, element: str, odcs: OpenDataContractStandard
) -> Clause:
    severity = severity_of((level,), "freshness", default="warning")
    try:
        schema_object, place = _element(element, odcs)
        seconds = seconds_of(level.value, level.unit)
    except ValueError as wrong:
        first = next((o.name for o in odcs.schema_ or []), None) or ""
        promised = f"freshness {level.value} {level.unit or ''}".strip()
        rule = Rule("", first, None, "freshness", severity, promised, {"unusable": str(wrong)})
        return Clause(rule, level.id, f"{element or first}.freshness")
    return make(
        schema_object,
        place,
        "freshness",
        f"the newest {place.name} is at most {span(seconds)} old",
        elements=(level,),
        own_id=level.id,
        severity=severity,
        description=level.description,
        seconds=seconds,
        **time_params(place),
    )


def _element(element: str, odcs: OpenDataContractStandard) -> tuple[SchemaObject, Place]:
    objects = {o.name: o for o in odcs.schema_ or []}
    name, dot, column = element.partition(".")
    if not dot and len(objects) == 1:
        (name, column) = (next(iter(objects)) or "", element)
    if not column:
        raise ValueError("freshness needs `element: object.column`, the column that tells the time")
    if name not in objects:
        raise ValueError(f"`element: {element}`: this contract has no object {name}")
    return objects[name], place_named(objects[name], column.split("."))


def seconds_of(value: Any, unit: str | None) -> int:
    """A time span in seconds, of days if nothing is said. An ISO 8601 duration needs no unit."""
    found = amount("freshness", value, unit or "d")
    if found is None or found[0] != "time" or not 0 <= found[1] < 10**10:
        raise ValueError(f"`{value} {unit or ''}` is not a time span such as `6 h`")
    return round(float(found[1]))
