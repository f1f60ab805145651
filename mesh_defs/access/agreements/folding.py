"""Entries → agreements: what each event makes of an agreement. It never refuses; `rules` does.

What was once accepted is replayed as it was, whatever the rules have become since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from mesh_defs.access.agreements.agreement import (
    LAKE,
    Agreement,
    Announcement,
    Approval,
    Entry,
    Notice,
    Renewal,
    Terms,
    end_of,
)
from mesh_defs.access.agreements.states import Change, Event, Permission, Side, State

Book = Mapping[str, Agreement]
"""Every agreement by its id, in the order in which they were requested."""
EMPTY: Book = MappingProxyType({})


def fold(entries: Iterable[Entry], book: Book = EMPTY) -> Book:
    """The agreements after these entries. Folding in two goes is the same as in one."""
    made = dict(book)
    for entry in entries:
        made[entry.agreement] = apply(made.get(entry.agreement), entry)
    return MappingProxyType(made)


def apply(agreement: Agreement | None, entry: Entry) -> Agreement:
    """The agreement after one more entry."""
    if agreement is None or entry.event is Event.REQUESTED:
        return _requested(entry)
    after = _DOES[entry.event](agreement, entry)
    if after.state is not agreement.state:
        after = replace(after, since=entry.at, why=entry.why)
    return replace(after, changed=entry.at)


def _requested(entry: Entry) -> Agreement:
    data = entry.data
    return Agreement(
        id=entry.agreement,
        product=data["product"],
        port=data["port"],
        version=data["version"],
        consumer=data["consumer"],
        purpose=data["purpose"],
        requested_by=entry.who,
        terms=Terms.from_json(data["terms"]),
        kind=data.get("kind", LAKE),
        until=_day(data.get("until")),
        since=entry.at,
        changed=entry.at,
        why=entry.why,
    )


def _approved(agreement: Agreement, entry: Entry) -> Agreement:
    renewal = agreement.renewal
    waiting = agreement.state is State.REQUESTED
    given = agreement.approvals if waiting else renewal.approvals if renewal else ()
    terms = agreement.terms if waiting or not renewal else renewal.terms
    again = _day(entry.data.get("reassess"))
    given = (*given, Approval(len(given) + 1, entry.who, entry.at, again))
    complete = len(given) >= len(terms.approvers)
    if waiting:
        agreement = replace(agreement, approvals=given)
    elif renewal:
        agreement = replace(agreement, renewal=replace(renewal, approvals=given))
    if not complete:
        return agreement
    days = [approval.reassess for approval in given if approval.reassess]
    agreement = replace(agreement, reassess_on=min(days, default=terms.reassess_on(entry.at)))
    if waiting:
        return replace(agreement, state=State.APPROVED, permission=Permission.PROVISIONING)
    if renewal:
        return replace(agreement, until=renewal.until, terms=renewal.terms, renewal=None)
    return agreement


def _rejected(agreement: Agreement, entry: Entry) -> Agreement:
    if agreement.state is State.REQUESTED:
        return replace(agreement, state=State.REJECTED)
    return replace(agreement, renewal=None)


def _withdrawn(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(_closing(agreement), state=State.WITHDRAWN)


def _granted(agreement: Agreement, entry: Entry) -> Agreement:
    state = State.NOTICE_GIVEN if agreement.notice_ends else State.ACTIVE
    return replace(
        agreement, state=state, permission=Permission.GRANTED, error=None, was_active=True
    )


def _grant_failed(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, permission=Permission.PROVISIONING, error=entry.why)


def _grant_lost(agreement: Agreement, entry: Entry) -> Agreement:
    """Active means granted: it is on its way again."""
    return replace(_grant_failed(agreement, entry), state=State.APPROVED)


def _revoked(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, permission=Permission.REVOKED, error=None)


def _revoke_failed(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, permission=Permission.DEPROVISIONING, error=entry.why)


def _cancelled(agreement: Agreement, entry: Entry) -> Agreement:
    ends = datetime.fromisoformat(entry.data["ends"])
    return _with_notice(agreement, Notice(entry.side, entry.at, ends, entry.why))


def _with_notice(agreement: Agreement, notice: Notice) -> Agreement:
    return _leaving(replace(agreement, notices=(*agreement.notices, notice)))


def _leaving(agreement: Agreement) -> Agreement:
    """An agreement that is to end is renewed no more."""
    state = State.NOTICE_GIVEN if agreement.state is State.ACTIVE else agreement.state
    return replace(agreement, state=state, renewal=None)


def _early_end_offered(agreement: Agreement, entry: Entry) -> Agreement:
    on = date.fromisoformat(entry.data["on"])
    others = tuple(o for o in agreement.offers if o[0] is not entry.side)
    after = replace(agreement, offers=(*others, (entry.side, on)))
    if all(offered == on for _, offered in others) and others:
        return _leaving(replace(after, agreed_end=on))
    return after


def _announced(agreement: Agreement, entry: Entry) -> Agreement:
    change, on = Change(entry.data["change"]), date.fromisoformat(entry.data["on"])
    said = (*agreement.announcements, Announcement(change, on, entry.at, entry.why))
    after = replace(agreement, announcements=said)
    if change is Change.RETIREMENT:
        return _with_notice(after, Notice(Side.PROVIDER, entry.at, end_of(on), entry.why))
    return after


def _renewal_requested(agreement: Agreement, entry: Entry) -> Agreement:
    terms = Terms.from_json(entry.data["terms"])
    return replace(
        agreement, renewal=Renewal(date.fromisoformat(entry.data["until"]), terms)
    )  # approvals begin anew: another end was asked for


def _reassessed(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, reassess_on=date.fromisoformat(entry.data["reassess"]))


def _suspended(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(_closing(agreement), state=State.SUSPENDED)


def _resumed(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, state=State.APPROVED, permission=Permission.PROVISIONING, error=None)


def _ended(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, state=State.ENDED, renewal=None)


def _expired(agreement: Agreement, entry: Entry) -> Agreement:
    return replace(agreement, state=State.EXPIRED, renewal=None)


def _closing(agreement: Agreement) -> Agreement:
    """What may have been granted has to be taken back, and be seen to be gone."""
    if agreement.permission in (Permission.NONE, Permission.REVOKED):
        return agreement
    return replace(agreement, permission=Permission.DEPROVISIONING, error=None, renewal=None)


_DOES: Mapping[Event, Callable[[Agreement, Entry], Agreement]] = {
    Event.APPROVED: _approved,
    Event.REJECTED: _rejected,
    Event.WITHDRAWN: _withdrawn,
    Event.GRANTED: _granted,
    Event.GRANT_FAILED: _grant_failed,
    Event.GRANT_LOST: _grant_lost,
    Event.REVOKED: _revoked,
    Event.REVOKE_FAILED: _revoke_failed,
    Event.CANCELLED: _cancelled,
    Event.EARLY_END_OFFERED: _early_end_offered,
    Event.ANNOUNCED: _announced,
    Event.RENEWAL_REQUESTED: _renewal_requested,
    Event.REASSESSED: _reassessed,
    Event.SUSPENDED: _suspended,
    Event.RESUMED: _resumed,
    Event.ENDED: _ended,
    Event.EXPIRED: _expired,
}


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None
