"""Counting repeats and broken rows: every tactic agrees with plain Python and with plain SQL."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.contracts.scan import keys
from mesh_defs.contracts.scan.engine import DuckDBEngine, relation
from tests.contracts.contract_lab import one_object, table, verdicts

small = st.none() | st.integers(-3, 3)
wide = st.none() | st.sampled_from([-(2**63), -1, 0, 7, 2**40, 2**63 - 1])
text = st.none() | st.sampled_from(["", "a", "A", "b'c", "ä", " "])
pairs = st.lists(st.tuples(small, wide, text), max_size=40)
COLUMNS = {"a": "TINYINT", "b": "BIGINT", "c": "VARCHAR"}


def surplus(rows: list[tuple[Any, ...]]) -> int:
    filled = [r for r in rows if None not in r]
    return len(filled) - len(set(filled))


@settings(max_examples=30, deadline=None)
@given(pairs)
def test_repeats_are_those_that_python_counts(rows: list[tuple[Any, ...]]) -> None:
    of = one_object(
        [
            {"name": "a", "unique": True, "primaryKey": True, "primaryKeyPosition": 2},
            {"name": "b", "unique": True, "primaryKey": True, "primaryKeyPosition": 1},
            {"name": "c", "unique": True, "enum": [{"value": "a"}, {"value": "b'c"}]},
        ],
        quality=[
            {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["a", "b", "c"]}}
        ],
    )
    found = verdicts(table(COLUMNS, rows), of)
    for index, name in enumerate(COLUMNS):
        assert found[f"{name}.unique"].failing == surplus([(r[index],) for r in rows])
    assert found["t.duplicateValues"].failing == surplus(rows)
    nulls = sum(None in r[:2] for r in rows)
    assert found["t.primaryKey"].failing == surplus([r[:2] for r in rows]) + nulls
    wrong = sum(r[2] is not None and r[2] not in ("a", "b'c") for r in rows)
    assert found["c.enum"].failing == wrong


@settings(max_examples=30, deadline=None)
@given(pairs, st.sets(st.sampled_from("abc"), min_size=1), st.booleans())
def test_each_tactic_gives_the_same_answer_and_true_examples(
    rows: list[tuple[Any, ...]], names: set[str], with_ends: bool
) -> None:
    engine, there = DuckDBEngine(table(COLUMNS, rows)), relation("t")
    columns = tuple(c for n, c in engine.columns(there).items() if n in names)
    places = [list(COLUMNS).index(c.name) for c in columns]
    filled = [k for r in rows if None not in (k := tuple(r[i] for i in places))]
    key = keys.Key(engine, there, columns, len(filled), has_nulls=len(filled) < len(rows))
    ends = {
        c.name: (min(k[i] for k in filled), max(k[i] for k in filled))
        for i, c in enumerate(columns)
        if with_ends and filled and c in keys.with_ends(columns, "duckdb")
    }
    found = keys.repeats(key, ends, most=3)
    assert found.rows == surplus(filled)
    counted = {k: n for k, n in Counter(filled).items() if n > 1}
    assert len(found.examples) == min(3, len(counted))
    for row in found.examples:
        assert counted[tuple(row[c.name] for c in columns)] == row[keys.COUNT]


ends = st.integers(-(2**31), 2**31 - 20)
dense = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 4)), max_size=30)


@settings(max_examples=40, deadline=None)
@given(dense, ends, ends, ends)
def test_a_bit_for_each_key_of_dense_columns(
    rows: list[tuple[int, int, int]], a: int, b: int, c: int
) -> None:
    of = one_object([{"name": n, "primaryKey": True} for n in "abc"])
    moved = [(x + a, y + b, z + c) for x, y, z in rows]
    found = verdicts(table(dict.fromkeys("abc", "INTEGER"), moved), of)["t.primaryKey"]
    assert found.failing == surplus(rows)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("TINYINT", [-128, 127, -128]),
        ("UTINYINT", [0, 255, 255]),
        ("BIGINT", [-(2**63), 2**63 - 1, 2**63 - 1]),
        ("UBIGINT", [2**64 - 1, 2**64 - 2, 2**64 - 2]),
        ("HUGEINT", [2**126, 2**126 + 1, 2**126]),
        ("DATE", ["2017-01-01", "2017-01-02", "2017-01-01"]),
        ("TIMESTAMPTZ", ["2017-01-01 00:00:00+00", "2017-01-01 01:00:00+01", "2017-01-02"]),
        ("DECIMAL(9,2)", ["1.00", "1.10", "1.1"]),
        ("DOUBLE", [1.5, 1.5, 2.5]),
        ("UUID", ["0b5e3b52-6d4a-4b0e-8b1f-0a4f4c3c2b1a"] * 2),
        ("INT[]", [[1], [2], [1]]),
    ],
)
@pytest.mark.parametrize("other", ["INT", "VARCHAR", "TIMESTAMPTZ"])
def test_keys_of_every_type_at_their_ends(type_: str, values: list[Any], other: str) -> None:
    filler = {"INT": 1, "VARCHAR": "x", "TIMESTAMPTZ": "2017-01-01 00:00:00+00"}[other]
    of = one_object(
        [{"name": "k", "unique": True, "primaryKey": True}, {"name": "o", "primaryKey": True}]
    )
    found = verdicts(table({"k": type_, "o": other}, [(v, filler) for v in values]), of)
    for rule in ("k.unique", "t.primaryKey"):
        assert found[rule].failing == 1, found[rule]
        assert len(found[rule].examples) == 1


@pytest.mark.parametrize("width", [63, 64, 65, 66])
@pytest.mark.parametrize("low", [-40, 0])
def test_a_key_column_as_wide_as_the_mask_and_wider(width: int, low: int) -> None:
    of = one_object([{"name": "day", "primaryKey": True}, {"name": "shop", "primaryKey": True}])
    rows = [(low + i, "s") for i in range(width)]
    columns = {"day": "SMALLINT", "shop": "VARCHAR"}
    assert verdicts(table(columns, rows), of)["t.primaryKey"].failing == 0
    twice = [*rows, rows[0], rows[-1]]
    assert verdicts(table(columns, twice), of)["t.primaryKey"].failing == 2


def test_what_a_small_key_proves_is_not_looked_for_again() -> None:
    asked: list[str] = []

    class Listening(DuckDBEngine):
        def rows(self, query: Any, most: int | None = None) -> list[dict[str, Any]]:
            asked.append(str(query))
            return super().rows(query, most)

    of = one_object(
        [{"name": "x", "unique": True, "primaryKey": True}, {"name": "y", "primaryKey": True}],
        quality=[
            {"metric": "duplicateValues", "mustBe": 0, "arguments": {"properties": ["y", "x"]}}
        ],
    )
    rows = [(i * 10**9, "y") for i in range(5)]
    found = verdicts(Listening(table({"x": "BIGINT", "y": "VARCHAR"}, rows)), of)
    assert all(v.outcome == "passed" for v in found.values())
    assert len(asked) == 3  # DESCRIBE, the scan, and x


def test_the_condition_for_a_repeated_key_finds_all_rows_that_share_one() -> None:
    engine = DuckDBEngine(table(COLUMNS, [(1, 1, "a"), (1, 1, "a"), (1, 2, "a"), (None, 1, "a")]))
    there = relation("t")
    for names in ("a", "ab", "abc"):
        columns = [c for n, c in engine.columns(there).items() if n in names]
        query = there and _count(there, keys.has_repeated_key(there, columns))
        assert engine.rows(query) == [{"n": 3 if names == "a" else 2}]


def _count(there: Any, condition: Any) -> Any:
    from sqlglot import exp

    return exp.select("COUNT(*) AS n").from_(there).where(condition)
