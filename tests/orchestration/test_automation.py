"""What starts a consumer: publications, and nothing that was only attempted."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.asset_daemon_cursor import AssetDaemonCursor

from mesh_defs.orchestration.location import mesh_definitions
from tests.tiny_mesh import build

ORDERS = dg.AssetKey(["shop", "products", "orders"])
BEST = {dg.AssetKey(["insight", "best_day"]), dg.AssetKey(["insight", "products", "best_day"])}


class Daemon:
    """Dagster's daemon, a look at a time, over a whole mesh in which nothing is executed."""

    def __init__(self, root: Path) -> None:
        self.definitions = mesh_definitions(root)
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: AssetDaemonCursor | None = None
        self.look()

    def look(self) -> set[dg.AssetKey]:
        """What a run is asked for now."""
        found = dg.evaluate_automation_conditions(
            self.definitions, instance=self.instance, cursor=self.cursor
        )
        self.cursor = found.cursor
        keys = {r.key for r in found.results if r.true_subset.size}
        for key in keys:
            self.instance.report_runless_asset_event(dg.AssetMaterialization(key))
        return keys

    def publish(self) -> None:
        self.instance.report_runless_asset_event(dg.AssetMaterialization(ORDERS))

    def fail(self, check: str = "cents__minimum") -> None:
        self.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=ORDERS, check_name=check, passed=False)
        )


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    root = build(tmp_path / "mesh").root
    monkeypatch.setenv("MESH_ROOT", str(root))
    return Daemon(root)


def test_a_publication_starts_its_consumer_once(daemon: Daemon) -> None:
    assert daemon.look() == set()
    daemon.publish()
    assert daemon.look() == BEST
    assert daemon.look() == set()


def test_an_attempt_that_failed_starts_nobody(daemon: Daemon) -> None:
    daemon.publish()
    daemon.look()
    daemon.fail()
    assert daemon.look() == set()


def test_an_attempt_that_failed_keeps_nobody_from_the_good_snapshot(daemon: Daemon) -> None:
    daemon.publish()
    daemon.fail()
    assert daemon.look() == BEST
