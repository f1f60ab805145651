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


@dataclass(frozen=True)
class State:
    """Paths under MESH_HOME (default `.mesh` in the mesh's root)."""

    home: Path

    @classmethod
    def of(cls, root: Path) -> State:
        given = os.environ.get("MESH_HOME")
        return cls((root / given).resolve() if given else root / ".mesh")

    def workshop(self, domain: str) -> Path:
        return self.home / "workshops" / f"{domain}.duckdb"

    def landing(self, domain: str, source: str) -> Path:
        return self.home / "lake" / domain / "landing" / source

    def product(self, ref: ProductRef, major: int) -> Path:
        return self.home / "lake" / ref.domain / "products" / ref.product / f"v{major}"

    def quarantine(self, ref: ProductRef, major: int) -> Path:
        return self.home / "lake" / ref.domain / "quarantine" / ref.product / f"v{major}"

    def discarded(self, ref: ProductRef, major: int) -> Path:
        return self.quarantine(ref, major).with_suffix(".discarded.json")

    def audit(self, ref: ProductRef) -> Path:
        return self.home / "audits" / ref.domain / f"{ref.product}.json"

    def dbt(self, domain: str) -> Path:
        return self.home / "dbt" / domain

    @property
    def dagster(self) -> Path:
        return self.home / "dagster"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"


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
