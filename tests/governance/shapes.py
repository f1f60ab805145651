"""The tables over which queries are read for their lineage. No test is here."""

from __future__ import annotations

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
