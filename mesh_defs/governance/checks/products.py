"""Checks of products: descriptors, their ports, and that files and ids are where they belong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import CONTRACT, DESCRIPTOR, Sight, contracts, descriptors
from mesh_defs.model import DataProduct, Finding, ProductRef
from mesh_defs.ports.kinds import ports_of, problems

_MAJOR = re.compile(r"^v?(\d+)(\.|$)")
_YAML = (".yaml", ".yml", ".json")


def pairs(sight: Sight) -> Iterator[Finding]:
    """No contract without a descriptor. (A descriptor without a contract can't even be read.)"""
    for room in sight.rooms:
        shown = sight.shown(room.folder)
        described = descriptors(room)
        for product, paths in contracts(room).items():
            if product not in described:
                yield Finding(
                    sight.shown(paths[0]),
                    0,
                    "",
                    f"a contract for no product: `{shown}/products/{product}.odps.yaml` is missing",
                    "Write the descriptor, or remove the contract.",
                )
        for product, paths in described.items():
            for path in paths[1:]:
                yield Finding(
                    sight.shown(path),
                    0,
                    "",
                    f"the product `{product}` is described twice: also in `{paths[0].name}`",
                    "Remove one of the files.",
                )


def strays(sight: Sight) -> Iterator[Finding]:
    """A file that nobody would ever read, because of its name."""
    for room in sight.rooms:
        for folder, pattern, form in (
            ("products", DESCRIPTOR, "<product>.odps.yaml"),
            ("contracts", CONTRACT, "<product>.odcs.yaml"),
        ):
            for path in sorted((room.folder / folder).rglob("*")):
                there = path.parent.name == folder and pattern.match(path.name)
                if path.suffix in _YAML and not there:
                    yield Finding(
                        sight.shown(path),
                        0,
                        "",
                        f"nobody reads this file: in `{folder}` files are called `{form}`",
                        "Rename it, or put it elsewhere.",
                    )


def ids(sight: Sight) -> Iterator[Finding]:
    """Ids of products and of contracts are unique over the mesh."""
    seen: dict[tuple[str, str], DataProduct] = {}
    for ref in sorted(sight.products):
        product = sight.products[ref]
        if product.older_of:
            continue  # it is the same product, and the same contract
        for kind, value, source in (
            ("product", product.descriptor.id, product.source),
            ("contract", product.contract.id, product.contract.source),
        ):
            first = seen.setdefault((kind, value), product)
            if first is not product:
                yield source.finding(
                    ("id",),
                    f"the {kind} of `{first}` has the same id `{value}`",
                    "Give each its own.",
                )


def input_ports(sight: Sight) -> Iterator[Finding]:
    """What a product says it consumes, its domain declares as an input."""
    for product in sight.products.values():
        room = sight.mesh.rooms[product.ref.domain]
        declared = room.domain.inputs if room.domain else None
        for i, port in enumerate(product.descriptor.inputPorts):
            path = ("inputPorts", i)
            provider = sight.contract_ids.get(port.contractId)
            if provider is None:
                if not _waits_for_mending(sight, port.contractId):
                    yield product.source.finding(
                        (*path, "contractId"),
                        f"no product has the contract `{port.contractId}`",
                        f"Contracts of inputs: {listed(_ids(sight, declared or ()))}.",
                    )
                continue
            if provider.ref.domain == product.ref.domain or declared is None:
                continue
            shown = sight.shown(room.folder / "domain.yaml")
            if provider.ref not in declared:
                yield product.source.finding(
                    (*path, "contractId"),
                    f"`{provider}` is no declared input of `{room.name}`",
                    f"Declare it in {shown} under `inputs`, with its purpose.",
                )
                continue
            major = _MAJOR.match(str(port.version))
            wanted = declared[provider.ref].version
            if not major or int(major.group(1)) != wanted:
                yield product.source.finding(
                    (*path, "version"),
                    f"version {port.version} of `{provider}`, where {shown} says {wanted}",
                    "Let both say the same.",
                )


def _waits_for_mending(sight: Sight, contract_id: str) -> bool:
    """Whether the id looks like that of a product which can't be read at present."""
    try:
        return sight.unreadable(ProductRef.parse(contract_id.rpartition(":")[2]))
    except ValueError:
        return False


def _ids(sight: Sight, refs: Iterable[ProductRef]) -> Iterator[str]:
    for ref in refs:
        if ref in sight.products:
            yield sight.products[ref].contract.id


def output_ports(sight: Sight) -> Iterator[Finding]:
    """Every output port keeps a version of the product's contract, and every version has one."""
    for product in sight.products.values():
        contract, seen = product.contract, set()
        for declared in ports_of(product):
            yield from problems(declared)
        if product.older_of:
            if contract.version not in {str(p.version) for p in product.descriptor.outputPorts}:
                yield product.source.finding(
                    ("outputPorts",),
                    f"no port for version {contract.version}, which "
                    f"{contract.path.name} promises beside the current one",
                    "Add a port with a name of its own, or remove the contract.",
                )
            continue
        versions = {v.contract.version for v in sight.versions(product).values()}
        for i, port in enumerate(product.descriptor.outputPorts):
            path = ("outputPorts", i)
            if port.contractId != contract.id:
                yield product.source.finding(
                    (*path, "contractId"),
                    f"expected `{contract.id}`, the contract of this product",
                    "Every output port of a product keeps the product's contract.",
                )
            if str(port.version) not in versions:
                yield product.source.finding(
                    (*path, "version"),
                    f"version {port.version}, where the contract is at {contract.version}",
                    f"Write `version: {contract.version}`.",
                )
            if port.name in seen:
                yield product.source.finding(
                    (*path, "name"), f"a second port `{port.name}`", "Give each its own name."
                )
            seen.add(port.name)
