"""What a provider's files announce to those who have an agreement: an end, another price. Pure.

An `endOfLife` in a contract is the retirement of its major version; a price that is not the agreed
one is another price, from the first day on which it may be. Each is told once, and gives every
consumer its notice; what would not is refused, as a person's announcement is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from mesh_defs.access.acting import actor_of
from mesh_defs.access.agreements import Agreement, Book, Change, Entry
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.agreements.states import BINDING
from mesh_defs.access.agreements.terms import price_of
from mesh_defs.access.offers import offered
from mesh_defs.contracts.levels.freshness import end_of_life
from mesh_defs.model import DataProduct, Mesh, MeshError


def announcements(mesh: Mesh, book: Book, now: datetime) -> list[Entry]:
    """The announcements that files make, and the book does not have."""
    made: list[Entry] = []
    for agreement in book.values():
        if agreement.state not in BINDING or agreement.over(now):
            continue
        try:
            product = offered(mesh, agreement.product, agreement.version)
        except MeshError:
            continue  # a product that is gone announces nothing; taking it away needed an end
        team = mesh.domains[product.ref.domain].file.team.name
        for change, on, why in _said(product, agreement, now):
            if any((a.change, a.why) == (change, why) for a in agreement.announcements):
                continue
            try:
                actor = actor_of(
                    mesh, team, product.line, agreement.consumer, agreement.requested_by
                )
                made.append(do.announce(agreement, change, on, actor, now, why))
            except MeshError:
                continue  # too soon, or governance.yaml is broken: continuous integration says so
    return made


def _said(
    product: DataProduct, agreement: Agreement, now: datetime
) -> Iterator[tuple[Change, date, str]]:
    where = product.contract.source.shown
    end = end_of_life(product.contract)
    if end is not None:
        yield Change.RETIREMENT, end, f"v{agreement.version} ends on {end} ({where})"
    price = price_of(product.contract)
    if price != agreement.terms.price:
        on = agreement.terms.notice_over(now).date()
        before, after = agreement.terms.price or "no price", price or "no price"
        yield Change.PRICE, on, f"{after}, where it was {before} ({where})"
