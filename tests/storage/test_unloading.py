"""A table's rows out of BigQuery are what they would be in the lake: values and types."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.proof import differences, proof_of
from mesh_defs.storage.bigquery import house as bigquery
from mesh_defs.storage.bigquery.table_series import TableSnapshot
from mesh_defs.storage.bigquery.types import field_of, kind_of
from mesh_defs.storage.bigquery.unloading import unload
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import read_files
from tests.emulator.running import Emulator

KEPT = [
    "BIGINT", "BOOLEAN", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE", "DECIMAL(10,2)", "DECIMAL(38,9)", "DECIMAL(38,20)", "BIGINT[]",
    "STRUCT(a BIGINT, \"b c\" DECIMAL(5,1)[])", "STRUCT(s STRUCT(d DECIMAL(9,2)))[]",
]  # fmt: skip
SIZED: list[tuple[dict[str, Any], list[str], str]] = [
    ({"type": "NUMERIC"}, [], "DECIMAL(38,9)"),
    ({"type": "NUMERIC"}, ["VARCHAR", "DECIMAL(10,2)"], "DECIMAL(10,2)"),
    ({"type": "NUMERIC"}, ["DECIMAL(7)"], "DECIMAL(7,0)"),
    ({"type": "NUMERIC", "precision": "9", "scale": "3"}, ["DECIMAL(10,2)"], "DECIMAL(9,3)"),
    ({"type": "BIGNUMERIC"}, ["DECIMAL(38,20)"], "DECIMAL(38,20)"),
    ({"type": "NUMERIC", "mode": "REPEATED"}, ["DECIMAL(10,2)[]"], "DECIMAL(10,2)[]"),
    ({"type": "RECORD", "fields": [{"name": "d", "type": "NUMERIC"}, {"name": "e",
      "type": "NUMERIC"}]}, ["STRUCT(d DECIMAL(9,2))"],
     "STRUCT(d DECIMAL(9,2), e DECIMAL(38,9))"),
    ({"type": "INTEGER"}, ["DECIMAL(9,2)"], "BIGINT"),
]  # fmt: skip


def said(kind: exp.DataType) -> str:
    return str(duckdb.type(kind.sql("duckdb")))


@pytest.mark.parametrize("kind", KEPT)
def test_a_type_comes_back_as_it_went(kind: str) -> None:
    there = duckdb.type(kind)
    assert said(kind_of(field_of("x", there))) == str(there)


@pytest.mark.parametrize(("field", "promised", "expected"), SIZED)
def test_a_decimal_has_the_digits_that_are_promised(
    field: dict[str, Any], promised: list[str], expected: str
) -> None:
    types = [exp.DataType.build(p, dialect="duckdb") for p in promised]
    assert said(kind_of({"name": "x", **field}, types)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ({"type": "GEOGRAPHY"}, "Column `x` is GEOGRAPHY, which DuckDB has no type for"),
        ({"type": "BIGNUMERIC"}, r"`x` is BIGNUMERIC, .* `physicalType: decimal\(38,12\)`"),
        ({"type": "BIGNUMERIC", "precision": "50", "scale": "9"}, "have 38 digits"),
    ],
)
def test_what_duckdb_cannot_hold_is_named(kind: dict[str, Any], expected: str) -> None:
    with pytest.raises(MeshError, match=expected):
        kind_of({"name": "x", **kind})


def test_fewer_rows_than_were_published_are_handed_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(client: object, table: str, to: Path, promised: object) -> int:
        to.write_text("two rows")
        return 2

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.setattr(bigquery, "unload", cut_short)
    there = Warehouse("local")
    house = bigquery.BigQueryHouse(State(tmp_path), there)
    table = there.table(there.published("shop"), "orders_v1__0")
    snapshot = TableSnapshot(table, 0, {"rows": 3}, 0, datetime.now(UTC))
    said = r"2 rows of local\.mesh_published_shop\.orders_v1__0, where 3 were published"
    with pytest.raises(MeshError, match=said), house.files_of(snapshot):
        pytest.fail("they were handed out")
    assert [*tmp_path.rglob("*.parquet")] == []


ROWS = """
select i as whole, i % 2 = 0 as yes, i / 7 as about, 'ä ' || i as said, encode('b' || i) as raw,
 date '2024-02-28' + i::int as day,
 timestamp '2024-02-29 12:00:00.123456' + interval (i) hour as at,
 timestamptz '2024-02-29 12:00:00.1+02' + interval (i) hour as moment,
 (i * 1.25)::decimal(9, 2) as exact, [i, i + 1] as list,
 {'a': i, 'b': [{'d': (i * 1.5)::decimal(9, 2)}]} as inside
from range(1, 2001) t(i)
union all by name select 0 as whole, [] as list
"""


@pytest.mark.slow
def test_rows_come_whole_and_in_the_lakes_types(emulator: Emulator, tmp_path: Path) -> None:
    table, file = f"local.{emulator.dataset()}.rows", tmp_path / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE here AS {ROWS}")
        here = connection.table("here")
        emulator.load(here, table)
        assert unload(emulator.client, table, file, {}) == 2001
        there = connection.read_parquet(str(file))
        assert (there.columns, there.types) == (here.columns, here.types)
        kinds = dict(zip(here.columns, here.types, strict=True))
        whole = [
            proof_of(connection, rows, kinds)
            for rows in (exp.to_table("here"), read_files([str(file)]))
        ]
        assert list(differences(*whole)) == []
        connection.execute("UPDATE here SET said = 'another' WHERE whole = 7")
        changed = proof_of(connection, exp.to_table("here"), kinds)
        assert list(differences(changed, whole[1])) == ["column `said` has other values"]


@pytest.mark.slow
def test_what_a_query_made_is_as_the_lake_stores_it(emulator: Emulator, tmp_path: Path) -> None:
    dataset, file = emulator.dataset(), tmp_path / "rows.parquet"
    emulator.client.query(
        f"create table {dataset}.made as select cast('12:30:00.5' as time) as at,"
        " cast(2.5 as numeric) as price, cast(2.5 as numeric) as other,"
        """ json '{"a":[1,"é"]}' as said"""
    ).result()
    promised = {"price": [exp.DataType.build("DECIMAL(10,2)", dialect="duckdb")]}
    assert unload(emulator.client, f"local.{dataset}.made", file, promised) == 1
    found = duckdb.read_parquet(str(file))
    assert [str(t) for t in found.types] == [
        "VARCHAR", "DECIMAL(10,2)", "DECIMAL(38,9)", "VARCHAR",
    ]  # fmt: skip
    values = [str(v) for v in found.fetchall()[0]]
    assert values == ["12:30:00.5", "2.50", "2.500000000", '{"a":[1,"é"]}']
