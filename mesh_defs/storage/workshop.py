"""A domain's workshop: its private DuckDB file, one writer at a time, nobody else opens it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlglot import exp

from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_VARIABLE = "MESH_MEMORY_LIMIT"
DEFAULT_MEMORY = "600MB"


@contextmanager
def workshop_lock(
    state: State, domain: str, waiting: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold a domain's workshop alone. The operating system frees it when the holder dies."""
    path = state.workshop(domain).with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, is_singleton=True)
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        if waiting:
            waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def open_workshop(state: State, domain: str) -> Iterator[DuckDBPyConnection]:
    """A connection to the workshop; the caller holds its lock."""
    import duckdb

    path = state.workshop(domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(path))
    try:
        tune(connection, path.with_suffix(".tmp"))
        yield connection
    finally:
        connection.close()


# DuckDB 1.5.5 gives the wrong first row of `row_number() over (partition by upper(k) order by x)`
# where x is null somewhere. dbt's connections have it off by dbt_projects/profiles.yml.
WRONG_OPTIMIZERS = "top_n_window_elimination"


def tune(connection: DuckDBPyConnection, spill: Path | None = None) -> None:
    """Settings that every connection of ours has."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET disabled_optimizers = {_text(WRONG_OPTIMIZERS)}")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(
        f"SET memory_limit = {_text(os.environ.get(MEMORY_VARIABLE, DEFAULT_MEMORY))}"
    )
    if spill:
        connection.execute(f"SET temp_directory = {_text(str(spill))}")


def table(name: str, schema: str = "main") -> exp.Table:
    return exp.table_(name, db=schema, quoted=True)


def read_files(files: Sequence[str]) -> exp.Expression:
    """Rows of exactly these Parquet files."""
    return exp.Anonymous(
        this="read_parquet", expressions=[exp.Array(expressions=[exp.convert(f) for f in files])]
    )


def columns_of(connection: DuckDBPyConnection, rows: exp.Expression) -> list[str]:
    """The names of the columns that rows have."""
    none = exp.select("*").from_(rows).limit(0).sql("duckdb")
    return [str(d[0]) for d in connection.execute(none).description or ()]


def mount(connection: DuckDBPyConnection, schema: str, name: str, files: Sequence[str]) -> None:
    """Make the files of one snapshot readable as `schema.name`, and nothing else of that table."""
    mount_rows(connection, schema, name, read_files(files))


def mount_rows(
    connection: DuckDBPyConnection, schema: str, name: str, rows: exp.Expression
) -> None:
    """Make rows readable as `schema.name`, whatever was mounted there before."""
    connection.execute(
        f"CREATE SCHEMA IF NOT EXISTS {exp.to_identifier(schema, True).sql('duckdb')}"
    )
    select = exp.select("*").from_(rows)
    connection.execute(
        f"CREATE OR REPLACE VIEW {table(name, schema).sql('duckdb')} AS {select.sql('duckdb')}"
    )


def unmount(connection: DuckDBPyConnection, schema: str, name: str) -> None:
    """Make a snapshot that was mounted unreadable; nothing happens where none was."""
    connection.execute(f"DROP VIEW IF EXISTS {table(name, schema).sql('duckdb')}")


def _text(value: str) -> str:
    return str(exp.convert(value).sql("duckdb"))
