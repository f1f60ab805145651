"""Will every declared input be agreed to? Findings about inputs and standing approvals; pure.

What a ledger knows comes in as a book; with none, files alone are judged, as in a fresh clone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mesh_defs.access import declared
from mesh_defs.access.acting import actor_of
from mesh_defs.access.agreements import Book, State, fold
from mesh_defs.access.gate import ask, why_not
from mesh_defs.access.offers import offered, terms_today
from mesh_defs.model import DomainRoom, Finding, Mesh, MeshError
from mesh_defs.model.approvals import FILE, Approval
from mesh_defs.model.yaml_source import read_yaml

_AGREED = (State.APPROVED, State.ACTIVE, State.NOTICE_GIVEN)


def validate(mesh: Mesh, book: Book, now: datetime) -> list[Finding]:
    """What stands between declared inputs and their agreements, by file and line."""
    after = fold(declared.entries(mesh, book, now), book)
    rooms = [room for room in mesh.rooms.values() if not room.findings]
    found = [f for room in rooms for f in (*_inputs(mesh, room, after, now), *_given(mesh, room))]
    return sorted(found)


def _inputs(mesh: Mesh, room: DomainRoom, book: Book, now: datetime) -> Iterator[Finding]:
    inputs = room.need().inputs
    source = read_yaml(room.folder / "domain.yaml", mesh.root) if inputs else None
    for ref, given in inputs.items():
        assert source
        try:
            product = offered(mesh, str(ref), given.version)
        except MeshError:
            continue  # what is not there is said by the checks of domains
        try:
            terms_today(mesh, product, given.role)
        except MeshError as error:
            yield source.finding(("inputs", str(ref), "role"), str(error).rstrip("."))
            continue
        agreement = declared.latest(book, room.name, ref, given.version)
        if agreement and agreement.state in _AGREED and not agreement.over(now):
            continue
        standing = f"a standing approval in domains/{ref.domain}/{FILE}"
        if agreement is None:
            continue  # nobody could ask for it, and a check says why
        if agreement.state is State.REQUESTED:
            why = f"it waits for {' or '.join(agreement.waiting_for)} to approve it"
            todo = f"They approve it, or write {standing}."
        else:
            why, todo = why_not(agreement, ask(room.name, ref, given.version), now), ""
        problem = f"v{given.version} has no agreement: {why}"
        yield source.finding(("inputs", str(ref)), problem, todo)


def _given(mesh: Mesh, room: DomainRoom) -> Iterator[Finding]:
    for number, approval in room.approvals.numbered():
        for field, problem, todo in _wrong(mesh, room, approval):
            yield room.approvals.finding(number, field, problem, todo)


def _wrong(mesh: Mesh, room: DomainRoom, approval: Approval) -> Iterator[tuple[str, str, str]]:
    kind, _, who = approval.consumer.partition(":")
    if kind == "domain" and who not in mesh.rooms:
        yield "consumer", f"there is no domain `{who}`", f"Domains: {', '.join(mesh.rooms)}."
    if kind == "domain" and who == room.name:
        yield "consumer", "a domain needs no approval of its own", "Take it out."
    try:
        product = offered(mesh, f"{room.name}.{approval.product}", approval.version)
    except MeshError as error:
        yield "product", str(error).rstrip("."), ""
        return
    try:
        terms = terms_today(mesh, product, None)
    except MeshError:
        return  # of several roles: who approves is known when one is asked for
    for level, names in enumerate(terms.approvers, 1):
        wanted = " or ".join(names)
        if level > len(approval.approved_by):
            yield "approved_by", f"level {level} of the contract is for {wanted}", "Name them, too."
            return
        name = approval.approved_by[level - 1]
        if not actor_of(mesh, name, product.line, approval.consumer, "").is_one_of(names):
            yield (
                "approved_by",
                f"`{name}` can't approve: level {level} of the contract is for {wanted}",
                "Name one of them.",
            )
