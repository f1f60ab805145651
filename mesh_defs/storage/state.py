"""The state folder: where everything that `mesh` writes lies, and writing a file whole."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh_defs.model import MeshError, ProductRef

TARGET_VARIABLE = "MESH_TARGET"
DUCKDB, BIGQUERY = "duckdb", "bigquery"


@dataclass(frozen=True)
class State:
    """Paths under MESH_HOME (default `.mesh` in the mesh's root).

    What is made on another engine than DuckDB has a folder of its own there; agreements and keys
    are the same for every engine.
    """

    home: Path
    target: str = DUCKDB

    @classmethod
    def of(cls, root: Path) -> State:
        """Raises MeshError for a MESH_TARGET that is none."""
        given = os.environ.get("MESH_HOME")
        home = (root / given).resolve() if given else root / ".mesh"
        target = os.environ.get(TARGET_VARIABLE) or DUCKDB
        if target not in (DUCKDB, BIGQUERY):
            raise MeshError(
                f"{TARGET_VARIABLE}: `{target}` is no engine that a mesh is made on. "
                f"Expected `{DUCKDB}` (or nothing) or `{BIGQUERY}`."
            )
        return cls(home) if target == DUCKDB else cls(home / target, target)

    @property
    def common(self) -> Path:
        """The folder of what does not depend on the engine."""
        return self.home if self.target == DUCKDB else self.home.parent

    def workshop(self, domain: str) -> Path:
        return self.home / "workshops" / f"{domain}.duckdb"

    def landing(self, domain: str, source: str) -> Path:
        return self.home / "lake" / domain / "landing" / source

    def product(self, ref: ProductRef, major: int) -> Path:
        """The Delta table of a product. Raises MeshError where products are no Delta tables."""
        return self.lake() / ref.domain / "products" / ref.product / f"v{major}"

    def quarantine(self, ref: ProductRef, major: int) -> Path:
        """The Delta table of rows held back. Raises MeshError as `product` does."""
        return self.lake() / ref.domain / "quarantine" / ref.product / f"v{major}"

    def discarded(self, ref: ProductRef, major: int) -> Path:
        folder = self.home / "lake" / ref.domain / "quarantine" / ref.product
        return folder / f"v{major}.discarded.json"

    def lake(self) -> Path:
        """The folder of what is published. Raises MeshError where that is in no folder."""
        if self.target != DUCKDB:
            raise MeshError(
                f"With {TARGET_VARIABLE}={self.target} products are tables there, and this reads "
                "files of the lake. Ask BigQuery: `mesh show DOMAIN.PRODUCT` names the table."
            )
        return self.home / "lake"

    def audit(self, ref: ProductRef) -> Path:
        return self.home / "audits" / ref.domain / f"{ref.product}.json"

    def record(self, ref: ProductRef, major: int) -> Path:
        return self.home / "records" / ref.domain / ref.product / f"v{major}.jsonl"

    def ports(self, ref: ProductRef, major: int) -> Path:
        return self.home / "ports" / ref.domain / ref.product / f"v{major}.json"

    def documents(self, ref: ProductRef, major: int) -> Path:
        return self.home / "documents" / ref.domain / ref.product / f"v{major}"

    def models(self, ref: ProductRef, major: int) -> Path:
        return self.home / "models" / ref.domain / ref.product / f"v{major}"

    def dbt(self, domain: str) -> Path:
        return self.home / "dbt" / domain

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"

    @property
    def secrets(self) -> Path:
        return self.common / "secrets"


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file whole or not at all, whatever kills the process."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def write_json(path: Path, data: Any) -> None:
    write_text(path, json.dumps(data, indent=1, sort_keys=True, default=str) + "\n")


def read_json(path: Path) -> Any:
    """The data of a file of ours, or None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise MeshError(
            f"`{path}` is not JSON any more ({error}). Remove it and run again."
        ) from None


def append_json(path: Path, data: Any) -> None:
    """Add a line to a file. What a killed writer left of a line goes; one writer at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps(data, default=str) + "\n"
    with path.open("ab+") as file:
        end = file.tell()
        file.seek(max(end - 1, 0))
        if file.read() not in (b"", b"\n"):
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())


def read_json_lines(path: Path) -> list[Any]:
    """Every whole line of a file of ours; a line without its end was never finished."""
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except ValueError as error:
            raise MeshError(
                f"Line {number} of `{path}` is not JSON any more ({error}). Remove the line."
            ) from None
    return found
