"""What a Delta commit is made of: types, statistics, words, and the moment; not where files lie.

The same for a table in the lake and for one elsewhere. Another writer's commit in between is never
worked around by delta-rs: whoever commits has looked at the version that he commits on.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage.objects import Overtaken

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

APP = "mesh"
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
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Part:
    """A file that a commit adds."""

    path: str  # in the table's folder
    bytes: int
    rows: int
    columns: Mapping[str, Any]  # DuckDB's statistics of each, by its quoted name
    values: Mapping[str, str | None] = field(default_factory=dict)  # of the partitions, as texts


def schema_of(relation: Any) -> Any:
    """Delta's schema of what DuckDB would read."""
    from arro3.core import RecordBatchReader
    from deltalake import Schema

    return Schema.from_arrow(RecordBatchReader.from_stream(relation.limit(0)).schema)


def commit(
    table: str,
    version: int | None,
    schema: Any,
    parts: Sequence[Part],
    said: Mapping[str, Any],
    before: Mapping[str, Any],
    partitions: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
) -> None:
    """Replace a table's files by these in one commit, on the version that was looked at.

    None is no table yet; `before` is what that version says of itself. The log is kept whole: what
    delta-rs would clean up after a hundred commits are snapshots that may be promised.
    Raises Overtaken if there is a newer version by now.
    """
    from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
    from deltalake.exceptions import CommitFailedError, DeltaError
    from deltalake.transaction import AddAction, create_table_with_add_actions

    types = json.loads(schema.to_json())
    actions = [
        AddAction(
            path=part.path,
            size=part.bytes,
            partition_values=dict(part.values),
            modification_time=int(time.time() * 1000),
            data_change=True,
            stats=json.dumps(_statistics(part.rows, part.columns, types)),
        )
        for part in parts
    ]
    given = dict(options) if options else None
    how: dict[str, Any] = {
        "partition_by": list(partitions),
        "commit_properties": CommitProperties(custom_metadata=_words(said), max_commit_retries=0),
        "post_commithook_properties": PostCommitHookProperties(cleanup_expired_logs=False),
    }
    try:
        delta = None if version is None else DeltaTable(table, version, given)
        if delta is None or list(delta.metadata().partition_columns) != list(partitions):
            # No write can change a table's partitions: another table comes in its place.
            mode = "error" if delta is None else "overwrite"
            create_table_with_add_actions(
                table, schema, actions, mode=mode, storage_options=given, **how
            )
        else:
            _allow_local_times(delta, schema.to_json(), before)
            delta.create_write_transaction(actions, "overwrite", schema, **how)
    except CommitFailedError:
        raise Overtaken from None
    except DeltaError as error:
        if version is None and "already exists" in str(error):
            raise Overtaken from None
        raise


def _words(said: Mapping[str, Any]) -> dict[str, str]:
    return {APP: json.dumps(said, default=str)}


def commit_info(log: str) -> dict[str, Any]:
    """What the log has of a commit, by the text of its file.

    Read from the file: delta-rs numbers its history down from the version that was loaded, but
    begins with the newest commit, which may be another one.
    """
    actions = map(json.loads, log.splitlines())
    return dict(next((a["commitInfo"] for a in actions if "commitInfo" in a), {}))


def added(log: str) -> set[str]:
    """The files that a commit added, by the text of its file."""
    actions = map(json.loads, log.splitlines())
    return {unquote(a["add"]["path"]) for a in actions if "add" in a}


def said_of(info: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of a version when it was committed."""
    return dict(json.loads(info.get(APP, "{}")))


def _allow_local_times(table: Any, schema: str, before: Mapping[str, Any]) -> None:
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
        commit_properties=CommitProperties(custom_metadata=_words(before), max_commit_retries=0),
    )


def storable(connection: DuckDBPyConnection, relation: exp.Expression | str) -> str:
    """The relation's rows in types that Delta has."""
    base = relation if isinstance(relation, str) else relation.sql("duckdb")
    shape = connection.sql(f"SELECT * FROM {base}")
    columns = []
    for name, kind in zip(shape.columns, shape.types, strict=True):
        column = exp.column(name, quoted=True).sql("duckdb")
        stored = stored_as(kind)
        if stored != str(kind):
            column = f"CAST({column} AS {stored})"
        columns.append(f"{column} AS {exp.to_identifier(name, quoted=True).sql('duckdb')}")
    return f"SELECT {', '.join(columns)} FROM {base}"


def stored_as(kind: Any) -> str:
    """The type that a DuckDB type is stored as, inside lists, structs and maps too."""
    if kind.id == "enum":
        return "VARCHAR"
    if kind.id in ("list", "array"):
        return f"{stored_as(kind.children[0][1])}[]"
    if kind.id == "map":
        return f"MAP({', '.join(stored_as(inner) for _, inner in kind.children)})"
    if kind.id == "struct":
        fields = (
            f"{exp.to_identifier(name, quoted=True).sql('duckdb')} {stored_as(inner)}"
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
