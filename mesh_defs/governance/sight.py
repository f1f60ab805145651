"""What static checks look at: a mesh's files, each read once; no check stands here.

Looking never fails: a file that can't be read is reported by whoever reads it first (the model, or
`checks.models` for dbt's own files) and is passed over by the other checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mesh_defs.model import (
    DataProduct,
    DomainRoom,
    Finding,
    Mesh,
    MeshError,
    ProductRef,
    YamlSource,
    read_yaml,
)

DESCRIPTOR = re.compile(r"^(.+)\.odps\.ya?ml$")
CONTRACT = re.compile(r"^(.+?)(?:\.v\d+)?\.odcs\.yaml$")
_WRITTEN = {"target", "dbt_packages", "logs"}  # by dbt itself
_SNAPSHOT = re.compile(r"{%-?\s*snapshot\s+(\w+)\s*-?%}")


class Sight:
    """A mesh and its root, and what checks read beside it."""

    def __init__(self, mesh: Mesh, root: Path) -> None:
        self.mesh = mesh
        self.root = root
        self._domain_files: dict[str, YamlSource | None] = {}
        self._projects: dict[str, DbtFiles] = {}

    @property
    def rooms(self) -> Iterator[DomainRoom]:
        """Every domain, also one of which only a part could be read."""
        yield from self.mesh.rooms.values()

    @cached_property
    def products(self) -> dict[ProductRef, DataProduct]:
        """Every product that could be read, also in a domain where another could not."""
        return {p.ref: p for room in self.rooms for p in room.products.values()}

    @cached_property
    def contract_ids(self) -> dict[str, DataProduct]:
        return {p.contract.id: p for p in reversed(list(self.products.values()))}

    def versions(self, product: DataProduct) -> dict[int, DataProduct]:
        """Every major version in which a product is published, the newest first."""
        found = [p for p in self.products.values() if p.line == product.line]
        return {p.contract.major: p for p in sorted(found, key=lambda p: -p.contract.major)}

    def unreadable(self, ref: ProductRef) -> bool:
        """Whether a product has a file but could not be read, which is reported already."""
        room = self.mesh.rooms.get(ref.domain)
        return room is not None and ref not in self.products and ref.product in descriptors(room)

    def domain_file(self, room: DomainRoom) -> YamlSource | None:
        if room.name not in self._domain_files:
            try:
                source = read_yaml(room.folder / "domain.yaml", self.root)
            except MeshError:
                source = None
            self._domain_files[room.name] = source
        return self._domain_files[room.name]

    def in_domain_file(
        self, room: DomainRoom, path: tuple[str | int, ...], problem: str, todo: str
    ) -> Finding:
        source = self.domain_file(room)
        if source is None:
            return Finding(self.shown(room.folder / "domain.yaml"), 0, "", problem, todo)
        return source.finding(path, problem, todo)

    def project(self, domain: str) -> DbtFiles:
        if domain not in self._projects:
            self._projects[domain] = DbtFiles(self.root / "dbt_projects" / domain, self.root)
        return self._projects[domain]

    def shown(self, path: Path) -> str:
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )


@dataclass(frozen=True)
class DbtFiles:
    """A dbt project as files: nothing is parsed by dbt."""

    folder: Path
    root: Path

    @property
    def shown(self) -> str:
        return self.folder.relative_to(self.root).as_posix()

    @cached_property
    def _settings(self) -> YamlSource | MeshError:
        try:
            return read_yaml(self.folder / "dbt_project.yml", self.root)
        except MeshError as error:
            return error

    @property
    def settings(self) -> YamlSource | None:
        return self._settings if isinstance(self._settings, YamlSource) else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why dbt_project.yml can't be read."""
        return self._settings.findings if isinstance(self._settings, MeshError) else ()

    @cached_property
    def files(self) -> list[Path]:
        return sorted(
            path
            for path in self.folder.rglob("*")
            if path.suffix in {".sql", ".py", ".csv", ".yml", ".yaml"}
            and not _WRITTEN & set(path.relative_to(self.folder).parts)
        )

    @cached_property
    def models(self) -> dict[str, list[Path]]:
        """Every model, seed and snapshot by name, with the files that define it."""
        found: dict[str, list[Path]] = {}
        models, seeds, snapshots = (
            self._under(f"{kind}-paths", f"{kind}s") for kind in ("model", "seed", "snapshot")
        )
        for path in models:
            if path.suffix in (".sql", ".py"):
                found.setdefault(path.stem, []).append(path)
        for path in seeds:
            if path.suffix == ".csv":
                found.setdefault(path.stem, []).append(path)
        for path in snapshots:
            for name in _snapshots_in(path):
                found.setdefault(name, []).append(path)
        return found

    def _under(self, setting: str, default: str) -> list[Path]:
        given = (self.settings.data if self.settings else {}).get(setting) or [default]
        folders = [self.folder / p for p in given if isinstance(p, str) and "{{" not in p]
        return [p for p in self.files if any(p.is_relative_to(folder) for folder in folders)]


def descriptors(room: DomainRoom) -> dict[str, list[Path]]:
    """The descriptor files of a domain, by product."""
    return _named(room.folder / "products", DESCRIPTOR)


def contracts(room: DomainRoom) -> dict[str, list[Path]]:
    """The contract files of a domain, by product."""
    return _named(room.folder / "contracts", CONTRACT)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _named(folder: Path, pattern: re.Pattern[str]) -> dict[str, list[Path]]:
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")):
        if match := pattern.match(path.name):
            found.setdefault(match.group(1), []).append(path)
    return found


def _snapshots_in(path: Path) -> list[str]:
    if path.suffix == ".sql":
        return _SNAPSHOT.findall(text_of(path))
    if path.suffix not in (".yml", ".yaml"):
        return []
    try:
        listed = read_yaml(path).data.get("snapshots")
    except MeshError:
        return []  # dbt says what is wrong with it
    # A snapshot without a relation only describes one that stands in a .sql file.
    return [
        str(item["name"])
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and item.get("relation") and item.get("name")
    ]
