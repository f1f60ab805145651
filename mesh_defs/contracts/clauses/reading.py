"""Reading a contract: every clause of it, in the order of the file, as rules with their ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mesh_defs.contracts.clauses.neighbours import Neighbours, neighbours_of
from mesh_defs.contracts.clauses.properties import places_of
from mesh_defs.contracts.clauses.quality import quality_clauses
from mesh_defs.contracts.clauses.references import relationship_clauses
from mesh_defs.contracts.clauses.schema import object_clauses, place_clauses
from mesh_defs.contracts.clauses.type_names import dialects_of, query_dialects
from mesh_defs.contracts.clauses.variables import resolved
from mesh_defs.contracts.levels.freshness import service_level_clauses
from mesh_defs.contracts.rules import PORT_KIND, Clause, Rule, check_name

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

    from mesh_defs.model import DataContract


def rules_of(contract: DataContract) -> tuple[Rule, ...]:
    """Every rule of a contract, in the order of the file."""
    odcs = resolved(contract.odcs)
    clauses: list[Clause] = []
    for schema_object in odcs.schema_ or []:
        clauses += _schema_clauses(schema_object, odcs, neighbours_of(contract))
    clauses += service_level_clauses(odcs)
    return _named(clauses)


def audited_rules(contract: DataContract) -> tuple[Rule, ...]:
    """Those that an audit of rows has a verdict on; those on a port are judged where it is made."""
    return tuple(rule for rule in rules_of(contract) if rule.kind != PORT_KIND)


def _schema_clauses(
    schema_object: SchemaObject, odcs: OpenDataContractStandard, neighbours: Neighbours
) -> list[Clause]:
    found = [*object_clauses(schema_object)]
    dialects, queries = dialects_of(odcs), query_dialects(odcs)
    for place in places_of(schema_object):
        found += place_clauses(schema_object, place, dialects)
        found += quality_clauses(schema_object, place, queries)
        found += relationship_clauses(schema_object, place, odcs, neighbours)
    found += quality_clauses(schema_object, None, queries)
    found += relationship_clauses(schema_object, None, odcs, neighbours)
    return found


def _named(clauses: Iterable[Clause]) -> tuple[Rule, ...]:
    """Own ids are dealt out first, so that a derived id gives way and never the other way round."""
    clauses = list(clauses)
    taken: set[str] = set()
    ids: dict[int, str] = {}

    def take(index: int, *candidates: str) -> None:
        numbered = (f"{candidates[-1]}.{n}" for n in range(2, len(clauses) + 3))
        for candidate in (*candidates, *numbered):
            if check_name(candidate).lower() not in taken:
                taken.add(check_name(candidate).lower())
                ids[index] = candidate
                return

    for index, clause in enumerate(clauses):
        if own := clause.own_id:
            place = clause.rule.property or clause.rule.object
            take(index, own, f"{place}.{own}", f"{clause.rule.object}.{place}.{own}")
    for index, clause in enumerate(clauses):
        if not clause.own_id:
            take(index, clause.stem, f"{clause.rule.object}.{clause.stem}")
    return tuple(replace(clause.rule, id=ids[i]) for i, clause in enumerate(clauses))
