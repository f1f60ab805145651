"""The gate: a domain reads the inputs that it has an agreement for, and is told why not others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property

from mesh_defs.access import declared
from mesh_defs.access.agreements import Agreement, State
from mesh_defs.access.offers import offered, opened_by, terms_today
from mesh_defs.access.register import Register
from mesh_defs.access.settling import LakeGrants, settle
from mesh_defs.contracts.roles import WHOLE, Narrowing
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.model.domain import Input
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State as StateFolder

Refusals = Mapping[ProductRef, str]
"""Why each input that is refused is; empty where all that a domain declares is agreed."""
Narrowings = Mapping[ProductRef, Narrowing]
"""The columns and rows of inputs that are agreed in part only."""


class Gate:
    """What domains of a mesh may read, by the ledger; it is opened when it is first asked."""

    def __init__(
        self,
        mesh: Mesh,
        state: StateFolder,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._mesh, self._state, self._clock = mesh, state, clock

    @cached_property
    def _register(self) -> Register:
        return Register(Ledger.open(self._state), self._clock)

    def refused(self, domain: str) -> Refusals:
        """Why a domain may not read some of its inputs, now.

        What it declares and never asked for is requested on the way, and approved if that was said
        beforehand. A ledger that does not answer refuses everything.
        """
        room = self._mesh.rooms[domain]
        inputs = room.need().inputs
        if not inputs:
            return {}
        try:
            self._catch_up(domain)
            book, now = self._register.book(), self._register.now()
        except MeshError as error:
            return dict.fromkeys(inputs, str(error))
        found = {}
        for ref, given in inputs.items():
            agreement = declared.latest(book, domain, ref, given.version)
            if agreement is None:
                found[ref] = self._unasked(domain, ref, given)
            elif not agreement.open_to_read(now):
                found[ref] = why_not(agreement, ask(domain, ref, given.version), now)
            elif self._narrowing(agreement, ref) is None:
                found[ref] = (
                    f"agreement {agreement.id} is for the role `{agreement.terms.role}`, and the "
                    "contract does not say what that opens: `mesh validate`"
                )
        return found

    def narrowed(self, domain: str) -> Narrowings:
        """What a domain may read of its inputs, now, where that is not all of it."""
        found = {}
        for ref, given in self._mesh.rooms[domain].need().inputs.items():
            agreement = declared.latest(self._register.book(), domain, ref, given.version)
            narrowing = self._narrowing(agreement, ref) if agreement else None
            if narrowing and narrowing != WHOLE:
                found[ref] = narrowing
        return found

    def _narrowing(self, agreement: Agreement, ref: ProductRef) -> Narrowing | None:
        return opened_by(self._mesh, ref, agreement.version, agreement.terms.role)

    def _unasked(self, domain: str, ref: ProductRef, given: Input) -> str:
        """Why what a file declares could not be requested."""
        try:
            terms_today(self._mesh, offered(self._mesh, str(ref), given.version), given.role)
        except MeshError as error:
            return str(error).rstrip(".")
        return f"nobody agreed to it: {ask(domain, ref, given.version)}"

    def _catch_up(self, domain: str) -> None:
        """Put down what the domain's files say; see to the permissions of its own agreements."""
        register, consumer = self._register, f"domain:{domain}"
        if declared.entries(self._mesh, register.book(), register.now()):
            register.decide(lambda book, now: declared.entries(self._mesh, book, now))
        settle(register, lambda _: LakeGrants(register), lambda a: a.consumer == consumer)


def ask(domain: str, ref: ProductRef, version: int) -> str:
    """How somebody asks for an input."""
    return f"`mesh access request {ref} --version {version} --for {domain} --purpose …`"


def why_not(agreement: Agreement, ask: str, now: datetime) -> str:
    """Why an agreement does not let anybody read now, and what to do about it; pure."""
    name = f"agreement {agreement.id}"
    because = f" ({agreement.why})" if agreement.why else ""
    if agreement.over(now):
        return f"{name} is over: {ask}"
    match agreement.state:
        case State.REQUESTED:
            waits = " or ".join(agreement.waiting_for)
            return f"{name} waits for {waits} to approve it: `mesh access approve {agreement.id}`"
        case State.SUSPENDED:
            return f"{name} is suspended{because}: ask the governance group"
        case State.APPROVED | State.ACTIVE | State.NOTICE_GIVEN:
            error = f": {agreement.error}" if agreement.error else ""
            return f"{name} is agreed, but not granted{error}: `mesh access reconcile`"
        case _:
            return f"{name} is {agreement.state}{because}: {ask}"
