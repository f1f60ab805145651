"""Outside relations: each form is read as it is, and nothing but it can be read."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.client import table_at
from mesh_defs.storage.relations import Relation, opened
from mesh_defs.storage.tables import replace, snapshot


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "SELECT 1 AS id, 'x' AS s UNION ALL SELECT 2, NULL"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({rows} ORDER BY 1) TO 'a.parquet'")
        connection.execute(f"COPY ({rows} ORDER BY 1) TO 'b.csv.gz'")
        connection.execute(f"COPY ({rows} ORDER BY 1) TO 'c.jsonl' (FORMAT json)")
        Path("d").mkdir()
        connection.execute("COPY (SELECT 1 AS id, 'x' AS s) TO 'd/1.parquet'")
        connection.execute("COPY (SELECT 2 AS id) TO 'd/2.parquet'")
        replace(connection, f"({rows}) AS t", tmp_path / "e", {})
        connection.execute("ATTACH 'f.duckdb' AS f")
        connection.execute(f"CREATE TABLE f.t AS {rows}; CREATE SCHEMA f.s")
        connection.execute(f"CREATE VIEW f.s.\"v w\" AS {rows}")  # fmt: skip
    return tmp_path


def rows_of(place: Any, *texts: str) -> list[tuple[Any, ...]]:
    with opened({"my t": Relation(place, frozenset(texts))}) as found:
        rows: list[tuple[Any, ...]]
        rows = found.connection.execute('SELECT * FROM "my t" ORDER BY ALL').fetchall()
        return rows


FILES = ["a.parquet", "b.csv.gz", "c.jsonl", "d/*.parquet", "d", "e"]
FORMS = [*FILES, "f.duckdb:t", "f.duckdb:s.v w"]


@pytest.mark.parametrize("place", FORMS)
def test_each_form_gives_its_rows(folder: Path, place: str) -> None:
    assert rows_of(place) == [(1, "x"), (2, None)]
    if place in FILES:
        assert rows_of(f"file://{folder / place}") == [(1, "x"), (2, None)]


def test_a_snapshot_gives_its_rows(folder: Path) -> None:
    found = snapshot(folder / "e")
    assert found is not None
    assert rows_of(found) == [(1, "x"), (2, None)]


WRONG = [
    ("nope.parquet", "There is no file `nope.parquet`"),
    ("nope/*.csv", "There is no file `nope/*.csv`"),
    ("nope.duckdb:t", "There is no file `nope.duckdb`"),
    ("f.duckdb", "Say which table. There is `f.duckdb:t`, `f.duckdb:s.v w`."),
    ("f.duckdb:u", "There is no table `u` in `f.duckdb`"),
    ("*.*", "`*.*`: files of several formats cannot be read as one"),
    ("notes.txt", "`notes.txt`: not such a file"),
    ("torn.parquet", "`torn.parquet` cannot be read"),
    ("s3://bucket/a.parquet", "not on this machine"),
    ("bigquery:t", "`bigquery:t` is no table of BigQuery: expected bigquery:[PROJECT.]DATASET."),
    ("bigquery:p.d.t; DROP", "is no table of BigQuery"),
]


@pytest.mark.parametrize(("place", "said"), WRONG)
def test_what_cannot_be_read_says_so(folder: Path, place: str, said: str) -> None:
    (folder / "notes.txt").write_text("id\n", encoding="utf-8")
    (folder / "torn.parquet").write_text("PAR1", encoding="utf-8")
    with pytest.raises(MeshError, match=re.escape(said)):
        rows_of(place)


def test_nothing_else_can_be_read(folder: Path) -> None:
    with opened({"t": Relation("a.parquet")}) as found:
        for query in ("SELECT * FROM 'd/1.parquet'", "SELECT * FROM read_text('/etc/hostname')"):
            with pytest.raises(duckdb.Error, match="disabled"):
                found.connection.execute(query)


def test_one_engine_reads_all(folder: Path) -> None:
    both = {"t": Relation("a.parquet"), "u": Relation("bigquery:p.d.t")}
    with pytest.raises(
        MeshError, match=re.escape("`bigquery:p.d.t` is on BigQuery and `a.parquet`")
    ):
        opened(both).__enter__()


PLACES = [
    ("bigquery:p.d.t", ("p", "d", "t")),
    ("bigquery://p.d.t", ("p", "d", "t")),
    ("bigquery:d.t", ("", "d", "t")),
    ("bigquery:my-project-1.d.t_2017-01", ("my-project-1", "d", "t_2017-01")),
    ("bigquery:example.com:p.d.t", ("example.com:p", "d", "t")),
]


@pytest.mark.parametrize(("place", "parts"), PLACES)
def test_names_of_tables_on_bigquery(place: str, parts: tuple[str, str, str]) -> None:
    found = table_at(place)
    assert (found.catalog, found.db, found.name) == parts


def test_bigquery_without_its_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.bigquery", None)
    with pytest.raises(MeshError, match=re.escape("pip install 'mesh-defs[bigquery]'")):
        opened({"t": Relation("bigquery:p.d.t")}).__enter__()


def test_bigquery_without_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is asked of the network: the file that is named does not exist."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(MeshError, match=r"BigQuery: .*none.json was not found"):
        opened({"t": Relation("bigquery:p.d.t")}).__enter__()


def test_texts_are_kept_as_they_are_written(tmp_path: Path) -> None:
    csv, json = tmp_path / "a.csv", tmp_path / "a.json"
    csv.write_text("zip,day\n01234,2017-01-01\n", encoding="utf-8")
    json.write_text('{"at": "2017-01-01T00:00:00Z", "n": 1}', encoding="utf-8")
    assert rows_of(str(csv), "zip", "day", "other") == [("01234", "2017-01-01")]
    assert rows_of(str(json), "at") == [("2017-01-01T00:00:00Z", 1)]


class TestDelta:
    """Delta tables that another writer made: partitions, new columns, nothing at all."""

    def test_partitions_are_columns_of_their_own_type(self, tmp_path: Path) -> None:
        from deltalake import write_deltalake

        with duckdb.connect() as connection:
            rows = "SELECT 1 AS id, 7 AS n, 'a b' AS p UNION ALL SELECT 2, NULL, 'x/y%'"
            made = connection.sql(rows).to_arrow_table()
        write_deltalake(tmp_path / "t", made, partition_by=["n", "p"])
        assert rows_of(str(tmp_path / "t")) == [(1, 7, "a b"), (2, None, "x/y%")]

    def test_a_column_that_no_file_has_yet(self, folder: Path) -> None:
        from deltalake import DeltaTable, Field
        from deltalake.schema import PrimitiveType

        DeltaTable(str(folder / "e")).alter.add_columns([Field("more", PrimitiveType("long"))])
        assert rows_of("e") == [(1, "x", None), (2, None, None)]

    def test_a_table_without_files(self, tmp_path: Path) -> None:
        from deltalake import DeltaTable, Field, Schema
        from deltalake.schema import PrimitiveType

        DeltaTable.create(str(tmp_path / "t"), Schema([Field("a", PrimitiveType("long"))]))
        with opened({"t": Relation(str(tmp_path / "t"))}) as found:
            assert found.connection.execute("DESCRIBE t").fetchall()[0][:2] == ("a", "BIGINT")
            assert found.connection.execute("SELECT * FROM t").fetchall() == []

    def test_rows_that_were_taken_back_are_not_read(self, folder: Path) -> None:
        from deltalake import DeltaTable

        DeltaTable(str(folder / "e")).delete("id = 1")
        assert rows_of("e") == [(2, None)]

    def test_what_its_files_alone_do_not_tell_is_refused(self, tmp_path: Path) -> None:
        from deltalake import DeltaTable, Field, Schema
        from deltalake.schema import PrimitiveType

        DeltaTable.create(
            str(tmp_path / "t"),
            Schema([Field("a", PrimitiveType("long"))]),
            configuration={"delta.enableDeletionVectors": "true"},
        )
        with pytest.raises(MeshError, match="uses deletion vectors"):
            rows_of(str(tmp_path / "t"))
