"""Column lineage is read once, and again where something changed; what becomes of its ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.governance import lineage
from mesh_defs.governance.lineage import closure, columns_from, reached_from, remembered
from tests.governance.shapes import SHAPES, A, B


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    real = lineage._read

    def counted(model: str, *rest: Any) -> Any:
        done.append(model)
        return real(model, *rest)

    monkeypatch.setattr(lineage, "_read", counted)
    return done


MODELS = {"one": "select * from a", "two": "select w, v as name from b", "bad": "((("}


def test_unchanged_models_are_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    cache = tmp_path / "deep" / "columns.json"
    first = columns_from(MODELS, SHAPES, cache)
    assert sorted(reads) == ["bad", "one", "two"]
    before = cache.stat().st_mtime_ns
    again = columns_from(MODELS, SHAPES, cache)
    assert sorted(reads) == ["bad", "one", "two"]
    assert again == first
    assert [list(c) for c in again.values()] == [list(c) for c in first.values()]
    assert cache.stat().st_mtime_ns == before
    assert remembered(cache) == first


@pytest.mark.parametrize(
    ("models", "shapes", "expected"),
    [
        ({**MODELS, "two": "select w from b"}, SHAPES, ["two"]),
        (MODELS, {**SHAPES, ("main", "b"): {**B, "new": "INTEGER"}}, ["two"]),
        (MODELS, {**SHAPES, ("main", "b"): {"w": "INTEGER", "v": "VARCHAR"}}, ["two"]),
        (MODELS, {**SHAPES, ("main", "b"): {**B, "w": "DOUBLE"}}, ["two"]),
        (MODELS, {**SHAPES, ("main", "one"): {"id": "BIGINT"}}, ["one"]),
        (MODELS, {**SHAPES, ("other", "table"): {"id": "BIGINT"}}, []),
    ],
    ids=["sql", "column added", "column gone", "retyped", "the model itself", "another table"],
)
def test_what_changed_is_read_again(
    models: dict[str, str], shapes: Any, expected: list[str], tmp_path: Path, reads: list[str]
) -> None:
    columns_from(MODELS, SHAPES, tmp_path / "c.json")
    reads.clear()
    found = columns_from(models, shapes, tmp_path / "c.json")
    assert reads == expected
    assert found == columns_from(models, shapes, tmp_path / "fresh.json")


def test_a_part_of_the_models_keeps_the_others_and_forgets_the_gone(tmp_path: Path) -> None:
    cache = tmp_path / "c.json"
    there = {**SHAPES, ("main", "one"): A}
    columns_from({**MODELS, "gone": "select 1 as x"}, there, cache)
    columns_from({"two": "select id from b"}, there, cache)
    assert sorted(remembered(cache)) == ["one", "two"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"models": []}', '{"models": {"one": {}}}', "\udcff"]
)
def test_a_broken_cache_is_only_slower(text: str, tmp_path: Path) -> None:
    cache = tmp_path / "c.json"
    cache.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert columns_from(MODELS, SHAPES, cache) == columns_from(MODELS, SHAPES, tmp_path / "n.json")
    assert json.loads(cache.read_text())["models"]["one"]["columns"]


def test_a_cache_that_cannot_be_written_is_only_slower(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    assert "one" in columns_from(MODELS, SHAPES, tmp_path / "file" / "c.json")
    assert "column lineage is not remembered" in caplog.text


# -- through models

DOMAIN = {
    "clean": {"id": [("landing", "t", "ID")], "w": [("landing", "t", "w")]},
    "keys": {"key": [("main", "Clean", "Id")]},
    "facts": {
        "key": [("main", "keys", "key")],
        "total": [("main", "clean", "w"), ("sales", "purchases", "v")],
        "name": [("main", "seed", "name")],
        "one": [],
        "lost": [("main", "clean", "unknown")],
    },
    "loop": {"x": [("main", "loop", "x"), ("main", "clean", "w")]},
}


def test_closure() -> None:
    found = closure(DOMAIN)
    assert found["facts"] == {
        "key": [("landing", "t", "ID")],
        "total": [("landing", "t", "w"), ("sales", "purchases", "v")],
        "name": [("main", "seed", "name")],
        "one": [],
        "lost": [("main", "clean", "unknown")],
    }
    assert found["loop"] == {"x": [("landing", "t", "w")]}
    assert closure(DOMAIN, ["facts", "no_such"]) == {"facts": found["facts"]}


def test_reached_from() -> None:
    assert reached_from(DOMAIN, ("landing", "T", "id")) == [
        ("clean", "id"),
        ("facts", "key"),
        ("keys", "key"),
    ]
    assert reached_from(DOMAIN, ("main", "clean", "w")) == [("facts", "total"), ("loop", "x")]
    assert reached_from(DOMAIN, ("sales", "purchases", "none")) == []


# -- against the engine: whatever changes when a column changes has that column as an origin

COLUMNS = ("x0", "x1", "x2")


@st.composite
def formulas(draw: st.DrawFn) -> str:
    x, y, z = (draw(st.sampled_from(COLUMNS)) for _ in range(3))
    return draw(
        st.sampled_from(
            [
                x,
                f"{x} + {y}",
                f"coalesce({x}, {y})",
                f"case when {x} > 50 then {y} else {z} end",
                f"sum({x}) over (partition by {y})",
                f"first_value({x}) over (order by {y}, k)",
                f"list_sum(list_transform([{x}, {y}], q -> q + {z}))",
                f"list_sum([q + {z} for q in [{x}, {y}] if q > 0])",
                f"struct_pack(p := {x}, q := {y}).p",
                f"(select max(i.{x}) from t i where i.k = k)",
                f"{x} in (select i.{y} from t i)",
                f"exists (select 1 from t i where i.{x} = {y})",
                f"{x}.greatest({y})",
                f"(select sum(u) from unnest([{x}, {y}]) as n(u))",
            ]
        )
    )


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Queries that choose no rows by a column other than k, nested up to four deep."""
    query = "select * from main.t"
    for _ in range(draw(st.integers(1, 4))):
        one, two, three = (f"({draw(formulas())})::int" for _ in range(3))
        kind = draw(st.sampled_from(["sub", "cte", "union", "name", "replace", "join", "group"]))
        chosen = f"k, {one} as x0, {two} as x1, {three} as x2"
        query = {
            "sub": f"select {chosen} from ({query})",
            "cte": f"with p as ({query}), q as (from p) select {chosen} from q",
            "union": f"select {chosen} from ({query}) union all select k, x1, x2, x0 from main.t",
            "name": f"({query}) union all by name select k, x2, x0, x0 + 1 as x1 from main.t",
            "replace": f"select * replace ({one} as x1) from ({query})",
            "join": f"select a.k, b.x1 as x0, a.x2 as x1, b.x0 as x2 from ({query}) a "
            "join main.t b using (k)",
            "group": f"select k, max(x1) as x0, count(x0) as x1, sum(x2)::int as x2 "
            f"from ({query}) group by all",
        }[kind]
    return query


@settings(max_examples=80, deadline=None)
@given(query=queries(), changed=st.sampled_from(COLUMNS))
def test_nothing_that_depends_on_a_column_is_missed(
    query: str, changed: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table t as select i as k, i * 7 % 10 as x0, i * 11 % 90 as x1, i % 3 as x2 "
            "from range(12) r(i)"
        )
        before = connection.execute(f"select k, x0, x1, x2 from ({query}) order by all").fetchall()
        connection.execute(f"update t set {changed} = {changed} * 13 % 101 + 40 + k % 2")
        after = connection.execute(f"select k, x0, x1, x2 from ({query}) order by all").fetchall()
    shapes = {("main", "t"): dict.fromkeys(("k", *COLUMNS), "INTEGER")}
    cache = tmp_path_factory.mktemp("oracle") / "c.json"
    found = columns_from({"m": query}, shapes, cache)["m"]
    assert list(found) == ["k", *COLUMNS]
    for position, column in enumerate(found):
        values = [sorted((r[0], str(r[position])) for r in rows) for rows in (before, after)]
        if values[0] != values[1]:
            assert ("main", "t", changed) in found[column], (column, query)
