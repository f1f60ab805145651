"""Rows between DuckDB and a program's stream, as CSV or lines of JSON through a named pipe: nothing
is kept, neither in memory nor on disk."""

from __future__ import annotations

import os
import select
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Piece = bytes | bytearray | memoryview
_PIECE = 1 << 18
# The longest row that is read. DuckDB sets memory aside for two such rows at a time; of its own
# accord it would for sixteen.
_LONGEST = 16_000_000


def written(connection: DuckDBPyConnection, query: str) -> Iterator[bytes]:
    """A query's rows as CSV, piece by piece: every value in quotes, null is nothing."""
    with _pipe() as path:
        reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        failed: list[BaseException] = []
        target = exp.convert(str(path)).sql("duckdb")
        copy = f"COPY ({query}) TO {target} (FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '')"
        writer = threading.Thread(target=_caught, args=(connection.cursor(), copy, failed))
        writer.start()
        try:
            # Before the writer has opened it, the pipe looks as if it had ended.
            while not select.select([reading], [], [], 0.01)[0] and writer.is_alive():
                pass
            os.set_blocking(reading, True)
            while piece := _read(reading, writer):
                yield piece
        finally:
            os.close(reading)  # a writer that nobody reads ends with an error
            writer.join()
        if failed:
            raise failed[0]


def _read(reading: int, writer: threading.Thread) -> bytes:
    while not (piece := os.read(reading, _PIECE)):
        if not writer.is_alive():
            return os.read(reading, _PIECE)
        writer.join(0.005)
    return piece


def _caught(cursor: DuckDBPyConnection, statement: str, failed: list[BaseException]) -> None:
    try:
        cursor.execute(statement)
    except BaseException as error:  # it is raised again by whoever reads
        failed.append(error)
    finally:
        cursor.close()


@contextmanager
def readable(pieces: Callable[[], Iterable[Piece]], columns: Iterable[str]) -> Iterator[str]:
    """CSV that comes piece by piece, as a table function of DuckDB's; it can be read once.

    Every column is text. What `pieces` raises is raised here, when the reader is done.
    """
    kinds = _kinds(dict.fromkeys(columns, "VARCHAR"))
    with _poured(pieces) as source:
        yield (
            f"read_csv({source}, columns={kinds}, auto_detect=false, header=false, "
            "delim=',', quote='\"', escape='\"', nullstr='', allow_quoted_nulls=false, "
            f"parallel=false, max_line_size={_LONGEST}, buffer_size={2 * _LONGEST})"
        )


@contextmanager
def readable_json(pieces: Callable[[], Iterable[Piece]]) -> Iterator[str]:
    """Lines of JSON, in every other way the same: the one column is `line`, a text.

    `read_json` keeps all that it has read from a pipe. What parts columns here, and what is null,
    are characters that JSON has only escaped.
    """
    with _poured(pieces) as source:
        yield (
            f"read_csv({source}, columns={_kinds({'line': 'VARCHAR'})}, auto_detect=false, "
            "header=false, delim='\x01', quote='', escape='', nullstr='\x02', "
            f"max_line_size={_LONGEST}, buffer_size={2 * _LONGEST})"
        )


def _kinds(columns: Mapping[str, str]) -> str:
    said = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.Literal.string(n), expression=exp.Literal.string(kind))
            for n, kind in columns.items()
        ]
    )
    return str(said.sql("duckdb"))


@contextmanager
def _poured(pieces: Callable[[], Iterable[Piece]]) -> Iterator[str]:
    """A pipe that another thread fills, as SQL names its path."""
    with _pipe() as path:
        failed: list[BaseException] = []
        stop = threading.Event()
        writer = threading.Thread(target=_fill, args=(path, pieces, failed, stop))
        writer.start()
        try:
            yield exp.convert(str(path)).sql("duckdb")
        except BaseException:
            _end(writer, stop, path)
            if failed:  # what the reader says of rows that broke off explains nothing
                raise failed[0] from None
            raise
        _end(writer, stop, path)
        if failed:
            raise failed[0]


def _end(writer: threading.Thread, stop: threading.Event, path: Path) -> None:
    """If nobody ever read the pipe, the writer waits for a reader: be one."""
    stop.set()
    while writer.is_alive():
        with suppress(OSError):
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        writer.join(0.02)


def _fill(
    path: Path,
    pieces: Callable[[], Iterable[Piece]],
    failed: list[BaseException],
    stop: threading.Event,
) -> None:
    try:
        with path.open("wb", buffering=0) as file:
            held = bytearray()
            for piece in pieces():
                held += piece
                if len(held) >= _PIECE:  # pieces may be rows: a write for each would cost more
                    _write(file, held)
                    held.clear()
                    if stop.is_set():
                        return
            _write(file, held)
    except BrokenPipeError:
        pass  # the reader had enough, and says why
    except BaseException as error:
        failed.append(error)


def _write(file: IO[bytes], data: bytearray) -> None:
    with memoryview(data) as whole:
        done = 0
        while done < len(whole):
            done += file.write(whole[done:]) or 0


@contextmanager
def _pipe() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mesh-pipe-") as folder:
        path = Path(folder) / "rows.csv"
        os.mkfifo(path, 0o600)
        yield path
