"""Tables that lie outside the mesh, opened where they are: files, Delta, DuckDB files, BigQuery.

How a relation is written: a Parquet, CSV or JSON file or a glob of them, the folder of a Delta
table, `FILE.duckdb:TABLE`, or `bigquery:PROJECT.DATASET.TABLE`. What a table should hold is not
known here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery import client as bigquery
from mesh_defs.storage.scratch import lock_down
from mesh_defs.storage.tables import Snapshot
from mesh_defs.storage.workshop import read_files, tune

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FORMS = (
    "A relation is a Parquet, CSV or JSON file, a glob of them, the folder of a Delta table, "
    f"FILE.duckdb:TABLE, or {bigquery.FORM}."
)
_READERS = {
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
_PACKED = (".gz", ".zst")
_DATABASE = re.compile(r"^(?P<file>.+\.(?:duckdb|ddb|db))(?::(?P<table>[^:/\\]+))?$")
# What a Delta table may ask of its readers that reading its files as they are does not give.
_NOT_READ = {"deletionVectors": "deletion vectors", "columnMapping": "column mapping"}


@dataclass(frozen=True)
class Relation:
    """Where a table lies, and which of its columns are kept as the text that a file without types
    has for them."""

    place: str | Snapshot
    texts: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Opened:
    """A DuckDB connection or a client of BigQuery, and each relation's table in it."""

    connection: Any
    tables: Mapping[str, exp.Expression]


@contextmanager
def opened(relations: Mapping[str, Relation]) -> Iterator[Opened]:
    """All relations, readable by one engine.

    Raises MeshError for a relation that is not there or cannot be read, and for some on BigQuery
    and some not.
    """
    remote = [r for r in relations.values() if bigquery.is_bigquery(r.place)]
    if remote and len(remote) == len(relations):
        tables = {name: bigquery.table_at(str(r.place)) for name, r in relations.items()}
        with bigquery.client_for(tables) as client:
            yield Opened(client, tables)
        return
    if remote:
        (near, *_) = (r.place for r in relations.values() if r not in remote)
        where = f"`{near}`" if isinstance(near, str) else "a product of this mesh"
        raise MeshError(
            f"`{remote[0].place}` is on BigQuery and {where} is not: one engine must read both. "
            "Load one of them where the other is."
        )
    with _local(relations) as connection:
        yield Opened(connection, {name: exp.table_(name, quoted=True) for name in relations})


@contextmanager
def _local(relations: Mapping[str, Relation]) -> Iterator[DuckDBPyConnection]:
    """A connection in which each relation is a view of its name, and no other file can be read."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="mesh-") as spill:
        connection = duckdb.connect()
        try:
            tune(connection, Path(spill) / "spill")
            files: list[str] = []
            for number, (name, given) in enumerate(relations.items()):
                try:
                    query, own = _query(connection, given, number)
                    view = exp.table_(name, quoted=True).sql("duckdb")
                    connection.execute(f"CREATE VIEW {view} AS {query.sql('duckdb')}")
                except duckdb.Error as error:
                    said = " ".join(str(error).partition("\n\nLINE")[0].split())
                    raise MeshError(f"`{given.place}` cannot be read: {said}") from None
                files += own
            lock_down(connection, files)
            yield connection
        finally:
            connection.close()


def _query(
    connection: DuckDBPyConnection, given: Relation, number: int
) -> tuple[exp.Expression, list[str]]:
    """A query that gives the relation's rows, and the files that it reads."""
    place = given.place
    if isinstance(place, Snapshot):
        return exp.select("*").from_(read_files(place.files)), list(place.files)
    scheme, found, _ = place.partition("://")
    if found and scheme != "file":
        raise MeshError(f"`{place}` is not on this machine. {FORMS}")
    place = place.removeprefix("file://")
    if match := _DATABASE.match(place):
        return _in_database(connection, match["file"], match["table"], f"file{number}")
    if (Path(place) / "_delta_log").is_dir():
        return _delta(connection, Path(place))
    return _in_files(connection, place, given.texts)


def _in_database(
    connection: DuckDBPyConnection, file: str, table: str | None, schema: str
) -> tuple[exp.Expression, list[str]]:
    if not Path(file).is_file():
        raise MeshError(f"There is no file `{file}`. {FORMS}")
    path = exp.convert(str(Path(file).resolve())).sql("duckdb")
    connection.execute(f"ATTACH {path} AS {schema} (READ_ONLY)")
    there = connection.execute(
        "SELECT schema_name || '.' || table_name FROM (SELECT database_name, schema_name, "
        "table_name FROM duckdb_tables() UNION ALL SELECT database_name, schema_name, view_name "
        "FROM duckdb_views() WHERE NOT internal) WHERE database_name = ? ORDER BY ALL",
        [schema],
    ).fetchall()
    names = [name for (name,) in there]
    *place, last = (table or "").split(".")
    if f"{'.'.join(place) or 'main'}.{last}" not in names:
        listed = ", ".join(f"`{file}:{n.removeprefix('main.')}`" for n in names[:8])
        said = f"There is no table `{table}` in `{file}`." if table else "Say which table."
        raise MeshError(f"{said} There is {listed or 'none'}.")
    found = exp.table_(last, db=".".join(place) or "main", catalog=schema, quoted=True)
    return exp.select("*").from_(found), [str(Path(file).resolve())]


def _in_files(
    connection: DuckDBPyConnection, place: str, texts: Collection[str]
) -> tuple[exp.Expression, list[str]]:
    path = Path(place)
    pattern = f"{place.rstrip('/')}/**/*.parquet" if path.is_dir() else place
    magic = has_magic(pattern) and not path.is_file()
    files = sorted(glob(pattern, recursive=True)) if magic else [place]  # noqa: PTH207 any root
    files = [str(Path(f).resolve()) for f in files if Path(f).is_file()]
    if not files:
        raise MeshError(f"There is no file `{pattern}`. {FORMS}")
    readers = {_READERS.get(_suffix(f)) for f in files}
    reader = readers.pop()
    if reader is None or readers:
        said = "files of several formats cannot be read as one" if readers else "not such a file"
        raise MeshError(f"`{place}`: {said}. {FORMS}")
    options: dict[str, Any] = {"union_by_name": True} if len(files) > 1 else {}
    rows = _call(reader, files, options)
    if texts and reader != "read_parquet":
        typed = {
            name: "VARCHAR" if name in texts else kind
            for name, kind, *_ in connection.execute(
                f"DESCRIBE {exp.select('*').from_(rows).sql('duckdb')}"
            ).fetchall()
        }
        kept = "columns" if reader == "read_json" else "types"
        named = typed if kept == "columns" else {n: t for n, t in typed.items() if n in texts}
        rows = _call(reader, files, options | ({kept: named} if named else {}))
    return exp.select("*").from_(rows), files


def has_types(place: str) -> bool:
    """Whether the columns' types are the table's own, not what an engine reads into text."""
    return _READERS.get(_suffix(place)) in (None, "read_parquet")


def _suffix(file: str) -> str:
    suffixes = Path(file).suffixes
    return next((s.lower() for s in reversed(suffixes) if s.lower() not in _PACKED), "")


def _call(function: str, files: Collection[str], options: Mapping[str, Any]) -> exp.Expression:
    given: list[exp.Expression] = [exp.Array(expressions=[exp.convert(f) for f in files])]
    for name, value in options.items():
        made = _struct(value) if isinstance(value, dict) else exp.convert(value)
        given.append(exp.EQ(this=exp.to_identifier(name), expression=made))
    return exp.Anonymous(this=function, expressions=given)


def _struct(values: Mapping[str, str]) -> exp.Expression:
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.Literal.string(n), expression=exp.convert(v))
            for n, v in values.items()
        ]
    )


def _delta(connection: DuckDBPyConnection, folder: Path) -> tuple[exp.Expression, list[str]]:
    """The newest snapshot's own files, with the columns that only the table's log knows."""
    from arro3.core import Table
    from deltalake import DeltaTable

    delta = DeltaTable(str(folder.resolve()))
    asked = {*(delta.protocol().reader_features or ())}
    refused = [said for feature, said in _NOT_READ.items() if feature in asked]
    if refused:
        raise MeshError(f"`{folder}` uses {' and '.join(refused)}, which cannot be read here yet.")
    empty = Table.from_batches([], schema=delta.schema().to_arrow())
    shape = connection.from_arrow(empty)
    none = exp.select(
        *(exp.alias_(exp.cast(exp.null(), str(t), dialect="duckdb"), n, quoted=True)
          for n, t in zip(shape.columns, shape.types, strict=True))
    ).where(exp.false())  # fmt: skip
    files = delta.file_uris()
    if not files:
        return none, []
    options: dict[str, Any] = {"union_by_name": True} if len(files) > 1 else {}
    if keys := delta.metadata().partition_columns:
        types = dict(zip(shape.columns, map(str, shape.types), strict=True))
        options |= {"hive_partitioning": True, "hive_types": {k: types[k] for k in keys}}
    rows = _call("read_parquet", files, options)
    columns = [exp.column(n, quoted=True) for n in shape.columns]
    described = connection.execute(f"DESCRIBE {exp.select('*').from_(rows).sql('duckdb')}")
    if {*shape.columns} <= {row[0] for row in described.fetchall()}:
        return exp.select(*columns).from_(rows), files
    both = exp.union(none, exp.select("*").from_(rows), distinct=False)
    both.set("by_name", True)
    return exp.select(*columns).from_(both.subquery("known")), files
