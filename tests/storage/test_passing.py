"""Folders that last as long as somebody uses them, whatever becomes of whoever made them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mesh_defs.storage.passing import passing, sweep
from mesh_defs.storage.state import State
from tests.tiny_mesh import REPOSITORY

_KILLED = """
import os, signal, sys
from pathlib import Path
from mesh_defs.storage.passing import passing
from mesh_defs.storage.state import State

with passing(State(Path(sys.argv[1]))) as folder:
    (folder / "rows.parquet").write_text("somebody's")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def folders(home: Path) -> list[Path]:
    return [found for found in (home / "tmp").iterdir() if found.is_dir()]


def killed(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(home)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL


def test_it_is_empty_and_goes_with_what_is_in_it(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), passing(State(tmp_path)) as folder:
        (folder / "rows.parquet").write_text("rows")
        assert folders(tmp_path) == [folder]
        raise ZeroDivisionError
    assert folders(tmp_path) == []


def test_what_a_killed_process_left_goes_and_what_is_used_stays(tmp_path: Path) -> None:
    state = State(tmp_path)
    with passing(state) as used:
        killed(tmp_path)
        (left,) = {*folders(tmp_path)} - {used}
        assert (left / "rows.parquet").exists()
        sweep(state)
        assert folders(tmp_path) == [used]
        killed(tmp_path)
        with passing(state) as other:
            assert {*folders(tmp_path)} == {used, other}
    assert folders(tmp_path) == []
