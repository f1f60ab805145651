"""Where a domain's sources live today, and whether they changed; nothing is landed here."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mesh_defs.model import Domain, MeshError
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot, snapshot

_FORMATS = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}


@dataclass(frozen=True)
class SourceFile:
    """A file as it lies there now; `digest` is of its bytes (BLAKE2b, 128 bits)."""

    path: Path
    format: str
    size: int
    modified: int
    digest: str = ""

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path)}


def locate(root: Path, domain: Domain, name: str) -> SourceFile | None:
    """The file of a source; None for a source that is a function or a pipeline.

    Raises MeshError when the file is not there or is of no known format.
    """
    source = domain.sources[name]
    variable = domain.source_variable(name)
    given = os.environ.get(variable)
    if given is None and source.path is None:
        return None
    said_in = variable if given else f"domains/{domain.name}/domain.yaml: sources.{name}.path"
    path = _resolve(root, given or source.path or "", said_in)
    kind = source.format or _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise MeshError(
            f"{said_in}: `{path.name}` has no known ending ({', '.join(_FORMATS)}). "
            f"Say `format:` in domains/{domain.name}/domain.yaml."
        )
    try:
        found = path.stat()
    except OSError:
        raise MeshError(
            f"{said_in}: no file at `{path}`. Put it there, or set {variable} to where it is."
        ) from None
    if not path.is_file():
        raise MeshError(f"{said_in}: `{path}` is not a file. Name one file.")
    return SourceFile(path, kind, found.st_size, found.st_mtime_ns)


def unchanged(file: SourceFile, columns: Mapping[str, str] | None, landed: Snapshot | None) -> bool:
    """Whether the newest landing holds this file already; bytes are read only when in doubt."""
    if landed is None or landed.metadata.get("columns") != _plain(columns):
        return False
    before = landed.metadata.get("source") or {}
    same_place = (before.get("path"), before.get("size"), before.get("modified"))
    if same_place == (str(file.path), file.size, file.modified):
        return True
    return before.get("size") == file.size and before.get("digest") == digest_of(file.path)


def digest_of(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def is_landed(root: Path, state: State, domain: Domain, name: str) -> bool:
    """Whether a source needs no landing now. What is code can only be asked by running it."""
    file = locate(root, domain, name)
    if file is None:
        return False
    landed = snapshot(state.landing(domain.name, name))
    return unchanged(file, domain.sources[name].columns, landed)


def _resolve(root: Path, text: str, said_in: str) -> Path:
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "package":
        package, _, inside = rest.partition("/")
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise MeshError(f"{said_in}: the package `{package}` is not installed. Install it.")
        return Path(next(iter(spec.submodule_search_locations))) / inside
    return (root / text).resolve()


def _plain(columns: Mapping[str, str] | None) -> dict[str, str] | None:
    return dict(columns) if columns else None
