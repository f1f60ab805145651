"""Other contracts that a contract names by their files, read for their names and ids only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject

    from mesh_defs.model import DataContract

Neighbours = Callable[[str], "Sequence[SchemaObject]"]
"""The schema objects of the contract in a file; none where it cannot be read here."""


def neighbours_of(contract: DataContract) -> Neighbours:
    """Files as they are seen from a contract: beside it, from its mesh's domains, or anywhere."""
    path: Path | None = getattr(contract, "path", None)

    def objects(file: str) -> Sequence[SchemaObject]:
        if path is None or file.partition("://")[0] in ("http", "https"):
            return ()
        given = Path(file.removeprefix("file://"))
        here = path.resolve().parent
        # `<domain>/contracts/…` counts from the folder of all domains, three folders up.
        for folder in (here, here.parent.parent, here.parent.parent.parent):
            found = folder / given
            if found.is_file():
                return _objects(found, found.stat().st_mtime_ns)
        return ()

    return objects


@lru_cache(maxsize=64)
def _objects(path: Path, _changed: int) -> Sequence[SchemaObject]:
    from mesh_defs.model import MeshError, read_contract, read_yaml

    try:
        return tuple(read_contract(read_yaml(path)).objects)
    except MeshError:
        return ()
