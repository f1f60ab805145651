"""Which port holds which permission: the lake, or what the product's descriptor declares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesh_defs.access.agreements import LAKE, Agreement
from mesh_defs.access.offers import offered, opened_by
from mesh_defs.access.register import Register
from mesh_defs.access.settling import LakeGrants
from mesh_defs.contracts.roles import WHOLE
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.ports.grants import Grant, Grants
from mesh_defs.ports.kinds import SHELVED, beyond_the_lake, grants_of
from mesh_defs.storage.state import DUCKDB, State


@dataclass(frozen=True, order=True)
class Place:
    """A port of a product in a major version."""

    product: str
    port: str
    version: int

    def __str__(self) -> str:
        return f"{self.port} of {self.product} v{self.version}"

    @classmethod
    def of(cls, agreement: Agreement) -> Place:
        return cls(agreement.product, agreement.port, agreement.version)


class Targets:
    """Every place of a mesh where a permission can be."""

    def __init__(self, mesh: Mesh, register: Register) -> None:
        self._mesh = mesh
        self.lake = LakeGrants(register, State.of(mesh.root).target != DUCKDB)

    def of(self, agreement: Agreement) -> Grants:
        """The permissions on an agreement's port. One that is gone raises MeshError."""
        if agreement.kind == LAKE:
            return self.lake
        try:
            product = offered(self._mesh, agreement.product, agreement.version)
        except MeshError as error:
            return _Unknown(str(error))
        found = grants_of(product, agreement.port)
        if found is None:
            return _Unknown(
                f"`{agreement.port}` of `{agreement.product}` was a port of the kind "
                f"`{agreement.kind}`, and is in the lake now"
            )
        part = self.only_in_part(
            agreement.product, agreement.version, agreement.kind, agreement.terms.role
        )
        return _NotInPart(found, part) if part else found

    def closed(
        self, product: str, major: int, kind: str, role: str | None, consumer: str
    ) -> str | None:
        """Why a port can't be had by a consumer, or under a role; None where it can."""
        if kind == LAKE:
            return self.lake.why_not(consumer)
        return self.only_in_part(product, major, kind, role)

    def only_in_part(self, product: str, major: int, kind: str, role: str | None) -> str | None:
        """Why a port that grants all rows of a product or none can't be had under a role.

        A document, or a model, shows to all what its provider declared.
        """
        if (
            kind == LAKE
            or kind in SHELVED
            or opened_by(self._mesh, ProductRef.parse(product), major, role) == WHOLE
        ):
            return None
        return (
            f"the role `{role}` opens a part of `{product}`, and a port of the kind `{kind}` can "
            "only open the whole: ask for the lake's, or under another role"
        )

    def beyond_the_lake(self) -> Iterator[tuple[Place, Grants]]:
        """Every other port that this environment says how to reach."""
        for product in self._mesh.products.values():
            for port in beyond_the_lake(product):
                grants = grants_of(product, port.name)
                if grants and port.can_be_asked:
                    yield Place(str(product.line), port.name, product.contract.major), grants


class _NotInPart:
    """A port that can't keep a consumer to the part that is theirs: it grants them nothing."""

    def __init__(self, port: Grants, why: str) -> None:
        self._port, self._why = port, why

    def grant(self, wanted: Grant) -> None:
        raise MeshError(self._why)

    def revoke(self, unwanted: Grant) -> None:
        self._port.revoke(unwanted)

    def grants(self) -> frozenset[Grant]:
        return frozenset(self._port.grants())


class _Unknown:
    """A port that nothing is known of now: nobody can say that a permission there is gone."""

    def __init__(self, why: str) -> None:
        self._why = why

    def grant(self, wanted: Grant) -> None:
        raise MeshError(self._why)

    def revoke(self, unwanted: Grant) -> None:
        raise MeshError(self._why)

    def grants(self) -> frozenset[Grant]:
        raise MeshError(self._why)
