"""Two versions of a product made from one model: each takes the columns that it promises."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.model import DataProduct, DomainRoom

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from open_data_contract_standard.model import SchemaObject

_numbers = count()


def own_columns(
    connection: DuckDBPyConnection,
    room: DomainRoom,
    product: DataProduct,
    candidates: Mapping[str, exp.Expression],
) -> dict[str, exp.Expression]:
    """The candidates without columns that only another version of the product promises.

    A column that no version promises stays, so that the audit finds it. The result lives as long
    as the connection.
    """
    found = dict(candidates)
    for schema_object in product.contract.objects:
        relation = product.contract.relation_of(schema_object)
        name = schema_object.name or relation
        others = {
            column
            for other in room.products.values()
            if other.line == product.line and other.ref != product.ref
            for o in other.contract.objects
            if other.contract.relation_of(o) == relation
            for column in _columns(o)
        } - _columns(schema_object)
        there = connection.execute(
            exp.select("*").from_(candidates[name].copy()).limit(0).sql("duckdb")
        ).description
        left_out = [d[0] for d in there or () if d[0].lower() in others]
        if left_out:
            found[name] = _without(connection, candidates[name], left_out)
    return found


def _without(
    connection: DuckDBPyConnection, relation: exp.Expression, columns: list[str]
) -> exp.Expression:
    view = exp.table_(f"mesh own {next(_numbers)}", quoted=True)
    star = exp.Star(**{"except_": [exp.column(c, quoted=True) for c in columns]})
    rows = exp.select(star).from_(relation.copy())
    connection.execute(f"CREATE TEMP VIEW {view.sql('duckdb')} AS {rows.sql('duckdb')}")
    return view


def _columns(schema_object: SchemaObject) -> set[str]:
    return {column_of(p).lower() for p in columns_of(schema_object)}
