"""`mesh ui` for real: what it serves, what starts by itself, how it mends and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.reaction import ask, ended, launch, runs
from tests.tiny_mesh import ORDERS, build
from tests.ui.serving import COMMAND, Served, below, gone, leaders, served

pytestmark = pytest.mark.slow


def test_shows_each_domain_by_name_and_the_error_of_a_broken_one(ui: Served) -> None:
    ui.await_line("broken: broken: RuntimeError: broken on purpose")
    entries = ask(
        ui.url,
        """{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus
        locationOrLoadError { __typename ... on PythonError { message } } } } } }""",
    )["workspaceOrError"]["locationEntries"]
    kinds = {e["name"]: e["locationOrLoadError"]["__typename"] for e in entries}
    assert kinds == {
        "broken": "PythonError",
        "insight": "RepositoryLocation",
        "mesh": "RepositoryLocation",
        "shop": "RepositoryLocation",
    }


def test_schedules_and_sensors_run_without_a_click(ui: Served) -> None:
    nodes = ask(
        ui.url,
        """{ repositoriesOrError { ... on RepositoryConnection { nodes {
        schedules { name cronSchedule scheduleState { status } }
        sensors { name sensorState { status } } } } } }""",
    )["repositoriesOrError"]["nodes"]
    schedules = [s for n in nodes for s in n["schedules"]]
    assert sorted(schedules, key=lambda schedule: schedule["name"]) == [
        {
            "name": "agreements_schedule",
            "cronSchedule": "*/5 * * * *",
            "scheduleState": {"status": "RUNNING"},
        },
        {
            "name": "shop_schedule",
            "cronSchedule": "0 3 * * *",
            "scheduleState": {"status": "RUNNING"},
        },
    ]
    sensors = [s for n in nodes for s in n["sensors"]]
    assert sensors == [{"name": "insight_inputs", "sensorState": {"status": "RUNNING"}}]


def test_a_publication_starts_its_consumers_and_a_failed_contract_does_not(ui: Served) -> None:
    assert ended(ui.url, "shop", launch(ui.url, "shop")) == "SUCCESS"
    deadline = time.monotonic() + 60
    while not (started := runs(ui.url, "insight")):
        assert time.monotonic() < deadline, "the consumer was not started"
        time.sleep(0.3)
    assert ended(ui.url, "insight", started[-1]["runId"]) == "SUCCESS"
    known = _settled(ui)

    (ui.root / "data/orders.csv").write_text(f"{ORDERS}4,2024-05-03,-1\n")
    assert ended(ui.url, "shop", launch(ui.url, "shop")) == "FAILURE"
    time.sleep(8)  # several looks of the daemon
    assert len(runs(ui.url, "insight")) == known

    (ui.root / "data/orders.csv").write_text(f"{ORDERS}4,2024-05-03,1\n")
    assert ended(ui.url, "shop", launch(ui.url, "shop")) == "SUCCESS"
    deadline = time.monotonic() + 60
    while len(runs(ui.url, "insight")) == known:
        assert time.monotonic() < deadline, "the consumer was not started again"
        time.sleep(0.3)


def _settled(ui: Served) -> int:
    """How many runs the consumer has, once no publication of before asks for another."""
    known, since = -1, time.monotonic()
    while time.monotonic() - since < 8:
        if (now := len(runs(ui.url, "insight"))) != known:
            known, since = now, time.monotonic()
        time.sleep(0.5)
    return known


def test_loads_a_domain_again_when_its_files_change(ui: Served) -> None:
    module = ui.root / "domains/insight/extra.py"
    said = len(ui.said)
    module.write_text('raise RuntimeError("no such luck")\n')
    ui.await_line("insight: broken", "no such luck", after=said)
    said = len(ui.said)
    module.write_text("import dagster as dg\n\n\n@dg.asset\ndef dropped_in() -> None: ...\n")
    ui.await_line("insight: loaded", after=said)
    key = ["insight", "dropped_in"]
    found = ask(
        ui.url,
        "query ($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) "
        "{ ... on AssetNode { groupName } } }",
        path=key,
    )
    assert found["assetNodeOrError"] == {"groupName": "insight"}


def test_starts_a_server_again_that_died_and_says_so(ui: Served) -> None:
    said = len(ui.said)
    servers = leaders(ui.processes())
    os.kill(servers[0], signal.SIGKILL)
    line = ui.await_line("died: ended with code -9; it is started again", after=said)
    name = line.partition(":")[0].strip()
    assert name in ("broken", "insight", "shop")  # the code servers come first
    ui.await_line(f"{name}: {'broken' if name == 'broken' else 'loaded'}", after=said)
    assert len(leaders(ui.processes())) == len(servers)


def test_one_ui_a_state_folder(ui: Served) -> None:
    second = subprocess.run(
        [sys.executable, "-c", COMMAND, "ui"],
        cwd=ui.root,
        env={**os.environ, "MESH_ROOT": str(ui.root)},
        capture_output=True,
        text=True,
    )
    assert second.returncode == 1
    assert f"served already: {ui.url}" in second.stderr


def test_keeps_everything_in_the_state_folder(ui: Served) -> None:
    there = {path.name for path in ui.root.iterdir()}
    assert there == {".mesh", "dagster.yaml", "data", "dbt_projects", "domains"}


@pytest.mark.parametrize("name", ["SIGINT", "SIGHUP", "SIGKILL"])
def test_leaves_no_process_behind(tmp_path: Path, name: str) -> None:
    with served(build(tmp_path / "mesh").root, "--read-only") as found:
        everything = below(found.process.pid)
        assert len(leaders(everything)) >= 4  # two domains, the web server, the daemon
        found.process.send_signal(getattr(signal, name))
        code = found.process.wait(30)
        assert code == (-signal.SIGKILL if name == "SIGKILL" else 0)
        assert gone(everything) == []
