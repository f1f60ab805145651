"""What of a product's history goes: rows of snapshots that are older than its contract promises.

Where the contract promises nothing, nothing goes. A lake's log stays: it says of every snapshot
what was published, also when its rows can't be read any more. On BigQuery that goes with the table.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import UTC, datetime, timedelta

from mesh_defs.model import DataProduct
from mesh_defs.publishing.promised import kept_days
from mesh_defs.storage.house import House
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State


def clean(state: State, product: DataProduct, now: datetime | None = None) -> int:
    """Remove what nobody was promised and nobody can hold; how many files, or tables.

    The caller holds the workshop's lock.

    The newest snapshot and the one before stay, and so does what gave way less than a day ago
    (runs and readers that pinned it may still be at it), and every snapshot that a product which
    stands published was made from: its consumer's workshop has it mounted.
    """
    days = kept_days(product.contract)
    if days is None:
        return 0
    house = house_of(state)
    key = f"{product.line}@{product.contract.major}"
    series = house.products(product.line, product.contract.major)
    return series.clean(timedelta(days=days), now or datetime.now(UTC), lambda: _pinned(house, key))


def _pinned(house: House, key: str) -> Set[int]:
    """The snapshots of a product that others were made from, as they stand published."""
    inputs = (found.metadata.get("inputs", {}) for found in house.standing())
    return {int(of[key]) for of in inputs if key in of}
