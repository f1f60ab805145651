"""The process in which a stranger's SQL runs: locked, small, short-lived; nothing is decided here.

It is started by `cell` in a folder that holds only what may be read, told on stdin what to run, and
answers on stdout in frames: a letter, a length, that many bytes.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HEADER, DATA, ERROR, END = b"H", b"D", b"E", b"Z"
_ROWS = 2048
_ARROW_ROWS = 16_384
_BEYOND = 1_500_000_000  # of address space: programs, threads' stacks, what is in flight
_SPILL = "2GB"
_THREADS = 2
NO_QUERY = "This is not one query to the engine. Write one query: SELECT, WITH, FROM or VALUES."


def main() -> None:
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # whatever prints does not get between the frames
    os.nice(10)  # those who read products go first
    told = json.loads(sys.stdin.buffer.read())
    try:
        _run(told, out)
        frame(out, END, b"")
    except BrokenPipeError:
        pass  # nobody reads the rest
    except MemoryError:
        frame(out, ERROR, b"memory")
    except Exception as error:
        frame(out, ERROR, said(error).encode())
    finally:
        os._exit(0)  # an engine that ran out of something need not be tidied up


def frame(out: Any, letter: bytes, data: bytes) -> None:
    waiting = memoryview(letter + len(data).to_bytes(8, "big") + data)
    while waiting:
        waiting = waiting[out.write(waiting) :]


def said(error: Exception) -> str:
    """What goes wrong, in a word that `cell` knows or in the engine's own words."""
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException):
        return "memory"
    if isinstance(error, duckdb.PermissionException):
        return "permission"
    return str(error).strip() or type(error).__name__


def _run(told: Mapping[str, Any], out: Any) -> None:
    import duckdb

    from mesh_defs.storage import workshop
    from mesh_defs.storage.scratch import lock_down

    if told["arrow"]:
        import pyarrow  # noqa: F401  before there is less room
    connection = duckdb.connect()
    workshop.tune(connection, Path("spill"))
    connection.execute(f"SET threads = {_THREADS}")
    connection.execute(f"SET max_temp_directory_size = '{_SPILL}'")
    connection.execute("SET secret_directory = 'none'")
    connection.execute("SET extension_directory = 'none'")
    for product, names in told["files"].items():
        schema, _, name = product.partition(".")
        workshop.mount(connection, schema, name, names)
    lock_down(connection, [name for names in told["files"].values() for name in names])
    _limit(connection, told["seconds"])
    statements = connection.extract_statements(told["sql"])
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise ValueError(NO_QUERY)
    cursor = connection.execute(told["sql"])
    columns = [[str(d[0]), str(d[1])] for d in cursor.description or ()]
    frame(out, HEADER, json.dumps(columns).encode())
    (_arrow if told["arrow"] else _rows)(cursor, out)


def _limit(connection: DuckDBPyConnection, seconds: float | None) -> None:
    """What the system holds against us, should the engine lose count."""
    (limit,) = connection.execute("SELECT current_setting('memory_limit')").fetchall()[0]
    resource.setrlimit(resource.RLIMIT_AS, (_bytes(limit) + _BEYOND,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024**3,) * 2)
    if seconds is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds * _THREADS) + 2,) * 2)


def _bytes(text: str) -> int:
    number, unit = text.split()
    return int(float(number) * {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit])


def _rows(cursor: DuckDBPyConnection, out: Any) -> None:
    import pickle

    while batch := cursor.fetchmany(_ROWS):
        frame(out, DATA, pickle.dumps(batch, protocol=5))


def _arrow(cursor: DuckDBPyConnection, out: Any) -> None:
    import pyarrow as pa

    class Framed:
        closed = False

        def write(self, data: Any) -> int:
            frame(out, DATA, bytes(data))
            return len(data)

        def flush(self) -> None:
            pass

        def close(self) -> None:
            pass

        def writable(self) -> bool:
            return True

        def readable(self) -> bool:
            return False

        def seekable(self) -> bool:
            return False

    reader = cursor.to_arrow_reader(_ARROW_ROWS)
    with pa.ipc.new_stream(pa.PythonFile(Framed(), mode="w"), reader.schema) as writer:
        for batch in reader:
            writer.write_batch(batch)


if __name__ == "__main__":
    main()
