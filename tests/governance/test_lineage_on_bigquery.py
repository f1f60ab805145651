"""Column lineage of what BigQuery gets: tables are called as on DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh_defs.governance.lineage import columns_from
from tests.governance.shapes import SHAPES

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
