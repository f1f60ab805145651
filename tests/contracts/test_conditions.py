"""What a condition on rows may say, and that nothing else gets through."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from mesh_defs.contracts.conditions import NoCondition, condition, triples

COLUMNS = ["id", "day", "name", "Price"]
ROWS = """
select * from (values
  (1, date '2024-05-01', 'ann', 2.5), (2, date '2024-05-02', 'bob', null), (3, null, null, 1.0)
) t(id, day, name, "Price")
"""


def ids(condition: exp.Expression) -> list[int]:
    found = duckdb.sql(f"select id from ({ROWS}) where {condition.sql('duckdb')} order by id")
    return [id for (id,) in found.fetchall()]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("id = 1", [1]),
        ("ID > 1 and not name is null", [2]),
        ('"id" in (1, 3) or price is not null', [1, 3]),
        ("day >= date '2024-05-02'", [2]),
        ("day between '2024-05-01' and '2024-05-01'", [1]),
        ("name like 'a%' or name ilike 'B%'", [1, 2]),
        ("lower(name) = 'ann' and length(name) = 3", [1]),
        ("coalesce(name, '') = ''", [3]),
        ("cast(name as int) is null", [1, 2, 3]),
        ("price is distinct from 1.0", [1, 2]),
        ("id <> -1 and true", [1, 2, 3]),
        ("id = 1 -- all of it", [1]),
    ],
)
def test_conditions(text: str, kept: list[int]) -> None:
    assert ids(condition(text, COLUMNS)) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id = 1; drop table x",
        "id = 1) or (1 = 1 order by 1",
        "id = 1 order by id",
        "id = 1 limit 0",
        "id = 1 union select 1",
        "id = 1 group by 1",
        "id in (select 1)",
        "exists (select 1)",
        "(select count(*) from t) > 1",
        "id = any (select 1)",
        "read_text('/etc/passwd') = ''",
        "getenv('HOME') = ''",
        "current_setting('allowed_paths') = ''",
        "count(*) > 1",
        "row_number() over () = 1",
        "random() > 0.5",
        "day < current_date",
        "day < now()",
        "id + 1 = 2",
        "id / 0 = 1",
        "name || name = 'x'",
        "repeat(name, 1000000000) = ''",
        "regexp_matches(name, '(a+)+$')",
        "[x for x in range(1000000000)] is null",
        "list_sum([1]) = 1",
        "{'a': id} is null",
        "id::json is null",
        "name::integer[] is null",
        "secret = 1",
        "t.id = 1",
        "id = $1",
        "id = ?",
        "*",
        "case when id = 1 then true end",
        "(" * 400 + "id = 1" + ")" * 400,
        " and ".join(["id = 1"] * 3000),
        "unnest([id]) = 1",
        "columns(*) = 1",
        "try_cast(name as struct(a int)) is null",
        "name = (values (1))",
        "rowid = 1",
        "filename = 'x'",
    ],
)
def test_what_is_no_condition(text: str) -> None:
    with pytest.raises(NoCondition):
        condition(text, COLUMNS)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], [1, 2, 3]),
        ([["id", "=", 1]], [1]),
        ([["id", ">", 1], ["Name", "is not null"]], [2]),
        ([["id", "in", [1, 3]], ["id", "not in", [3]]], [1]),
        ([["id", "in", []]], []),
        ([["day", "<=", date(2024, 5, 1)]], [1]),
        ([["day", "<=", "2024-05-01"]], [1]),
        ([["day", "<", datetime(2024, 5, 1, 12)]], [1]),
        ([["name", "like", "%o%"]], [2]),
        ([["name", "=", "' or 1 = 1 --"]], []),
    ],
)
def test_triples(given: Any, kept: list[int]) -> None:
    assert ids(triples(given, COLUMNS)) == kept


@pytest.mark.parametrize(
    "given",
    [
        ["id"],
        [["id"]],
        [["id", "~", 1]],
        [["id", "=", [1]]],
        [["id", "=", {"a": 1}]],
        [["id", "in", 1]],
        [["id", "is null", 1]],
        [["secret", "=", 1]],
        [[1, "=", 1]],
        [["id) or (1", "=", 1]],
        [["id", "=", 1]] * 1000,
    ],
)
def test_what_are_no_triples(given: Any) -> None:
    with pytest.raises(NoCondition):
        triples(given, COLUMNS)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_condition_on_known_columns_or_none(text: str) -> None:
    try:
        found = condition(text, COLUMNS)
    except NoCondition:
        return
    assert {c.name for c in found.find_all(exp.Column)} <= set(COLUMNS)
    assert not list(found.find_all(exp.Select, exp.Table, exp.Anonymous, exp.Command))


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_value_is_only_ever_a_value(text: str) -> None:
    text = text.replace("\0", "")
    made = triples([["name", "=", text]], COLUMNS).sql("duckdb")
    rows = duckdb.connect().execute(f"select name from (select ? as name) where {made}", [text])
    assert rows.fetchall() == [(text,)]
