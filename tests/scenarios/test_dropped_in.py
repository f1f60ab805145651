"""A plain Python file dropped into a domain's folder: an asset, a check, a sensor, a schedule."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mesh_defs.model import Mesh
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.orchestration.location import domain_definitions
from mesh_defs.storage.state import State
from tests.cli.conftest import Shell
from tests.tiny_mesh import ORDERS, TinyMesh

LETTERS = '''\
"""Letters to those who bought most."""

from pathlib import Path

import dagster as dg

POST = Path(__file__).resolve().parents[2] / "post.txt"


@dg.asset(deps=[["products", "orders"]])
def letters() -> None:
    """What goes to the post."""
    POST.write_text("Dear customer")


@dg.asset_check(asset=letters)
def polite() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=POST.read_text().startswith("Dear"))


@dg.schedule(cron_schedule="0 6 * * 1", target=letters)
def mondays():
    return dg.RunRequest()


@dg.sensor(target=letters)
def post_box():
    return dg.RunRequest() if POST.exists() else dg.SkipReason("Nothing in the box.")
'''


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    (mesh.root / "domains/shop/letters.py").write_text(LETTERS, encoding="utf-8")
    monkeypatch.chdir(mesh.root)
    monkeypatch.syspath_prepend(str(mesh.root))
    return mesh


def test_it_is_part_of_the_domain_and_runs_with_it(mesh: TinyMesh, shell: Shell) -> None:
    defs = definitions(mesh)
    repository = defs.get_repository_def()
    key = dg.AssetKey(["shop", "letters"])
    letters = repository.asset_graph.get(key)
    assert letters.group_name == "shop"
    assert letters.owners == ["team:shop"]
    assert letters.kinds == {"python"}
    assert letters.pools == {"shop"}
    assert letters.tags["mesh/domain"] == "shop"
    assert letters.description == "What goes to the post."
    assert letters.parent_keys == {dg.AssetKey(["shop", "products", "orders"])}
    assert dg.AssetCheckKey(key, "polite") in repository.asset_graph.asset_check_keys

    mesh.orders.write_text(f"{ORDERS}4,2024-05-03,5000\n", encoding="utf-8")
    run = shell("run", "--json")
    assert run.code == 0, run
    assert {p["status"] for p in run.json["products"]} == {"published"}
    assert (mesh.root / "post.txt").read_text(encoding="utf-8") == "Dear customer"
    with open_instance(mesh.root, State.of(mesh.root)) as instance:
        made = instance.get_latest_materialization_event(key)
        published = instance.get_latest_materialization_event(
            dg.AssetKey(["shop", "products", "orders"])
        )
        assert made is not None
        assert published is not None
        assert made.run_id == published.run_id, "one process, one run"
        assert made.timestamp > published.timestamp, "after the product"
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [dg.AssetCheckKey(key, "polite")]
        )
        assert [c.status.value for c in checks.values()] == ["SUCCEEDED"]


def test_its_schedule_and_its_sensor_start_it(mesh: TinyMesh) -> None:
    defs = definitions(mesh)
    repository = defs.get_repository_def()
    assert {s.name for s in repository.schedule_defs} == {"mondays"}
    assert {s.name for s in repository.sensor_defs} == {"post_box"}
    for automation in (defs.resolve_schedule_def("mondays"), defs.resolve_sensor_def("post_box")):
        assert automation.job_name
        job = repository.get_job(automation.job_name)
        assert job.asset_layer.executable_asset_keys == {dg.AssetKey(["shop", "letters"])}
    context: Any = dg.build_schedule_context(repository_def=repository)
    assert len(defs.resolve_schedule_def("mondays").evaluate_tick(context).run_requests or ()) == 1
    with dg.DagsterInstance.ephemeral() as instance:
        look: Any = dg.build_sensor_context(instance, repository_def=repository)
        found = defs.resolve_sensor_def("post_box").evaluate_tick(look)
        assert found.skip_message == "Nothing in the box."


def definitions(mesh: TinyMesh) -> dg.Definitions:
    found = Mesh.read(mesh.root)
    return domain_definitions(mesh.root, State.of(mesh.root), found.rooms["shop"], set(found.rooms))
