"""An agreement and the entries it is made of, as plain frozen data; time comes from outside.

What an entry does to an agreement is in `folding`; whether it may be made, in `rules`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from mesh_defs.access.agreements.states import Change, Event, Permission, Side, State
from mesh_defs.model.period import Period


@dataclass(frozen=True)
class Entry:
    """Something that happened to an agreement: who, what, when, why; `data` is plain JSON."""

    agreement: str
    event: Event
    at: datetime
    who: str
    side: Side
    why: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What a contract said about its agreements on the day it was agreed to.

    `approvers` has the names of each level; a contract with none (`open`) approves by itself.
    `role` is the contract's role as which the consumer reads, if it has any.
    """

    contract: str
    version: str
    approvers: tuple[tuple[str, ...], ...] = ()
    notice: str | None = None
    reassessment: str | None = None
    price: str | None = None
    role: str | None = None

    @property
    def open(self) -> bool:
        return not self.approvers

    def notice_over(self, given: datetime) -> datetime:
        """When a notice that is given now is over: never before the same time of that day."""
        return _later(self.notice, given)

    def reassess_on(self, approved: datetime) -> date | None:
        return _later(self.reassessment, approved).date() if self.reassessment else None

    def to_json(self) -> dict[str, Any]:
        return {
            "contract": self.contract,
            "version": self.version,
            "approvers": [list(level) for level in self.approvers],
            "notice": self.notice,
            "reassessment": self.reassessment,
            "price": self.price,
            "role": self.role,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Terms:
        levels = tuple(tuple(level) for level in data["approvers"])
        return cls(**{**data, "approvers": levels})


@dataclass(frozen=True)
class Approval:
    """One level's; `reassess` is the day it named on which the reasons are looked at again."""

    level: int
    who: str
    at: datetime
    reassess: date | None = None


@dataclass(frozen=True)
class Notice:
    side: Side
    given: datetime
    ends: datetime
    why: str


@dataclass(frozen=True)
class Announcement:
    change: Change
    on: date
    at: datetime
    why: str


@dataclass(frozen=True)
class Renewal:
    """A later end that was asked for, under the contract as it is by then."""

    until: date
    terms: Terms
    approvals: tuple[Approval, ...] = ()


LAKE = "delta"
"""The kind of port whose permission is the agreement itself; a domain's inputs are of it."""


@dataclass(frozen=True)
class Agreement:
    """Where an agreement stands after the entries that were made so far."""

    id: str
    product: str
    port: str
    version: int
    consumer: str
    purpose: str
    requested_by: str
    terms: Terms
    since: datetime
    changed: datetime
    kind: str = LAKE
    state: State = State.REQUESTED
    permission: Permission = Permission.NONE
    error: str | None = None
    until: date | None = None
    reassess_on: date | None = None
    approvals: tuple[Approval, ...] = ()
    was_active: bool = False
    notices: tuple[Notice, ...] = ()
    offers: tuple[tuple[Side, date], ...] = ()
    agreed_end: date | None = None
    announcements: tuple[Announcement, ...] = ()
    renewal: Renewal | None = None
    why: str = ""

    @property
    def notice_ends(self) -> datetime | None:
        """When it ends because a side gave notice, or because both agreed to end it sooner."""
        ends = [n.ends for n in self.notices]
        if self.agreed_end:
            ends.append(end_of(self.agreed_end))
        return min(ends, default=None)

    @property
    def expires(self) -> datetime | None:
        return end_of(self.until) if self.until else None

    def over(self, now: datetime) -> Event | None:
        """How it is over by now, if it is: its time ran out, or a notice did; the first counts."""
        ends, expires = self.notice_ends, self.expires
        if expires and expires <= now and not (ends and ends < expires):
            return Event.EXPIRED
        return Event.ENDED if ends and ends <= now else None

    def open_to_read(self, now: datetime) -> bool:
        """Whether the consumer may read now. A clock that has run out needs no entry to count."""
        standing = self.state in (State.ACTIVE, State.NOTICE_GIVEN)
        return standing and self.permission is Permission.GRANTED and not self.over(now)

    @property
    def waiting_for(self) -> tuple[str, ...]:
        """The names of those who may decide next; empty where nobody has to."""
        if self.state is State.REQUESTED:
            return self._next_level(self.terms, self.approvals)
        if self.renewal:
            return self._next_level(self.renewal.terms, self.renewal.approvals)
        return ()

    @staticmethod
    def _next_level(terms: Terms, given: tuple[Approval, ...]) -> tuple[str, ...]:
        return terms.approvers[len(given)] if len(given) < len(terms.approvers) else ()


def end_of(day: date) -> datetime:
    """The moment a day is over, in UTC: an end date is the last day on which there is access.

    After the calendar's last day (9999-12-31, for "never") comes no other one.
    """
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _later(period: str | None, moment: datetime) -> datetime:
    day = Period.parse(period).after(moment.date()) if period else moment.date()
    return datetime.combine(day, moment.timetz())
