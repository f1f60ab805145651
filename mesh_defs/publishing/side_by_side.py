"""Two versions of a product made from one model: each takes the columns that it promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.model import DataProduct, DomainRoom
from mesh_defs.storage.house import Workshop

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject


def own_columns(
    workshop: Workshop,
    room: DomainRoom,
    product: DataProduct,
    candidates: Mapping[str, exp.Expression],
) -> dict[str, exp.Expression]:
    """The candidates without columns that only another version of the product promises.

    A column that no version promises stays, so that the audit finds it. The result lives as long
    as the workshop is open.
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
        there = workshop.columns(candidates[name]) if others else []
        left_out = [column for column in there if column.lower() in others]
        if left_out:
            star = exp.Star(**{"except_": [exp.column(c, quoted=True) for c in left_out]})
            found[name] = workshop.view(exp.select(star).from_(candidates[name].copy()))
    return found


def _columns(schema_object: SchemaObject) -> set[str]:
    return {column_of(p).lower() for p in columns_of(schema_object)}
