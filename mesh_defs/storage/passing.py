"""Folders for files that are needed for a while, whatever becomes of whoever made them.

What is in one is for whoever makes it. Nothing heavy is imported here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mesh_defs.storage.state import State

_PASSING, _HELD = "passing-", "passing.lock"


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
