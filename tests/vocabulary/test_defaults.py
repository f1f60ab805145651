"""Laws of the words about defaults."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

TYPES = {"name": "VARCHAR", "size": "VARCHAR", "maker": "INTEGER", "other": "INTEGER"}
texts = st.none() | st.sampled_from(["", " ", "x", "O'NEIL", "unknown"])
numbers = st.none() | st.integers(-1, 1)
tables = st.lists(st.tuples(texts, texts, numbers, numbers), max_size=8)
CALL = """{{ with_defaults('t',
    types={'name': 'text', 'size': 'text', 'maker': 'number'},
    by_type={'text': 'unknown', 'number': 0}, by_column={'size': "O'NEIL"}) }}"""


@pytest.fixture(scope="module")
def filled(words: Project) -> str:
    return words.sql(CALL)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=tables)
def test_facts_stay_and_defaults_are_recorded(filled: str, rows: list[tuple[Any, ...]]) -> None:
    found = answer(filled, t=(TYPES, rows))
    defaults = {"name": "unknown", "size": "O'NEIL", "maker": 0}
    for before, after in zip(rows, found, strict=True):
        given_row = dict(zip(TYPES, before, strict=True))
        filled_row = dict(zip(TYPES, after, strict=False))
        empty = [n for n in defaults if given_row[n] is None or not str(given_row[n]).strip()]
        assert after[-1] == empty
        assert filled_row == given_row | {name: defaults[name] for name in empty}
    again = answer(filled, t=(TYPES, [row[:-1] for row in found]))
    assert again == [(*row[:-1], []) for row in found], "nothing is empty any more"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("types=['a']", "types is ['a']; expected each column with its type"),
        (
            "types={'a': 'txt'}, by_type={'text': 'x'}",
            "the type of a is txt; expected one of text,",
        ),
        ("types={'a': 'text'}", "the default of a is not there; expected one for type text"),
        ("types={'a': 'number'}, by_type={'number': 'x'}", "the default of a is x; expected a num"),
        ("types={'a': 'date'}, by_type={'date': '1.1.17'}", "is 1.1.17; expected '2017-01-31'"),
        ("types={'a': 'text'}, by_column={'b': 'x'}", "a column of by_column is b; expected one"),
        ("types={'a': 'text'}, by_type={'string': 'x'}", "a type of by_type is string; expected"),
    ],
)
def test_wrong_arguments(words: Project, arguments: str, said: str) -> None:
    assert said in words.refusal(f"with_defaults('t', {arguments})")


def test_a_default_leaves_the_column_its_type(words: Project) -> None:
    sql = words.sql("{{ with_defaults('t', {'a': 'number', 'b': 'number'}, {'number': 0}) }}")
    types = {"a": "DECIMAL(10, 2)", "b": "DOUBLE"}
    asked = f"select typeof(a), typeof(b), a, b from ({sql}) as found"
    assert answer(asked, t=(types, [(None, None)])) == [("DECIMAL(10,2)", "DOUBLE", 0, 0)]
