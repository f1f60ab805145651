"""A DuckDB in memory, to read published files with, for as long as it is used.

A domain's own database is the workshop; a folder that lasts as long as it is used is in `passing`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import tune

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Set before `allowed_paths`, because afterwards nothing about files may be changed any more.
_CLOSED = (
    "SET allow_persistent_secrets = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET allow_community_extensions = false",
    "SET python_enable_replacements = false",  # else `FROM x` may read a variable of ours
)


@contextmanager
def scratch(state: State) -> Iterator[DuckDBPyConnection]:
    """An empty database with our settings; what does not fit in memory spills in the state folder.

    DuckDB makes the folder for what it spills when it needs one, and takes it away again.
    """
    import duckdb

    (state.home / "tmp").mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    try:
        tune(connection, state.home / "tmp" / f"scratch-{os.getpid()}")
        yield connection
    finally:
        connection.close()


def lock_down(connection: DuckDBPyConnection, files: Iterable[str]) -> None:
    """From here on nothing but these files can be read, whatever the SQL says.

    No other file, no network, no extension, no setting; it can't be undone on this connection.
    """
    for statement in _CLOSED:
        connection.execute(statement)
    allowed = exp.Array(expressions=[exp.convert(f) for f in files]).sql("duckdb")
    connection.execute(f"SET allowed_paths = {allowed}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
