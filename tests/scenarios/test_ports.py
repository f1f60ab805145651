"""One product, many ways out: the lake is published whatever other ports do, and they follow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from mesh_defs.publishing.record import attempts
from mesh_defs.storage.state import State
from tests.ports.postgres_lab import PostgresLab
from tests.postgres import Postgres, running
from tests.scenarios.story import REPOSITORY, Story

DOWN = "postgresql://mesh:hunter2@127.0.0.1:1/apps"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture
def lab(postgres: Postgres, tmp_path: Path) -> PostgresLab:
    lab = PostgresLab(tmp_path / "mesh", postgres.database())
    lab.build()
    return lab


@dataclass(frozen=True)
class Said:
    code: int
    out: str

    @property
    def products(self) -> dict[str, dict[str, Any]]:
        return {p["product"]: p for p in json.loads(self.out)["products"]}

    @property
    def orders(self) -> tuple[str, int]:
        product = self.products["shop.orders"]
        return product["status"], product["snapshot"]

    @property
    def exit(self) -> tuple[str, int | None]:
        ports = {p["name"]: p for p in self.products["shop.orders"]["ports"]}
        return ports["exit"]["status"], ports["exit"]["snapshot"]


def mesh(lab: PostgresLab, url: str, *arguments: str) -> Said:
    """The command in a process of its own: the processes of a run have the environment of it."""
    environment = {**os.environ, "NO_COLOR": "1", **({lab.variable: url} if url else {})}
    done = subprocess.run(
        [sys.executable, "-c", "from mesh_defs.cli.main import app; app(prog_name='mesh')",
         *arguments],
        cwd=lab.root, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "hunter2" not in done.stdout + done.stderr
    assert "hunter2" not in "".join(p.read_text() for p in lab.root.glob(".mesh/logs/*"))
    return Said(done.returncode, done.stdout)


def audits(lab: PostgresLab) -> int:
    return len(attempts(State.of(lab.root), lab.product))


@pytest.mark.slow
def test_a_port_that_was_down_is_delivered_to_by_the_next_run_without_an_audit(
    lab: PostgresLab,
) -> None:
    # Nobody said where the server is: a laptop publishes to the lake, and says so.
    said = mesh(lab, "", "run", "--json")
    assert (said.code, said.exit) == (0, ("not configured", None)), said
    assert lab.variable in mesh(lab, "", "show", "shop.orders").out

    # It is said, and the server is down: the product is as it was, the port has failed.
    tried = audits(lab)
    said = mesh(lab, DOWN, "run", "--json")
    assert (said.code, said.orders, said.exit) == (1, ("unchanged", 0), ("failed", None))
    told = mesh(lab, DOWN, "run")
    assert told.code == 1
    assert "shop.orders: the port exit failed" in told.out
    assert "1 port failed" in told.out
    assert "not published" not in told.out

    # It is up: the snapshot that was audited then is delivered, and nothing else is done.
    said = mesh(lab, lab.url(), "run", "--json")
    assert (said.code, said.exit) == (0, ("published", 0)), said
    assert {p["status"] for p in said.products.values()} == {"unchanged"}
    assert [cents for _, _, cents in lab.rows()] == [250, 1000, 40]
    assert audits(lab) == tried

    # Who does not know the server sees how the port stands, too.
    shown = json.loads(mesh(lab, "", "show", "shop.orders", "--json").out)["ports"]
    assert shown == said.products["shop.orders"]["ports"]
    assert shown[1]["verified_at"]


@pytest.mark.slow
def test_a_failed_port_takes_nothing_from_the_lake_and_a_failed_audit_nothing_from_a_port(
    lab: PostgresLab,
) -> None:
    assert mesh(lab, lab.url(), "run").code == 0
    assert [cents for _, _, cents in lab.rows()] == [250, 1000, 40]
    orders_csv = lab.root / "data" / "orders.csv"
    orders_csv.write_text(orders_csv.read_text().replace("40", "4000"))
    said = mesh(lab, DOWN, "run", "--json")
    assert (said.code, said.orders, said.exit) == (1, ("published", 1), ("failed", 0))
    assert {p["status"] for p in said.products.values()} == {"published"}, "consumers go on"
    assert [cents for _, _, cents in lab.rows()] == [250, 1000, 40]
    assert a_red_check(lab)

    # A batch that breaks the contract publishes nothing; what stands goes where it still has to.
    orders_csv.write_text(orders_csv.read_text().replace("4000", "-1"))
    said = mesh(lab, lab.url(), "run", "--json")
    assert (said.code, said.orders, said.exit) == (1, ("failed", 1), ("published", 1))
    assert [cents for _, _, cents in lab.rows()] == [250, 1000, 4000]


def a_red_check(lab: PostgresLab) -> bool:
    """Whether the UI shows the port in red, and the run as one that published."""
    import dagster as dg

    from mesh_defs.orchestration.instance import open_instance

    key = dg.AssetCheckKey(dg.AssetKey(["shop", "products", "orders"]), "port__exit")
    with open_instance(lab.root, State.of(lab.root)) as instance:
        newest = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)[0]
        assert all(run.is_success for run in instance.get_runs())
    assert newest.event and newest.event.dagster_event
    evaluation = newest.event.dagster_event.event_specific_data
    assert isinstance(evaluation, dg.AssetCheckEvaluation)
    assert "hunter2" not in repr(evaluation)
    return (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)


@pytest.mark.slow
def test_what_was_dropped_at_the_target_comes_back_with_the_next_snapshot(
    lab: PostgresLab,
) -> None:
    assert mesh(lab, lab.url(), "run").code == 0
    with psycopg.connect(lab.url(), autocommit=True) as connection:
        connection.execute("DROP SCHEMA shop CASCADE")
    assert mesh(lab, lab.url(), "run", "shop.orders", "--force").code == 0
    assert len(lab.rows()) == 3


@pytest.mark.slow
def test_the_demos_product_goes_to_every_server_that_runs_here(demo: Story) -> None:
    """`make demo-ports`, without somebody who looks: what is seen there are the published rows."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo_ports", "--once"], cwd=demo.root,
        env={**demo.environment, "PYTHONPATH": f"{REPOSITORY}:{demo.root}"},
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    standing = demo.listed()["sales.purchases"]["snapshot"]
    for port in ("purchases", "apps", "files"):
        assert f"{port:<11} published, snapshot {standing}" in told
