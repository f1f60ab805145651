"""Rows of one product as Arrow batches, in constant memory and in the same order each time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.access.reading.library import Readable
from mesh_defs.access.reading.plan import Asked, Plan, plan
from mesh_defs.model import MeshError
from mesh_defs.storage.scratch import scratch
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import columns_of, read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyarrow import RecordBatch, RecordBatchReader

BATCH = 65_536
Shape = Callable[[exp.Select], exp.Expression]


@contextmanager
def ordered(state: State) -> Iterator[DuckDBPyConnection]:
    """A connection in which a snapshot's rows come in the order of its files, each time."""
    with scratch(state) as connection:
        connection.execute("SET preserve_insertion_order = true")
        # A scan needs no disk, and several engines of one process must not meet in one folder.
        connection.execute("SET temp_directory = ''")
        yield connection


def planned(connection: DuckDBPyConnection, readable: Readable, asked: Asked) -> Plan:
    """What is asked of a readable snapshot, as a query over its files."""
    files = read_files(readable.snapshot.files)
    return plan(files, columns_there(connection, readable), readable.narrowing, asked)


def columns_there(connection: DuckDBPyConnection, readable: Readable) -> list[str]:
    """Every column of the snapshot, readable or not."""
    return columns_of(connection, read_files(readable.snapshot.files))


@contextmanager
def opened(
    state: State, readable: Readable, asked: Asked, shaped: Shape = lambda query: query
) -> Iterator[tuple[Plan, RecordBatchReader]]:
    """A product's rows as they were asked for. `shaped` may turn the query into another form."""
    with ordered(state) as connection:
        found = planned(connection, readable, asked)
        with refusals():
            made = connection.execute(shaped(found.query).sql("duckdb"))
            reader = made.to_arrow_reader(BATCH)
        yield found, reader


def batches(reader: RecordBatchReader) -> Iterator[RecordBatch]:
    """A reader's batches as they come. Raises MeshError for what the engine meets on the way."""
    from pyarrow import ArrowException

    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            return
        except (ArrowException, OSError):
            raise MeshError(_UNCOMPARABLE) from None
        if batch.num_rows:
            yield batch


_UNCOMPARABLE = (
    "The condition compares values that can't be compared. Write each value as its column's type, "
    "such as `day >= date '2024-05-01'`."
)


@contextmanager
def refusals() -> Iterator[None]:
    """What the engine says against a condition, without its words: they quote values."""
    import duckdb

    try:
        yield
    except duckdb.IOException:
        raise MeshError("The files of this snapshot can't be read. Ask its provider.") from None
    except duckdb.OutOfMemoryException:
        raise MeshError("This takes more memory than there is for it. Ask for less.") from None
    except duckdb.Error:
        raise MeshError(_UNCOMPARABLE) from None
