"""Laws of the lifecycle that hold on every path, whoever tries whatever in whichever order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from mesh_defs.access.agreements import (
    EMPTY,
    Actor,
    Agreement,
    Book,
    Change,
    Entry,
    Event,
    Permission,
    Refused,
    Request,
    Side,
    State,
    Step,
    Terms,
    due,
    fold,
)
from mesh_defs.access.agreements import deciding as do

BEGINNING = datetime(2026, 1, 31, 12, tzinfo=UTC)
ACTORS = [
    Actor("Ana", frozenset({"Sales"}), frozenset({Side.PROVIDER})),
    Actor("David", frozenset({"Sales"}), frozenset({Side.PROVIDER})),
    Actor("Eva", frozenset({"Growth"}), frozenset({Side.CONSUMER})),
    Actor("Gus", frozenset(), frozenset({Side.GOVERNANCE})),
    Actor("Both", frozenset({"Sales", "Ana"}), frozenset({Side.CONSUMER, Side.PROVIDER})),
]
# Written by hand, and not from the code: every step that an agreement may take.
STEPS = {
    (None, State.REQUESTED),
    (State.REQUESTED, State.APPROVED),
    (State.REQUESTED, State.REJECTED),
    (State.REQUESTED, State.WITHDRAWN),
    (State.REQUESTED, State.EXPIRED),
    (State.APPROVED, State.ACTIVE),
    (State.APPROVED, State.NOTICE_GIVEN),  # notice was given before it was granted
    (State.APPROVED, State.WITHDRAWN),
    (State.APPROVED, State.SUSPENDED),
    (State.APPROVED, State.ENDED),
    (State.APPROVED, State.EXPIRED),
    (State.ACTIVE, State.NOTICE_GIVEN),
    (State.ACTIVE, State.SUSPENDED),
    (State.ACTIVE, State.EXPIRED),
    (State.ACTIVE, State.APPROVED),  # the port lost the grant
    (State.NOTICE_GIVEN, State.APPROVED),
    (State.NOTICE_GIVEN, State.SUSPENDED),
    (State.NOTICE_GIVEN, State.ENDED),
    (State.NOTICE_GIVEN, State.EXPIRED),
    (State.SUSPENDED, State.APPROVED),
    (State.SUSPENDED, State.ENDED),
    (State.SUSPENDED, State.EXPIRED),
}
CLOSED = {State.ENDED, State.EXPIRED, State.REJECTED, State.WITHDRAWN}
ALL_TERMS = [
    Terms("urn:c", "1.0.0", approvers, notice)
    for approvers in ((), (("Ana",),), (("Ana", "Sales"), ("David",)))
    for notice in ("P30D", "P1M", None)
]
NOTICES = {"P30D": 30, "P1M": 28, None: 0}
DAYS = st.integers(0, 80)
ACTOR = st.sampled_from(ACTORS)


class Lifecycle(RuleBasedStateMachine):
    """One agreement, its ledger, a clock, and everybody trying things."""

    @initialize(terms=st.sampled_from(ALL_TERMS), lasts=st.none() | DAYS)
    def ask(self, terms: Terms, lasts: int | None) -> None:
        self.now = BEGINNING
        self.book: Book = EMPTY
        self.entries: list[Entry] = []
        self.states: list[State | None] = [None]
        self.in_force: list[str | None] = []
        until = None if lasts is None else self.now.date() + timedelta(days=lasts)
        wanted = Request("s.p", "p", 1, "domain:g", "To know.", terms, until)
        self._append(do.request(self.book, "a", wanted, ACTORS[2], self.now))

    @property
    def agreement(self) -> Agreement:
        return self.book["a"]

    def _append(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            before = self.book.get("a")
            self.in_force.append(before.terms.notice if before else None)
            self.entries.append(entry)
            self.book = fold([entry], self.book)
            if self.agreement.state is not self.states[-1]:
                self.states.append(self.agreement.state)

    def _try(self, decide: Callable[[], Entry | list[Entry]]) -> None:
        with suppress(Refused):
            made = decide()
            self._append(made if isinstance(made, list) else [made])

    @rule(hours=st.integers(0, 24 * 40))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(what=st.integers(0, 100), who=st.integers(0, 100))
    def somebody_does_what_they_may(self, what: int, who: int) -> None:
        """Anything that is not refused, by anybody, so that paths get long."""
        possible: dict[Event, list[Entry]] = {}
        for entry in self._possible():
            possible.setdefault(entry.event, []).append(entry)
        if possible:
            made = list(possible.values())[what % len(possible)]
            self._append([made[who % len(made)]])

    def _possible(self) -> Iterator[Entry]:
        agreement, now, today = self.agreement, self.now, self.now.date()
        soon = [today + timedelta(days=n) for n in (0, 3, 20, 45)]
        soon += [day for _, day in agreement.offers]
        for actor in ACTORS:
            attempts = [
                partial(verb, agreement, actor, now, "because")
                for verb in (do.approve, do.reject, do.withdraw, do.cancel, do.suspend, do.resume)
            ]
            attempts += [partial(do.offer_early_end, agreement, actor, now, "", d) for d in soon]
            attempts += [
                partial(do.announce, agreement, change, day, actor, now, "")
                for change in Change
                for day in soon
            ]
            for attempt in attempts:
                with suppress(Refused):
                    yield attempt()
        for event in Event:
            if event is not Event.REQUESTED:
                with suppress(Refused):
                    yield do.observe(agreement, event, now, "seen")

    @rule(actor=ACTOR, days=DAYS, terms=st.sampled_from(ALL_TERMS))
    def somebody_renews(self, actor: Actor, days: int, terms: Terms) -> None:
        until = self.now.date() + timedelta(days=days)
        self._try(lambda: do.renew(self.agreement, until, terms, actor, self.now))

    @rule(actor=ACTOR, days=DAYS)
    def somebody_reassesses(self, actor: Actor, days: int) -> None:
        day = self.now.date() + timedelta(days=days - 5)
        self._try(lambda: do.reassess(self.agreement, day, actor, self.now, ""))

    @rule(forward=st.booleans(), first=st.integers(0, len(ACTORS) - 1))
    def it_goes_on(self, forward: bool, first: int) -> None:
        """Whoever is waited for approves; the platform does what is due, or fails to."""
        for actor in ACTORS[first:] + ACTORS[:first]:
            if forward and self.agreement.waiting_for:
                self._try(partial(do.approve, self.agreement, actor, self.now))
        step = due(self.agreement, self.now)
        if step is None:
            return
        event = {
            Step.GRANT: Event.GRANTED if forward else Event.GRANT_FAILED,
            Step.REVOKE: Event.REVOKED if forward else Event.REVOKE_FAILED,
            Step.CLOSE: self.agreement.over(self.now),
        }[step]
        assert event
        # What is due is never refused, or the platform would stand still.
        self._append([do.observe(self.agreement, event, self.now, "seen")])

    @invariant()
    def no_path_skips_a_state(self) -> None:
        assert set(zip(self.states, self.states[1:], strict=False)) <= STEPS

    @invariant()
    def nobody_is_active_without_approval_and_a_grant_that_was_read_back(self) -> None:
        if self.agreement.state not in (State.ACTIVE, State.NOTICE_GIVEN):
            assert not self.agreement.open_to_read(self.now)
            return
        asked = next(e for e in self.entries if e.event is Event.REQUESTED)
        levels = asked.data["terms"]["approvers"]
        approved = [e.who for e in self.entries if e.event is Event.APPROVED]
        assert len(approved) >= max(1, len(levels))
        if len(levels) > 1:
            assert len(set(approved[: len(levels)])) == len(levels)
        last = [e.event for e in self.entries if e.event in (
            Event.APPROVED, Event.GRANTED, Event.SUSPENDED, Event.RESUMED, Event.WITHDRAWN,
            Event.GRANT_LOST,
        ) and not (e.event is Event.APPROVED and self.agreement.was_active)]  # fmt: skip
        assert last[-1] is Event.GRANTED or (
            last[-1] is Event.APPROVED and Event.GRANTED in last  # a renewal's
        )

    @invariant()
    def nothing_ends_before_its_time(self) -> None:
        """The notices by hand: whose entry, when, how long; no code of the lifecycle."""
        agreement = self.agreement
        still = agreement.state in (State.ACTIVE, State.NOTICE_GIVEN)
        if not still and agreement.state not in (State.ENDED, State.EXPIRED):
            return
        when = agreement.since if agreement.state in CLOSED else self.now
        lost = agreement.state in CLOSED or not agreement.open_to_read(self.now)
        if not lost:
            return
        assert self._reasons(when)

    def _reasons(self, when: datetime) -> list[str]:
        found = []
        until = [day for e in self.entries if (day := e.data.get("until"))]
        if any(date.fromisoformat(day) < when.date() for day in until):
            found.append("its end date is over")
        for e, notice in zip(self.entries, self.in_force, strict=True):
            least = NOTICES[notice]
            leaving = e.event is Event.CANCELLED or e.data.get("change") == Change.RETIREMENT
            if leaving and when - e.at >= timedelta(days=least):
                found.append(f"notice of {e.side}")
        offered = {(e.side, e.data["on"]) for e in self.entries if "on" in e.data
                   and e.event is Event.EARLY_END_OFFERED}  # fmt: skip
        for side, on in offered:
            if side is Side.CONSUMER and (Side.PROVIDER, on) in offered:
                found.append("both agreed")
        return found

    @invariant()
    def a_notice_is_never_shorter_than_was_agreed(self) -> None:
        for notice in self.agreement.notices:
            terms = self.agreement.terms  # a renewal's terms come only while there is no notice
            assert notice.ends - notice.given >= timedelta(days=NOTICES[terms.notice])
        if self.agreement.notice_ends and not self.agreement.agreed_end:
            assert self.agreement.notice_ends == min(n.ends for n in self.agreement.notices)
        if self.agreement.agreed_end:
            assert {s for s, day in self.agreement.offers} == {Side.CONSUMER, Side.PROVIDER}

    @invariant()
    def what_is_over_left_nothing_granted(self) -> None:
        if self.agreement.state in (State.ENDED, State.EXPIRED, State.REJECTED):
            assert self.agreement.permission in (Permission.NONE, Permission.REVOKED)

    @invariant()
    def a_suspended_agreement_reads_nothing(self) -> None:
        if self.agreement.state is State.SUSPENDED:
            assert not self.agreement.open_to_read(self.now)

    @invariant()
    def replaying_the_ledger_gives_the_same(self) -> None:
        assert fold(self.entries) == self.book

    def teardown(self) -> None:
        for cut in range(len(getattr(self, "entries", []))):
            assert fold(self.entries[cut:], fold(self.entries[:cut])) == self.book


def test_lifecycle() -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(max_examples=150, stateful_step_count=30, deadline=None),
    )


def _entries_of_several() -> list[Entry]:
    made: list[Entry] = []
    for name in "abc":
        wanted = Request("s.p", "p", 1, f"app:{name}", "To know.", ALL_TERMS[0])
        made += do.request(fold(made), name, wanted, ACTORS[2], BEGINNING)
    for name in "cab":
        made.append(do.observe(fold(made)[name], Event.GRANTED, BEGINNING))
    made.append(do.cancel(fold(made)["b"], ACTORS[2], BEGINNING, "no more"))
    return made


@given(cuts=st.lists(st.integers(0, 10), max_size=4).map(sorted))
def test_folding_many_in_pieces_is_folding_them_at_once(cuts: list[int]) -> None:
    entries = _entries_of_several()
    book: Book = EMPTY
    for start, end in zip([0, *cuts], [*cuts, len(entries)], strict=True):
        book = fold(entries[start:end], book)
    assert book == fold(entries)
    assert list(book) == list("abc")


@given(order=st.permutations(range(3)))
def test_agreements_do_not_touch_each_other(order: list[int]) -> None:
    """Entries of different agreements may come in any order between each other."""
    entries = _entries_of_several()
    by_id = {name: [e for e in entries if e.agreement == name] for name in "abc"}
    shuffled = [e for i in order for e in by_id["abc"[i]]]
    assert dict(fold(shuffled)) == dict(fold(entries))


def test_the_laws_see_a_grant_that_was_not_read_back() -> None:
    """The machine itself can go red: a book in which somebody is active out of nothing."""
    machine = Lifecycle()
    machine.ask(ALL_TERMS[3], None)
    machine.book = {"a": replace(machine.agreement, state=State.ACTIVE)}
    for law in (
        machine.nobody_is_active_without_approval_and_a_grant_that_was_read_back,
        machine.replaying_the_ledger_gives_the_same,
    ):
        try:
            law()
        except AssertionError:
            continue
        raise AssertionError(f"{law.__name__} saw nothing")
