"""The lake port: a product as a Delta table in the state folder. Its commit is the publication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import DataProduct
from mesh_defs.storage import tables
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def publish(
    connection: DuckDBPyConnection,
    state: State,
    product: DataProduct,
    candidate: exp.Expression,
    metadata: Mapping[str, Any],
) -> tables.Snapshot:
    """Commit audited rows as the product's next snapshot."""
    folder = state.product(product.line, product.contract.major)
    return tables.replace(connection, candidate, folder, metadata)


def published(
    state: State, product: DataProduct, version: int | None = None
) -> tables.Snapshot | None:
    """The newest snapshot, or the one asked for; None when there is none."""
    return tables.snapshot(state.product(product.line, product.contract.major), version)
