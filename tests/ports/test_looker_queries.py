"""What Looker asks the warehouse: a report's queries and the contract's measures, put into its
words and asked of a real PostgreSQL; and the names and texts in which LookML can say them.

The files and the port are not here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import lkml
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.model import ProductRef
from mesh_defs.ports.documents import looker
from mesh_defs.ports.documents.lookml import Field, product_view, text_of
from mesh_defs.ports.documents.queries import Wrong
from mesh_defs.ports.documents.translated import (
    expression_of,
    named,
    translated,
    warehouse,
)
from mesh_defs.ports.port import Target
from mesh_defs.storage.state import State
from tests.postgres import Postgres

ROWS = """
select i as "Number", date '2024-05-01' + (i % 4)::integer as day,
    (i * 7 % 50)::decimal(10,2) / 4 as amount, case when i % 3 > 0 then 'a_' || i % 3 end as kind,
    i % 2 = 0 as even, timestamp '2024-05-01 10:00:00' + to_hours(i::integer) as moment
from range(0, 40) t(i)
"""
RUNNING = "select day, sum(sum(amount)) over (order by day) as running from orders group by day"
QUERIES = [
    'select kind as "Kind", sum(amount) as "Amount (USD)" from orders group by all',
    'select replace(kind, \'_\', \' \') as "Kind", count(*) as n from orders group by 1 order by n',
    "select kind, count(*) as n from orders group by kind having n > 13",
    'select "Number", day from orders order by "Number" desc limit 3',
    "select max(\"Number\") as top, min(moment) as first from orders where even",
    "select round(avg(amount), 2) as mean, round(100.0 * sum(amount) / count(*), 1) as share "
    "from orders",
    "select case when even then 'even' else 'odd' end as Parity, count(distinct kind) as kinds "
    "from orders group by all",
    "with d as (select day, sum(amount) as amount from orders group by day) "
    'select day as "Day", amount as "Weekly spend" from d where amount > 40',
    'select * from (select day, even, count(*) as "n!" from orders group by all) where "n!" > 4',
    'select kind, amount from orders where "Number" < 3 union all select kind, amount from '
    'orders where "Number" > 37',
    "select * exclude (moment, even) from orders where \"Number\" < 5",
    "select date_trunc('month', moment) as month, count(*) filter (where even) as n from orders "
    "group by all",
    "select kind as \"kind!\", kind as \"kind?\", sum(amount) as amount from orders group by all",
    RUNNING,
    "from orders select coalesce(kind, 'none') as kind, count(*) as n group by all",
    "select 'all' as what, count(*) as n from orders group by all",
    'select "Number" // 10 as tens, sum(amount) as amount from orders group by all',
    "select year(day) as y, extract('day' from day) as d, count(*) as n from orders group by all",
]  # fmt: skip


@pytest.fixture(scope="module")
def there(postgres: Postgres) -> str:
    """A PostgreSQL in which the same rows are, as the port for it would put them there."""
    url = postgres.database()
    with psycopg.connect(url, autocommit=True) as connection, duckdb.connect() as here:
        connection.execute(
            'create schema shop; create table shop.orders_v1 ("Number" bigint, day date, '
            "amount numeric(12,4), kind text, even boolean, moment timestamp)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into shop.orders_v1 values (%s, %s, %s, %s, %s, %s)",
                here.sql(ROWS).fetchall(),
            )
    return url


@pytest.mark.parametrize("query", QUERIES)
def test_a_section_shows_at_the_warehouse_what_the_report_shows(query: str, there: str) -> None:
    with duckdb.connect() as here:
        here.execute(f"create table orders as {ROWS}")
        wanted = here.sql(query).fetchall()
        columns = {n: str(t) for n, t in zip(here.table("orders").columns,
                                              here.table("orders").types, strict=True)}  # fmt: skip
    made = translated(query, "orders", dict.fromkeys(columns, ""), WAREHOUSE, columns)
    shown = ", ".join(f'"{c}"' for c in made.columns)
    with psycopg.connect(there) as connection:
        # As Looker asks a derived table: the columns that we told it, of the query in a WITH.
        asked = f"with v as ({made.sql}) select {shown} from v"
        found = connection.execute(asked.encode()).fetchall()
    assert sorted(map(comparable, found)) == sorted(map(comparable, wanted))
    assert all(re.fullmatch("[a-z][a-z0-9_]*", field) for field in made.fields)
    if query is not RUNNING:
        translated(query, "orders", dict.fromkeys(columns, ""), BIGQUERY, columns)


def comparable(row: tuple[Any, ...]) -> tuple[str, ...]:
    from decimal import Decimal

    return tuple(
        f"{float(v):.9g}" if isinstance(v, int | float | Decimal) and not isinstance(v, bool)
        else str(v).removesuffix(" 00:00:00") for v in row
    )  # fmt: skip


TARGET = Target(
    ProductRef("shop", "orders"),
    1,
    "apps",
    {"project": "p-1", "dataset": "shop"},
    State(Path("nowhere")),
)
WAREHOUSE, BIGQUERY = warehouse("postgres", TARGET), warehouse("bigquery", TARGET)


@pytest.mark.parametrize("logic", ["sum(amount)", "avg(amount)", "count(distinct kind)",
                                   "sum(amount) / count(*)", "max(day)",
                                   "count(*) filter (where even)"])  # fmt: skip
def test_a_measure_gives_at_the_warehouse_what_it_gives_here(logic: str, there: str) -> None:
    columns = ("Number", "day", "amount", "kind", "even", "moment")
    _, sql = expression_of(logic, "orders", dict.fromkeys(columns, ""), WAREHOUSE)
    with duckdb.connect() as here, psycopg.connect(there) as connection:
        wanted = here.sql(f"select {logic} from ({ROWS})").fetchall()
        asked = f"select {sql.replace('${TABLE}', 't')} from shop.orders_v1 as t"
        found = connection.execute(asked.encode()).fetchall()
    assert list(map(comparable, found)) == list(map(comparable, wanted))


def test_a_table_of_each_warehouse() -> None:
    assert WAREHOUSE.sql(WAREHOUSE.table) == '"shop"."orders_v1"'
    assert BIGQUERY.sql(BIGQUERY.table) == "`p-1`.`shop`.`orders_v1`"
    assert BIGQUERY.column("day") == "${TABLE}.`day`"


@given(st.lists(st.text(max_size=8), unique=True))
def test_names_are_lookers_and_no_two_are_alike(names: list[str]) -> None:
    made = list(named(names).values())
    assert len({*made}) == len(names)
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in made)


@given(st.text(max_size=40))
def test_words_come_back_as_they_were_written(words: str) -> None:
    fields = [Field("a", "integer", words, words)]
    told = {"views": [product_view("v", fields, [], WAREHOUSE)]}
    parsed = looker._plain(lkml.load(looker._written("v.view.lkml", told)))
    assert not list(looker._differences(told, parsed, ""))
    assert "{{" not in text_of(words)


def test_keys_of_several_columns_moments_and_what_has_an_inside() -> None:
    fields = [
        Field("day", "DATE", key=2), Field("shop", "VARCHAR", key=1),
        Field("at", "TIMESTAMP WITH TIME ZONE"), Field("at_week", "INTEGER"),
        Field("lines", "STRUCT(a INTEGER)[]"), Field("open", "BOOLEAN"),
        Field("count", "DECIMAL(10,2)"),
    ]  # fmt: skip
    view = product_view("v", fields, [], BIGQUERY)
    told = {d["name"]: d for d in [*view["dimensions"], *view["dimension_groups"]]}
    assert told["primary_key"]["sql"] == (
        "CAST(${TABLE}.`shop` AS STRING) || '|' || CAST(${TABLE}.`day` AS STRING)"
    )
    assert [n for n, d in told.items() if d.get("primary_key")] == ["primary_key"]
    assert (told["lines"]["hidden"], told["open"]["type"]) == ("yes", "yesno")
    assert told["at_in"]["datatype"] == "datetime", "`at_week` would be two fields"
    assert view["measures"][0]["name"] == "count_2"


def test_what_has_no_translation_is_refused() -> None:
    with pytest.raises(Wrong, match="can't be asked at bigquery"):
        translated(RUNNING, "orders", {"day": "", "amount": ""}, BIGQUERY)
    with pytest.raises(Wrong, match="groups by all over a window"):
        translated(
            "select day, row_number() over () as n from orders group by all",
            "orders", {"day": ""}, WAREHOUSE,
        )  # fmt: skip
