"""Laws of the words about completeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

TYPES = {"shop": "VARCHAR", "day": "DATE", "value": "INTEGER"}
FIRST, LAST = date(2017, 1, 1), date(2017, 1, 24)
WEEKS = [date(2016, 12, 26) + timedelta(7 * n) for n in range(5)]
days = st.none() | st.integers(-9, 40).map(lambda n: FIRST + timedelta(n))
rows_ = st.lists(st.tuples(st.sampled_from(["a", "b", None]), days, st.integers(0, 2)), max_size=9)
BOUNDS = "start=\"date '2017-01-01'\", end=\"date '2017-01-24'\""


def monday(day: date) -> date:
    return day - timedelta(day.weekday())


@pytest.fixture(scope="module")
def completed(words: Project) -> str:
    return words.sql("{{ completed('t', 'day', 'week', by=['shop'], " + BOUNDS + ") }}")


@pytest.fixture(scope="module")
def within_own(words: Project) -> str:
    return words.sql("{{ completed('t', 'day', 'week', by=['shop']) }}")


@pytest.fixture(scope="module")
def share(words: Project) -> str:
    return words.sql(
        "{{ completeness('t', 'day', 'week', by=['shop'], per=['shop'], " + BOUNDS + ") }}"
    )


@pytest.fixture(scope="module")
def overall(words: Project) -> str:
    return words.sql("{{ completeness('t', 'day', 'week', " + BOUNDS + ") }}")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=rows_)
def test_rows_stay_and_gaps_fill_the_grid(
    completed: str, within_own: str, share: str, overall: str, rows: list[tuple[Any, ...]]
) -> None:
    there = {(shop, monday(day)) for shop, day, _ in rows if shop and day}
    shops = {shop for shop, _, _ in rows if shop}
    grid = {(shop, week) for shop in shops for week in WEEKS}

    found = answer(completed, t=(TYPES, rows))
    assert Counter(r[:3] for r in found if not r[3]) == Counter(rows), "every given row is kept"
    gaps = [r[:3] for r in found if r[3]]
    assert Counter(gaps) == Counter((*place, None) for place in grid - there)
    again = answer(completed, t=(TYPES, [r[:3] for r in found]))
    assert not any(r[3] for r in again), "what is complete has no gaps"

    per_shop = {shop: counts for shop, *counts in answer(share, t=(TYPES, rows))}
    assert per_shop == {
        s: [5, n, n * 100 / 5] for s in shops for n in [len({p for p in grid & there if p[0] == s})]
    }
    weeks = {monday(day) for _, day, _ in rows if day} & {*WEEKS}
    assert answer(overall, t=(TYPES, rows)) == [(5, len(weeks), len(weeks) * 100 / 5)]

    inside = answer(within_own, t=(TYPES, rows))
    assert Counter(r[:3] for r in inside if not r[3]) == Counter(rows)
    for shop in shops:
        own = sorted(week for s, week in there if s == shop)
        length = (own[-1] - own[0]).days // 7 + 1 if own else 0
        assert sum(r[3] for r in inside if r[0] == shop) == length - len(own)


def test_a_week_that_is_expected_twice_is_expected_once(words: Project) -> None:
    """Whoever says what to expect may say it in spans that overlap."""
    spans = [
        ("a", date(2017, 1, 2), date(2017, 1, 15)), ("a", date(2017, 1, 9), date(2017, 1, 22)),
        ("b", date(2017, 1, 2), date(2017, 1, 2)), (None, date(2017, 1, 2), date(2017, 1, 2)),
    ]  # fmt: skip
    expected = ({"shop": "VARCHAR", "since": "DATE", "until": "DATE"}, spans)
    given_ = (TYPES, [("a", date(2017, 1, 10), 1), ("a", date(2017, 1, 30), 1)])
    arguments = "('t', 'day', 'week', by=['shop'], start='since', end='until', expected='spans'"
    share = words.sql("{{ completeness" + arguments + ", per=['shop']) }}")
    found = {shop: counts for shop, *counts in answer(share, t=given_, spans=expected)}
    assert found == {"a": [3, 1, pytest.approx(100 / 3)], "b": [1, 0, 0]}
    whole = answer(words.sql("{{ completed" + arguments + ") }}"), t=given_, spans=expected)
    gaps = sorted(row[:2] for row in whole if row[3])
    assert gaps == [("a", WEEKS[1]), ("a", WEEKS[3]), ("b", WEEKS[1])]


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_a_spine_has_every_period_once(words: Project, grain: str) -> None:
    call = "{{ spine(\"date '2016-11-15'\", \"date '2018-02-01'\", grain='" + grain + "') }}"
    found = [period for (period,) in answer(words.sql(call))]
    first, days = date(2016, 11, 15), (date(2018, 2, 1) - date(2016, 11, 15)).days
    starts: dict[str, Callable[[date], date]] = {
        "day": lambda d: d,
        "week": monday,
        "month": lambda d: d.replace(day=1),
        "quarter": lambda d: d.replace(month=(d.month - 1) // 3 * 3 + 1, day=1),
        "year": lambda d: d.replace(month=1, day=1),
    }
    assert found == sorted({starts[grain](first + timedelta(n)) for n in range(days + 1)})


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("spine('a', 'b', 'fortnight')", "spine(): grain is fortnight; expected one of day, week"),
        ("completed('t', 'day', 'Week')", "completed(): grain is Week; expected one of day, week"),
        ("completed('t', 'day', 'week', by='shop')", "completed(): by is shop; expected a list"),
        ("completed('t', 'day', 'week', by=['shop'], expected='s')",
         "completed(): expected is s; expected by, start and end beside it"),
        ("completeness('t', 'day', 'week', by=['shop'], per=['town'])",
         "completeness(): a column of per is town; expected one of shop"),
    ],
)  # fmt: skip
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)
