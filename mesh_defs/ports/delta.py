"""The lake port: the snapshots of a product where its mesh is made, which every other port is fed
from: a Delta table, or on BigQuery a table of the published dataset. Publishing it is publication.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from mesh_defs.model import DataProduct
from mesh_defs.storage.house import About, Published, Series, Workshop
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State

_NOTHING = About()


def series(state: State, product: DataProduct) -> Series:
    """Every snapshot of a product."""
    return house_of(state).products(product.line, product.contract.major)


def publish(
    workshop: Workshop,
    state: State,
    product: DataProduct,
    candidate: exp.Expression,
    metadata: Mapping[str, Any],
    about: About = _NOTHING,
) -> Published:
    """Commit audited rows as the product's next snapshot."""
    return series(state, product).publish(workshop, candidate, metadata, about)


def published(state: State, product: DataProduct, version: int | None = None) -> Published | None:
    """The newest snapshot, or the one asked for; None when there is none."""
    return series(state, product).snapshot(version)
