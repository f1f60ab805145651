"""A mesh on DuckDB: a domain's workshop is a file, what is published is a Delta table."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import ProductRef
from mesh_defs.storage import tables, workshop
from mesh_defs.storage.house import HOME, About, Published, Workshop
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_numbers = count()
_BUILDS = """
CREATE SCHEMA IF NOT EXISTS mesh;
CREATE TABLE IF NOT EXISTS mesh.builds (
    model VARCHAR PRIMARY KEY, code VARCHAR, inputs VARCHAR, run_id VARCHAR
)
"""


@dataclass(frozen=True)
class DuckDBWorkshop:
    """The open file. What models were built from is in it, beside the models themselves."""

    connection: DuckDBPyConnection

    def table(self, name: str, schema: str = HOME) -> exp.Table:
        return workshop.table(name, schema)

    def models(self) -> Collection[str]:
        found = self.connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main'"
        )
        return {row[0] for row in found.fetchall()}

    def columns(self, relation: exp.Expression) -> list[str]:
        return workshop.columns_of(self.connection, relation.copy())

    def rows(self, query: exp.Expression) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.sql("duckdb")).fetchall()

    def view(self, query: exp.Expression) -> exp.Table:
        return self._temporary("VIEW", query)

    def keep(self, query: exp.Expression) -> exp.Table:
        return self._temporary("TABLE", query)

    def land(self, name: str, landing: tables.Snapshot) -> None:
        self.mount("landing", name, self.rows_of(landing))

    def rows_of(self, snapshot: Published) -> exp.Expression:
        assert isinstance(snapshot, tables.Snapshot)
        return workshop.read_files(snapshot.files)

    def mount(self, schema: str, name: str, rows: exp.Expression) -> None:
        workshop.mount_rows(self.connection, schema, name, rows)

    def unmount(self, schema: str, name: str) -> None:
        workshop.unmount(self.connection, schema, name)

    def builds(self) -> dict[str, dict[str, int]]:
        self.connection.execute(_BUILDS)
        found = self.connection.execute("SELECT model, inputs FROM mesh.builds").fetchall()
        return {model: json.loads(inputs) for model, inputs in found}

    def note_builds(
        self, built: Mapping[str, Mapping[str, int]], code: Mapping[str, str], run_id: str
    ) -> None:
        self.connection.execute(_BUILDS)
        rows = [[m, code.get(m, ""), json.dumps(dict(of)), run_id] for m, of in built.items()]
        if rows:
            insert = "INSERT OR REPLACE INTO mesh.builds VALUES (?, ?, ?, ?)"
            self.connection.executemany(insert, rows)

    def sizes(self, models: Collection[str]) -> dict[str, int]:
        found = self.connection.execute(
            "SELECT table_name, estimated_size FROM duckdb_tables() WHERE schema_name = 'main' "
            "AND database_name = current_database()"
        )
        return {name: int(rows) for name, rows in found.fetchall()}

    def shapes(self, mounted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
        shapes: dict[tuple[str, str], dict[str, str]] = {}
        found = self.connection.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE database_name = current_database() AND NOT internal "
            "ORDER BY table_name, column_index"
        )
        for schema, name, column, kind in found.fetchall():
            shapes.setdefault((schema, name), {})[column] = kind
        return shapes

    def _temporary(self, kind: str, query: exp.Expression) -> exp.Table:
        table = exp.table_(f"mesh {kind.lower()} {next(_numbers)}", quoted=True)
        said = f"CREATE TEMP {kind} {table.sql('duckdb')} AS {query.sql('duckdb')}"
        self.connection.execute(said)
        return table


@dataclass(frozen=True)
class DeltaSeries:
    """A Delta table: each commit is a snapshot."""

    folder: Path

    @property
    def location(self) -> str:
        return str(self.folder)

    def snapshot(self, version: int | None = None) -> tables.Snapshot | None:
        return tables.snapshot(self.folder, version)

    def history(self, limit: int | None = None) -> list[tuple[int, Mapping[str, Any]]]:
        return tables.history(self.folder, limit)

    def oldest(self) -> tuple[int, Mapping[str, Any]] | None:
        return tables.oldest(self.folder)

    def committed_at(self, version: int) -> datetime | None:
        return tables.committed_at(self.folder, version)

    def clean(self, keep: timedelta, now: datetime, pinned: Callable[[], Collection[int]]) -> int:
        return tables.clean(self.folder, keep, now, pinned)

    def publish(
        self,
        workshop: Workshop,
        relation: exp.Expression,
        metadata: Mapping[str, Any],
        about: About | None = None,
    ) -> tables.Snapshot:
        return tables.replace(workshop.connection, relation, self.folder, metadata)


@dataclass(frozen=True)
class DuckDBHouse:
    """Files in the state folder."""

    state: State
    kind = "delta"
    dialect = "duckdb"
    has_files = True

    @contextmanager
    def open(
        self,
        domain: str,
        about: Mapping[str, str] = MappingProxyType({}),
        budget: int | None = None,
    ) -> Iterator[DuckDBWorkshop]:
        with workshop.open_workshop(self.state, domain) as connection:
            yield DuckDBWorkshop(connection)

    def table(self, domain: str, name: str, schema: str = HOME) -> exp.Table:
        return workshop.table(name, schema)

    def dbt_environment(self, domain: str) -> dict[str, str]:
        return {
            "MESH_WORKSHOP": str(self.state.workshop(domain)),
            workshop.MEMORY_VARIABLE: os.environ.get(
                workshop.MEMORY_VARIABLE, workshop.DEFAULT_MEMORY
            ),
        }

    def products(self, ref: ProductRef, major: int) -> DeltaSeries:
        return DeltaSeries(self.state.product(ref, major))

    @contextmanager
    def files_of(
        self,
        snapshot: Published,
        promised: Mapping[str, Sequence[exp.DataType]] = MappingProxyType({}),
    ) -> Iterator[tuple[str, ...]]:
        assert isinstance(snapshot, tables.Snapshot)
        yield snapshot.files

    def standing(self) -> Iterator[tables.Snapshot]:
        found = map(tables.snapshot, self.state.lake().glob("*/products/*/v*"))
        yield from (each for each in found if each)

    def quarantine(self, ref: ProductRef, major: int) -> DeltaSeries:
        return DeltaSeries(self.state.quarantine(ref, major))
