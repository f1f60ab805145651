"""When an event is refused, and in which words: the state, what was tried, what is possible now.

Judged on the agreement and the entry alone; who has which side is for those who make entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from mesh_defs.access.agreements.agreement import Agreement, Entry
from mesh_defs.access.agreements.states import (
    BY,
    COMMANDS,
    POSSIBLE,
    Change,
    Event,
    Permission,
    Side,
    State,
)
from mesh_defs.model import MeshError


class Refused(MeshError):
    """An event that may not happen."""


def check(agreement: Agreement, entry: Entry) -> None:
    """Raises Refused unless this may happen to the agreement now."""
    _aware(entry.at)
    if entry.at < agreement.changed:
        raise _refused(
            agreement,
            entry,
            f"{entry.at.isoformat()} is before its last entry, of {agreement.changed.isoformat()}",
        )
    if entry.event not in POSSIBLE[agreement.state]:
        raise _refused(agreement, entry, "")
    if entry.side not in BY[entry.event]:
        sides = " or ".join(f"the {side}" for side in BY[entry.event])
        raise _refused(agreement, entry, f"{entry.who} is not of {sides}")
    if (over := agreement.over(entry.at)) and entry.event in _NOT_WHEN_OVER:
        ended = agreement.expires if over is Event.EXPIRED else agreement.notice_ends
        raise _refused(agreement, entry, f"it was over on {_moment(ended)}", over=True)
    if (condition := _CONDITIONS.get(entry.event)) and (said := condition(agreement, entry)):
        raise _refused(agreement, entry, said)


def possible_now(agreement: Agreement, now: datetime) -> list[str]:
    """The commands that a person may give now, whoever it is for."""
    if agreement.over(now):
        return []
    renewing = agreement.state is not State.ACTIVE or agreement.renewal
    asked = {
        Event.APPROVED: renewing,
        Event.REJECTED: renewing,
        Event.WITHDRAWN: not agreement.was_active,
        Event.RENEWAL_REQUESTED: agreement.until,
    }
    possible = [e for e in POSSIBLE[agreement.state] if e in COMMANDS and asked.get(e, True)]
    return [COMMANDS[event] for event in possible]


def _refused(agreement: Agreement, entry: Entry, said: str, over: bool = False) -> Refused:
    done = COMMANDS.get(entry.event) or f"`{entry.event}`"
    now = [] if over else possible_now(agreement, entry.at)
    rest = f"Possible now: {', '.join(now)}." if now else "Nothing more can be done to it."
    if agreement.state in (State.ENDED, State.REJECTED, State.WITHDRAWN, State.EXPIRED) or over:
        rest = "Request a new one: `mesh access request`."
    reason = f": {said}" if said else ""
    return Refused(
        f"The agreement {agreement.id} ({agreement.consumer} reads {agreement.product}) is "
        f"{agreement.state}; {done} is not possible{reason}. {rest}"
    )


def _approved(agreement: Agreement, entry: Entry) -> str:
    if agreement.state is State.ACTIVE and not agreement.renewal:
        return "nobody asked for a renewal"
    if entry.who == agreement.requested_by:
        return f"{entry.who} asked for it; somebody else approves"
    given = agreement.renewal.approvals if agreement.renewal else agreement.approvals
    if any(approval.who == entry.who for approval in given):
        return f"{entry.who} approved the level before; this one is for somebody else"
    return _ahead(entry, "reassess")


def _rejected(agreement: Agreement, entry: Entry) -> str:
    if agreement.state is State.ACTIVE and not agreement.renewal:
        return "nobody asked for a renewal; `cancel` gives notice"
    return ""


def _withdrawn(agreement: Agreement, entry: Entry) -> str:
    return "it was active before; `cancel` gives notice" if agreement.was_active else ""


def _cancelled(agreement: Agreement, entry: Entry) -> str:
    ends = datetime.fromisoformat(entry.data["ends"])
    least = agreement.terms.notice_over(entry.at)
    if ends < least:
        return f"a notice of {agreement.terms.notice} is over on {_moment(least)} at the earliest"
    return _one_notice(agreement, entry.side, ends)


def _one_notice(agreement: Agreement, side: Side, ends: datetime) -> str:
    if any(notice.side is side for notice in agreement.notices):
        return f"the {side} gave notice already; both sides together can end it earlier"
    known = agreement.notice_ends
    if known and ends >= known:
        return f"it ends on {_moment(known)} anyway"
    return ""


def _early_end_offered(agreement: Agreement, entry: Entry) -> str:
    on = date.fromisoformat(entry.data["on"])
    if on < _day(entry.at):
        return f"{on} is over"
    latest = [m for m in (agreement.notice_ends, agreement.expires) if m]
    if latest and on >= _day(min(latest)):
        return f"it ends on {_moment(min(latest))} anyway"
    return ""


def _announced(agreement: Agreement, entry: Entry) -> str:
    on = date.fromisoformat(entry.data["on"])
    least = agreement.terms.notice_over(entry.at)
    if on < _day(least):
        notice = agreement.terms.notice or "none"
        return f"the notice that was agreed is {notice}, so {_day(least)} is the earliest day"
    if Change(entry.data["change"]) is Change.RETIREMENT:
        known = agreement.notice_ends
        if any(notice.side is Side.PROVIDER for notice in agreement.notices):
            return "the provider gave notice already"
        if known and _day(known) <= on:
            return f"it ends on {_moment(known)} anyway"
    return ""


def _renewal_requested(agreement: Agreement, entry: Entry) -> str:
    until = date.fromisoformat(entry.data["until"])
    if agreement.until is None:
        return "it has no end date, so there is nothing to renew"
    if until <= agreement.until:
        return f"it lasts until {agreement.until} already"
    return ""


def _reassessed(agreement: Agreement, entry: Entry) -> str:
    return _ahead(entry, "reassess")


def _ahead(entry: Entry, name: str) -> str:
    given = entry.data.get(name)
    return f"{given} is over" if given and date.fromisoformat(given) < _day(entry.at) else ""


def _revoked(agreement: Agreement, entry: Entry) -> str:
    if agreement.permission in (Permission.NONE, Permission.REVOKED):
        return "there is no permission to take back"
    leaving = agreement.state in (State.SUSPENDED, State.WITHDRAWN)
    return "" if leaving or agreement.over(entry.at) else "nothing ends early"


def _closed(agreement: Agreement, entry: Entry) -> str:
    if agreement.over(entry.at) is not entry.event:
        return "nothing ends early" if not agreement.over(entry.at) else "it is over otherwise"
    if agreement.permission not in (Permission.NONE, Permission.REVOKED):
        return "its permission was not seen to be gone"
    return ""


_NOT_WHEN_OVER = frozenset(COMMANDS) | {
    Event.GRANTED,
    Event.GRANT_FAILED,
    Event.GRANT_LOST,
}
_CONDITIONS: Mapping[Event, Callable[[Agreement, Entry], str]] = {
    Event.APPROVED: _approved,
    Event.REJECTED: _rejected,
    Event.WITHDRAWN: _withdrawn,
    Event.CANCELLED: _cancelled,
    Event.EARLY_END_OFFERED: _early_end_offered,
    Event.ANNOUNCED: _announced,
    Event.RENEWAL_REQUESTED: _renewal_requested,
    Event.REASSESSED: _reassessed,
    Event.REVOKED: _revoked,
    Event.REVOKE_FAILED: _revoked,
    Event.ENDED: _closed,
    Event.EXPIRED: _closed,
}


def _aware(moment: datetime) -> None:
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{moment!r} is not a moment in UTC")


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "no day"
