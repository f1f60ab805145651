"""What people import to read products, and to score with models. How is in `mesh_defs`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesh_defs.access.reading.python import Reading
    from mesh_defs.access.reading.scoring import Model

__all__ = ["model", "read"]


def read(
    product: str,
    version: int | None = None,
    as_of: int | datetime | date | str | None = None,
    *,
    columns: Sequence[str] | None = None,
    where: str | Sequence[Any] | None = None,
    limit: int | None = None,
    consumer: str | None = None,
) -> Reading:
    """A published product, to be taken as Arrow, batches, a DuckDB relation, pandas or Polars.

    `version` is the major version, the newest if left out; `as_of` a snapshot's number or a moment.
    `where` is a condition in SQL, or `[(column, operator, value), …]`. It is read from the service
    that MESH_SERVICE names, with MESH_TOKEN; else from the mesh around the current folder, as the
    `consumer`, MESH_ACTOR or the system's user. Raises MeshError for what may not be read.
    """
    from mesh_defs.access.reading.plan import Asked
    from mesh_defs.access.reading.python import reading

    asked = Asked(None if columns is None else tuple(columns), where, limit)
    return reading(product, version, as_of, asked, consumer)


def model(
    product: str, port: str, version: int | None = None, *, consumer: str | None = None
) -> Model:
    """The model that stands at a port of a product: `score(rows)`, `drift(rows)` and its `card`.

    It is taken from the mesh around the current folder, as the `consumer`, MESH_ACTOR or the
    system's user. Raises MeshError for what may not be read.
    """
    from mesh_defs.access.reading.scoring import model

    return model(product, port, version, consumer)
