"""Which columns of an input SQL uses: named anywhere, or passed on by a star to a use."""

from __future__ import annotations

import pytest

from mesh_defs.governance.column_use import Query, Use, used

ORDERS, PEOPLE = ("shop", "orders"), ("shop", "people")
SHAPES = {ORDERS: ["order_id", "day", "cents", "note"], PEOPLE: ["person_id", "name", "city"]}
ALL = {"order_id", "day", "cents", "note"}


def uses(needed: tuple[str, ...] = (), **queries: str | Query) -> dict[str, Use]:
    """What is used, by table. `needed` are columns of the model `last` that are published."""
    known = {n: q if isinstance(q, Query) else Query(q) for n, q in queries.items()}
    found = used(known, SHAPES, [(("main", "last", c), "the product") for c in needed])
    return {table: use for (schema, table), use in found.items() if schema == "shop"}


def columns(sql: str, needed: tuple[str, ...] = (), table: str = "orders") -> set[str]:
    use = uses(needed, last=sql)[table]
    assert not use.unclear
    return set(use.columns)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('select day from "workshop"."shop"."orders"', {"day"}),
        ("select DAY as d from Shop.Orders", {"day"}),
        ("from shop.orders select day", {"day"}),
        ("select day, sum(cents) as s from shop.orders group by day order by s", {"day", "cents"}),
        ("select count(*) as n from shop.orders where note is null", {"note"}),
        ("select count(*) as n from shop.orders order by n", set()),
        ("select 1 as one from shop.orders", set()),
        ("select day from shop.orders group by all order by all", {"day"}),
        ("select day from shop.orders having max(cents) > 1", {"day", "cents"}),
        ("select max(cents) as m from shop.orders qualify m > 1", {"cents"}),
        (
            "select row_number() over w as r from shop.orders window w as "
            "(partition by day order by cents)",
            {"day", "cents"},
        ),
        ("select o.note from shop.orders o join shop.people p on p.person_id = o.order_id",
         {"note", "order_id"}),
        ("select city from shop.people where person_id in (select order_id from shop.orders)",
         {"order_id"}),
        ("select name from shop.people p where exists "
         "(select 1 from shop.orders o where o.order_id = p.person_id)", {"order_id"}),
        ("select unnest(note) as x from shop.orders", {"note"}),
        ("select x from shop.orders, unnest(note) as u(x)", {"note"}),
        ("select list_transform(note, lambda x: x + cents) as l from shop.orders",
         {"note", "cents"}),
        ("select o from shop.orders o", ALL),
        ("select * from shop.orders", set()),
        ("select o.* from shop.orders o where day > '2024-01-01'", {"day"}),
        ("select * exclude (note) from shop.orders", {"note"}),
        ("select * replace (cents + 1 as cents) from shop.orders", {"cents"}),
        ("select * rename (note as n) from shop.orders", {"note"}),
        ("select distinct * from shop.orders", ALL),
        ("select * from shop.orders union select * from shop.orders", ALL),
        ("select * from shop.orders union all select * from shop.orders", set()),
        ("with o as (select * from shop.orders) select day from o where cents > 3",
         {"day", "cents"}),
        ("with a as (select * from shop.orders), b as (select * from a) select b.note from b",
         {"note"}),
        ("with a as (select day, cents from shop.orders) select day from a", {"day", "cents"}),
        ("select day from (select * from shop.orders) where note = 'x'", {"day", "note"}),
    ],
)  # fmt: skip
def test_columns_that_sql_names(sql: str, expected: set[str]) -> None:
    assert columns(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from shop.orders", {"day"}),
        ("with o as (select * from shop.orders) select * from o", {"day"}),
        ("select * from shop.orders union all select * from shop.orders", {"day"}),
        ("select order_id, cents as day from shop.orders", {"order_id", "cents"}),
    ],
)
def test_what_a_star_passes_on_is_used_where_it_is_published(sql: str, expected: set[str]) -> None:
    assert columns(sql, needed=("day",)) == expected


def test_what_a_star_passes_on_through_models_is_used_where_one_names_it() -> None:
    found = uses(
        first="select * from shop.orders",
        second="select *, 1 as one from main.first",
        last="select day from main.second where cents > 1",
        no_day_is_null="select * from main.second where note is null",
    )["orders"]
    assert {c: sorted(users) for c, users in found.columns.items()} == {
        "day": ["last"],
        "cents": ["last"],
        "note": ["no_day_is_null"],
    }
    assert found.readers == {"first"}


def test_using_needs_the_column_on_both_sides() -> None:
    shapes = {("a", "t"): ["k", "x"], ("b", "t"): ["k", "y"]}
    found = used({"last": Query("select * from a.t join b.t using (k)")}, shapes)
    assert {table: set(use.columns) for table, use in found.items()} == {
        ("a", "t"): {"k"},
        ("b", "t"): {"k"},
    }


@pytest.mark.parametrize(
    "query",
    [
        Query(None, reads=(ORDERS,)),  # Python
        Query("this is (no SQL", reads=(ORDERS,)),
        Query("select columns('d.*') from shop.orders"),
        Query("select * from shop.orders join shop.unknown using (day)"),
    ],
)
def test_who_cannot_be_read_may_use_anything(query: Query) -> None:
    use = uses(last=query)["orders"]
    assert use.unclear == {"last"}
    assert use.of(["note"]) == {"note": ["last"]}


def test_a_snapshot_has_columns_of_its_own() -> None:
    found = uses(
        kept=Query("select * from shop.orders", adds=("dbt_valid_to",)),
        last="select day from main.kept where dbt_valid_to is null",
    )["orders"]
    assert (set(found.columns), found.unclear) == ({"day"}, set())


def test_used_is_asked_for_in_any_case() -> None:
    assert uses(last="select Day from shop.orders")["orders"].of(["DAY", "cents"]) == {
        "DAY": ["last"]
    }


def test_models_in_a_circle_end() -> None:
    found = uses(
        a="select * from main.b", b="select * from main.a", last="select day from shop.orders"
    )
    assert set(found["orders"].columns) == {"day"}
