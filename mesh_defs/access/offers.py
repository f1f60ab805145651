"""What a mesh offers to agree about: a product in a major version, its port, its terms today."""

from __future__ import annotations

from mesh_defs.access.agreements import Terms
from mesh_defs.access.agreements.terms import terms_of
from mesh_defs.model import DataProduct, Mesh, MeshError


def offered(mesh: Mesh, address: str, version: int | None) -> DataProduct:
    """A product in a major version; the newest if none is said. Raises MeshError if not there."""
    found = mesh.product(address)
    if version is None or found.contract.major == version:
        return found
    line = mesh.serving(found.line, version)
    if line in mesh.products and mesh.products[line].contract.major == version:
        return mesh.products[line]
    majors = [p.contract.major for p in mesh.products.values() if p.line == found.line]
    known = ", ".join(f"v{major}" for major in sorted(majors))
    raise MeshError(f"`{found.line}` is not published as v{version}. There is {known}.")


def terms_today(mesh: Mesh, product: DataProduct, role: str | None) -> Terms:
    """Raises MeshError where several roles may read and none is said."""
    team = mesh.domains[product.ref.domain].file.team
    return terms_of(product.contract, team.name, role)


def port_of(product: DataProduct) -> str:
    """The name of the output port that the contract is about, in its major version."""
    ports = [p for p in product.descriptor.outputPorts if p.contractId == product.contract.id]
    major = f"{product.contract.major}."
    return next((p.name for p in ports if p.version.startswith(major)), ports[0].name)
