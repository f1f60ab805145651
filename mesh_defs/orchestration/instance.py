"""Dagster's instance under the state folder: its settings, and runs whose process died."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from filelock import FileLock

from mesh_defs.storage.state import State, write_text

if TYPE_CHECKING:
    from dagster import DagsterInstance

PID_TAG = "mesh/pid"
# dagster.yaml says where these are for plain `dagster dev`; MESH_HOME moves them.
_STORED = ("run_storage", "event_log_storage", "schedule_storage", "compute_logs")
_DEFAULT_HOME = ".mesh"


def prepare_home(root: Path, state: State) -> Path:
    """The DAGSTER_HOME of a state folder, with the mesh's own settings in it."""
    settings = yaml.safe_load((root / "dagster.yaml").read_text(encoding="utf-8"))
    for name in _STORED:
        place = Path(settings[name]["config"]["base_dir"]).relative_to(_DEFAULT_HOME)
        settings[name]["config"]["base_dir"] = str(state.home / place)
    text = yaml.safe_dump(settings, sort_keys=False)
    path = state.dagster / "dagster.yaml"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
    return state.dagster


@contextmanager
def open_instance(root: Path, state: State) -> Iterator[DagsterInstance]:
    """The instance. Two processes never make its databases at once."""
    from dagster import DagsterInstance

    home = prepare_home(root, state)
    with FileLock(home / "instance.lock"):
        instance = DagsterInstance.from_config(str(home))
    with instance:
        yield instance


def fail_dead_runs(instance: DagsterInstance) -> list[str]:
    """Mark headless runs failed whose process is gone, so that none looks as if it still ran."""
    from dagster import DagsterRunStatus, RunsFilter

    unfinished = [DagsterRunStatus.STARTED, DagsterRunStatus.STARTING, DagsterRunStatus.NOT_STARTED]
    dead = []
    for run in instance.get_runs(RunsFilter(statuses=unfinished)):
        pid = run.tags.get(PID_TAG)
        if pid and not _alive(int(pid)):
            instance.report_run_failed(run, "The process of this run is gone.")
            dead.append(run.run_id)
    return dead


@contextmanager
def noted(state: State, run_id: str) -> Iterator[None]:
    """A note while a run goes on. One that outlives its process tells that the run was killed."""
    note = state.dagster / "running" / run_id
    write_text(note, str(os.getpid()))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def settle_killed_runs(root: Path, state: State) -> None:
    """Fail the runs that were killed; without importing Dagster where none was."""
    killed = []
    for note in (state.dagster / "running").glob("[!.]*"):
        with suppress(FileNotFoundError):  # that run has just ended
            if not _alive(int(note.read_text(encoding="utf-8"))):
                killed.append(note)
    if killed:
        with open_instance(root, state) as instance:
            fail_dead_runs(instance)
        for note in killed:
            note.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
