"""When an agreement was open, and at which price, is told by its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.access.agreements import Change, Event, Refused, fold
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.agreements.spans import agreed_prices, open_spans
from tests.access.test_agreements import ANA, EVA, GUARD, NOW, TERMS, Story


def _days(story: Story) -> list[tuple[float, float | None]]:
    """The spans, in days from the beginning."""

    def since(moment: datetime) -> float:
        return (moment - NOW) / timedelta(days=1)

    return [(since(a), since(b) if b else None) for a, b in open_spans(story.entries)]


def test_nobody_reads_before_it_is_granted() -> None:
    assert _days(Story()) == []
    story = Story().later(days=1).approved()
    assert _days(story) == []
    assert _days(story.later(days=1).seen(Event.GRANTED)) == [(2, None)]


def test_a_permission_that_was_lost_and_one_that_was_suspended_leave_gaps() -> None:
    story = Story().active().later(days=1).seen(Event.GRANT_LOST, "gone")
    story.later(days=1).seen(Event.GRANTED).later(days=1)
    story.then(do.suspend(story.agreement, GUARD, story.now, "a leak")).seen(Event.REVOKED)
    assert _days(story) == [(0, 1), (2, 3)]


def test_a_notice_that_runs_out_ends_it_whenever_that_is_seen() -> None:
    story = Story().active().later(days=1).cancelled()
    assert _days(story) == [(0, 31)]
    story.later(days=40).seen(Event.REVOKED).seen(Event.ENDED)
    assert _days(story) == [(0, 31)]


def test_an_end_date_ends_it_after_that_day() -> None:
    story = Story(until=date(2026, 2, 1)).active()
    assert open_spans(story.entries)[-1][1] == datetime(2026, 2, 2, tzinfo=UTC)


@given(st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from(["lose", "grant", "leave"]))),
       st.floats(0, 300))  # fmt: skip
def test_it_was_open_when_one_could_read(steps: list[tuple[float, str]], after: float) -> None:
    story = Story().active()
    for days, step in steps:
        story.later(days=days)
        possible = {
            "lose": lambda: story.seen(Event.GRANT_LOST, "gone"),
            "grant": lambda: story.seen(Event.GRANTED),
            "leave": lambda: story.cancelled(),
        }
        try:
            possible[step]()
        except Refused:  # what is possible when is for other tests
            continue
    moment = NOW + timedelta(days=after)
    by_then = [entry for entry in story.entries if entry.at <= moment]
    could = fold(by_then)["a1"].open_to_read(moment)
    assert could == any(a <= moment and (b is None or moment < b)
                        for a, b in open_spans(story.entries))  # fmt: skip


def _prices(story: Story, today: str | None = "9 EUR month") -> list[tuple[Any, ...]]:
    return [(d if d != date.min else None, p) for d, p in agreed_prices(story.entries, today, "?")]


def test_a_price_is_the_agreed_one_whatever_the_contract_says_now() -> None:
    assert _prices(Story(price="3 EUR month").active()) == [(None, "3 EUR month")]
    assert _prices(Story().active()) == [(None, None)]


def test_a_price_that_was_announced_is_that_of_the_contract_by_then() -> None:
    story = Story(price="3 EUR month").active()
    for month in (4, 6):
        on = date(2026, month, 1)
        story.then(do.announce(story.agreement, Change.PRICE, on, ANA, NOW, "more"))
    story.then(do.announce(story.agreement, Change.BREAKING, date(2026, 7, 1), ANA, NOW, "another"))
    assert _prices(story) == [
        (None, "3 EUR month"), (date(2026, 4, 1), "?"), (date(2026, 6, 1), "9 EUR month"),
    ]  # fmt: skip


def test_a_renewal_brings_its_own_price() -> None:
    story = Story(price="3 EUR month", until=date(2026, 6, 1)).active().later(days=10)
    new = replace(TERMS, price="4 EUR month")
    story.then(do.renew(story.agreement, date(2026, 9, 1), new, EVA, story.now))
    assert _prices(story) == [(None, "3 EUR month")]
    story.later(days=1).then(do.approve(story.agreement, ANA, story.now))
    assert _prices(story) == [(None, "3 EUR month"), (story.now.date(), "4 EUR month")]
