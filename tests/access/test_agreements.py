"""The lifecycle case by case: what each side may do when, and in which words it is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from mesh_defs.access.agreements import (
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
    apply,
    check,
    due,
    fold,
    possible_now,
)
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.agreements.states import BY, COMMANDS, POSSIBLE

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ANA = Actor("Ana", frozenset({"ana@example.com", "Sales"}), frozenset({Side.PROVIDER}))
DAVID = Actor("David", frozenset({"Sales"}), frozenset({Side.PROVIDER}))
EVA = Actor("Eva", frozenset({"Growth"}), frozenset({Side.CONSUMER}))
GUARD = Actor("Gus", frozenset(), frozenset({Side.GOVERNANCE}))
TERMS = Terms("urn:sales.purchases", "1.2.0", (("Ana",),), "P30D", "P6M")
WANTED = Request("sales.purchases", "purchases", 1, "domain:growth", "To find out.", TERMS)


class Story:
    """An agreement and its clock."""

    def __init__(self, **terms: Any) -> None:
        self.now = NOW
        until = terms.pop("until", None)
        wanted = replace(WANTED, terms=replace(TERMS, **terms), until=until)
        self.entries = do.request({}, "a1", wanted, EVA, NOW)

    @property
    def agreement(self) -> Agreement:
        return fold(self.entries)["a1"]

    def state(self) -> State:
        """Asked each time: of a property, a type checker takes it that it stays as it was."""
        return self.agreement.state

    def then(self, entry: Entry | list[Entry]) -> Story:
        self.entries += entry if isinstance(entry, list) else [entry]
        return self

    def approved(self) -> Story:
        return self.then(do.approve(self.agreement, ANA, self.now, "fine"))

    def active(self) -> Story:
        return self.approved().seen(Event.GRANTED)

    def seen(self, event: Event, why: str = "") -> Story:
        return self.then(do.observe(self.agreement, event, self.now, why))

    def cancelled(self, actor: Actor = EVA) -> Story:
        return self.then(do.cancel(self.agreement, actor, self.now, "no more"))

    def later(self, **by: float) -> Story:
        self.now += timedelta(**by)
        return self

    def readable(self) -> bool:
        return self.agreement.open_to_read(self.now)


def test_from_a_request_to_its_end() -> None:
    story = Story()
    assert story.state() is State.REQUESTED
    assert story.agreement.waiting_for == ("Ana",)
    story.approved()
    assert (story.agreement.state, story.agreement.permission) == (
        State.APPROVED,
        Permission.PROVISIONING,
    )
    assert not story.readable()
    failed = story.seen(Event.GRANT_FAILED, "the server is away").agreement
    assert failed.error == "the server is away"
    story.seen(Event.GRANTED)
    assert story.state() is State.ACTIVE
    assert story.agreement.error is None
    assert story.readable()
    assert story.agreement.reassess_on == date(2026, 7, 31)
    story.cancelled()
    assert story.state() is State.NOTICE_GIVEN
    assert story.agreement.notice_ends == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert story.later(days=29).readable()
    assert due(story.agreement, story.now) is None
    assert not story.later(days=1).readable()
    assert due(story.agreement, story.now) is Step.REVOKE
    with pytest.raises(Refused, match="not seen to be gone"):
        story.seen(Event.ENDED)
    story.seen(Event.REVOKE_FAILED, "the server is away")
    assert story.agreement.permission is Permission.DEPROVISIONING
    story.seen(Event.REVOKED)
    assert due(story.agreement, story.now) is Step.CLOSE
    story.seen(Event.ENDED)
    assert story.state() is State.ENDED
    assert due(story.agreement, story.now) is None


def test_an_open_product_approves_by_itself() -> None:
    story = Story(approvers=())
    assert [e.who for e in story.entries] == ["Eva", "contract"]
    assert story.state() is State.APPROVED


def test_two_levels_are_two_people_in_their_order() -> None:
    story = Story(approvers=(("Ana", "David"), ("David", "Ana")))
    story.then(do.approve(story.agreement, ANA, NOW))
    assert story.state() is State.REQUESTED
    with pytest.raises(Refused, match="the level before"):
        do.approve(story.agreement, ANA, NOW)
    story.then(do.approve(story.agreement, DAVID, NOW))
    assert story.state() is State.APPROVED
    assert [(a.level, a.who) for a in story.agreement.approvals] == [(1, "Ana"), (2, "David")]


@pytest.mark.parametrize("name", ["Ana", "ANA@example.com", "sales"])
def test_an_approver_goes_by_each_of_their_names(name: str) -> None:
    story = Story(approvers=((name,),))
    assert do.approve(story.agreement, ANA, NOW).who == "Ana"


def test_nobody_approves_what_they_asked_for() -> None:
    both = replace(EVA, names=frozenset({"Ana"}), sides=frozenset({Side.CONSUMER, Side.PROVIDER}))
    with pytest.raises(Refused, match="Eva asked for it; somebody else approves"):
        do.approve(Story().agreement, both, NOW)


def test_nobody_else_approves() -> None:
    with pytest.raises(Refused, match=r"David can't decide .* level 1 of its contract is for Ana"):
        do.approve(Story().agreement, DAVID, NOW)
    with pytest.raises(Refused, match="can't decide"):
        do.reject(Story().agreement, EVA, NOW, "no")


def test_a_rejected_or_withdrawn_request_is_over() -> None:
    story = Story()
    rejected = apply(story.agreement, do.reject(story.agreement, ANA, NOW, "not for this"))
    assert (rejected.state, rejected.why) == (State.REJECTED, "not for this")
    withdrawn = apply(story.agreement, do.withdraw(story.agreement, EVA, NOW))
    assert withdrawn.state is State.WITHDRAWN
    with pytest.raises(Refused, match=r"is rejected; approve is not possible\. Request a new one"):
        do.approve(rejected, ANA, NOW)


def test_what_is_withdrawn_while_it_is_granted_is_taken_back() -> None:
    story = Story().approved()
    story.then(do.withdraw(story.agreement, EVA, NOW))
    assert story.agreement.permission is Permission.DEPROVISIONING
    assert due(story.agreement, NOW) is Step.REVOKE
    story.seen(Event.REVOKED)
    assert due(story.agreement, NOW) is None


def test_the_notice_is_that_of_the_contract_as_it_was() -> None:
    story = Story(notice="P3M").active().cancelled()
    assert story.agreement.notice_ends == datetime(2026, 4, 30, 12, tzinfo=UTC)
    entry = Entry("a1", Event.CANCELLED, NOW, "Eva", Side.CONSUMER, "", {"ends": NOW.isoformat()})
    with pytest.raises(Refused, match="a notice of P3M is over on 2026-04-30"):
        check(Story(notice="P3M").active().agreement, entry)


def test_each_side_gives_notice_once_and_the_sooner_end_counts() -> None:
    story = Story().active()
    later = date(2026, 8, 1)
    story.then(do.announce(story.agreement, Change.RETIREMENT, later, ANA, NOW, "v2 is there"))
    assert story.agreement.notice_ends == datetime(2026, 8, 2, tzinfo=UTC)
    with pytest.raises(Refused, match="the provider gave notice already"):
        do.cancel(story.agreement, ANA, NOW, "sooner")
    story.later(days=1).cancelled(EVA)
    assert story.agreement.notice_ends == datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_nothing_ends_early_unless_both_agree() -> None:
    story = Story().active().cancelled()
    on = date(2026, 2, 5)
    offer = do.offer_early_end(story.agreement, EVA, NOW, "we are done", on)
    story.then(offer).then(do.offer_early_end(story.agreement, EVA, NOW, "please", on))
    assert story.agreement.notice_ends == datetime(2026, 3, 2, 12, tzinfo=UTC)
    story.then(do.offer_early_end(story.agreement, ANA, NOW, "another day", date(2026, 2, 9)))
    assert story.agreement.agreed_end is None
    story.then(do.offer_early_end(story.agreement, ANA, NOW, "so be it", on))
    assert story.agreement.notice_ends == datetime(2026, 2, 6, tzinfo=UTC)
    with pytest.raises(Refused, match="nothing ends early"):
        story.seen(Event.REVOKED)


def test_governance_suspends_at_once_and_the_notice_runs_on() -> None:
    story = Story().active().cancelled()
    with pytest.raises(Refused, match=r"suspend is not possible: Ana is not of the governance"):
        do.suspend(story.agreement, ANA, NOW, "no")
    story.then(do.suspend(story.agreement, GUARD, NOW, "a leak"))
    assert not story.readable()
    assert due(story.agreement, NOW) is Step.REVOKE
    story.seen(Event.REVOKED).later(days=2)
    story.then(do.resume(story.agreement, GUARD, story.now, "mended"))
    assert story.state() is State.APPROVED
    with pytest.raises(Refused, match="it was active before; `cancel` gives notice"):
        do.withdraw(story.agreement, EVA, story.now)
    story.seen(Event.GRANTED)
    assert story.state() is State.NOTICE_GIVEN
    assert story.agreement.notice_ends == datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_a_suspended_agreement_ends_when_its_notice_does() -> None:
    story = Story().active().cancelled()
    story.then(do.suspend(story.agreement, GUARD, NOW, "a leak")).seen(Event.REVOKED)
    story.later(days=30)
    with pytest.raises(Refused, match="resume is not possible: it was over on 2026-03-02 12:00"):
        do.resume(story.agreement, GUARD, story.now)
    assert story.seen(Event.ENDED).agreement.state is State.ENDED


def test_an_end_date_is_the_last_day() -> None:
    story = Story(until=date(2026, 2, 1)).active()
    assert story.later(hours=35.9).readable()
    assert not story.later(hours=0.1).readable()
    with pytest.raises(Refused, match="it is over otherwise"):
        do.observe(story.agreement, Event.ENDED, story.now)
    assert story.seen(Event.REVOKED).seen(Event.EXPIRED).agreement.state is State.EXPIRED


def test_the_last_day_of_the_calendar_is_a_day() -> None:
    story = Story(until=date.max, notice="P999999999999M").active().cancelled()
    assert story.state() is State.NOTICE_GIVEN
    assert story.later(days=999_999).readable()
    assert due(story.agreement, story.now) is None


def test_a_request_nobody_decided_about_expires() -> None:
    story = Story(until=date(2026, 2, 1)).later(days=3)
    with pytest.raises(Refused, match="it was over on 2026-02-02 00:00 UTC"):
        do.approve(story.agreement, ANA, story.now)
    assert due(story.agreement, story.now) is Step.CLOSE
    assert story.seen(Event.EXPIRED).agreement.state is State.EXPIRED


def test_a_renewal_is_approved_like_a_request_and_before_the_end() -> None:
    story = Story(until=date(2026, 3, 1)).active()
    new = replace(TERMS, version="1.3.0", notice="P60D")
    until = date(2026, 6, 1)
    with pytest.raises(Refused, match="it lasts until 2026-03-01 already"):
        do.renew(story.agreement, date(2026, 2, 1), new, EVA, NOW)
    with pytest.raises(Refused, match="nobody asked for a renewal"):
        do.approve(story.agreement, ANA, NOW)
    story.then(do.renew(story.agreement, until, new, EVA, NOW))
    assert story.agreement.until == date(2026, 3, 1)
    rejected = apply(story.agreement, do.reject(story.agreement, ANA, NOW, "no"))
    assert (rejected.state, rejected.renewal) == (State.ACTIVE, None)
    story.then(do.approve(story.agreement, ANA, NOW))
    assert (story.agreement.until, story.agreement.terms.notice) == (until, "P60D")
    assert story.state() is State.ACTIVE
    with pytest.raises(Refused, match="it was over"):
        do.renew(story.agreement, date(2027, 1, 1), new, EVA, NOW + timedelta(days=200))
    with pytest.raises(Refused, match="no end date"):
        do.renew(Story().active().agreement, until, new, EVA, NOW)


def test_changes_are_announced_a_notice_ahead() -> None:
    story = Story().active()
    for change in Change:
        with pytest.raises(Refused, match=r"agreed is P30D, so 2026-03-02 is the earliest day"):
            do.announce(story.agreement, change, date(2026, 3, 1), ANA, NOW, "new prices")
    on = date(2026, 3, 2)
    story.then(do.announce(story.agreement, Change.PRICE, on, ANA, NOW, "3 EUR"))
    assert story.state() is State.ACTIVE
    assert [(a.change, a.on) for a in story.agreement.announcements] == [(Change.PRICE, on)]
    story.then(do.announce(story.agreement, Change.RETIREMENT, on, ANA, NOW, "v2"))
    assert story.state() is State.NOTICE_GIVEN


def test_reasons_are_looked_at_again() -> None:
    story = Story().active()
    story.then(do.reassess(story.agreement, date(2027, 1, 1), ANA, NOW, "still needed"))
    assert story.agreement.reassess_on == date(2027, 1, 1)
    with pytest.raises(Refused, match="2026-01-30 is over"):
        do.reassess(story.agreement, date(2026, 1, 30), ANA, NOW, "")


def test_a_consumer_has_one_agreement_for_a_port() -> None:
    book: Book = {"a1": Story().active().agreement}
    with pytest.raises(Refused, match=r"already: a1, active\. See it: `mesh access show a1`"):
        do.request(book, "a2", WANTED, EVA, NOW)
    assert do.request(book, "a2", replace(WANTED, version=2), EVA, NOW)
    assert do.request(book, "a2", replace(WANTED, consumer="app:till"), EVA, NOW)
    over = Story(until=date(2026, 2, 1)).active()
    assert do.request({"a1": over.agreement}, "a2", WANTED, EVA, NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"purpose": " "}, "what the data is for"),
        ({"until": date(2026, 1, 1)}, "2026-01-01 is over"),
    ],
)
def test_requests_that_make_no_sense(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        do.request({}, "a1", replace(WANTED, **changed), EVA, NOW)
    with pytest.raises(Refused, match=r"Ana is not of domain:growth"):
        do.request({}, "a1", WANTED, ANA, NOW)


def test_a_refusal_says_state_what_was_tried_and_what_is_possible() -> None:
    with pytest.raises(Refused) as refused:
        do.resume(Story().active().agreement, GUARD, NOW)
    assert str(refused.value) == (
        "The agreement a1 (domain:growth reads sales.purchases) is active; resume is not possible. "
        "Possible now: cancel, cancel --early, announce, suspend, renew --reassess."
    )


def test_time_is_utc_and_goes_one_way() -> None:
    story = Story()
    with pytest.raises(Refused, match="is before its last entry"):
        do.approve(story.agreement, ANA, NOW - timedelta(seconds=1))
    for wrong in (NOW.replace(tzinfo=None), NOW.astimezone(timezone(timedelta(hours=1)))):
        with pytest.raises(ValueError, match="not a moment in UTC"):
            do.approve(story.agreement, ANA, wrong)


def test_every_state_and_event_has_its_place() -> None:
    assert set(POSSIBLE) == set(State)
    assert {e for events in POSSIBLE.values() for e in events} | {Event.REQUESTED} == set(Event)
    assert set(BY) == set(Event)
    assert set(COMMANDS) == {e for e in Event if Side.PLATFORM not in BY[e]}


@pytest.mark.parametrize("event", [e for e in Event if e is not Event.REQUESTED])
@pytest.mark.parametrize("state", State)
def test_an_event_that_is_not_for_a_state_is_refused(state: State, event: Event) -> None:
    agreement = replace(Story().active().agreement, state=state)
    if event not in POSSIBLE[state]:
        with pytest.raises(Refused, match=f"is {state};"):
            check(agreement, Entry("a1", event, NOW, "x", BY[event][0]))


def test_possible_now_is_what_is_not_refused() -> None:
    assert possible_now(Story().agreement, NOW) == ["approve", "reject", "withdraw"]
    over = Story(until=date(2026, 2, 1)).agreement
    assert possible_now(over, NOW + timedelta(days=3)) == []
