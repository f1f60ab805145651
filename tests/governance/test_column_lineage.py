"""Column lineage: what is understood, what is not, and that it is read once."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.governance import lineage
from mesh_defs.governance.lineage import closure, columns_from, reached_from, remembered

A = {
    "id": "BIGINT",
    "s": "STRUCT(x INTEGER, y INTEGER)",
    "l": "INTEGER[]",
    "v": "VARCHAR",
    "ts": "TIMESTAMP",
}
B = {"id": "BIGINT", "w": "INTEGER", "v": "VARCHAR"}
SHAPES = {
    ("main", "a"): A,
    ("main", "b"): B,
    ("landing", "transactions"): {"Household_ID": "BIGINT", "amount": "DOUBLE"},
    ("sales", "purchases"): {"basket_id": "BIGINT", "household_key": "VARCHAR"},
}
ALL_A = {c: f"a.{c}" for c in A}


def read(tmp_path: Path, sql: str, own: Mapping[str, str] | None = None) -> dict[str, str] | None:
    """The lineage of one query, written `column: "table.column table.column"`."""
    shapes: dict[Any, Any] = {**SHAPES, **({("main", "m"): own} if own else {})}
    found = columns_from({"m": sql}, shapes, tmp_path / "columns.json")
    if "m" not in found:
        return None
    return {
        column: " ".join(f"{t}.{c}" if s == "main" else f"{s}.{t}.{c}" for s, t, c in origins)
        for column, origins in found["m"].items()
    }


UNDERSTOOD: list[tuple[str, dict[str, str]]] = [
    ('select * from "workshop"."main"."a"', ALL_A),
    ("from main.a", ALL_A),
    (
        'select household_id as h, amount from "sales"."landing"."transactions"',
        {
            "h": "landing.transactions.Household_ID",
            "amount": "landing.transactions.amount",
        },
    ),
    ('select basket_id from "growth"."sales"."purchases"',
     {"basket_id": "sales.purchases.basket_id"}),
    ("select mesh_secrets.main.pseudonym(cast(id as varchar)) as k from b", {"k": "b.id"}),
    # stars
    ("select * exclude (s, l, ts) from a", {"id": "a.id", "v": "a.v"}),
    ("select * replace (w + id as v) from b", {"id": "b.id", "w": "b.w", "v": "b.id b.w"}),
    ("select * rename (v as name) from b", {"id": "b.id", "w": "b.w", "name": "b.v"}),
    ("select b.*, 1 as one from b", {"id": "b.id", "w": "b.w", "v": "b.v", "one": ""}),
    # ctes, subqueries, unions
    ("with x as (select * from b), y as (select w + 1 as z from x) select z from y", {"z": "b.w"}),
    ("with b as (select id as w from a) select w from b", {"w": "a.id"}),
    ("select n from (select id, v from a) t(i, n)", {"n": "a.v"}),
    ("with t(i, n) as (select id, v from a) select n from t", {"n": "a.v"}),
    ("select i from b as t(i, j, k)", {"i": "b.id"}),
    ("select id as x from a union all select w from b union select 1", {"x": "a.id b.w"}),
    ("((select id from a))", {"id": "a.id"}),
    ("select id, v from a union all by name select v, w from b",
     {"id": "a.id", "v": "a.v b.v", "w": "b.w"}),
    ("with recursive r as (select id, 1 as n from a union all select id, n + id from r where n < 3)"
     " select * from r", {"id": "a.id", "n": "a.id"}),
    ("with recursive r as (select id as x, w as y, v as z from b union all select y, z, x from r)"
     " select x from r", {"x": "b.id b.v b.w"}),
    # joins
    ("select a.id, w from a left join b using (id)", {"id": "a.id", "w": "b.w"}),
    ("select id from a full join b using (id)", {"id": "a.id b.id"}),
    ("select x.v, y.v as u from a x, b y where x.id = y.id", {"v": "a.v", "u": "b.v"}),
    ("select a.v, w from a asof join b on a.id >= b.id", {"v": "a.v", "w": "b.w"}),
    ("select * from b semi join a using (id)", {"id": "b.id", "w": "b.w", "v": "b.v"}),
    # formulas
    ("select v, count(*) as n, sum(w) filter (id > 1) as f from b group by all",
     {"v": "b.v", "n": "", "f": "b.id b.w"}),
    ("select id, row_number() over (partition by v order by ts) as rn from a qualify rn = 1",
     {"id": "a.id", "rn": "a.ts a.v"}),
    ("select sum(w) over win as s from b window win as (partition by v order by id)",
     {"s": "b.id b.v b.w"}),
    ("select id as x, x + 1 as y from b", {"x": "b.id", "y": "b.id"}),
    ("select upper(v) as v, v || w as u from b", {"v": "b.v", "u": "b.v b.w"}),
    ("select case when id > 1 then v end as c from b", {"c": "b.id b.v"}),
    ("select max_by(v, ts) as m, list(v order by id) as l from a",
     {"m": "a.ts a.v", "l": "a.id a.v"}),
    # subqueries in a formula
    ("select (select max(w) from b where b.id = a.id) as m from a", {"m": "a.id b.id b.w"}),
    ("select exists (from b where b.v = a.v) as e from a", {"e": "a.v b.v"}),
    ("select id in (select w from b) as i from a", {"i": "a.id b.w"}),
    ("select (select max(z) from (select w as z, v as q from b)) as m from a", {"m": "b.w"}),
    # structs, lists, lambdas, rows
    ("select s.x as p, a.s.y as q, l[1] as r from a", {"p": "a.s", "q": "a.s", "r": "a.l"}),
    ("select t.p.u as u from (select {'u': id, 'w': v} as p from a) t", {"u": "a.id a.v"}),
    ("select list_transform(l, x -> x + id) as a, list_filter(l, lambda y, i: i > 1) as b from a",
     {"a": "a.id a.l", "b": "a.l"}),
    ("select [x * 2 for x in l if x > id] as c from a", {"c": "a.id a.l"}),
    ("select e from a, unnest(l) as u(e)", {"e": "a.l"}),
    ("select e from a, unnest(l) e", {"e": "a.l"}),
    ("select e from a cross join lateral (select unnest(l) as e)", {"e": "a.l"}),
    ("select (select sum(x) from unnest(l) t(x)) as t from a", {"t": "a.l"}),
    ("select b as whole from b", {"whole": "b.id b.v b.w"}),
    ("select row(b.*) as r from b", {"r": "b.id b.v b.w"}),
    ("select v.upper() as u, b.v.lower() as l from b", {"u": "b.v", "l": "b.v"}),
    ("select v.replace('a', id::varchar).trim() as t from b", {"t": "b.id b.v"}),
    # what has no origin, and what turns columns
    ("select x, y from (values (1, 'a')) t(x, y)", {"x": "", "y": ""}),
    ("select x from generate_series(1, 3) g(x)", {"x": ""}),
    ("select current_date as d, 'a' as c from b", {"d": "", "c": ""}),
    ("select * from b pivot (sum(w) for v in ('p', 'q'))",
     {"id": "b.id", "p": "b.v b.w", "q": "b.v b.w"}),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), UNDERSTOOD, ids=[sql for sql, _ in UNDERSTOOD])
def test_understood(sql: str, expected: dict[str, str], tmp_path: Path) -> None:
    assert read(tmp_path, sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "garbage ((",
        "",
        "select 1 as x; select 2 as x",
        "select columns('i.*') from a",
        "select sum(columns(*)) from b",
        "select s.* from a",
        "select (b.*) from b",
        "select * from unknown_table",
        "select * from (pivot b on v using sum(w))",
        "summarize b",
        f"select {'(' * 20_000}id{')' * 20_000} as x from b",
        "select x from (" * 20_000 + "select id as x from b" + ")" * 20_000,
        f"select '{'x' * 100_000}' as x from b",
    ],
    ids=lambda sql: sql[:40],
)
def test_not_understood_is_left_out_and_said_at_debug(
    sql: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "mesh_defs")
    found = columns_from({"m": sql, "n": "select id from b"}, SHAPES, tmp_path / "c.json")
    assert found == {"n": {"id": [("main", "b", "id")]}}
    assert any("no column lineage of m" in r.message for r in caplog.records)
    assert all(r.levelno == logging.DEBUG for r in caplog.records if r.name.startswith("mesh"))


def test_a_column_nobody_can_tell_is_left_out_alone(tmp_path: Path) -> None:
    assert read(tmp_path, "select rowid as r, id from b") == {"id": "b.id"}
    assert read(tmp_path, "select b.nope, id from b") in ({"id": "b.id"}, None)
    assert read(tmp_path, "select nope from b") == {}
    two_unknown = "select x.id, mystery from unknown_one x, unknown_two y"
    assert read(tmp_path, two_unknown) == {"id": "unknown_one.id"}


def test_columns_are_called_as_the_engine_calls_them(tmp_path: Path) -> None:
    own = {"Id": "BIGINT", "count_star()": "BIGINT", "id_1": "BIGINT"}
    sql = "select b.id, count(*), a.id from b join a on a.id = b.w group by all"
    assert read(tmp_path, sql, own) == {"Id": "b.id", "count_star()": "", "id_1": "a.id"}


def test_a_snapshots_own_columns_have_no_lineage(tmp_path: Path) -> None:
    own = {"id": "BIGINT", "dbt_valid_from": "TIMESTAMP"}
    assert read(tmp_path, "select * from b", own) == {"id": "b.id"}


def test_incremental_model_that_names_itself(tmp_path: Path) -> None:
    sql = "select id from b where id > (select max(id) from main.m)"
    assert read(tmp_path, sql, {"id": "BIGINT"}) == {"id": "b.id"}
    sql = "select id from b union all select id from main.m"
    assert read(tmp_path, sql, {"id": "BIGINT"}) == {"id": "b.id m.id"}


# -- what is sent to BigQuery

PRIVATE, INPUTS = "mesh_private_growth", "mesh_inputs_growth"
PLACES = {
    (PRIVATE, "a"): ("main", "a"),
    (PRIVATE, "b"): ("main", "b"),
    (INPUTS, "landing__transactions"): ("landing", "transactions"),
    (INPUTS, "sales__purchases"): ("sales", "purchases"),
}
ITEMS = {"id": "INTEGER", "items": "ARRAY<STRUCT<x INT64, y INT64>>", "day": "DATE"}


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from `acme`.`mesh_private_growth`.`a`", {"id": "a.id", "items": "a.items",
                                                           "day": "a.day"}),
        ("select * from `acme.mesh_private_growth.a`", {"id": "a.id", "items": "a.items",
                                                        "day": "a.day"}),
        ("select * except (items) from `acme`.`mesh_private_growth`.`a`",
         {"id": "a.id", "day": "a.day"}),
        ("select HOUSEHOLD_ID as h from `acme`.`mesh_inputs_growth`.`landing__transactions`",
         {"h": "landing.transactions.Household_ID"}),
        ("with b as (select basket_id from `acme`.`mesh_inputs_growth`.`sales__purchases`)"
         " select basket_id from b", {"basket_id": "sales.purchases.basket_id"}),
        ("select id, item.x, place from `acme`.`mesh_private_growth`.`a`,"
         " unnest(items) as item with offset as place",
         {"id": "a.id", "x": "a.items", "place": "a.items"}),
        ("select timestamp_trunc(cast(day as timestamp), month) as m, safe_cast(id as string) as s"
         " from `acme`.`mesh_private_growth`.`a`", {"m": "a.day", "s": "a.id"}),
        ("select id from `acme`.`mesh_private_growth`.`a`"
         " qualify row_number() over (partition by day order by id) = 1", {"id": "a.id"}),
    ],
    ids=lambda said: said[:60] if isinstance(said, str) else "",
)  # fmt: skip
def test_a_query_of_bigquery(sql: str, expected: dict[str, str], tmp_path: Path) -> None:
    """Tables are called as on DuckDB, whatever datasets they are in."""
    shapes = {**SHAPES, ("main", "a"): ITEMS}
    found = columns_from({"m": sql}, shapes, tmp_path / "c.json", "bigquery", PLACES)
    assert {
        column: " ".join(f"{t}.{c}" if s == "main" else f"{s}.{t}.{c}" for s, t, c in origins)
        for column, origins in found["m"].items()
    } == expected


def test_the_same_text_for_another_engine_is_read_again(tmp_path: Path) -> None:
    sql, cache = 'select "id" as x from b', tmp_path / "c.json"
    assert columns_from({"m": sql}, SHAPES, cache) == {"m": {"x": [("main", "b", "id")]}}
    assert columns_from({"m": sql}, SHAPES, cache, "bigquery") == {"m": {"x": []}}, "a text there"


# -- read once


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
