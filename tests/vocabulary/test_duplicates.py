"""Laws of the words about duplicates."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

TYPES = {"key": "INTEGER", "moment": "INTEGER", "value": "INTEGER"}
small = st.none() | st.integers(0, 3)
tables = st.lists(st.tuples(small, small, small), max_size=12)

DELIVERIES = {"id": "INTEGER", "occurred": "TIMESTAMP", "recorded": "TIMESTAMP"}
WINDOW = timedelta(days=7)
moments = st.none() | st.integers(0, 24).map(lambda day: datetime(2017, 1, 1) + timedelta(day))
deliveries = st.lists(st.tuples(small, moments, moments), max_size=12)


def age(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in row[1:]]


@pytest.fixture(scope="module")
def latest(words: Project) -> str:
    return words.sql("{{ latest_by('t', key=['key'], recency=['moment', 'value']) }}")


@pytest.fixture(scope="module")
def distinct(words: Project) -> str:
    return words.sql("{{ distinct_rows('t', ['key', 'moment', 'value']) }}")


@pytest.fixture(scope="module")
def first(words: Project) -> str:
    return words.sql(
        "{{ first_by_event_id('t', event_id=['id'], occurred_at='occurred', "
        "recorded_at='recorded', within='7 days') }}"
    )


@pytest.mark.parametrize(
    "word",
    [
        "latest_by('seen', key=['who'], recency=['moment'])",
        "latest_state('seen', key=['who'], at='moment', state=['place'])",
    ],
)
def test_the_latest_is_found_where_duckdb_takes_another(words: Project, word: str) -> None:
    """DuckDB 1.5 takes the wrong first row: one order, an empty one, a key that is computed."""
    sql = words.sql(
        "with seen as (select upper(k) as who, m as moment, p as place from t) "
        "select latest.* from ({{ " + word + " }}) as latest"
    )
    rows = [("a", None, 0), ("a", 12, 1), ("a", 11, 2)]
    (found,) = answer(sql, t=({"k": "VARCHAR", "m": "INTEGER", "p": "INTEGER"}, rows))
    assert found[0] == "A" and found[-1] == 1, found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=tables)
def test_the_latest_of_each_key_stays(latest: str, rows: list[tuple[Any, ...]]) -> None:
    found = answer(latest, t=(TYPES, rows))
    newest = [max((r for r in rows if r[0] == k), key=age) for k in {r[0] for r in rows}]
    assert sorted(found, key=str) == sorted(newest, key=str)
    assert sorted(answer(latest, t=(TYPES, found)), key=str) == sorted(found, key=str)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=tables)
def test_different_rows_once_and_counted(distinct: str, rows: list[tuple[Any, ...]]) -> None:
    found = answer(distinct, t=(TYPES, rows))
    assert {row[:-1]: row[-1] for row in found} == Counter(rows)
    assert len(found) == len(set(rows))
    again = answer(distinct, t=(TYPES, [row[:-1] for row in found]))
    assert {row[:-1] for row in again} == set(rows)
    assert all(row[-1] == 1 for row in again)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=deliveries, data=st.data())
def test_an_event_stays_once(first: str, rows: list[tuple[Any, ...]], data: Any) -> None:
    found = answer(first, t=(DELIVERIES, rows))
    assert not Counter(found) - Counter(rows), "nothing is made up"
    expected = [row for row in rows if row[0] is None or row[1] is None]
    for key in {row[0] for row in rows} - {None}:
        before = None
        for row in sorted((r for r in rows if r[0] == key and r[1] is not None), key=arrival):
            if before is None or row[1] > before + WINDOW:
                expected.append(row)
            before = row[1]
    assert Counter(found) == Counter(expected)
    assert Counter(answer(first, t=(DELIVERIES, found))) == Counter(found), "idempotent"
    shuffled = data.draw(st.permutations(rows))
    assert Counter(answer(first, t=(DELIVERIES, shuffled))) == Counter(found)


def arrival(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return row[1], row[2] is None, row[2]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("distinct_rows('t', 'key')", "distinct_rows(): columns is key; expected a list of"),
        ("distinct_rows('t', [])", "distinct_rows(): columns is []; expected a list of columns"),
        (
            "first_by_event_id('t', ['id'], 'occurred', 'recorded', 'a week')",
            "first_by_event_id(): within is a week; expected a span such as '7 days'",
        ),
        (
            "first_by_event_id('t', 'id', 'occurred', 'recorded', '7 days')",
            "first_by_event_id(): event_id is id; expected a list of columns",
        ),
    ],
)
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)
