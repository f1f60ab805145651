"""Settling: what agreements say and what ports grant are brought together, and recorded as seen.

"Granted" is written only after the port listed the grant, "revoked" only after it did not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from mesh_defs.access.agreements import LAKE, Agreement, Book, Entry, Event, State, Step, due
from mesh_defs.access.agreements.deciding import observe
from mesh_defs.access.register import Register
from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant, Grants

STANDING = (State.APPROVED, State.ACTIVE, State.NOTICE_GIVEN)


class LakeGrants:
    """Where products are made: who may read is read from the agreements each time, so an agreement
    *is* its grant, and there is nothing to hand over or to take back.

    In the lake everybody is let in by the platform. Where products are tables in BigQuery, only
    runs of domains are: nobody else is known there.
    """

    def __init__(self, register: Register, runs_only: bool = False) -> None:
        self._register, self._runs_only = register, runs_only

    def why_not(self, consumer: str) -> str | None:
        """Why a consumer can have no permission here."""
        if self._runs_only and not consumer.startswith("domain:"):
            return (
                "a mesh on BigQuery opens the table that it makes to the runs of domains, and to "
                f"nobody else: {consumer} can read another port of the product, such as one of the "
                "kind `bigquery`"
            )
        return None

    def grant(self, wanted: Grant) -> None:
        if said := self.why_not(wanted.consumer):
            raise MeshError(said)

    def revoke(self, unwanted: Grant) -> None:
        pass

    def grants(self) -> frozenset[Grant]:
        book, now = self._register.book(), self._register.now()
        return frozenset(
            grant_of(a)
            for a in book.values()
            if a.kind == LAKE
            and a.state in STANDING
            and not a.over(now)
            and not self.why_not(a.consumer)
        )


def grant_of(agreement: Agreement) -> Grant:
    return Grant(agreement.product, agreement.port, agreement.version, agreement.consumer)


def settle(
    register: Register,
    port_of: Callable[[Agreement], Grants],
    concerns: Callable[[Agreement], bool] = lambda agreement: True,
) -> list[Entry]:
    """Do what is due for agreements, all or some, and record what was seen; again changes nothing.

    A port that fails is recorded with its error, once, and tried again the next time.
    """
    done: list[Entry] = []
    book, now = register.book(), register.now()
    waiting = [id for id, a in book.items() if due(a, now) and concerns(a)]
    for id in waiting:
        while found := _step(register, id, port_of):
            done += found
            if found[-1].event in (Event.GRANT_FAILED, Event.REVOKE_FAILED):
                break
    return done


def _step(register: Register, id: str, port_of: Callable[[Agreement], Grants]) -> list[Entry]:
    agreement = register.book()[id]
    step = due(agreement, register.now())
    if step is None:
        return []
    if step is Step.CLOSE:
        return register.decide(lambda book, now: _closed(book[id], now))
    port = port_of(agreement)
    event, error = _at_the_port(port, step, grant_of(agreement))

    def seen(book: Book, now: datetime) -> Iterator[Entry]:
        # Meanwhile somebody may have decided otherwise; then what was seen answers nothing.
        current = book[id]
        if due(current, now) is step and not (error and error == current.error):
            yield observe(current, event, now, error or "read back from the port")

    made = register.decide(seen)
    if event is Event.GRANTED and not made and not _stands(register, id):
        # It was suspended, say, while it was granted, and may have been seen to be gone before.
        _at_the_port(port, Step.REVOKE, grant_of(agreement))
    return made


def _stands(register: Register, id: str) -> bool:
    agreement = register.book()[id]
    return agreement.state in STANDING and not agreement.over(register.now())


def _closed(agreement: Agreement, now: datetime) -> Iterator[Entry]:
    if due(agreement, now) is Step.CLOSE and (event := agreement.over(now)):
        yield observe(agreement, event, now, "its time is over")


def _at_the_port(port: Grants, step: Step, grant: Grant) -> tuple[Event, str]:
    """What became of it, as the port itself lists it."""
    granting = step is Step.GRANT
    try:
        (port.grant if granting else port.revoke)(grant)
        there = grant in port.grants()
    except MeshError as error:
        return (Event.GRANT_FAILED if granting else Event.REVOKE_FAILED), str(error)
    if granting:
        return (Event.GRANTED, "") if there else (Event.GRANT_FAILED, "the port does not list it")
    return (Event.REVOKE_FAILED, "the port still lists it") if there else (Event.REVOKED, "")
