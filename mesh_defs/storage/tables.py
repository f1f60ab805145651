"""Delta tables: what crosses a boundary. Each commit is one snapshot; nothing is half there.

DuckDB writes the file, delta-rs commits it: the commit is the moment of publication. A table has
one writer, whoever holds its domain's lock.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# DuckDB types that Delta has no type for, and the one that keeps every value (but nanoseconds,
# which Delta does not count).
_STORED_AS = {
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "UBIGINT": "DECIMAL(20,0)",
    "UINTEGER": "BIGINT",
    "USMALLINT": "INTEGER",
    "UTINYINT": "SMALLINT",
    "TIME": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
    "INTERVAL": "VARCHAR",
    "UUID": "VARCHAR",
    "JSON": "VARCHAR",
    "BIT": "VARCHAR",
    "BIGNUM": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
}
_APP = "mesh"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Snapshot:
    """One version of a table: its files, and what was said of it when it was committed."""

    folder: Path
    version: int
    files: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return str(self.folder)

    @property
    def bytes(self) -> int:
        return sum(Path(f).stat().st_size for f in self.files)

    @property
    def is_whole(self) -> bool:
        """Whether every file of it is still there."""
        return all(Path(f).is_file() for f in self.files)


def snapshot(folder: Path, version: int | None = None) -> Snapshot | None:
    """The newest snapshot of a table, or the one asked for; None where nothing was committed."""
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    if not (folder / "_delta_log").is_dir():
        return None
    try:
        delta = DeltaTable(str(folder), version=version)
    except TableNotFoundError:
        return None
    found = delta.version()
    return Snapshot(folder, found, tuple(sorted(delta.file_uris())), _said(folder, found) or {})


def history(folder: Path, limit: int | None = None) -> list[tuple[int, Mapping[str, Any]]]:
    """Versions, newest first, each with what was said of it; as far back as the log is kept."""
    from itertools import count, islice, takewhile

    newest = snapshot(folder)
    if newest is None:
        return []
    each = ((v, _said(folder, v)) for v in count(newest.version, -1))
    kept = takewhile(lambda found: found[1] is not None, each)
    return [(version, said or {}) for version, said in islice(kept, limit)]


def oldest(folder: Path) -> tuple[int, Mapping[str, Any]] | None:
    """The oldest version that the log still has, and what was said of it."""
    names = (p.stem for p in (folder / "_delta_log").glob("*.json"))
    first = min((int(name) for name in names if name.isdigit()), default=None)
    return None if first is None else (first, _said(folder, first) or {})


def _log(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def committed_at(folder: Path, version: int) -> datetime | None:
    """When a version was committed; None where there is no such commit any more."""
    milliseconds = (_commit(folder, version) or {}).get("timestamp")
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


def _said(folder: Path, version: int) -> dict[str, Any] | None:
    """What was said of a version when it was committed; None where there is no such commit."""
    commit = _commit(folder, version)
    return None if commit is None else dict(json.loads(commit.get(_APP, "{}")))


def _commit(folder: Path, version: int) -> dict[str, Any] | None:
    """What the log has of a commit.

    Read from the file: delta-rs numbers its history down from the version that was loaded, but
    begins with the newest commit, which may be another one.
    """
    try:
        lines = _log(folder, version).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    commits = [a["commitInfo"] for line in lines if "commitInfo" in (a := json.loads(line))]
    return dict(commits[0]) if commits else {}


def replace(
    connection: DuckDBPyConnection,
    relation: exp.Expression | str,
    folder: Path,
    metadata: Mapping[str, Any],
) -> Snapshot:
    """Commit a relation's rows as the table's next snapshot; the ones before stay readable."""
    from arro3.core import RecordBatchReader
    from deltalake import CommitProperties, DeltaTable, Schema
    from deltalake.transaction import AddAction, create_table_with_add_actions

    folder.mkdir(parents=True, exist_ok=True)
    before = snapshot(folder)
    _remove_orphans(folder, before)
    query = _storable(connection, relation)
    schema = Schema.from_arrow(RecordBatchReader.from_stream(connection.sql(query).limit(0)).schema)
    if before is not None:
        _allow_local_times(DeltaTable(str(folder)), schema.to_json(), before)
    name = f"part-{time.time_ns()}.parquet"
    target = exp.convert(str(folder / name)).sql("duckdb")
    _, rows, size, _, columns, _ = connection.execute(
        f"COPY ({query}) TO {target} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS)"
    ).fetchall()[0]
    action = AddAction(
        path=name,
        size=size,
        partition_values={},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps(_statistics(rows, columns, json.loads(schema.to_json()))),
    )
    said = {"rows": rows, **metadata}
    properties = CommitProperties(custom_metadata={_APP: json.dumps(said, default=str)})
    if before is None:
        create_table_with_add_actions(
            str(folder), schema, [action], mode="error", commit_properties=properties
        )
    else:
        DeltaTable(str(folder)).create_write_transaction(
            [action], "overwrite", schema, commit_properties=properties
        )
    committed = snapshot(folder)
    assert committed is not None
    return committed


def _allow_local_times(table: Any, schema: str, before: Snapshot) -> None:
    """Delta wants it said of a table that it has timestamps without a zone; else none can read it.

    A new table says so from its schema. An older one is changed by a commit of its own, with the
    rows and the words of the snapshot before.
    """
    from deltalake import CommitProperties
    from deltalake.table import TableFeatures

    if '"timestamp_ntz"' not in schema:
        return
    if "timestampNtz" in (table.protocol().writer_features or ()):
        return
    table.alter.add_feature(
        TableFeatures.TimestampWithoutTimezone,
        allow_protocol_versions_increase=True,
        commit_properties=CommitProperties(
            custom_metadata={_APP: json.dumps(before.metadata, default=str)}
        ),
    )


def _storable(connection: DuckDBPyConnection, relation: exp.Expression | str) -> str:
    """The relation's rows in types that Delta has."""
    base = relation if isinstance(relation, str) else relation.sql("duckdb")
    shape = connection.sql(f"SELECT * FROM {base}")
    columns = []
    for name, kind in zip(shape.columns, shape.types, strict=True):
        column = exp.column(name, quoted=True).sql("duckdb")
        stored = _stored_as(kind)
        if stored != str(kind):
            column = f"CAST({column} AS {stored})"
        columns.append(f"{column} AS {exp.to_identifier(name, quoted=True).sql('duckdb')}")
    return f"SELECT {', '.join(columns)} FROM {base}"


def _stored_as(kind: Any) -> str:
    """The type that a DuckDB type is stored as, inside lists, structs and maps too."""
    if kind.id == "enum":
        return "VARCHAR"
    if kind.id in ("list", "array"):
        return f"{_stored_as(kind.children[0][1])}[]"
    if kind.id == "map":
        return f"MAP({', '.join(_stored_as(inner) for _, inner in kind.children)})"
    if kind.id == "struct":
        fields = (
            f"{exp.to_identifier(name, quoted=True).sql('duckdb')} {_stored_as(inner)}"
            for name, inner in kind.children
        )
        return f"STRUCT({', '.join(fields)})"
    if kind.id == "union":
        raise MeshError(f"Delta has no type for {kind}. Give each of its kinds a column.")
    return _STORED_AS.get(str(kind), str(kind))


def _statistics(rows: int, columns: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Delta's file statistics (protocol, section Per-file Statistics) from DuckDB's own."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    types = {f["name"]: f["type"] for f in schema["fields"]}
    for name, kind in types.items():
        found = columns.get('"' + name.replace('"', '""') + '"')
        if not found or not isinstance(kind, str):
            continue
        nulls[name] = int(found.get("null_count", 0))
        for side, name_of in ((low, "min"), (high, "max")):
            value = _statistic(kind, found.get(name_of))
            if value is not None:
                side[name] = value
    return {"numRecords": rows, "minValues": low, "maxValues": high, "nullCount": nulls}


def _statistic(kind: str, text: str | None) -> int | float | str | None:
    if text is None:
        return None
    if kind in ("long", "integer", "short", "byte"):
        return int(text)
    if kind == "date":
        return text if _DATE.fullmatch(text) else None  # before Christ, or infinity
    # Other types keep only their null count: DuckDB may cut long texts, and rounds no time here.
    return None


def _remove_orphans(folder: Path, current: Snapshot | None) -> None:
    """Files of a writer that died between writing and committing: newer than the last commit."""
    last = 0.0
    kept: set[str] = set()
    if current is not None:
        kept = {Path(f).name for f in current.files}
        log = _log(folder, current.version)
        last = log.stat().st_mtime if log.exists() else time.time()
    for file in folder.glob("part-*.parquet"):
        if file.name not in kept and file.stat().st_mtime > last:
            file.unlink()
