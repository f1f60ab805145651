"""Which rows break a rule, as conditions to split a table by; no row is moved here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.contracts.audit import bench_of, plan_of
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.engine import relation
from mesh_defs.contracts.scan.engines import engine_for
from mesh_defs.contracts.scan.spots import CannotCheck

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject


def conditions(
    connection: Any,
    relations: Mapping[str, str | exp.Expression],
    schema_object: SchemaObject,
    rules: Iterable[Rule],
    *,
    references: Mapping[str, str | exp.Expression],
    as_of: datetime,
) -> dict[str, exp.Expression]:
    """By rule id, true for every row that breaks the rule, and false or null for every other.

    Of a repeated key all rows break the rule: nobody knows which of them is right. Rules that
    cannot say which rows break them are left out.
    """
    tables = {name: relation(named) for name, named in relations.items()}
    others = {name: relation(named) for name, named in references.items()}
    bench = bench_of(
        engine_for(connection),
        schema_object,
        tables[schema_object.name or ""],
        tables,
        others,
        as_of,
        examples=0,
    )
    found: dict[str, exp.Expression] = {}
    if isinstance(bench, str):
        return found
    for rule in rules:
        try:
            condition = plan_of(rule, bench).breaks
        except CannotCheck:
            continue
        if condition is not None:
            found[rule.id] = condition
    return found
