"""Laws of the words about duplicates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

TYPES = {"key": "INTEGER", "moment": "INTEGER", "value": "INTEGER"}
small = st.none() | st.integers(0, 3)
tables = st.lists(st.tuples(small, small, small), max_size=12)


def age(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in row[1:]]


@pytest.fixture(scope="module")
def latest(words: Project) -> str:
    return words.sql("{{ latest_by('t', key=['key'], recency=['moment', 'value']) }}")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=tables)
def test_the_latest_of_each_key_stays(latest: str, rows: list[tuple[Any, ...]]) -> None:
    found = answer(latest, t=(TYPES, rows))
    newest = [max((r for r in rows if r[0] == k), key=age) for k in {r[0] for r in rows}]
    assert sorted(found, key=str) == sorted(newest, key=str)
    assert sorted(answer(latest, t=(TYPES, found)), key=str) == sorted(found, key=str)
