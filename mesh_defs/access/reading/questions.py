"""Questions in SQL over products: exactly the snapshots a query names, and nothing else.

Who may read what is decided in `rights`. The engine is given files that hold nothing but what may
be read, so that a query that gets around its views still finds nothing else.
"""

from __future__ import annotations

import logging
import pickle
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from mesh_defs.access.reading.cell import Frames, cell
from mesh_defs.access.reading.library import Readable
from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.reading.rows import ordered, planned
from mesh_defs.contracts.roles import WHOLE
from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage import workshop
from mesh_defs.storage.scratch import lock_down, scratch
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyarrow import RecordBatchReader

_ONE_QUERY = "Write one query: SELECT, WITH, FROM or VALUES."
# Functions in FROM that make rows out of nothing but their arguments.
_TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "repeat_row"}
_ABOUT_THE_ENGINE = {"current_setting", "getenv", "getvariable", "pg_read_file"}


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Answer:
    """A query's rows as they come."""

    columns: Sequence[Column]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def answer(
    state: State, sql: str, readables: Sequence[Readable], seconds: float | None = None
) -> Iterator[Answer]:
    """Run one query over these products, which are those that `named_products` found in it.

    Raises MeshError for anything but one query, for what the engine refuses, and for what takes
    more memory or time than it may.
    """
    with _run(state, sql, readables, False, seconds) as found:
        rows = (row for data in found.data for row in pickle.loads(data))
        yield Answer([Column(*c) for c in found.columns], rows)


@contextmanager
def arrow_answer(
    state: State, sql: str, readables: Sequence[Readable], seconds: float | None = None
) -> Iterator[RecordBatchReader]:
    """The same as Arrow batches, read as they come."""
    import pyarrow as pa

    with _run(state, sql, readables, True, seconds) as found:
        yield pa.ipc.open_stream(pa.PythonFile(Chunks(found.data), mode="r"))


@contextmanager
def _run(
    state: State, sql: str, readables: Sequence[Readable], arrow: bool, seconds: float | None
) -> Iterator[Frames]:
    (state.home / "tmp").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reading-", dir=state.home / "tmp") as folder:
        staged = stage(state, Path(folder), readables)
        with cell(Path(folder), staged, sql, arrow, seconds) as found:
            yield found


class Chunks:
    """Pieces of bytes as a file that is read once."""

    closed = False

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest += piece
        size = len(self._rest) if size < 0 else size
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


@contextmanager
def reader(state: State, snapshots: Mapping[ProductRef, Snapshot]) -> Iterator[DuckDBPyConnection]:
    """A locked connection in which whole snapshots are views, by their products' names.

    That all of them may be read was decided elsewhere.
    """
    with scratch(state) as connection:
        for ref, snapshot in snapshots.items():
            workshop.mount(connection, ref.domain, ref.product, snapshot.files)
        lock_down(connection, [f for s in snapshots.values() for f in s.files])
        yield connection


Staged = Mapping[str, Sequence[str]]
"""The names of the files, in one folder, that each product is read from."""


def stage(state: State, folder: Path, readables: Sequence[Readable]) -> Staged:
    """Put what may be read, and nothing else, into a folder.

    A whole snapshot is linked to. Of one that is narrowed, what may be read is copied.
    """
    staged: dict[str, list[str]] = {}
    for readable in readables:
        ref = readable.address
        if readable.narrowing == WHOLE:
            staged[ref] = [f"{ref}.{i}.parquet" for i, _ in enumerate(readable.snapshot.files)]
            for name, file in zip(staged[ref], readable.snapshot.files, strict=True):
                (folder / name).symlink_to(file)
            continue
        staged[ref] = [f"{ref}.parquet"]
        target = exp.convert(str(folder / staged[ref][0])).sql("duckdb")
        with ordered(state) as connection:
            query = planned(connection, readable, Asked()).query.sql("duckdb")
            connection.execute(f"COPY ({query}) TO {target} (FORMAT parquet)")
    return staged


def named_products(sql: str) -> list[str]:
    """The products a query reads, as `domain.product`. Raises MeshError if it is not one query,
    or asks a function for rows that could come from elsewhere."""
    _engine_reads(sql)
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here anyway
    try:
        statements = [s for s in parse(sql, read="duckdb") if s is not None]
    except SqlglotError as error:
        raise MeshError(f"This SQL can't be read: {_sentence(error)} {_ONE_QUERY}") from None
    except RecursionError:
        raise MeshError("This SQL is nested too deeply to be read.") from None
    if len(statements) != 1:
        raise MeshError(f"Expected one query, got {len(statements)}. {_ONE_QUERY}")
    statement = statements[0]
    if isinstance(statement, exp.Show):
        raise MeshError("`mesh list` shows what there is to query.")
    if not isinstance(statement, exp.Query | exp.Values | exp.Describe | exp.Summarize):
        verb = statement.name if isinstance(statement, exp.Command) else statement.key
        raise MeshError(f"Products can only be read, and {verb.upper()} is no query. {_ONE_QUERY}")
    for function in statement.find_all(exp.Anonymous):
        if function.name.lower() in _ABOUT_THE_ENGINE:
            raise MeshError(
                f"`{function.name.lower()}(…)` is about the engine, not about products."
            )
    named_inside = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    found: dict[str, None] = {}
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            _harmless(table)
            continue
        name = ".".join(part.name for part in table.parts).lower()
        if name not in named_inside:
            found[name] = None
    return list(found)


def _engine_reads(sql: str) -> None:
    """Raises MeshError with the engine's own words where SQL is no SQL to it."""
    import duckdb

    try:
        sql.encode()
    except UnicodeEncodeError:
        raise MeshError("This SQL has characters that are none: halves of a pair.") from None
    with _refusals(), duckdb.connect() as connection:
        connection.extract_statements(sql)


def _harmless(table: exp.Table) -> None:
    if isinstance(table.this, exp.GenerateSeries):
        return
    called = table.this
    name = (called.name if isinstance(called, exp.Anonymous) else called.sql_name()).lower()
    if name not in _TABLE_FUNCTIONS:
        raise MeshError(
            f"`{name}(…)` gives rows that are no product's. A query reads products, "
            f"{', '.join(sorted(_TABLE_FUNCTIONS))}."
        )


@contextmanager
def _refusals() -> Iterator[None]:
    """What the engine says against a query, as an error for whoever wrote it."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise MeshError(str(error).strip()) from None


def _sentence(error: Exception) -> str:
    said = str(error).strip().splitlines()[0].rstrip(".")
    return f"{said}."
