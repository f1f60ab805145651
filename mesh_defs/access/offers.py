"""What a mesh offers to agree about: a product in a major version, its port, its terms today."""

from __future__ import annotations

from mesh_defs.access.agreements import LAKE, Terms
from mesh_defs.access.agreements.terms import terms_of
from mesh_defs.contracts.roles import WHOLE, Narrowing, narrowing_of
from mesh_defs.model import DataProduct, Mesh, MeshError, ProductRef
from mesh_defs.ports.kinds import ports_of


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


def opened_by(mesh: Mesh, product: ProductRef, major: int, role: str | None) -> Narrowing | None:
    """What a role opens of a product, by its contract today; None where nobody can say any more.

    It takes no more than the product's own files, whatever else is broken in its domain.
    """
    if role is None:
        return WHOLE
    older = known(mesh, product.older(major))
    found = older if older and older.older_of == product else known(mesh, product)
    if found is None or found.contract.major != major:
        return None
    return narrowing_of(found.contract, role)


def known(mesh: Mesh, ref: ProductRef) -> DataProduct | None:
    """A product whose own files are whole; whatever else is broken in its room."""
    room = mesh.rooms.get(ref.domain)
    return room.products.get(ref.product) if room else None


def port_of(product: DataProduct, name: str | None = None) -> tuple[str, str]:
    """The name and the kind of a port of a product: the lake's, if none is named.

    Raises MeshError for a name that is none of its ports.
    """
    ports = ports_of(product)
    if name is None:
        lake = next((p.name for p in ports if p.is_lake), product.ref.product)
        return lake, LAKE
    found = next((p for p in ports if p.name == name), None)
    if found is None:
        known = ", ".join(f"`{p.name}` ({p.kind})" for p in ports)
        raise MeshError(f"`{product.line}` has no port `{name}`. It has {known}.")
    return found.name, LAKE if found.is_lake else found.kind
