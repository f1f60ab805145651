"""A workshop has one writer; the operating system frees it when the writer dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import yaml

from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import (
    WRONG_OPTIMIZERS,
    mount,
    open_workshop,
    tune,
    workshop_lock,
)

HOLDER = """
import sys, time
from pathlib import Path
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import open_workshop, workshop_lock
state = State(Path(sys.argv[1]))
with workshop_lock(state, "sales"), open_workshop(state, "sales") as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS x")
    connection.execute("BEGIN; INSERT INTO t VALUES (2)")
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    state = State(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    waited: list[str] = []
    rows: list[tuple[int]] = []

    def wait() -> None:
        with workshop_lock(state, "sales", lambda: waited.append("yes")):
            waited.append("got it")
            with open_workshop(state, "sales") as connection:
                rows.extend(connection.execute("FROM t").fetchall())

    waiter = threading.Thread(target=wait)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiter.start()
        deadline = time.monotonic() + 30
        while not waited and time.monotonic() < deadline:
            time.sleep(0.01)
        assert waited == ["yes"], "a second writer is told that it waits, and waits"
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait(30)
        assert holder.stdout is not None
        holder.stdout.close()
    waiter.join(30)
    assert waited == ["yes", "got it"]
    assert rows == [(1,)], "what was committed is there, what was not is gone"


def test_domains_do_not_wait_for_each_other(tmp_path: Path) -> None:
    state = State(tmp_path)
    waited: list[str] = []
    with (
        workshop_lock(state, "sales"),
        workshop_lock(state, "catalog", lambda: waited.append("catalog")),
    ):
        assert not waited


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    state = State(tmp_path)
    waited: list[str] = []
    for _ in range(2):
        try:
            with workshop_lock(state, "sales", lambda: waited.append("sales")):
                raise RuntimeError("in the middle")
        except RuntimeError:
            continue
    assert not waited


def test_a_mount_is_pinned_to_its_files(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        for i in (1, 2):
            connection.execute(f"COPY (SELECT {i} AS x) TO '{tmp_path}/it''s {i}.parquet'")
        mount(connection, "sales", "purchases", [f"{tmp_path}/it's 1.parquet"])
        assert connection.execute("FROM sales.purchases").fetchall() == [(1,)]
        mount(connection, "sales", "purchases", [f"{tmp_path}/it's {i}.parquet" for i in (1, 2)])
        assert connection.execute("SELECT sum(x) FROM sales.purchases").fetchall() == [(3,)]


def test_the_first_row_is_the_first() -> None:
    """Without `WRONG_OPTIMIZERS` it is the second here."""
    with duckdb.connect() as connection:
        tune(connection)
        connection.execute(
            "CREATE TABLE t AS FROM (VALUES ('a', NULL), ('a', 12), ('a', 11)) v(k, x)"
        )
        found = connection.sql(
            "SELECT who, x FROM (SELECT upper(k) AS who, x, k FROM t) "
            "QUALIFY row_number() OVER (PARTITION BY who ORDER BY x DESC NULLS LAST) = 1"
        ).fetchall()
    assert found == [("A", 12)]


def test_dbt_optimizes_as_we_do() -> None:
    root = Path(__file__).resolve().parents[2]
    for profile in ("dbt_projects/profiles.yml", "tests/vocabulary/profiles.yml"):
        outputs = yaml.safe_load((root / profile).read_text())["mesh"]["outputs"]
        assert outputs["duckdb"]["settings"]["disabled_optimizers"] == WRONG_OPTIMIZERS
