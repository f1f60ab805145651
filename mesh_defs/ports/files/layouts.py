"""What ports that hold a snapshot as files have in common: the layouts that can be, making them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.port import Audited, Shape
from mesh_defs.ports.proof import kinds_of
from mesh_defs.storage.layout import Laid, lay_out
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def shape_by_path(connection: DuckDBPyConnection, audited: Audited) -> Shape:
    """A snapshot as it is, where partitions are not in the files. Raises MeshError for those that
    can't be in a path."""
    kinds = kinds_of(connection, audited)
    for name in (*audited.partitions, *_order(audited)):
        if name not in kinds:
            raise MeshError(f"`{name}` is no column of the product, which is clustered by it.")
        if kinds[name].id in ("list", "array", "struct", "map") or str(kinds[name]) == "BLOB":
            wrong = "it can't be in a path" if name in audited.partitions else "it has no order"
            raise MeshError(f"Column `{name}` is {kinds[name]}: {wrong}.")
    if kinds and len(audited.partitions) == len(kinds):
        raise MeshError("Every column is a partition: there would be nothing in the files.")
    return tuple(sorted((name, str(kind)) for name, kind in kinds.items()))


def laid_out(connection: DuckDBPyConnection, audited: Audited, place: Path) -> list[Laid]:
    """The snapshot's files: the lake's own, or made anew in `place` as the contract wants them."""
    return lay_out(connection, audited.files, audited.partitions, _order(audited), place)


def no_rows(audited: Audited) -> exp.Expression:
    """What is read back where there are no files: without rows there is no partition."""
    return exp.select("*").from_(read_files(audited.files)).limit(0).subquery("rows")


def _order(audited: Audited) -> list[str]:
    """The columns of the Z-order: a partition's rows are all alike in its own."""
    return [name for name in audited.clustering if name not in audited.partitions]
