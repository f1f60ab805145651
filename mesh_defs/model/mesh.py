"""The whole mesh read from its folders: domains, products, contracts, and what is wrong in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mesh_defs.model.contract import DataContract, read_contract
from mesh_defs.model.domain import Domain, read_domain
from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.names import NAME_RULE, ProductRef, is_name
from mesh_defs.model.product import Descriptor
from mesh_defs.model.shape import parse
from mesh_defs.model.yaml_source import YamlSource, read_yaml


@dataclass(frozen=True)
class DataProduct:
    """A product: its descriptor and the contract of its output port."""

    ref: ProductRef
    descriptor: Descriptor
    source: YamlSource
    contract: DataContract

    def __str__(self) -> str:
        return str(self.ref)


@dataclass(frozen=True)
class DomainRoom:
    """A domain with its products, or with the findings that keep it from being read."""

    name: str
    folder: Path
    domain: Domain | None = None
    products: dict[str, DataProduct] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def need(self) -> Domain:
        """The domain. Raises MeshError with its findings when its files are broken."""
        if self.findings or self.domain is None:
            raise MeshError(self.findings)
        return self.domain


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

    def consumers(self, ref: ProductRef) -> list[str]:
        """The domains that declare a product as an input."""
        return sorted(name for name, domain in self.domains.items() if ref in domain.inputs)


def read_room(folder: Path, root: Path) -> DomainRoom:
    """One domain's files; what is wrong in them is in the room's findings, never raised."""
    found: list[Finding] = []
    domain: Domain | None = None
    products: dict[str, DataProduct] = {}
    name = folder.name
    shown = folder.relative_to(root).as_posix()
    if not is_name(name):
        found.append(
            Finding(shown, 0, "", f"a domain's folder is called {NAME_RULE}", "Rename it.")
        )
    try:
        source = read_yaml(folder / "domain.yaml", root)
        domain = read_domain(folder, source)
        found += [
            source.finding(
                ("inputs", str(ref)), "a domain is no input of its own", "Use dbt's `ref` instead."
            )
            for ref in domain.inputs
            if ref.domain == name
        ]
    except MeshError as error:
        found.extend(error.findings)
    for path in sorted((folder / "products").glob("*.odps.y*ml")):
        try:
            product = _read_product(folder, path, root)
            products[product.ref.product] = product
        except MeshError as error:
            found.extend(error.findings)
    return DomainRoom(name, folder, domain, products, tuple(found))


def _read_product(folder: Path, path: Path, root: Path) -> DataProduct:
    source = read_yaml(path, root)
    name = path.name.partition(".")[0]
    if not is_name(name):
        raise MeshError(source.finding((), f"a product's file is called {NAME_RULE}", "Rename it."))
    descriptor = parse(Descriptor, source)
    wrong = []
    if descriptor.name != name:
        wrong.append(
            source.finding(
                ("name",), f"expected `{name}`, as the file is called", "Rename one of them."
            )
        )
    if descriptor.domain != folder.name:
        wrong.append(
            source.finding(
                ("domain",), f"expected `{folder.name}`, the domain's folder", "Mend it."
            )
        )
    contract = read_contract(read_yaml(folder / "contracts" / f"{name}.odcs.yaml", root))
    ports = {port.contractId: i for i, port in enumerate(descriptor.outputPorts)}
    if contract.id not in ports:
        wrong.append(
            source.finding(
                ("outputPorts", 0, "contractId"),
                f"expected `{contract.id}`, the id in contracts/{name}.odcs.yaml",
                "Mend one of them.",
            )
        )
    if not contract.objects:
        wrong.append(
            contract.source.finding(
                ("schema",), "a published product needs a schema", "Describe its columns."
            )
        )
    if wrong:
        raise MeshError(wrong)
    return DataProduct(ProductRef(folder.name, name), descriptor, source, contract)


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
