"""A domain that is broken beside healthy ones: they run on, and its own error is told by name."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path

import pytest

from mesh_defs.model import MeshError
from mesh_defs.orchestration.location import mesh_definitions
from tests.cli.conftest import Shell
from tests.tiny_mesh import ORDERS, TinyMesh

pytestmark = pytest.mark.slow  # a story of whole runs

NO_LUCK = "raise RuntimeError('no such luck')\n"
WAYS = {
    "its YAML": ("domain.yaml", "kind: odd\n", MeshError, "domains/shop/domain.yaml:1: kind"),
    "its contract": ("contracts/days.odcs.yaml", "id: 7\n", MeshError, "days.odcs.yaml:1"),
    "its module": ("extra.py", NO_LUCK, RuntimeError, "no such luck"),
    "its package": ("__init__.py", NO_LUCK, RuntimeError, "no such luck"),
}


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    """A published mesh in which both domains have something new to do."""
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    mesh.orders.write_text(f"{ORDERS}4,2024-05-03,5000\n", encoding="utf-8")
    model = mesh.root / "dbt_projects/insight/models/best_day.sql"
    model.write_text(model.read_text(encoding="utf-8").replace("limit 1", "limit 2"))
    monkeypatch.chdir(mesh.root)
    monkeypatch.syspath_prepend(str(mesh.root))
    return mesh


def told() -> list[object]:
    """Both shapes every day; `make test-all` tries the others."""
    daily = ("its YAML", "its module")
    return [pytest.param(w, marks=[] if w in daily else pytest.mark.slow) for w in WAYS]


@pytest.mark.parametrize("way", told())
def test_the_others_run_and_its_error_is_named(mesh: TinyMesh, shell: Shell, way: str) -> None:
    file, text, error, said = WAYS[way]
    broken = mesh.root / "domains/shop" / file
    whole = broken.read_text(encoding="utf-8") if broken.exists() else None
    broken.write_text(text, encoding="utf-8")

    # headless
    run = shell("run", "--json")
    assert run.code == 1
    assert list(run.json["errors"]) == ["shop"]
    assert said in run.json["errors"]["shop"]
    statuses = {p["product"]: p["status"] for p in run.json["products"]}
    assert statuses.pop("insight.best_day") == "published"
    assert set(statuses.values()) <= {"failed"}
    assert shell(
        "query", "--as", "insight", "--json", "select cents from insight.best_day order by 1"
    ).json == [
        {"cents": 40},
        {"cents": 1250},
    ], "two days now, from the orders that stand"
    assert said in shell("run").out, "for people, too"

    # the whole mesh as one location
    repository = mesh_definitions(mesh.root).get_repository_def()
    keys = {k.to_user_string(): k for k in repository.asset_graph.get_all_asset_keys()}
    assert {"shop/broken", "insight/products/best_day"} <= set(keys)
    assert said in (repository.asset_graph.get(keys["shop/broken"]).description or "")

    # each domain its own location
    with pytest.raises(error, match=said):
        import_module("domains.shop").defs()
    defs = import_module("domains.insight").defs()
    assert "insight" in {job.name for job in defs.get_repository_def().get_all_jobs()}

    # mended
    broken.unlink() if whole is None else broken.write_text(whole, encoding="utf-8")
    run = shell("run", "--json")
    assert (run.code, run.json["errors"]) == (0, {})
    assert {p["status"] for p in run.json["products"]} == {"published"}
    best = shell(
        "query", "--as", "insight", "--json", "select max(cents) as cents from insight.best_day"
    )
    assert best.json == [{"cents": 5000}]
