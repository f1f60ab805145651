"""Laws of the words about anonymisation."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.storage.dbt_plugin import add_pseudonym
from tests.vocabulary.engines import Engine
from tests.vocabulary.words import Project, answer

LABELS = ["under_-1.5", "-1.5_to_0", "0_to_10", "10_and_over"]
texts = st.none() | st.text(alphabet="abé1 ", max_size=9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(numbers=st.lists(st.none() | st.decimals(-20, 20, places=2), min_size=1, max_size=12))
def test_bands_are_a_partition(words: Project, numbers: list[Any]) -> None:
    sql = words.sql("select n, {{ band('n', edges=[-1.5, 0, 10]) }} from t")
    found = answer(sql, t=({"n": "DECIMAL(6,2)"}, [(n,) for n in numbers]))
    for number, label in found:
        expected = None if number is None else LABELS[bisect_right([-1.5, 0, 10], number)]
        assert label == expected


@settings(max_examples=60, deadline=None, derandomize=True)
@given(values=st.lists(texts, min_size=1, max_size=8))
def test_a_mask_shows_the_ends_only(words: Project, values: list[str | None]) -> None:
    sql = words.sql("select v, {{ masked('v', first=1, last=2) }} from t")
    for value, shown in answer(sql, t=({"v": "VARCHAR"}, [(v,) for v in values])):
        if value is None:
            assert shown is None
        else:
            assert shown == (f"{value[:1]}***{value[-2:]}" if len(value) > 3 else "***")


@settings(max_examples=30, deadline=None, derandomize=True)
@given(values=st.sets(st.text(max_size=8), min_size=1, max_size=20))
def test_pseudonyms_are_injective_and_safe_for_null(words: Project, values: set[str]) -> None:
    sql = words.sql("select {{ pseudonym('v') }} from t")
    with duckdb.connect() as connection:
        add_pseudonym(connection, "key")
        connection.execute("CREATE TABLE t (v VARCHAR)")
        connection.executemany("INSERT INTO t VALUES (?)", [(v,) for v in [None, *values]])
        found = [row[0] for row in connection.execute(sql).fetchall()]
    assert found.count(None) == 1
    assert len(set(found)) == len(values) + 1
    assert all(len(key) == 32 for key in found if key)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(texts, st.sampled_from("ab"), st.integers(0, 2)), max_size=9))
@pytest.mark.parametrize("of", [None, "who"])
def test_who_is_among_fewer_than_k_is_found(
    words: Project, of: str | None, rows: list[tuple[Any, ...]]
) -> None:
    more = ", of='who'" if of else ""
    sql = words.sql("{{ test_k_anonymous('t', ['age', 'sex'], k=3" + more + ") }}")
    found = answer(sql, t=({"age": "VARCHAR", "sex": "VARCHAR", "who": "INTEGER"}, rows))
    cells: dict[Any, list[int]] = {}
    for age, sex, who in rows:
        cells.setdefault((age, sex), []).append(who)
    sharing = {cell: len(set(them) if of else them) for cell, them in cells.items()}
    assert {row[:2]: row[2] for row in found} == {c: n for c, n in sharing.items() if n < 3}


def test_a_token_is_nothing_that_one_could_make_of_its_value(words: Project) -> None:
    sql = words.sql("{{ config(materialized='incremental') }}{{ token_vault('t', 'v') }}")
    with duckdb.connect() as connection:
        add_pseudonym(connection, "key")
        connection.execute("CREATE TABLE t AS SELECT 'a' AS v")
        tokens = {connection.execute(sql).fetchall()[0][1] for _ in range(3)}
    assert len(tokens) == 3, "each vault gives another"


def test_a_vault_keeps_its_tokens_and_joins_them(engine: Engine) -> None:
    vault = "select value, token from {schema}.token_vault order by value"
    engine.put("receipts", [{"household_id": "900"}, {"household_id": "900"}])
    engine.run("token_vault")
    first = engine.query(vault)
    assert [row[0] for row in first] == [900]
    assert len(first[0][1]) == 32

    more = ["900", "1228", "906", "cast(null as int64)"]
    engine.put("receipts", [{"household_id": value} for value in more])
    engine.run("token_vault")
    second = engine.query(vault)
    assert second[0] == first[0] and [row[0] for row in second] == [900, 906, 1228]
    assert len({row[1] for row in second}) == 3, "a token stands for one value"
    engine.run("token_vault", "--full-refresh")
    assert engine.query(vault) == second

    engine.run("tokenised")
    joined = engine.query("select * from {schema}.tokenised")
    assert {row[0] for row in joined} == {None, *(row[1] for row in second)}
    assert len(joined) == len(more) and all(len(row) == 1 for row in joined)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("band('n', 10)", "band(): edges is 10; expected a list of numbers such as [10, 25]"),
        ("band('n', [10, 10])", "band(): edges is [10, 10]; expected numbers, each above the one"),
        ("band('n', ['a'])", "band(): edges is ['a']; expected numbers"),
        ("band('n', [1], labels=['a'])", "labels is ['a']; expected 2 texts: there is one band"),
        ("masked('n', last=-1)", "masked(): last is -1; expected how many characters to show"),
        ("coarse_date('d', 'day')", "coarse_date(): to is day; expected one of week, month"),
        ("test_k_anonymous('t', 'a', 3)", "k_anonymous(): columns is a; expected a list of col"),
        ("test_k_anonymous('t', ['a'], 1)", "k_anonymous(): k is 1; expected a whole number, 2"),
    ],
)
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)


def test_a_label_may_have_a_quote(words: Project) -> None:
    sql = words.sql("select {{ band('n', [1], [\"farmer's\", 'shop']) }} from t")
    assert answer(sql, t=({"n": "INTEGER"}, [(0,)])) == [("farmer's",)]
