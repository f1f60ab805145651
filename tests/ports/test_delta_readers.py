"""Others read what was written: Spark and DuckDB, by the files that the table's log names.

delta-rs and Polars read every table of the conformance suite. Delta's own connector for Spark, and
DuckDB's extension, are on no registry that tests may use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from tests.environments import environment
from tests.ports.delta_labs import DeltaLab, DeltaS3Lab
from tests.ports.test_parquet import partitioned

SPARK = Path(__file__).resolve().parent.parent / "spark"
ROWS = """
    select i::bigint as order_id, date '2024-05-01' + (i % 3)::int as day, (i * 10)::int as cents,
      (i / 4)::decimal(9, 2) as price, timestamptz '2024-05-01 10:00:00.123456+02' as at,
      nullif('n' || i, 'n4') as note, {'lines': [i, null]} as basket
    from range(1, 6) t(i)
"""
KINDS = {"date": "date", "integer": "int", "string": "string", "long": "bigint"}


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> DeltaS3Lab:
    found: DeltaS3Lab = request.getfixturevalue("delta-s3_lab")
    return found


def fetched(lab: DeltaLab, place: Path) -> dict[str, Any]:
    """The files of the newest version in a folder, and what the log says of their partitions."""
    table: DeltaTable = lab.delta()
    by = table.metadata().partition_columns
    types = {field.name: KINDS.get(str(field.type.type), "") for field in table.schema().fields
             if field.name in by}  # fmt: skip
    actions = table.get_add_actions(flatten=True)
    paths = actions["path"].to_pylist()
    values = {name: actions[f"partition.{name}"].to_pylist() for name in by}
    files = []
    for n, path in enumerate(paths):
        copy = place / f"copy-{n}.parquet"
        lab.store().download(f"{lab.prefix}/{path}", copy)
        files.append({"path": str(copy), "values": {
            name: (str(values[name][n]), types[name]) for name in by}})  # fmt: skip
    return {"files": files, "columns": [field.name for field in table.schema().fields]}


@pytest.mark.slow
@pytest.mark.parametrize("by", [(), ("day",)])
def test_spark_reads_every_type(
    lab: DeltaLab, by: tuple[str, ...], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if shutil.which("java") is None:
        assert os.environ.get("MESH_SPARK_REQUIRED") != "1", "Java is not here, and is required"
        pytest.skip("Java is not here")
    partitioned(lab, *by)
    lab.publish(ROWS)
    told = fetched(lab, tmp_path)
    assert len(told["files"]) == (3 if by else 1)
    python = environment(pytestconfig, SPARK / "requirements.txt")
    done = subprocess.run(
        [python, SPARK / "read.py"], input=json.dumps(told), capture_output=True, text=True,
        timeout=240, env={**os.environ, "PYSPARK_PYTHON": str(python)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    schema, *rows = map(json.loads, done.stdout.splitlines())
    assert dict(schema["schema"]) == {
        "order_id": "bigint", "day": "date", "cents": "int", "price": "decimal(9,2)",
        "at": "timestamp", "note": "string", "basket": "struct<lines:array<bigint>>",
    }  # fmt: skip
    assert rows == [
        [i, f"2024-05-0{1 + i % 3}", i * 10, f"{i / 4:.2f}", "2024-05-01 08:00:00.123456",
         None if i == 4 else f"n{i}", [[i, None]]]
        for i in range(1, 6)
    ]  # fmt: skip


def test_plain_duckdb_reads_the_files_that_the_log_names(lab: DeltaLab, tmp_path: Path) -> None:
    lab.publish(ROWS)
    told = fetched(lab, tmp_path)
    rows = duckdb.read_parquet([file["path"] for file in told["files"]])
    assert rows.columns == told["columns"]
    assert rows.project("order_id, price::varchar, basket.lines[1]").fetchall() == [
        (i, f"{i / 4:.2f}", i) for i in range(1, 6)
    ]
