"""A breaking change is stopped in continuous integration, and then made so that nobody breaks.

The provider works on a branch in a clone of its own; what runs there is what `make lint` runs.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mesh_defs.orchestration.headless import run_mesh
from tests.repository import commit, git
from tests.scenarios.story import Story
from tests.tiny_mesh import TinyMesh
from tests.two_majors import CONTRACT, next_major, read, write

pytestmark = pytest.mark.slow  # a story of whole runs

MODEL = "dbt_projects/shop/models/orders.sql"
BOTH = "select order_id, day, cents, cents as amount from {{ source('landing', 'orders') }}\n"


@pytest.fixture
def production(tiny_mesh: TinyMesh, tmp_path: Path) -> TinyMesh:
    """What is published, and the branch that everybody's changes go to."""
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    commit(mesh.root)
    git(mesh.root, "branch", "--move", "main")
    return mesh


@pytest.fixture
def branch(production: TinyMesh, tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(production.root), str(root))
    git(root, "switch", "--quiet", "--create", "amounts")
    return root


def ci(root: Path) -> tuple[int, dict[str, Any]]:
    """What continuous integration says of a branch."""
    said = Story(root, root / ".mesh").mesh(
        "contract", "check-changes", "--against", "origin/main", "--json"
    )
    assert said.out, said
    return said.code, said.json


def merged(branch: Path, production: TinyMesh) -> None:
    git(branch, "push", "--quiet", "origin", "amounts")
    git(production.root, "merge", "--quiet", "amounts")


def renamed(root: Path) -> None:
    """`cents` becomes `amount`, in the model and in the contract, as if nobody read it."""
    sql = "select order_id, day, cents as amount from {{ source('landing', 'orders') }}\n"
    (root / MODEL).write_text(sql, encoding="utf-8")
    contract = read(root, CONTRACT)
    contract["schema"][0]["properties"][2]["name"] = "amount"
    write(root, CONTRACT, contract)
    commit(root)


def test_it_does_not_reach_its_consumers(production: TinyMesh, branch: Path) -> None:
    renamed(branch)
    code, said = ci(branch)
    assert (code, said["ok"]) == (1, False)
    (product,) = said["products"]
    assert {c["kind"] for c in product["changes"]} == {"column.renamed"}
    (consumer,) = product["consumers"]
    assert (consumer["domain"], consumer["breaks"]) == ("insight", True)
    assert consumer["columns"] == {"cents": ["best_day"]}
    legal = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    assert product["earliest_legal_date"] == legal
    (problem,) = product["problems"]
    assert "breaking changes need 2.0.0, got 1.0.0" in problem["problem"]
    assert f"breaks `insight`, and may not before {legal}" in problem["todo"]

    # A larger number alone does not help: the consumer would be left behind.
    contract = read(branch, CONTRACT)
    write(branch, CONTRACT, {**contract, "version": "2.0.0"})
    code, said = ci(branch)
    assert code == 1
    found = [p["problem"] for product in said["products"] for p in product["problems"]]
    assert any("v1 of `shop.orders` is gone, and `insight` reads it" in p for p in found)


def test_made_beside_the_old_version_it_breaks_nobody(production: TinyMesh, branch: Path) -> None:
    next_major(branch)
    (branch / MODEL).write_text(BOTH, encoding="utf-8")
    commit(branch)
    assert ci(branch)[0] == 0
    merged(branch, production)
    report = run_mesh(production.root)
    assert report.ok, report
    statuses = {p.product: p.status for p in report.products}
    assert statuses["shop.orders"] == statuses["shop.orders_v1"] == "published"
    assert statuses["insight.best_day"] in ("published", "unchanged")
