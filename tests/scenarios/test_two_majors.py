"""Two majors of one product side by side: from one model or two, consumers at their own pace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mesh_defs.governance.validation import validate
from mesh_defs.model import Mesh
from mesh_defs.orchestration.headless import run_mesh
from mesh_defs.orchestration.report import RunReport
from mesh_defs.storage import tables
from mesh_defs.storage.state import State
from tests.tiny_mesh import TinyMesh, approve
from tests.two_majors import DESCRIPTOR, OLDER, next_major, read, write

pytestmark = pytest.mark.slow  # a story of whole runs

MODEL = "dbt_projects/shop/models/orders.sql"
BOTH = "select order_id, day, cents, cents as amount from {{ source('landing', 'orders') }}\n"


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path) -> TinyMesh:
    """The published tiny mesh, which is at version 1."""
    copied = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, copied.root)
    return copied


def statuses(report: RunReport) -> dict[str, str]:
    return {p.product: p.status for p in report.products}


def columns(mesh: TinyMesh, major: int) -> list[str]:
    """What the newest snapshot of `shop.orders` has in this major version."""
    import duckdb

    product = Mesh.read(mesh.root).products
    ref = next(p.line for p in product.values() if p.line.product == "orders")
    snapshot = tables.snapshot(State(mesh.home).product(ref, major))
    assert snapshot
    with duckdb.connect() as connection:
        files = [str(f) for f in snapshot.files]
        described = connection.execute("select * from read_parquet(?) limit 0", [files])
        return [d[0] for d in described.description or ()]


def test_from_one_model(mesh: TinyMesh) -> None:
    next_major(mesh.root)
    (mesh.root / MODEL).write_text(BOTH, encoding="utf-8")
    assert validate(Mesh.read(mesh.root), mesh.root) == []

    report = run_mesh(mesh.root)
    assert report.ok, report
    assert statuses(report)["shop.orders"] == "published"
    assert statuses(report)["shop.orders_v1"] == "published"
    assert columns(mesh, 2) == ["order_id", "day", "amount"]
    assert columns(mesh, 1) == ["order_id", "day", "cents"]
    older = tables.history(
        State(mesh.home).product(Mesh.read(mesh.root).product("shop.orders").ref, 1)
    )
    assert [said["contract_version"] for _, said in older] == ["1.1.0", "1.0.0"]

    # The consumer reads version 1 until it moves: one number, and the column's new name.
    found = Mesh.read(mesh.root)
    shop = found.rooms["shop"].products
    assert found.consumers(shop["orders_v1"].ref) == ["insight"]
    assert found.consumers(shop["orders"].ref) == []
    sources = mesh.home / "dbt/insight/sources/sources.yml"
    assert "- orders_v1\n" in sources.read_text(encoding="utf-8")  # whose publication it waits for
    domain = mesh.root / "domains/insight/domain.yaml"
    text = domain.read_text(encoding="utf-8")
    domain.write_text(text.replace("version: 1", "version: 2"), encoding="utf-8")
    model = mesh.root / "dbt_projects/insight/models/best_day.sql"
    sql = model.read_text(encoding="utf-8")
    model.write_text(sql.replace("sum(cents)", "sum(amount)"), encoding="utf-8")
    assert validate(Mesh.read(mesh.root), mesh.root) == []

    # Another major version is another promise: the agreement about the first does not cover it.
    waits = next(p for p in run_mesh(mesh.root).products if p.product == "insight.best_day")
    assert waits.status == "skipped"
    assert waits.reason.startswith("may not read shop.orders v2: agreement a2 waits for ")
    approve(mesh.root, "shop", "orders", "insight", version=2)
    moved = run_mesh(mesh.root)
    assert moved.ok, moved
    assert statuses(moved)["insight.best_day"] == "published"
    assert Mesh.read(mesh.root).consumers(shop["orders_v1"].ref) == []
    assert "orders_v1" not in sources.read_text(encoding="utf-8")


def test_from_two_models_and_one_of_them_fails(mesh: TinyMesh) -> None:
    next_major(mesh.root, older_model="orders_once")
    sql = "select order_id, day, cents as amount from {{ source('landing', 'orders') }}\n"
    (mesh.root / MODEL).write_text(sql, encoding="utf-8")
    once = mesh.root / "dbt_projects/shop/models/orders_once.sql"
    once.write_text(
        "select order_id, day, amount - 100 as cents from {{ ref('orders') }}\n", encoding="utf-8"
    )
    days = mesh.root / "dbt_projects/shop/models/days.sql"
    days.write_text(days.read_text(encoding="utf-8").replace("sum(cents)", "sum(amount)"), "utf-8")
    assert validate(Mesh.read(mesh.root), mesh.root) == []

    report = run_mesh(mesh.root)
    assert statuses(report)["shop.orders"] == "published"
    assert statuses(report)["shop.orders_v1"] == "failed"  # -60 cents, where 0 is the least
    assert statuses(report)["insight.best_day"] == "unchanged"
    assert columns(mesh, 2) == ["order_id", "day", "amount"]


def test_the_page_in_dagster_says_that_it_ends(mesh: TinyMesh) -> None:
    from mesh_defs.orchestration.location import domain_definitions

    next_major(mesh.root)
    room = Mesh.read(mesh.root).rooms["shop"]
    defs = domain_definitions(mesh.root, State(mesh.home), room, {"shop", "insight"})
    pages = {
        spec.key.path[-1]: spec.description or ""
        for spec in defs.resolve_all_asset_specs()
        if "products" in spec.key.path
    }
    said = "**Deprecated, ends on 2030-01-01.** The current version is `shop.orders`."
    assert pages["orders_v1"].startswith(said)
    assert "ends on" not in pages["orders"]


def wrong(root: Path) -> str:
    return "\n".join(map(str, validate(Mesh.read(root), root)))


def test_what_is_wrong_with_an_older_version(mesh: TinyMesh) -> None:
    next_major(mesh.root)
    older, descriptor = read(mesh.root, OLDER), read(mesh.root, DESCRIPTOR)
    write(mesh.root, OLDER, {**older, "version": "2.1.0"})
    assert "2.1.0 in a file that is called `orders.v1.odcs.yaml`" in wrong(mesh.root)
    assert "2.1.0 is not older than 2.0.0 in orders.odcs.yaml" in wrong(mesh.root)
    write(mesh.root, OLDER, {**older, "id": "urn:else"})
    assert "expected `urn:datacontract:shop.orders`, as in orders.odcs.yaml" in wrong(mesh.root)
    write(mesh.root, OLDER, older)
    write(mesh.root, DESCRIPTOR, {**descriptor, "outputPorts": descriptor["outputPorts"][:1]})
    assert "no port for version 1.1.0, which orders.v1.odcs.yaml promises" in wrong(mesh.root)


def test_an_input_is_a_version_that_is_published(mesh: TinyMesh) -> None:
    next_major(mesh.root)
    domain = mesh.root / "domains/insight/domain.yaml"
    text = domain.read_text(encoding="utf-8")
    domain.write_text(text.replace("version: 1", "version: 3"), encoding="utf-8")
    assert "there is no version 3 of `shop.orders`" in wrong(mesh.root)
