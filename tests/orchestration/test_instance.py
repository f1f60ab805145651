"""Dagster's instance under the state folder, the runs that died in it, and its event log."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.events import StepMaterializationData
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import text

from mesh_defs.orchestration.event_log import PooledSqliteEventLog
from mesh_defs.orchestration.instance import (
    PID_TAG,
    fail_dead_runs,
    noted,
    open_instance,
    prepare_home,
    settle_killed_runs,
)
from mesh_defs.storage.state import State
from tests.tiny_mesh import REPOSITORY, TinyMesh


@pytest.fixture
def instance(unpublished_mesh: TinyMesh) -> Iterator[dg.DagsterInstance]:
    with open_instance(unpublished_mesh.root, State.of(unpublished_mesh.root)) as instance:
        yield instance


def test_everything_of_dagsters_is_under_the_state_folder(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    home = prepare_home(REPOSITORY, state)
    assert home == state.dagster
    settings = yaml.safe_load((home / "dagster.yaml").read_text(encoding="utf-8"))
    places = [s["config"]["base_dir"] for s in settings.values() if "base_dir" in str(s)]
    assert len(places) == 4
    assert all(Path(place).is_relative_to(state.home) for place in places)
    ours = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings.keys() == ours.keys()
    assert settings["concurrency"] == ours["concurrency"]


def test_nothing_calls_home_and_a_domain_is_one_run_at_a_time(
    instance: dg.DagsterInstance,
) -> None:
    assert instance.telemetry_enabled is False
    limits = instance.get_concurrency_config().pool_config
    assert limits.default_pool_limit == 1
    assert str(limits.pool_granularity) in ("run", "PoolGranularity.RUN")


def test_the_settings_are_written_only_when_they_change(tmp_path: Path) -> None:
    state = State(tmp_path)
    file = prepare_home(REPOSITORY, state) / "dagster.yaml"
    os.utime(file, ns=(1, 1))
    prepare_home(REPOSITORY, state)
    assert file.stat().st_mtime_ns == 1
    file.write_text("telemetry: {enabled: true}", encoding="utf-8")
    prepare_home(REPOSITORY, state)
    assert "enabled: false" in file.read_text(encoding="utf-8")


def open_and_write(root: Path, number: int) -> None:
    with open_instance(root, State.of(root)) as instance:
        for i in range(5):
            instance.add_run(dg.DagsterRun(job_name=f"job{number}", run_id=f"run-{number}-{i}"))
            instance.report_runless_asset_event(dg.AssetMaterialization(["x", str(number)]))


def test_processes_may_open_it_for_the_first_time_together(unpublished_mesh: TinyMesh) -> None:
    fork = multiprocessing.get_context("fork")
    processes = [
        fork.Process(target=open_and_write, args=(unpublished_mesh.root, n)) for n in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [p.exitcode for p in processes] == [0, 0, 0, 0]
    with open_instance(unpublished_mesh.root, State.of(unpublished_mesh.root)) as instance:
        assert instance.get_runs_count() == 20
        assert len(instance.all_asset_keys()) == 4


def a_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_runs_whose_process_is_gone_are_marked_failed(instance: dg.DagsterInstance) -> None:
    dead, alive = str(a_dead_process()), str(os.getpid())
    runs = {
        "started, dead": (dg.DagsterRunStatus.STARTED, {PID_TAG: dead}),
        "starting, dead": (dg.DagsterRunStatus.STARTING, {PID_TAG: dead}),
        "not started, dead": (dg.DagsterRunStatus.NOT_STARTED, {PID_TAG: dead}),
        "started, alive": (dg.DagsterRunStatus.STARTED, {PID_TAG: alive}),
        "of another's process": (dg.DagsterRunStatus.STARTED, {PID_TAG: "1"}),
        "done, dead": (dg.DagsterRunStatus.SUCCESS, {PID_TAG: dead}),
        "of the daemon": (dg.DagsterRunStatus.STARTED, {}),
    }
    for name, (status, tags) in runs.items():
        instance.add_run(dg.DagsterRun(job_name="shop", run_id=name, status=status, tags=tags))
    gone = {"started, dead", "starting, dead", "not started, dead"}
    assert set(fail_dead_runs(instance)) == gone
    for name, (status, _) in runs.items():
        run = instance.get_run_by_id(name)
        assert run is not None
        assert run.status is (dg.DagsterRunStatus.FAILURE if name in gone else status), name
    said = [e.message for e in instance.all_logs("started, dead")]
    assert any("The process of this run is gone." in message for message in said)
    assert fail_dead_runs(instance) == []


def test_a_killed_run_is_found_without_dagster_and_then_settled(
    unpublished_mesh: TinyMesh,
) -> None:
    root, state = unpublished_mesh.root, State.of(unpublished_mesh.root)
    with noted(state, "alive"), open_instance(root, state) as instance:
        settle_killed_runs(root, state)
        pid, started = a_dead_process(), dg.DagsterRunStatus.STARTED
        instance.add_run(
            dg.DagsterRun(
                job_name="shop", run_id="killed", tags={PID_TAG: str(pid)}, status=started
            )
        )
        note = state.dagster / "running" / "killed"
        note.write_text(str(pid), encoding="utf-8")
        (note.parent / ".cut-short").touch()
        settle_killed_runs(root, state)
        killed = instance.get_run_by_id("killed")
        assert killed is not None
        assert killed.is_failure
        assert not note.exists()
        assert (note.parent / "alive").exists()
    assert not (note.parent / "alive").exists()
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from mesh_defs.orchestration.headless import settle_killed_runs\n"
        "from mesh_defs.storage.state import State\n"
        f"root = Path({str(root)!r})\n"
        "settle_killed_runs(root, State.of(root))\nprint('dagster' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def log_of(folder: Path) -> PooledSqliteEventLog:
    return PooledSqliteEventLog(str(folder))


def asset_keys(log: PooledSqliteEventLog) -> list[dg.AssetKey]:
    found: list[dg.AssetKey] = log.all_asset_keys()  # type: ignore[no-untyped-call]  # Dagster's
    return found


def entry(run_id: str, number: int = 0) -> dg.EventLogEntry:
    materialization = dg.AssetMaterialization(["shop", str(number)])
    data = StepMaterializationData(materialization)
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name="shop",
        event_specific_data=data,
    )
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]  # Dagster's has no types
        error_info=None, level=20, user_message="made", run_id=run_id, timestamp=float(number),
        job_name="shop", dagster_event=event,
    )  # fmt: skip


def test_dagsters_own_event_log_reads_what_ours_wrote(tmp_path: Path) -> None:
    ours = log_of(tmp_path)
    for number in range(3):
        ours.store_event(entry("one", number))
    theirs = SqliteEventLogStorage(str(tmp_path))
    assert [e.timestamp for e in theirs.get_logs_for_run("one")] == [0.0, 1.0, 2.0]
    theirs.store_event(entry("one", 3))
    theirs.store_event(entry("two", 4))
    assert [e.timestamp for e in ours.get_logs_for_run("one")] == [0.0, 1.0, 2.0, 3.0]
    assert [e.timestamp for e in ours.get_logs_for_run("two")] == [4.0]
    assert len(asset_keys(ours)) == 5
    ours.dispose()
    theirs.dispose()


def test_connections_are_kept_but_not_for_every_run_there_ever_was(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    for number in range(20):
        log.store_event(entry(f"run{number}", number))
    assert len(log._engines) == 8
    first = log._engines["run19"]
    log.store_event(entry("run19", 20))
    assert log._engines["run19"] is first
    assert [e.timestamp for e in log.get_logs_for_run("run0")] == [0.0], "opened again"
    log.dispose()
    assert not log._engines


def test_a_killed_process_loses_no_event(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    log.store_event(entry("another"))
    with log.run_connection("another") as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 1
    log.dispose()
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tests.orchestration.test_instance import entry, log_of\n"
        f"log = log_of(Path({str(tmp_path)!r}))\n"
        "for number in range(5):\n    log.store_event(entry('one', number))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True)
    assert killed.returncode == -9, killed.stderr
    assert len(log_of(tmp_path).get_logs_for_run("one")) == 5


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    with pytest.raises(ZeroDivisionError), log.index_connection() as connection:
        connection.execute(text("INSERT INTO asset_keys (asset_key) VALUES ('[\"x\"]')"))
        raise ZeroDivisionError
    assert asset_keys(log) == []
    log.dispose()
