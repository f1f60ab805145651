"""Who may read what: decided on agreements alone; nothing is looked up or opened here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mesh_defs.access.acting import consumer_of
from mesh_defs.access.agreements import LAKE, Agreement, Book
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.model.domain import Team
from mesh_defs.model.names import folded, somebody


@dataclass(frozen=True)
class Right:
    """That a consumer may read: by an agreement, under its role; or a product of its own domain."""

    consumer: str
    agreement: str | None = None
    role: str | None = None


class Denied(MeshError):
    """There is no such product or port, or it is not theirs: nobody can tell which from what is
    said."""

    def __init__(self, address: str, version: int | None = None, port: str | None = None) -> None:
        major = f" v{version}" if version is not None else ""
        what = "product" if port is None else f"product with a port `{port}`"
        super().__init__(
            f"`{address}`{major} is no {what} that you may read. `mesh list` shows what there is; "
            "`mesh access request` asks for it."
        )


@dataclass(frozen=True)
class Outlet:
    """What of a product is read: its rows in the lake, or what a port of that name hands out."""

    kind: str = LAKE
    port: str | None = None


ROWS = Outlet()


def may_read(
    consumer: str,
    product: ProductRef,
    major: int,
    book: Book,
    now: datetime,
    outlet: Outlet = ROWS,
) -> Right | None:
    """The right of a consumer to a major version of a product now, or None."""
    if consumer == f"domain:{product.domain}":
        return Right(consumer)
    for agreement in book.values():
        if _about(agreement, consumer, product, major, outlet) and agreement.open_to_read(now):
            return Right(consumer, agreement.id, agreement.terms.role)
    return None


def right_of(
    consumers: Iterable[str],
    product: ProductRef,
    major: int,
    book: Book,
    now: datetime,
    outlet: Outlet = ROWS,
) -> Right | None:
    """The widest right that somebody has who speaks for several consumers."""
    found = [r for c in consumers if (r := may_read(c, product, major, book, now, outlet))]
    return min(found, key=lambda r: (r.agreement is not None, r.role is not None), default=None)


def consumers_of(mesh: Mesh, name: str) -> tuple[str, ...]:
    """Whom somebody reads for: a consumer by its name, or the person, their teams and domains.

    As in `mesh access`, a name is believed, not proven.
    """
    if ":" in name or name in mesh.rooms:
        return (consumer_of(mesh, name, name),)
    try:
        found = {f"person:{somebody(name)}": None}
    except ValueError as error:
        raise MeshError(f"{name!r} is no name: {error}.") from None
    for domain, known in mesh.domains.items():
        team = known.file.team
        aliases = _aliases(team, name)
        if aliases or folded(name) == folded(team.name):
            found |= dict.fromkeys(f"person:{somebody(alias)}" for alias in aliases)
            found |= {f"team:{team.name}": None, f"domain:{domain}": None}
    return tuple(found)


def _aliases(team: Team, name: str) -> list[str]:
    """Every name and address of somebody in a team."""
    wanted = folded(name)
    return [
        alias
        for member in team.members
        if wanted in {folded(member.name or ""), folded(member.email or "")}
        for alias in (member.name, member.email)
        if alias
    ]


def _about(
    agreement: Agreement, consumer: str, product: ProductRef, major: int, outlet: Outlet
) -> bool:
    return (
        (agreement.consumer, agreement.product, agreement.version, agreement.kind)
        == (consumer, str(product), major, outlet.kind)
    ) and outlet.port in (None, agreement.port)
