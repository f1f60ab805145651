"""Reconciling: what ports list is compared with what was agreed, and repaired both ways.

Settling does what is due by the ledger alone; this asks the ports as well. Again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mesh_defs.access.agreements import Agreement, Book, Entry, Event, Permission, due
from mesh_defs.access.agreements.deciding import observe
from mesh_defs.access.register import Register
from mesh_defs.access.settling import STANDING, grant_of, settle
from mesh_defs.access.targets import Place, Targets
from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant, Grants

_MAY_BE_THERE = (Permission.PROVISIONING, Permission.GRANTED, Permission.DEPROVISIONING)


@dataclass
class Reconciled:
    """What was done, and what could not be."""

    done: list[Entry] = field(default_factory=list)
    orphans: list[Grant] = field(default_factory=list)
    """Permissions that nobody agreed to, taken back."""
    troubles: list[str] = field(default_factory=list)
    """Ports that did not answer, and permissions that could not be taken back."""
    stuck: list[Agreement] = field(default_factory=list)
    """Agreements for which something is still due; each has its error."""

    @property
    def ok(self) -> bool:
        return not self.troubles and not self.stuck


def reconcile(register: Register, targets: Targets) -> Reconciled:
    """Make every port grant what was agreed, and nothing else; what ports list decides."""
    found = Reconciled(settle(register, targets.of))
    for place, port in targets.beyond_the_lake():
        try:
            _compare(register, targets, place, port, found)
        except MeshError as error:
            found.troubles.append(f"{place}: {error}")
    found.done += settle(register, targets.of)
    book, now = register.book(), register.now()
    found.stuck = [a for a in book.values() if due(a, now)]
    return found


def _compare(
    register: Register, targets: Targets, place: Place, port: Grants, found: Reconciled
) -> None:
    # The ledger is read before and after the port is: what changes meanwhile is neither lost nor
    # an orphan, and is looked at the next time.
    before = register.book()
    here = [a for a in before.values() if Place.of(a) == place]
    for a in here:
        # A contract narrowed the role since, and such a port can't follow it.
        part = targets.only_in_part(a.product, a.version, a.kind, a.terms.role)
        if part and a.permission is Permission.GRANTED:
            port.revoke(grant_of(a))
    listed = frozenset(port.grants())
    found.done += _lost(register, before, listed, place)
    agreed = _agreed(register.book(), register.now())
    for orphan in sorted(listed - agreed):
        port.revoke(orphan)
        if orphan in port.grants():
            found.troubles.append(f"{place}: {orphan.consumer} still reads it, and nobody agreed")
        else:
            found.orphans.append(orphan)


def _lost(register: Register, before: Book, listed: frozenset[Grant], place: Place) -> list[Entry]:
    gone = [
        a
        for a in before.values()
        if Place.of(a) == place and a.permission is Permission.GRANTED and grant_of(a) not in listed
    ]

    def seen(book: Book, now: datetime) -> Iterator[Entry]:
        for agreement in gone:
            current = book[agreement.id]
            if current == agreement and current.state in STANDING and not current.over(now):
                yield observe(current, Event.GRANT_LOST, now, "the port does not list it any more")

    return register.decide(seen) if gone else []


def _agreed(book: Book, now: datetime) -> frozenset[Grant]:
    """What may be listed: granted, on its way there, or on its way out, which settling sees to."""
    return frozenset(
        grant_of(a)
        for a in book.values()
        if a.permission in _MAY_BE_THERE and (a.state in STANDING or due(a, now))
    )
