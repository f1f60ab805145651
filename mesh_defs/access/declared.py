"""Agreements that files speak of: an input declared is requested, a standing approval approves,
an end or another price is announced (`announced`).

Pure: the entries that the ledger lacks, made of the mesh's files and the book. What was refused or
is over is never asked for again by a file: then somebody has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mesh_defs.access.acting import actor_of
from mesh_defs.access.agreements import (
    LAKE,
    Agreement,
    Book,
    Entry,
    Request,
    State,
    fold,
)
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.announced import announcements
from mesh_defs.access.offers import offered, port_of, terms_today
from mesh_defs.model import Domain, Mesh, MeshError, ProductRef
from mesh_defs.model.approvals import FILE, Approval
from mesh_defs.model.domain import Input


def entries(mesh: Mesh, book: Book, now: datetime) -> list[Entry]:
    """What files say and the book does not, yet."""
    made = requests(mesh, book, now)
    made += approvals(mesh, fold(made, book), now)
    return [*made, *announcements(mesh, fold(made, book), now)]


def requests(mesh: Mesh, book: Book, now: datetime) -> list[Entry]:
    """A request for every declared input that was never asked for."""
    made: list[Entry] = []
    for name, domain in mesh.domains.items():
        for ref, given in domain.inputs.items():
            if latest(book, name, ref, given.version) is None:
                known = fold(made, book)
                try:
                    wanted, actor = _wanted(mesh, domain, ref, given)
                    made += do.request(known, do.next_id(known), wanted, actor, now)
                except MeshError:
                    continue  # such an input is a finding, and a run says why it is refused
    return made


def approvals(mesh: Mesh, book: Book, now: datetime) -> list[Entry]:
    """An approval for every request that its provider approved beforehand."""
    made: list[Entry] = []
    for agreement in book.values():
        standing = standing_for(mesh, agreement, now)
        if agreement.state is State.REQUESTED and standing:
            made += _approved(mesh, agreement, standing, now)
    return made


def standing_for(mesh: Mesh, agreement: Agreement, now: datetime) -> Approval | None:
    """The standing approval that an agreement rests on, if one does."""
    ref = ProductRef.parse(agreement.product)
    room = mesh.rooms.get(ref.domain)
    if room is None or room.findings:
        return None
    day = now.date()
    return room.approvals.covering(ref.product, agreement.version, agreement.consumer, day)


def latest(book: Book, domain: str, ref: ProductRef, version: int) -> Agreement | None:
    """The newest agreement about a domain's input, however it stands: inputs are of the lake."""
    wanted = (f"domain:{domain}", str(ref), version, LAKE)
    found = [a for a in book.values() if (a.consumer, a.product, a.version, a.kind) == wanted]
    return found[-1] if found else None


def _wanted(mesh: Mesh, domain: Domain, ref: ProductRef, given: Input) -> tuple[Request, do.Actor]:
    product = offered(mesh, str(ref), given.version)
    consumer = f"domain:{domain.name}"
    wanted = Request(
        str(product.line), port_of(product)[0], given.version, consumer, given.purpose,
        terms_today(mesh, product, given.role),
    )  # fmt: skip
    return wanted, actor_of(mesh, domain.file.team.name, product.line, consumer, None)


def _approved(
    mesh: Mesh, agreement: Agreement, standing: Approval, now: datetime
) -> Iterator[Entry]:
    provider = ProductRef.parse(agreement.product)
    why = f"{standing.why} (domains/{provider.domain}/{FILE})"
    book: Book = {agreement.id: agreement}
    for name in standing.approved_by:
        agreement = book[agreement.id]
        if not agreement.waiting_for:
            return
        try:
            actor = actor_of(mesh, name, provider, agreement.consumer, agreement.requested_by)
            made = do.approve(agreement, actor, now, why)
        except MeshError:
            return  # whoever may not approve is a finding; the request waits for who may
        book = fold([made], book)
        yield made
