"""The whole mesh read from its folders: domains, products, contracts, and what is wrong in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mesh_defs.model.domain import Domain
from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.names import ProductRef
from mesh_defs.model.room import DataProduct, DomainRoom, read_room


@dataclass(frozen=True)
class Mesh:
    """Every domain under one root. A broken domain is in it by name, with its findings."""

    root: Path
    rooms: dict[str, DomainRoom]

    @classmethod
    def read(cls, root: Path) -> Mesh:
        """Read every domain's files. Raises MeshError only when there is no mesh at all."""
        folder = root / "domains"
        if not folder.is_dir():
            raise MeshError(
                f"No mesh here: `{folder}` is not a folder. Run in a mesh's root, or set MESH_ROOT."
            )
        names = sorted(
            d.name
            for d in folder.iterdir()
            if d.is_dir() and not d.name.startswith((".", "_")) and d.name != "__pycache__"
        )
        return cls(root, {name: read_room(folder / name, root) for name in names})

    @property
    def domains(self) -> dict[str, Domain]:
        """The domains that could be read."""
        return {n: r.domain for n, r in self.rooms.items() if r.domain and not r.findings}

    @property
    def products(self) -> dict[ProductRef, DataProduct]:
        """The products that could be read, by address."""
        return {
            p.ref: p for r in self.rooms.values() if not r.findings for p in r.products.values()
        }

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps domains from being read; rules across domains are in governance."""
        return tuple(f for room in self.rooms.values() for f in room.findings)

    def product(self, text: str) -> DataProduct:
        """The product at an address. Raises MeshError naming what there is instead."""
        try:
            ref = ProductRef.parse(text)
        except ValueError as error:
            raise MeshError(f"{error}.") from None
        room = self.rooms.get(ref.domain)
        if room is None:
            raise MeshError(f"No domain `{ref.domain}`. Domains: {_listed(self.rooms)}.")
        if room.findings:
            raise MeshError(room.findings)
        if ref.product not in room.products:
            raise MeshError(
                f"No product `{ref.product}` in `{ref.domain}`. Products: {_listed(room.products)}."
            )
        return room.products[ref.product]

    def providers(self, domain: str) -> set[str]:
        """The domains whose products a domain consumes."""
        known = self.domains.get(domain)
        return {ref.domain for ref in known.inputs} if known else set()

    def order(self) -> list[str]:
        """Every domain after its providers. Raises MeshError when domains wait for each other."""
        graph = {
            name: sorted(self.providers(name) & set(self.rooms)) for name in sorted(self.rooms)
        }
        try:
            return list(TopologicalSorter(graph).static_order())
        except CycleError as error:
            circle = " → ".join(error.args[1])
            raise MeshError(
                f"Domains wait for each other: {circle}. Take one of these inputs out of a "
                "domain.yaml."
            ) from None

    def serving(self, ref: ProductRef, major: int) -> ProductRef:
        """The address at which a major version of a product is published."""
        older = self.products.get(ref.older(major))
        return older.ref if older and older.older_of == ref else ref

    def consumers(self, ref: ProductRef) -> list[str]:
        """The domains that declare a product as an input, in this version of it."""
        return sorted(
            name
            for name, domain in self.domains.items()
            if any(self.serving(r, given.version) == ref for r, given in domain.inputs.items())
        )


def find_root(start: Path | None = None) -> Path:
    """The mesh a command means: MESH_ROOT, or the nearest folder upwards that has `domains/`."""
    given = os.environ.get("MESH_ROOT")
    if given:
        return Path(given).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "domains").is_dir() and (folder / "dbt_projects").is_dir():
            return folder
    raise MeshError(
        f"No mesh at `{here}` or above it: no folder with `domains/` and `dbt_projects/`. "
        "Change into one, or set MESH_ROOT."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
