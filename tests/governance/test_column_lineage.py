"""Column lineage: what is understood, what is not, and that it is read once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mesh_defs.governance.lineage import columns_from
from tests.governance.shapes import SHAPES, A

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
