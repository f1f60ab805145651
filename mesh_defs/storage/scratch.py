"""What lasts as long as it is used: a DuckDB in memory, to read published files with, and a folder.

A domain's own database is the workshop.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
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
_PASSING, _HELD = "passing-", "passing.lock"


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


@contextmanager
def passing(state: State) -> Iterator[Path]:
    """An empty folder for files that nobody needs afterwards.

    Its lock is free when whoever made it is dead; then whoever comes next removes it.
    """
    home = state.home / "tmp"
    home.mkdir(parents=True, exist_ok=True)
    sweep(state)
    with FileLock(home / _HELD):  # no other sweeps before the folder's lock is held
        folder = Path(tempfile.mkdtemp(prefix=_PASSING, dir=home))
        mine = FileLock(_lock_of(folder))
        mine.acquire()
    try:
        yield folder
    finally:
        with FileLock(home / _HELD):
            _remove(folder, mine)


def sweep(state: State) -> None:
    """Remove what killed processes left of such folders."""
    home = state.home / "tmp"
    if not any(home.glob(f"{_PASSING}*")):
        return
    with FileLock(home / _HELD):
        for folder in {found.with_suffix("") for found in home.glob(f"{_PASSING}*")}:
            lock = FileLock(_lock_of(folder))
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            _remove(folder, lock)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _remove(folder: Path, lock: FileLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
    Path(lock.lock_file).unlink(missing_ok=True)


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
