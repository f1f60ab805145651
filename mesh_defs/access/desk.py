"""The desk: what a person does about agreements in a mesh, whether by command or in a browser.

It reads contracts and people from the mesh's files, decides in the register, and settles at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

from mesh_defs.access import declared
from mesh_defs.access.acting import actor_of, consumer_of, first_to_ask
from mesh_defs.access.agreements import (
    Actor,
    Agreement,
    Book,
    Change,
    Entry,
    Refused,
    Request,
    Side,
    due,
    end_of,
)
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.agreements.states import BINDING
from mesh_defs.access.offers import offered, port_of, terms_today
from mesh_defs.access.reconciling import Reconciled, reconcile
from mesh_defs.access.register import Register, find
from mesh_defs.access.settling import grant_of, settle
from mesh_defs.access.targets import Place, Targets
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.ports.grants import Grant
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State

Verb = Callable[[Agreement, Actor, datetime], Entry | Iterable[Entry]]


class Desk:
    """A mesh's agreements, and somebody who acts."""

    def __init__(
        self, root: Path, name: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.mesh = Mesh.read(root)
        self.name = name
        self.register = Register(Ledger.open(State.of(root)), clock)
        self.targets = Targets(self.mesh, self.register)

    def request(
        self,
        product: str,
        purpose: str,
        consumer: str | None = None,
        version: int | None = None,
        until: date | None = None,
        role: str | None = None,
        port: str | None = None,
    ) -> Agreement:
        """Ask for a product's port at a major version; the lake's and newest, if none is said."""
        asked = offered(self.mesh, product, version)
        who = consumer_of(self.mesh, consumer, self.name)
        if who == f"domain:{asked.line.domain}":
            raise Refused(
                f"`{asked.line}` is a product of its own to {who}: it needs no agreement."
            )
        if asked.status == "retired":
            raise Refused(f"`{asked}` is retired: nobody can begin to read it.")
        name, kind = port_of(asked, port)
        terms = terms_today(self.mesh, asked, role)
        line, major = str(asked.line), asked.contract.major
        if closed := self.targets.closed(line, major, kind, terms.role, who):
            raise Refused(f"Not at this port: {closed}.")
        wanted = Request(line, name, major, who, purpose, terms, until, kind)

        def judge(book: Book, now: datetime) -> list[Entry]:
            first = first_to_ask(book, who)
            actor = actor_of(self.mesh, self.name, asked.line, who, first)
            return do.request(book, do.next_id(book), wanted, actor, now)

        made = self.register.decide(judge)
        return self._settled(made[0].agreement)

    def act(self, id: str, verb: Verb) -> Agreement:
        """Do something about an agreement as it stands by then."""

        def judge(book: Book, now: datetime) -> list[Entry]:
            agreement = find(book, id)
            made = verb(agreement, self.actor(agreement), now)
            return [made] if isinstance(made, Entry) else list(made)

        self.register.decide(judge)
        return self._settled(id)

    def renew(self, id: str, until: date, why: str = "", role: str | None = None) -> Agreement:
        """Ask for a later end, under the terms of the contract as it is today."""
        agreement = find(self.register.book(), id)
        product = offered(self.mesh, agreement.product, agreement.version)
        terms = terms_today(self.mesh, product, role)
        return self.act(id, lambda a, who, now: do.renew(a, until, terms, who, now, why))

    def announce(
        self, product: str, version: int | None, change: str, on: date, why: str
    ) -> list[Agreement]:
        """Tell all who have an agreement for a product that lasts until then; all of them or none.

        Raises MeshError for whoever is not of the provider, even where there is nobody to tell.
        """
        asked = offered(self.mesh, product, version)
        actor = actor_of(self.mesh, self.name, asked.line, "", None)
        if Side.PROVIDER not in actor.sides:
            raise Refused(f"{self.name} is not of `{asked.line.domain}`, which provides it.")

        def judge(book: Book, now: datetime) -> list[Entry]:
            return [
                do.announce(a, Change(change), on, self.actor(a), now, why)
                for a in book.values()
                if (a.product, a.version) == (str(asked.line), asked.contract.major)
                and a.state in BINDING
                and not a.over(end_of(on))
            ]

        made = self.register.decide(judge)
        self.settle()
        book = self.register.book()
        return [book[entry.agreement] for entry in made]

    def actor(self, agreement: Agreement) -> Actor:
        return actor_of(
            self.mesh, self.name, ProductRef.parse(agreement.product), agreement.consumer,
            agreement.requested_by,
        )  # fmt: skip

    def settle(self) -> list[Entry]:
        """Do whatever is due by now: what files say, and what ports are to grant or take back."""
        said = self.register.decide(lambda book, now: declared.entries(self.mesh, book, now))
        return [*said, *settle(self.register, self.targets.of)]

    def is_due(self) -> bool:
        """Whether settling would do something now, by files and ledger; no port is asked."""
        book, now = self.register.book(), self.register.now()
        if declared.entries(self.mesh, book, now):
            return True
        return any(due(agreement, now) for agreement in book.values())

    def reconcile(self) -> Reconciled:
        """The same, and every port is asked what it grants."""
        said = self.register.decide(lambda book, now: declared.entries(self.mesh, book, now))
        found = reconcile(self.register, self.targets)
        found.done[:0] = said
        return found

    def granted(self, agreements: Iterable[Agreement]) -> frozenset[str]:
        """The ids of those whose permission their port lists now; a silent port lists nothing.

        A permission is of the newest agreement about it: earlier ones are over.
        """
        newest = {grant_of(a): a.id for a in self.register.book().values()}
        listed: dict[Place, frozenset[Grant]] = {}
        found = set()
        for agreement in agreements:
            if newest[grant_of(agreement)] != agreement.id:
                continue
            place = Place.of(agreement)
            if place not in listed:
                try:
                    listed[place] = frozenset(self.targets.of(agreement).grants())
                except MeshError:
                    listed[place] = frozenset()
            if grant_of(agreement) in listed[place]:
                found.add(agreement.id)
        return frozenset(found)

    def _settled(self, id: str) -> Agreement:
        self.settle()
        return find(self.register.book(), id)
