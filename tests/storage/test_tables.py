"""A Delta table of ours: every value comes back, each snapshot stays, nothing is half there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from mesh_defs.model import MeshError
from mesh_defs.storage import tables
from mesh_defs.storage.workshop import read_files, table

Connection = duckdb.DuckDBPyConnection

# A value as SQL, and the type it is stored in where that is another than its own.
STORED = [
    ("true", None),
    ("(-128)::tinyint", None),
    ("32767::smallint", None),
    ("(-2147483648)::integer", None),
    ("9223372036854775807::bigint", None),
    ("12345678901234567890123456789012345678::hugeint", "DECIMAL(38,0)"),
    ("255::utinyint", "SMALLINT"),
    ("65535::usmallint", "INTEGER"),
    ("4294967295::uinteger", "BIGINT"),
    ("18446744073709551615::ubigint", "DECIMAL(20,0)"),
    ("7::uhugeint", "DECIMAL(38,0)"),
    ("1.5::float", None),
    ("0.1::double", None),
    ("'-inf'::double", None),
    ("'nan'::double", None),
    ("1.25::decimal(4, 2)", None),
    ("1234567890123456789012345678.0123456789::decimal(38, 10)", None),
    ("'it''s äöü \U0001f6d2'", None),
    ("''", None),
    (r"'\x00\xff'::blob", None),
    ("date '2024-02-29'", None),
    ("date '0044-03-15 (BC)'", None),
    ("'infinity'::date", None),
    ("time '23:59:59.999999'", "VARCHAR"),
    ("'01:02:03+02'::timetz", "VARCHAR"),
    ("timestamp '2024-01-02 03:04:05.678901'", None),
    ("'2024-01-02 03:04:05'::timestamp_s", "TIMESTAMP"),
    ("'2024-01-02 03:04:05.123'::timestamp_ms", "TIMESTAMP"),
    ("'2024-01-02 03:04:05.123456'::timestamp_ns", "TIMESTAMP"),
    ("timestamptz '2024-01-02 03:04:05+02'", None),
    ("interval '1 month 2 days 3 seconds'", "VARCHAR"),
    ("'0b3c1d2e-0000-4000-8000-000000000001'::uuid", "VARCHAR"),
    ("'b'::enum('a', 'b')", "VARCHAR"),
    ("""'{"a": [1]}'::json""", "VARCHAR"),
    ("'0101'::bit", "VARCHAR"),
    ("123456789012345678901234567890123456789012345::bignum", "VARCHAR"),
    ("[1, null, 3]", None),
    ("[]::varchar[]", None),
    ("[18446744073709551615::ubigint]", "DECIMAL(20,0)[]"),
    ("[time '01:02:03']", "VARCHAR[]"),
    ("[[4294967295::uinteger]]", "BIGINT[][]"),
    ("array_value(1, 2, 3)", "INTEGER[]"),
    ("{'a': 1, 'b c': 'x'}", None),
    ("{'a': 12345678901234567890123456789012345678::hugeint}", "STRUCT(a DECIMAL(38,0))"),
    ("{'e': ['b'::enum('a', 'b')]}", "STRUCT(e VARCHAR[])"),
    ("map {'k': 1}", None),
    ("map {'k': 18446744073709551615::ubigint}", "MAP(VARCHAR, DECIMAL(20,0))"),
]


@pytest.mark.parametrize(("value", "stored"), STORED, ids=[v for v, _ in STORED])
def test_every_type_comes_back_as_it_was(
    connection: Connection, folder: Path, value: str, stored: str | None
) -> None:
    connection.execute(f"CREATE TABLE t AS SELECT {value} AS x UNION ALL SELECT NULL")
    kind = str(connection.sql("FROM t").types[0])

    tables.replace(connection, table("t"), folder, {})
    written = tables.replace(connection, table("t"), folder, {})  # as in every later snapshot

    back = connection.sql(f"SELECT x FROM {read_files(written.files).sql('duckdb')}")
    assert str(back.types[0]) == (stored or kind)
    wanted = f"SELECT CAST(x AS {stored or kind}) AS x FROM t"
    lost = connection.execute(f"({wanted}) EXCEPT ALL (SELECT x FROM back)").fetchall()
    assert lost == []
    assert len(back.fetchall()) == 2
    assert _agrees(DeltaTable(folder), back)


def _agrees(delta: DeltaTable, file: duckdb.DuckDBPyRelation) -> bool:
    """Whether what Delta says of the first column is what the file holds."""
    said = delta.schema().fields[0].type
    text = json.dumps(json.loads(said.to_json())) if hasattr(said, "to_json") else str(said)
    kind = str(file.types[0])
    nested = any(word in kind for word in ("[]", "STRUCT", "MAP"))
    words = {
        "BOOLEAN": "boolean", "TINYINT": "byte", "SMALLINT": "short", "INTEGER": "integer",
        "BIGINT": "long", "FLOAT": "float", "DOUBLE": "double", "VARCHAR": "string",
        "BLOB": "binary", "DATE": "date", "TIMESTAMP": "timestamp_ntz",
        "TIMESTAMP WITH TIME ZONE": "timestamp",
    }  # fmt: skip
    return nested or words.get(kind, kind.lower()) in text


def test_a_type_that_delta_cannot_hold_is_refused_by_name(
    connection: Connection, folder: Path
) -> None:
    connection.execute("CREATE TABLE t AS SELECT union_value(n := 1) AS x")
    with pytest.raises(MeshError, match=r"UNION\(n INTEGER\)"):
        tables.replace(connection, table("t"), folder, {})
    assert tables.snapshot(folder) is None


def test_odd_column_names_survive(connection: Connection, folder: Path) -> None:
    connection.execute(
        """CREATE TABLE t AS SELECT 1 AS "a b", 2 AS "q""q", 3 AS "select", 4 AS ü"""
    )
    written = tables.replace(connection, table("t"), folder, {})
    back = connection.sql(f"FROM {read_files(written.files).sql('duckdb')}")
    assert back.columns == ["a b", 'q"q', "select", "ü"]
    assert back.fetchall() == [(1, 2, 3, 4)]


def test_statistics_are_those_of_the_rows(connection: Connection, folder: Path) -> None:
    connection.execute(
        "CREATE TABLE t AS SELECT i AS n, (i - 5)::tinyint AS small,"
        " date '2024-01-01' + i::int AS d, if(i % 3 = 0, NULL, i::uinteger) AS holes,"
        " 'x' || i AS text, i / 3 AS f FROM range(10) r(i)"
    )
    tables.replace(connection, table("t"), folder, {})
    said = _added(folder, 0)
    assert said == {
        "numRecords": 10,
        "minValues": {"n": 0, "small": -5, "d": "2024-01-01", "holes": 1},
        "maxValues": {"n": 9, "small": 4, "d": "2024-01-10", "holes": 8},
        "nullCount": {"n": 0, "small": 0, "d": 0, "holes": 4, "text": 0, "f": 0},
    }


def test_dates_that_delta_cannot_write_have_no_statistics(
    connection: Connection, folder: Path
) -> None:
    connection.execute("CREATE TABLE t AS SELECT unnest([date '0044-03-15 (BC)', 'infinity']) AS d")
    tables.replace(connection, table("t"), folder, {})
    said = _added(folder, 0)
    assert "d" not in {**said["minValues"], **said["maxValues"]}


def test_an_empty_relation_is_a_snapshot_of_no_rows(connection: Connection, folder: Path) -> None:
    connection.execute("CREATE TABLE t (a INTEGER, b VARCHAR)")
    written = tables.replace(connection, table("t"), folder, {})
    assert written.metadata["rows"] == 0
    back = connection.sql(f"FROM {read_files(written.files).sql('duckdb')}")
    assert (back.columns, back.fetchall()) == (["a", "b"], [])


def test_old_snapshots_stay_readable(connection: Connection, folder: Path) -> None:
    written = []
    for i in range(4):
        connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT {i} AS x FROM range({i + 1})")
        written.append(tables.replace(connection, table("t"), folder, {"said": i}))
    for i, at_the_time in enumerate(written):
        again = tables.snapshot(folder, i)
        assert again == at_the_time
        assert again.metadata == {"rows": i + 1, "said": i}
        rows = connection.sql(f"FROM {read_files(again.files).sql('duckdb')}").fetchall()
        assert rows == [(i,)] * (i + 1)
    assert [v for v, _ in tables.history(folder)] == [3, 2, 1, 0]
    assert tables.history(folder, 1) == [(3, {"rows": 4, "said": 3})]
    assert tables.oldest(folder) == (0, {"rows": 1, "said": 0})


def test_a_snapshot_says_when_it_was_committed_and_whether_it_is_whole(
    connection: Connection, folder: Path
) -> None:
    before = datetime.now(UTC)
    made = tables.replace(connection, "(SELECT 1 AS n)", folder, {})
    at = tables.committed_at(folder, made.version)
    assert at is not None
    assert timedelta(seconds=-1) < at - before < timedelta(minutes=5)
    assert tables.committed_at(folder, 7) is None
    assert made.is_whole
    Path(made.files[0]).unlink()
    assert not made.is_whole


def test_a_reader_that_resolved_before_is_not_disturbed(
    connection: Connection, folder: Path
) -> None:
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    pinned = tables.replace(connection, table("t"), folder, {})
    connection.execute("UPDATE t SET x = 2")
    tables.replace(connection, table("t"), folder, {})
    assert connection.sql(f"FROM {read_files(pinned.files).sql('duckdb')}").fetchall() == [(1,)]


@pytest.mark.parametrize("later", ["timestamp '2024-01-01'", "{'at': timestamp '2024-01-01'}"])
def test_columns_may_come_and_go(connection: Connection, folder: Path, later: str) -> None:
    """A timestamp without a zone is a feature that a Delta table must have said it has."""
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    tables.replace(connection, table("t"), folder, {"said": "first"})
    connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT 'a' AS x, {later} AS t")
    second = tables.replace(connection, table("t"), folder, {"said": "second"})
    assert tables.snapshot(folder) == second
    assert second.metadata["said"] == "second"
    between = tables.snapshot(folder, second.version - 1)
    assert between is not None
    assert between.metadata == {"rows": 1, "said": "first"}, "no snapshot is without its words"
    connection.execute("CREATE OR REPLACE TABLE t AS SELECT 2 AS x")
    assert tables.replace(connection, table("t"), folder, {}).version == second.version + 1


def test_nothing_committed_is_no_snapshot(folder: Path) -> None:
    assert tables.snapshot(folder) is None
    assert tables.history(folder) == []
    assert tables.oldest(folder) is None
    (folder / "_delta_log").mkdir(parents=True)
    assert tables.snapshot(folder) is None


def test_what_a_failed_write_left_is_removed_by_the_next(
    connection: Connection, folder: Path
) -> None:
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    first = tables.replace(connection, table("t"), folder, {})
    time.sleep(0.02)
    orphan = folder / "part-1.parquet"
    orphan.write_bytes(b"half a file")
    assert tables.snapshot(folder) == first
    second = tables.replace(connection, table("t"), folder, {})
    assert not orphan.exists()
    assert all(Path(f).exists() for f in (*first.files, *second.files))


def test_a_relation_that_fails_half_way_commits_nothing(
    connection: Connection, folder: Path
) -> None:
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    first = tables.replace(connection, table("t"), folder, {})
    connection.execute(
        "CREATE VIEW v AS SELECT if(i = 900000, error('broken'), i) AS x FROM range(1000000) r(i)"
    )
    with pytest.raises(duckdb.Error, match="broken"):
        tables.replace(connection, table("v"), folder, {})
    assert tables.snapshot(folder) == first
    tables.replace(connection, table("t"), folder, {})
    assert len(list(folder.glob("*.parquet"))) == 2


KILLED = """
import os, signal, sys
from pathlib import Path
import deltalake, deltalake.transaction, duckdb
from mesh_defs.storage import tables
def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
deltalake.transaction.create_table_with_add_actions = die
deltalake.DeltaTable.create_write_transaction = die
with duckdb.connect() as c:
    tables.replace(c, "(SELECT 2 AS x)", Path(sys.argv[1]), {})
"""


@pytest.mark.parametrize("published_before", [True, False])
def test_a_writer_killed_before_its_commit_leaves_no_trace(
    connection: Connection, folder: Path, published_before: bool
) -> None:
    connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    before = tables.replace(connection, table("t"), folder, {}) if published_before else None

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder)],
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert killed.returncode == -signal.SIGKILL
    assert len(list(folder.glob("*.parquet"))) == 1 + published_before
    assert tables.snapshot(folder) == before, "readers see what stood before"
    after = tables.replace(connection, table("t"), folder, {})
    kept = {Path(f).name for s in (before, after) if s for f in s.files}
    assert {f.name for f in folder.glob("*.parquet")} == kept


def _added(folder: Path, version: int) -> dict[str, Any]:
    lines = (folder / "_delta_log" / f"{version:020d}.json").read_text().splitlines()
    (action,) = [a["add"] for line in lines if "add" in (a := json.loads(line))]
    said: dict[str, Any] = json.loads(action["stats"])
    return said
