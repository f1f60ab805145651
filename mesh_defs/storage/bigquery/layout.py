"""How a product's table is laid out in BigQuery by its contract: partitions and clusters.
No connection here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.types import Field

_DAYS = ("DATE", "DATETIME", "TIMESTAMP")
_CLUSTERS = (*_DAYS, "INTEGER", "STRING", "BOOLEAN", "NUMERIC", "BIGNUMERIC")
_MOST = 4  # columns of a clustering


def layout_of(
    parts: Sequence[str], clustering: Sequence[str], fields: Sequence[Field]
) -> dict[str, Any]:
    """What a table's resource says of partitions and clusters.

    `parts` are the contract's partition columns in their order; one that is no field is left out.
    The first partition column that has days partitions; the others come first in the
    clustering, before the columns that the contract names for it. Raises MeshError for a column
    that BigQuery does not cluster by, and for too many.
    """
    kinds = {f["name"]: "REPEATED" if f["mode"] == "REPEATED" else f["type"] for f in fields}
    parts = [name for name in parts if name in kinds]
    day = next((name for name in parts if kinds[name] in _DAYS), None)
    clusters = [n for n in dict.fromkeys([*parts, *clustering]) if n != day]
    for name in clusters:
        if kinds.get(name) not in _CLUSTERS:
            raise MeshError(
                f"BigQuery does not cluster by `{name}`, which is "
                f"{kinds.get(name, 'no column of the product')}."
            )
    if len(clusters) > _MOST:
        raise MeshError(
            f"BigQuery clusters by {_MOST} columns at most, and the contract names "
            f"{', '.join(f'`{name}`' for name in clusters)}."
        )
    found: dict[str, Any] = {}
    if day:
        found["timePartitioning"] = {"type": "DAY", "field": day}
    if clusters:
        found["clustering"] = {"fields": clusters}
    return found
