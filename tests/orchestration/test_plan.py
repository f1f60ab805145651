"""What a run would have to do, before anything runs: stale, fresh, blocked, unlanded, and why."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesh_defs.model import MeshError, ProductRef, read_room
from mesh_defs.orchestration.plan import Plan, plan
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import ORDERS, TinyMesh

ORDERS_REF, DAYS_REF = ProductRef("shop", "orders"), ProductRef("shop", "days")
SOURCE, CODE = "the source `orders` changed", "its code changed"


def plan_of(mesh: TinyMesh, domain: str, *wanted: ProductRef, force: bool = False) -> Plan:
    room = read_room(mesh.root / "domains" / domain, mesh.root)
    return plan(mesh.root, State.of(mesh.root), room, set(wanted) or None, force)


@dataclass(frozen=True)
class Change:
    """An edit of one file of the mesh, and what it makes stale in `shop` and in `insight`."""

    told: str
    file: str
    old: str
    new: str | None
    shop: dict[str, str]
    insight: dict[str, str]


BOTH = {"orders": CODE, "days": CODE}
CHANGES = [
    Change("another batch", "data/orders.csv", f"{ORDERS}4,2024-05-03,7\n", None,
           {"orders": SOURCE, "days": SOURCE}, {}),
    Change("the same batch, written again", "data/orders.csv", ORDERS, None, {}, {}),
    Change("another type of a source's column", "domains/shop/domain.yaml", "cents: bigint",
           "cents: integer", {"orders": SOURCE, "days": SOURCE}, {}),
    Change("the first model", "dbt_projects/shop/models/orders.sql", "select ", "select distinct ",
           BOTH, {}),
    Change("the last model", "dbt_projects/shop/models/days.sql", "sum(cents)", "max(cents)",
           {"days": CODE}, {}),
    Change("a model's configuration", "dbt_projects/shop/dbt_project.yml", "+materialized: table",
           "+materialized: view", BOTH, {}),
    Change("a macro that nobody uses", "dbt_projects/mesh_utils/macros/new.sql",
           "{% macro new() %}1{% endmacro %}", None, {}, {}),
    Change("a macro in place of one of dbt's", "dbt_projects/mesh_utils/macros/new.sql",
           "{% macro duckdb__get_limit_sql(sql, limit) %}{{ sql }}{% endmacro %}", None, BOTH,
           {"best_day": CODE}),
    Change("a contract", "domains/shop/contracts/days.odcs.yaml", "mustBeGreaterThan: 0",
           "mustBeGreaterThan: 1", {"days": CODE}, {}),
    Change("the moment freshness is judged at", "domains/shop/domain.yaml", "title: Shop",
           'as_of: "2024-06-01"\ntitle: Shop', BOTH, {}),
    Change("a title", "domains/shop/domain.yaml", "title: Shop", "title: The Shop", {}, {}),
    Change("a schedule", "domains/shop/domain.yaml", "title: Shop",
           'schedule: "0 3 * * *"\ntitle: Shop', {}, {}),
    Change("a descriptor", "domains/shop/products/days.odps.yaml", "All about days", "Days", {},
           {}),
    Change("a consumer's model", "dbt_projects/insight/models/best_day.sql", "limit 1", "limit 2",
           {}, {"best_day": CODE}),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.told)
def test_a_change_makes_stale_what_rests_on_it(
    my_mesh: TinyMesh, edit: Edit, change: Change
) -> None:
    edit(my_mesh.root / change.file, change.old, change.new)
    for domain, expected in (("shop", change.shop), ("insight", change.insight)):
        found = plan_of(my_mesh, domain)
        assert {ref.product: why for ref, why in found.stale.items()} == expected
        assert found.work is bool(expected)
        assert found.blocked == {}
        products = {"shop": {"orders", "days"}, "insight": {"best_day"}}[domain]
        assert {ref.product for ref in found.fresh} == products - set(expected)


def test_nothing_changed(my_mesh: TinyMesh) -> None:
    assert plan_of(my_mesh, "shop") == Plan("shop", {}, (DAYS_REF, ORDERS_REF))
    assert not plan_of(my_mesh, "shop").work
    assert not plan_of(my_mesh, "insight").work


def test_another_key_of_pseudonyms_makes_everything_again(
    my_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_PSEUDONYM_KEY", "another")
    assert plan_of(my_mesh, "shop").stale == dict.fromkeys((DAYS_REF, ORDERS_REF), CODE)


def test_the_same_bytes_at_another_place_are_no_change(
    my_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(my_mesh.orders, tmp_path / "elsewhere.csv")
    monkeypatch.setenv("MESH_SOURCE__SHOP__ORDERS", str(tmp_path / "elsewhere.csv"))
    assert not plan_of(my_mesh, "shop").work
    (tmp_path / "elsewhere.csv").write_text(ORDERS.replace("40", "41"), encoding="utf-8")
    found = plan_of(my_mesh, "shop")
    assert found.stale == dict.fromkeys((DAYS_REF, ORDERS_REF), SOURCE)
    assert found.unlanded == ("landing.orders",)


def test_only_what_is_wanted_is_looked_at(my_mesh: TinyMesh) -> None:
    assert plan_of(my_mesh, "shop", DAYS_REF) == Plan("shop", {}, (DAYS_REF,))
    assert plan_of(my_mesh, "shop", DAYS_REF, force=True) == Plan("shop", {DAYS_REF: "forced"})


def test_before_the_first_run(unpublished_mesh: TinyMesh) -> None:
    shop = plan_of(unpublished_mesh, "shop")
    assert shop.stale == dict.fromkeys((DAYS_REF, ORDERS_REF), "never published")
    assert shop.unlanded == ("landing.orders",)
    assert shop.work


@pytest.mark.parametrize("force", [False, True])
def test_an_input_that_was_never_published_blocks(unpublished_mesh: TinyMesh, force: bool) -> None:
    insight = plan_of(unpublished_mesh, "insight", force=force)
    assert insight.blocked == {
        ProductRef("insight", "best_day"): "not published yet: shop.orders v1"
    }
    assert not insight.stale
    assert not insight.work, "a run could change nothing"


def test_another_major_version_of_an_input_is_another_input(my_mesh: TinyMesh, edit: Edit) -> None:
    edit(my_mesh.root / "domains/insight/domain.yaml", "version: 1", "version: 2")
    assert plan_of(my_mesh, "insight").blocked == {
        ProductRef("insight", "best_day"): "not published yet: shop.orders v2"
    }


def test_an_input_no_model_reads_blocks_nothing(my_mesh: TinyMesh, edit: Edit) -> None:
    text = (my_mesh.root / "domains/insight/domain.yaml").read_text(encoding="utf-8")
    edit(
        my_mesh.root / "domains/insight/domain.yaml",
        f"{text}  shop.nothing:\n    version: 1\n    purpose: To look at, one day.\n",
    )
    assert not plan_of(my_mesh, "insight").blocked


def test_a_domain_without_products_has_work_while_it_has_something_to_land(
    my_mesh: TinyMesh,
) -> None:
    ref = ProductRef("a", "b")
    for found, work in (
        (Plan("a"), False),
        (Plan("a", unlanded=("landing.x",)), True),
        (Plan("a", fresh=(ref,), unlanded=("landing.x",)), False),
        (Plan("a", blocked={ref: "why"}, unlanded=("landing.x",)), False),
        (Plan("a", stale={ref: "why"}), True),
        (Plan("a", stale={ref: "why"}, fresh=(ref,), blocked={ref: "why"}), True),
    ):
        assert found.work is work, found


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("domains/shop/domain.yaml", "kind:", "kidn:", "kidn"),
        ("domains/shop/domain.yaml", "data/orders.csv", "data/gone.csv", "no file at"),
        ("dbt_projects/shop/models/days.sql", "ref('orders')", "ref('odrers')", "odrers"),
        ("dbt_projects/shop/models/orders.sql", "source('landing', 'orders')",
         "source('landing', 'tills')", "declared: orders"),
    ],
)  # fmt: skip
def test_a_broken_domain_cannot_be_planned(
    my_mesh: TinyMesh, edit: Edit, file: str, old: str, new: str, said: str
) -> None:
    edit(my_mesh.root / file, old, new)
    with pytest.raises(MeshError, match=said):
        plan_of(my_mesh, "shop")


def test_planning_changes_nothing_and_needs_no_dagster(my_mesh: TinyMesh) -> None:
    plan_of(my_mesh, "shop")  # parses what the last edit left
    plan_of(my_mesh, "insight")
    before = {p: p.stat().st_mtime_ns for p in my_mesh.home.rglob("*") if p.suffix != ".lock"}
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from mesh_defs.model import Mesh\n"
        "from mesh_defs.orchestration.plan import plan\n"
        "from mesh_defs.storage.state import State\n"
        f"root = Path({str(my_mesh.root)!r})\n"
        "rooms = Mesh.read(root).rooms.values()\n"
        "print(any(plan(root, State.of(root), room).work for room in rooms))\n"
        "print([m for m in ('dagster', 'dagster_dbt', 'dbt', 'duckdb', 'pandas', 'pyarrow')"
        " if m in sys.modules])\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split("\n") == ["False", "[]", ""]
    assert before == {
        p: p.stat().st_mtime_ns for p in my_mesh.home.rglob("*") if p.suffix != ".lock"
    }
