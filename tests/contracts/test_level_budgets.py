"""A service level over time: its history by day, and what its objective leaves to be broken; by
example, and as laws of any record.

How a level stands now is in `test_service_levels`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.contracts.levels.attempts import FAILED, PUBLISHED, UNCHANGED, Attempt
from mesh_defs.contracts.levels.evidence import Course, Occasion, Occasions, by_day, growing, steady
from mesh_defs.contracts.levels.meanings import MEANINGS
from mesh_defs.contracts.levels.standing import budget_words, strip
from tests.contracts.levels_lab import (
    DAILY,
    DAY,
    ERRORS,
    FAST,
    FOUND,
    FRESH,
    KEPT,
    LATE,
    MENDED,
    NOW,
    READ,
    WAITED,
    ago,
    failed,
    level,
    measured,
    published,
)


def test_history_and_budget_of_a_clock() -> None:
    """Published daily at noon, but for two days; an hour a day may be stale."""
    noons = [ago(days=n) for n in (6, 5, 4, 1, 0)]
    promise = level(
        "frequency", 25, "h", customProperties=[{"property": "objective", "value": "98%"}]
    )
    told = measured(promise, [published(at) for at in noons])
    assert strip(told.history) == "·" * 23 + "▇▇▇▁▁▁▇"
    assert [d.number for d in told.history[-4:]] == [36 * 3600, 60 * 3600, 72 * 3600, DAY]
    assert told.budget is not None
    assert told.budget.to_json() == {
        "objective": 98.0, "counts": "seconds", "of": 6 * DAY, "allowed": round(0.02 * 6 * DAY, 3),
        "used": 47 * 3600.0, "left": round(0.02 * 6 * DAY - 47 * 3600, 3),
    }  # fmt: skip


def test_history_and_budget_of_attempts() -> None:
    attempts = [failed(ago(days=2)), published(ago(days=2)), published(ago(days=1)), failed(NOW)]
    told = measured(level("errorRate", 50, "percent"), attempts)
    assert strip(told.history) == "·" * 27 + "▇▇▁"
    assert [d.number for d in told.history[-3:]] == [50, 0, 100]
    assert told.budget is not None
    assert (told.budget.of, told.budget.allowed, told.budget.used, told.budget.left) == (4, 2, 2, 0)


def test_without_an_objective_nothing_may_be_broken() -> None:
    told = measured(DAILY, [published(ago(days=2))])
    assert told.budget is not None
    assert (told.budget.objective, told.budget.allowed, told.budget.left) == (100, 0, -DAY)
    wrong = {**DAILY, "customProperties": [{"property": "objective", "value": "often"}]}
    told = measured(wrong, [published(NOW)])
    assert (told.state, told.found) == ("not measured", "the objective `often` is not a percentage")


def test_budgets_in_words() -> None:
    a_day = level("frequency", 1, "d", customProperties=[{"property": "objective", "value": 50}])
    cases = [
        (DAILY, [published(NOW)], "nothing broken"),
        (DAILY, [published(ago(days=2))], "1 d broken, nothing allowed"),
        (a_day, [published(ago(days=2))], "1 d of 1 d used"),
        (WAITED, [failed(ago(hours=9), arrived=ago(hours=9))], "1 batch broken, nothing allowed"),
        (ERRORS, [failed(ago(hours=n)) for n in range(4)], "4 attempts of 0.4 attempts used"),
        (level("es", "2032-01-01"), [], ""),
    ]
    for promise, attempts, said in cases:
        assert budget_words(measured(promise, attempts)) == said


# -- laws ----------------------------------------------------------------------------------------

HOURS = st.integers(0, 24 * 32)
statuses = st.sampled_from([PUBLISHED, FAILED, UNCHANGED])


@st.composite
def attempts(draw: st.DrawFn) -> list[Attempt]:
    """Attempts at whole hours, each from data that arrived and is dated before."""
    found = []
    for hours in sorted(draw(st.lists(HOURS, max_size=12, unique=True)), reverse=True):
        newest = ago(hours=hours + draw(st.integers(-5, 60)))
        found.append(
            Attempt(
                ago(hours=hours),
                draw(statuses),
                rows=draw(st.integers(0, 999)),
                seconds=float(draw(st.integers(0, 9))),
                readable=draw(st.sampled_from([True, False, None])),
                arrived=ago(hours=hours + draw(st.integers(0, 60))),
                times={"t.seen_at": (newest - timedelta(hours=draw(HOURS)), newest)},
            )
        )
    return found


PROMISES = [FRESH, LATE, WAITED, DAILY, KEPT, READ, FAST, ERRORS, FOUND, MENDED]


@given(attempts(), st.sampled_from(PROMISES))
def test_the_days_have_all_that_the_budget_has(record: list[Attempt], promise: Any) -> None:
    told = measured(promise, record)
    if told.state == "not measured":
        return
    assert told.budget is not None
    assert told.budget.left == told.budget.allowed - told.budget.used
    assert 0 <= told.budget.used <= told.budget.of
    if not MEANINGS[told.property].share:
        assert any(d.holds is False for d in told.history) == (told.budget.used > 0)
    assert all((d.holds is None) == (d.number is None) for d in told.history)


courses = st.builds(
    lambda begin, length, origin, limit, grows: (
        growing(ago(hours=begin), ago(hours=begin - length), ago(hours=origin), limit * 3600.0)
        if grows
        else steady(ago(hours=begin), ago(hours=begin - length), limit, limit < 20)
    ),
    st.integers(0, 24 * 40), st.integers(1, 24 * 5), st.integers(0, 24 * 40), st.integers(0, 99),
    st.booleans(),
)  # fmt: skip
occasions = st.builds(
    lambda hours, ok: Occasion(ago(hours=hours), 1.0, ok), st.integers(0, 24 * 29), st.booleans()
)


@given(st.lists(courses, max_size=5), st.lists(occasions, max_size=9))
def test_a_history_loses_nothing(stretches: list[Any], happened: list[Occasion]) -> None:
    shown = [part for _, part in by_day(Occasions(happened), NOW)]
    assert sum(p.of for p in shown) == len(happened)
    assert sum(p.broken for p in shown) == sum(not o.holds for o in happened)
    course = Course([s for s in stretches if s.end <= NOW])
    whole = course.within(ago(days=29, hours=12), NOW)
    parts = [part for _, part in by_day(course, NOW)]
    assert sum(p.of for p in parts) == pytest.approx(whole.of)
    assert sum(p.broken for p in parts) == pytest.approx(whole.broken)


@given(attempts())
def test_freshness_is_what_each_hour_says(record: list[Attempt]) -> None:
    """Every time is a whole hour, so that each hour is fresh or stale from end to end."""
    told = measured(FRESH, record)
    seen = stale = 0
    for hours in range(29 * 24 + 12, 0, -1):
        moment = ago(hours=hours)
        standing = [a for a in record if a.status == PUBLISHED and a.at <= moment]
        if standing:
            seen += 1
            stale += moment - standing[-1].times["t.seen_at"][1] >= timedelta(days=1)
    if told.budget is None:
        assert not [a for a in record if a.status == PUBLISHED]
    else:
        assert (told.budget.of, told.budget.used) == (3600 * seen, 3600 * stale)


@given(attempts(), HOURS, st.sampled_from([False, None]))
def test_a_failure_more_makes_nothing_better(
    record: list[Attempt], hours: int, readable: bool | None
) -> None:
    more = failed(ago(hours=hours), readable=readable, arrived=ago(hours=hours))
    before, after = (
        {p["property"]: measured(p, r) for p in (READ, ERRORS)} for r in (record, [*record, more])
    )
    if (was := before["availability"].measured) is not None:
        now = after["availability"].measured
        assert now is not None
        assert now <= was
    assert (after["errorRate"].measured or 0) >= (before["errorRate"].measured or 0)
