"""The register: decisions on the newest state, and what is due done at the ports and read back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from mesh_defs.access.agreements import (
    Actor,
    Book,
    Entry,
    Permission,
    Refused,
    Request,
    Side,
    State,
    Terms,
)
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.register import Register, find
from mesh_defs.access.settling import LakeGrants, grant_of, settle
from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant
from mesh_defs.storage.ledger import Draft, Ledger
from mesh_defs.storage.state import State as Folder

EVA = Actor("Eva", sides=frozenset({Side.CONSUMER}))
GUARD = Actor("Gus", sides=frozenset({Side.GOVERNANCE}))
OPEN = Terms("urn:c", "1.0.0", notice="P30D")


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


CLOCK = Clock()


class Port:
    """A port that can be out of order, and that may grant without doing it."""

    def __init__(self) -> None:
        self.there: set[Grant] = set()
        self.broken = ""
        self.lies = False

    def grant(self, wanted: Grant) -> None:
        self._work()
        if not self.lies:
            self.there.add(wanted)

    def revoke(self, unwanted: Grant) -> None:
        self._work()
        if not self.lies:
            self.there.discard(unwanted)

    def grants(self) -> set[Grant]:
        return set(self.there)

    def _work(self) -> None:
        if self.broken:
            raise MeshError(self.broken)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(ledger: Ledger, clock: Clock) -> Register:
    return Register(ledger, clock)


def ask(register: Register, id: str = "a1", until: date | None = None) -> None:
    wanted = Request("s.p", "p", 1, f"app:{id}", "To know.", OPEN, until)
    register.decide(lambda book, now: do.request(book, id, wanted, EVA, now))


def test_another_register_sees_what_was_decided(
    register: Register, state: Folder, clock: Clock
) -> None:
    other = Register(Ledger.open(state), clock)
    assert dict(other.book()) == {}
    ask(register)
    assert other.book() == register.book()
    assert [r.event for r in other.log("a1")] == ["requested", "approved"]
    assert other.log("b") == []


def test_a_decision_is_judged_again_when_somebody_was_faster(
    register: Register, state: Folder, clock: Clock
) -> None:
    ask(register)
    other = Register(Ledger.open(state), clock)
    judged = []

    def withdraw(book: Book, now: datetime) -> Iterable[Entry]:
        judged.append(book["a1"].state)
        if len(judged) == 1:
            other.decide(lambda b, n: [do.withdraw(b["a1"], EVA, n, "faster")])
        return [do.withdraw(book["a1"], EVA, now, "slower")]

    with pytest.raises(Refused, match="is withdrawn"):
        register.decide(withdraw)
    assert judged == [State.APPROVED, State.WITHDRAWN]
    assert register.log("a1")[-1].why == "faster"


def test_a_ledger_that_was_cut_is_not_written_on(register: Register) -> None:
    ask(register)
    from sqlalchemy import text

    with register.ledger._engine.begin() as connection:
        connection.execute(text("UPDATE mesh_ledger_head SET seq = 1"))
    with pytest.raises(MeshError, match=r"something else changed it.*mesh access verify"):
        ask(register, "a2")


def test_a_clock_that_lags_behind_does_not_turn_time_back(register: Register, clock: Clock) -> None:
    ask(register)
    clock.now -= timedelta(minutes=5)
    settle(register, lambda a: Port())
    assert len({r.at for r in register.log()}) == 1


def test_active_means_read_back(register: Register) -> None:
    port = Port()
    ask(register)
    port.broken = "the server is away"
    assert [e.event for e in settle(register, lambda a: port)] == ["grant failed"]
    assert settle(register, lambda a: port) == []  # the same error is recorded once
    stuck = register.book()["a1"]
    assert (stuck.state, stuck.permission, stuck.error) == (
        State.APPROVED,
        Permission.PROVISIONING,
        "the server is away",
    )
    port.broken, port.lies = "", True
    settle(register, lambda a: port)
    assert register.book()["a1"].error == "the port does not list it"
    port.lies = False
    settle(register, lambda a: port)
    assert register.book()["a1"].state is State.ACTIVE
    assert port.there == {grant_of(register.book()["a1"])}
    assert settle(register, lambda a: port) == []


def test_ended_means_seen_to_be_gone(register: Register, clock: Clock) -> None:
    port = Port()
    ask(register, until=date(2026, 2, 1))
    settle(register, lambda a: port)
    clock.now += timedelta(days=2)
    port.lies = True
    settle(register, lambda a: port)
    stuck = register.book()["a1"]
    assert (stuck.state, stuck.permission) == (State.ACTIVE, Permission.DEPROVISIONING)
    assert stuck.error == "the port still lists it"
    assert not stuck.open_to_read(clock.now)
    port.lies = False
    assert [e.event for e in settle(register, lambda a: port)] == ["revoked", "expired"]
    assert port.there == set()


@pytest.mark.parametrize("granting", [True, False])
def test_killed_between_the_port_and_the_ledger(
    register: Register, state: Folder, clock: Clock, granting: bool
) -> None:
    """What a process did that died before it could say so is found, and not done by halves."""

    class Killed(Exception):
        pass

    class Deadly(Port):
        def grants(self) -> set[Grant]:
            raise Killed

    port, deadly = Port(), Deadly()
    ask(register)
    if not granting:
        settle(register, lambda a: port)
        register.decide(lambda b, n: [do.suspend(b["a1"], GUARD, n, "a leak")])
    deadly.there = port.there
    before = len(register.log())
    with pytest.raises(Killed):
        settle(register, lambda a: deadly)
    assert len(register.log()) == before
    other = Register(Ledger.open(state), clock)
    assert [e.event for e in settle(other, lambda a: port)] == [
        "granted" if granting else "revoked"
    ]
    assert len(port.there) == granting


def test_two_that_settle_at_once_record_it_once(
    register: Register, state: Folder, clock: Clock
) -> None:
    port, other = Port(), Register(Ledger.open(state), clock)

    class Watched(Port):
        def grants(self) -> set[Grant]:
            assert [e.event for e in settle(other, lambda a: port)] == ["granted"]
            return port.grants()

    ask(register)
    assert settle(register, lambda a: Watched()) == []
    assert [r.event for r in register.log()] == ["requested", "approved", "granted"]


def test_what_was_suspended_while_it_was_granted_is_not_left_at_the_port(
    register: Register, state: Folder, clock: Clock
) -> None:
    port, other = Port(), Register(Ledger.open(state), clock)

    class Slow(Port):
        def grant(self, wanted: Grant) -> None:
            if other.log("a1")[-1].event != "revoked":
                other.decide(lambda b, n: [do.suspend(b["a1"], GUARD, n, "a leak")])
                settle(other, lambda a: port)
            super().grant(wanted)

    slow = Slow()
    slow.there = port.there
    ask(register)
    settle(register, lambda a: slow)
    assert register.book()["a1"].state is State.SUSPENDED
    assert port.there == set()


def test_in_the_lake_an_agreement_is_its_grant(register: Register, clock: Clock) -> None:
    lake = LakeGrants(register)
    ask(register)
    settle(register, lambda a: lake)
    agreement = register.book()["a1"]
    assert agreement.state is State.ACTIVE
    assert lake.grants() == {grant_of(agreement)}
    register.decide(lambda b, n: [do.suspend(b["a1"], GUARD, n, "a leak")])
    assert lake.grants() == frozenset()
    settle(register, lambda a: lake)
    assert register.book()["a1"].permission is Permission.REVOKED
    register.decide(lambda b, n: [do.resume(b["a1"], GUARD, n)])
    settle(register, lambda a: lake)
    register.decide(lambda b, n: [do.cancel(b["a1"], EVA, n, "no more")])
    clock.now += timedelta(days=30)
    assert lake.grants() == frozenset()
    settle(register, lambda a: lake)
    assert register.book()["a1"].state is State.ENDED


def test_an_agreement_is_found_by_its_id(register: Register) -> None:
    ask(register)
    assert find(register.book(), "a1").id == "a1"
    for text in ("a", "a11", ""):
        with pytest.raises(MeshError, match="There is no agreement"):
            find(register.book(), text)


def test_an_entry_that_nobody_knows_is_named(register: Register) -> None:
    register.ledger.append(
        [Draft("a1", "blessed", CLOCK.now, "x", "consumer")], register.ledger.whole()[1]
    )
    with pytest.raises(MeshError, match=r"Entry 1 of the ledger can't be read"):
        register.book()
