"""A contract's service levels: freshness becomes a rule, the others are promises over time.

Freshness is judged by a column of the data itself (`element: object.column`), so a table that was
published again with old rows is not fresh. Availability, retention, support and the like cannot be
seen in a candidate: they are shown, not audited.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses import make
from mesh_defs.contracts.options import time_params
from mesh_defs.contracts.properties import Place, place_named
from mesh_defs.contracts.rules import Clause, Rule
from mesh_defs.contracts.softening import severity_of
from mesh_defs.contracts.wording import span

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        SchemaObject,
        ServiceLevelAgreementProperty,
    )

    from mesh_defs.model import DataContract

AUDITED = ("freshness",)
# `m` is minutes here: nobody promises freshness in months.
SECONDS = {
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 86400),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
}
DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def publication_interval(contract: DataContract) -> timedelta | None:
    """How often the contract promises a new publication (`frequency`), where it says so."""
    for level in contract.odcs.slaProperties or []:
        if (level.property or "").lower() in ("frequency", "fy"):
            try:
                seconds = seconds_of(level.value, level.unit)
            except ValueError:
                return None
            return timedelta(seconds=seconds) if seconds else None
    return None


def service_level_clauses(odcs: OpenDataContractStandard) -> list[Clause]:
    found = []
    for level in odcs.slaProperties or []:
        if (level.property or "").lower() in AUDITED:
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
    """A time span in seconds. An ISO 8601 duration needs no unit."""
    match = DURATION.fullmatch(value.strip().upper()) if isinstance(value, str) else None
    if match and any(match.groups()):
        sizes = (7 * 86400, 86400, 3600, 60, 1)
        return sum(int(n) * size for n, size in zip(match.groups(), sizes, strict=True) if n)
    size = SECONDS.get((unit or "d").strip().lower())
    try:
        amount = float(value)
    except (TypeError, ValueError):
        amount = -1
    if size is None or isinstance(value, bool) or not 0 <= amount < 10**9:
        raise ValueError(f"`{value} {unit or ''}` is not a time span (units are d, h, m, s)")
    return round(amount * size)
