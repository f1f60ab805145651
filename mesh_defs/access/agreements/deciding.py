"""What people and the platform do to agreements: each verb makes the entries, or is refused.

Pure: who acts comes with the sides that they are on, what time it is with `at`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from mesh_defs.access.agreements.agreement import LAKE, Agreement, Entry, Terms
from mesh_defs.access.agreements.folding import Book
from mesh_defs.access.agreements.rules import Refused, check
from mesh_defs.access.agreements.states import BY, OVER, Change, Event, Side, State
from mesh_defs.model.names import folded


@dataclass(frozen=True)
class Actor:
    """Somebody who acts, every name that they go by, and on which sides of an agreement they are.

    A team's members go by its name, too; `own` are the names of this one person alone.
    """

    name: str
    names: frozenset[str] = frozenset()
    sides: frozenset[Side] = frozenset()
    own: frozenset[str] = frozenset()

    def is_one_of(self, names: tuple[str, ...]) -> bool:
        known = {folded(n) for n in (self.name, *self.names)}
        return any(folded(n) in known for n in names)

    def is_who(self, name: str) -> bool:
        """Whether a name is of this very person, however they are called at the moment."""
        return folded(name) in {folded(n) for n in (self.name, *self.own)}


PLATFORM = Actor("mesh", sides=frozenset({Side.PLATFORM}))


@dataclass(frozen=True)
class Request:
    """What a consumer asks for, and the terms that were on offer."""

    product: str
    port: str
    version: int
    consumer: str
    purpose: str
    terms: Terms
    until: date | None = None
    kind: str = LAKE


def next_id(book: Book) -> str:
    """Short, because people type it; unique, because a decision is made on the newest book."""
    return f"a{len(book) + 1}"


def request(book: Book, id: str, wanted: Request, actor: Actor, at: datetime) -> list[Entry]:
    """Ask for an agreement. A contract that is open to all approves in the same breath."""
    if id in book:
        raise ValueError(f"there is an agreement {id} already")
    if not wanted.purpose.strip():
        raise Refused("A request says what the data is for. Give it a purpose.")
    if wanted.until and wanted.until < at.date():
        raise Refused(f"The end date {wanted.until} is over. Ask for a later one, or for none.")
    if Side.CONSUMER not in actor.sides:
        raise Refused(
            f"{actor.name} is not of {wanted.consumer}, so this is not theirs to request. "
            "Somebody of it asks, or request it for another consumer."
        )
    for agreement in book.values():
        if _same(agreement, wanted) and agreement.state not in OVER and not agreement.over(at):
            raise Refused(
                f"{wanted.consumer} has an agreement for {wanted.product} v{wanted.version} "
                f"already: {agreement.id}, {agreement.state}. See it: "
                f"`mesh access show {agreement.id}`."
            )
    data: dict[str, Any] = {
        "product": wanted.product,
        "port": wanted.port,
        "kind": wanted.kind,
        "version": wanted.version,
        "consumer": wanted.consumer,
        "purpose": wanted.purpose,
        "until": wanted.until.isoformat() if wanted.until else None,
        "terms": wanted.terms.to_json(),
    }
    asked = Entry(id, Event.REQUESTED, at, actor.name, Side.CONSUMER, wanted.purpose, data)
    return [asked, *_approved_by_contract(id, wanted.terms, at)]


def approve(
    agreement: Agreement, actor: Actor, at: datetime, why: str = "", reassess: date | None = None
) -> Entry:
    """Approve the next level of a request, or of a renewal."""
    data = {"reassess": reassess.isoformat()} if reassess else {}
    entry = Entry(
        agreement.id, Event.APPROVED, at, actor.name, Side.PROVIDER, why,
        {"level": _level(agreement), **data},
    )  # fmt: skip
    check(agreement, entry)
    _may_decide(agreement, actor)
    _decides_once(agreement, actor)
    return entry


def reject(agreement: Agreement, actor: Actor, at: datetime, why: str) -> Entry:
    """Reject a request, or a renewal; then the agreement lasts until its end date."""
    _because(why)
    entry = Entry(agreement.id, Event.REJECTED, at, actor.name, Side.PROVIDER, why)
    check(agreement, entry)
    _may_decide(agreement, actor)
    return entry


def withdraw(agreement: Agreement, actor: Actor, at: datetime, why: str = "") -> Entry:
    return _act(agreement, Event.WITHDRAWN, actor, at, why)


def cancel(agreement: Agreement, actor: Actor, at: datetime, why: str) -> Entry:
    """Give notice. It runs as long as the contract said when it was agreed to."""
    _because(why)
    ends = agreement.terms.notice_over(at)
    return _act(agreement, Event.CANCELLED, actor, at, why, {"ends": ends.isoformat()})


def offer_early_end(agreement: Agreement, actor: Actor, at: datetime, why: str, on: date) -> Entry:
    """Offer to end it on a day before its time; it ends then if the other side offers the same."""
    _because(why)
    offered = {side for side, day in agreement.offers if day == on}
    return _act(
        agreement, Event.EARLY_END_OFFERED, actor, at, why, {"on": on.isoformat()}, not_as=offered
    )


def announce(
    agreement: Agreement, change: Change, on: date, actor: Actor, at: datetime, why: str
) -> Entry:
    """Tell a consumer of a change, at least as far ahead as a notice."""
    _because(why)
    data = {"change": str(change), "on": on.isoformat()}
    return _act(agreement, Event.ANNOUNCED, actor, at, why, data)


def renew(
    agreement: Agreement, until: date, terms: Terms, actor: Actor, at: datetime, why: str = ""
) -> list[Entry]:
    """Ask for a later end, under the terms as they are now; approved as a request is."""
    data = {"until": until.isoformat(), "terms": terms.to_json()}
    asked = _act(agreement, Event.RENEWAL_REQUESTED, actor, at, why, data)
    return [asked, *_approved_by_contract(agreement.id, terms, at)]


def reassess(agreement: Agreement, next: date, actor: Actor, at: datetime, why: str) -> Entry:
    """Say that the reasons still hold, and when to look again."""
    return _act(agreement, Event.REASSESSED, actor, at, why, {"reassess": next.isoformat()})


def suspend(agreement: Agreement, actor: Actor, at: datetime, why: str) -> Entry:
    _because(why)
    return _act(agreement, Event.SUSPENDED, actor, at, why)


def resume(agreement: Agreement, actor: Actor, at: datetime, why: str = "") -> Entry:
    return _act(agreement, Event.RESUMED, actor, at, why)


def observe(agreement: Agreement, event: Event, at: datetime, why: str = "") -> Entry:
    """What the platform saw at the port (granted, gone, an error), or that time ran out."""
    # A server's words are not chosen by us, and must not keep what was seen out of the ledger.
    said = "".join(c if c.isprintable() or c == "\n" else " " for c in why)
    return _act(agreement, event, PLATFORM, at, said)


def _act(
    agreement: Agreement,
    event: Event,
    actor: Actor,
    at: datetime,
    why: str,
    data: Mapping[str, Any] | None = None,
    not_as: frozenset[Side] | set[Side] = frozenset(),
) -> Entry:
    """The entry of an actor, as the first side of theirs that this is for."""
    sides = [side for side in BY[event] if side in actor.sides]
    side = next((s for s in sides if s not in not_as), sides[0] if sides else Side.PLATFORM)
    entry = Entry(agreement.id, event, at, actor.name, side, why, data or {})
    check(agreement, entry)
    return entry


def _because(why: str) -> None:
    """What others have to live with has a reason that they can read."""
    if not why.strip():
        raise Refused("Say why: it is kept with the decision, for all whom it concerns.")


def _may_decide(agreement: Agreement, actor: Actor) -> None:
    names = agreement.waiting_for
    if not actor.is_one_of(names):
        raise Refused(
            f"{actor.name} can't decide about the agreement {agreement.id}: level "
            f"{_level(agreement)} of its contract is for {' or '.join(names)}."
        )


def _decides_once(agreement: Agreement, actor: Actor) -> None:
    """Two pairs of eyes are two people: another name of the same person is no second one."""
    given = agreement.renewal.approvals if agreement.renewal else agreement.approvals
    before = [approval.who for approval in given if actor.is_who(approval.who)]
    if actor.is_who(agreement.requested_by):
        said = f"asked for the agreement {agreement.id} as {agreement.requested_by}"
    elif before:
        said = f"approved the level before as {before[0]}"
    else:
        return
    raise Refused(f"{actor.name} {said}; this is for somebody else to approve.")


def _level(agreement: Agreement) -> int:
    waiting = agreement.state is State.REQUESTED or not agreement.renewal
    given = agreement.approvals if waiting else agreement.renewal.approvals  # type: ignore[union-attr]
    return len(given) + 1


def _approved_by_contract(id: str, terms: Terms, at: datetime) -> list[Entry]:
    if not terms.open:
        return []
    why = f"{terms.contract} {terms.version} approves every request"
    return [Entry(id, Event.APPROVED, at, "contract", Side.PROVIDER, why, {"level": 1})]


def _same(agreement: Agreement, wanted: Request) -> bool:
    return (agreement.product, agreement.port, agreement.version, agreement.consumer) == (
        wanted.product, wanted.port, wanted.version, wanted.consumer,
    )  # fmt: skip
