"""One domain's room: its team, its products with their contracts, what is wrong in its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mesh_defs.model.approvals import Approvals, read_approvals
from mesh_defs.model.contract import DataContract, read_contract
from mesh_defs.model.domain import Domain, read_domain
from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.names import NAME_RULE, ProductRef, is_name
from mesh_defs.model.product import Descriptor
from mesh_defs.model.shape import parse
from mesh_defs.model.yaml_source import YamlSource, read_yaml


@dataclass(frozen=True)
class DataProduct:
    """A product: its descriptor and the contract of its output port.

    An older major version that is published beside the current one is a product of its own, with
    the same descriptor: v1 of `shop.orders` has the address `shop.orders_v1`.
    """

    ref: ProductRef
    descriptor: Descriptor
    source: YamlSource
    contract: DataContract
    older_of: ProductRef | None = None

    def __str__(self) -> str:
        return str(self.ref)

    @property
    def line(self) -> ProductRef:
        """What consumers declare, whichever major version they read."""
        return self.older_of or self.ref

    @property
    def status(self) -> str:
        """An older version has its contract's; the descriptor speaks of the current one."""
        own = self.contract.odcs.status if self.older_of else None
        return own or self.descriptor.status


@dataclass(frozen=True)
class DomainRoom:
    """A domain with its products, or with the findings that keep it from being read."""

    name: str
    folder: Path
    domain: Domain | None = None
    products: dict[str, DataProduct] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    approvals: Approvals = field(default_factory=Approvals)

    def need(self) -> Domain:
        """The domain. Raises MeshError with its findings when its files are broken."""
        if self.findings or self.domain is None:
            raise MeshError(self.findings)
        return self.domain

    def provider(self, ref: ProductRef) -> ProductRef:
        """Where the agreed version of an input is published, told by the provider's files."""
        agreed = self.need().inputs.get(ref)
        folder = self.folder.parent / ref.domain / "contracts"
        older = agreed and (folder / f"{ref.product}.v{agreed.version}.odcs.yaml").is_file()
        return ref.older(agreed.version) if agreed and older else ref


def read_room(folder: Path, root: Path) -> DomainRoom:
    """One domain's files; what is wrong in them is in the room's findings, never raised."""
    found: list[Finding] = []
    domain: Domain | None = None
    products: dict[str, DataProduct] = {}
    approvals = Approvals()
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
            for older in _older(product, folder, root):
                products.setdefault(older.ref.product, older)
        except MeshError as error:
            found.extend(error.findings)
    try:
        approvals = read_approvals(folder, root)
    except MeshError as error:
        found.extend(error.findings)
    return DomainRoom(name, folder, domain, products, tuple(found), approvals)


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


def _older(product: DataProduct, folder: Path, root: Path) -> Iterator[DataProduct]:
    """Older major versions: `contracts/<product>.v<major>.odcs.yaml`."""
    name = product.ref.product
    for path in sorted((folder / "contracts").glob(f"{name}.v*.odcs.yaml")):
        contract = read_contract(read_yaml(path, root))
        wrong = []
        if path.name != f"{name}.v{contract.major}.odcs.yaml":
            wrong.append(
                contract.source.finding(
                    ("version",),
                    f"{contract.version} in a file that is called `{path.name}`",
                    f"Call it {name}.v{contract.major}.odcs.yaml, or mend the version.",
                )
            )
        if contract.major >= product.contract.major:
            wrong.append(
                contract.source.finding(
                    ("version",),
                    f"{contract.version} is not older than {product.contract.version} in "
                    f"{name}.odcs.yaml",
                    "Keep the newest version in the file without a number.",
                )
            )
        if contract.id != product.contract.id:
            wrong.append(
                contract.source.finding(
                    ("id",),
                    f"expected `{product.contract.id}`, as in {name}.odcs.yaml",
                    "It is the same contract in an older version.",
                )
            )
        if not contract.objects:
            wrong.append(
                contract.source.finding(
                    ("schema",), "a published product needs a schema", "Describe its columns."
                )
            )
        ref = product.ref.older(contract.major)
        if (folder / "products" / f"{ref.product}.odps.yaml").exists():
            wrong.append(
                contract.source.finding(
                    ("version",),
                    f"v{contract.major} of `{product}` would be `{ref}`, which is another product",
                    "Rename one of them.",
                )
            )
        if wrong:
            raise MeshError(wrong)
        yield DataProduct(ref, product.descriptor, product.source, contract, product.ref)
