"""What nobody agreed to is not mounted: not by `mesh run`, not by the UI; the rest goes on."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
import yaml

from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.access.gate import Gate
from mesh_defs.model import Mesh
from mesh_defs.orchestration.headless import run_mesh
from mesh_defs.orchestration.location import domain_definitions
from mesh_defs.orchestration.report import ProductResult, RunReport
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import open_workshop, workshop_lock
from tests import tiny_mesh
from tests.orchestration.conftest import reason
from tests.tiny_mesh import ORDERS, TinyMesh

MORE_ORDERS = f"{ORDERS}4,2024-05-03,7000\n"


class Insight:
    """A tiny mesh in which `insight` reads two products, and compares what it makes of them."""

    def __init__(self, mesh: TinyMesh) -> None:
        self.mesh, self.root, self.state = mesh, mesh.root, State.of(mesh.root)
        path = mesh.root / "domains/insight/domain.yaml"
        declared = yaml.safe_load(path.read_text())
        declared["inputs"]["shop.days"] = {"version": 1, "purpose": "To count days."}
        path.write_text(yaml.safe_dump(declared, sort_keys=False))
        tiny_mesh.approve(self.root, "shop", "days", "insight")
        tiny_mesh._model(
            self.root, "insight", "all_days",
            "select day, cents from {{ source('shop', 'days') }}",
        )  # fmt: skip
        tiny_mesh._product(
            self.root, "insight", "all_days",
            [{"name": "day", "description": "The day.", "logicalType": "date"},
             {"name": "cents", "description": "What was paid.", "logicalType": "integer"}],
        )  # fmt: skip
        test = self.root / "dbt_projects/insight/tests/the_best_is_the_most.sql"
        test.parent.mkdir()
        test.write_text(
            "select a.cents from {{ ref('all_days') }} as a, {{ ref('best_day') }} as b\n"
            "where a.cents > b.cents\n"
        )
        (self.root / "governance.yaml").write_text(
            "team: {name: Guards, email: g@example.com, members: [{name: Gus, role: steward}]}\n"
        )

    def run(self, *selection: str) -> tuple[RunReport, dict[str, ProductResult]]:
        report = run_mesh(self.root, selection)
        return report, {p.product: p for p in report.products}

    def suspend(self, product: str) -> None:
        desk = Desk(self.root, "Gus")
        (id,) = (a.id for a in desk.register.book().values() if a.product == product)
        desk.act(id, lambda a, who, at: do.suspend(a, who, at, "a leak"))

    def views(self) -> set[str]:
        with (
            workshop_lock(self.state, "insight"),
            open_workshop(self.state, "insight") as connection,
        ):
            found = connection.execute(
                "select table_schema || '.' || table_name from information_schema.tables "
                "where table_schema = 'shop'"
            ).fetchall()
        return {str(row[0]) for row in found}


@pytest.fixture
def insight(unpublished_mesh: TinyMesh) -> Insight:
    return Insight(unpublished_mesh)


def test_a_suspended_agreement_stops_the_next_run_and_only_what_rests_on_it(
    insight: Insight,
) -> None:
    report, products = insight.run()
    assert report.ok, report
    assert insight.views() == {"shop.orders", "shop.days"}

    insight.suspend("shop.orders")
    insight.mesh.orders.write_text(MORE_ORDERS)
    report, products = insight.run()
    best, days = products["insight.best_day"], products["insight.all_days"]
    assert not report.ok
    assert (best.status, best.snapshot) == ("skipped", 0)
    assert best.reason == (
        "may not read shop.orders v1: agreement a1 is suspended (a leak): ask the governance group"
    )
    # The new best day is not known here, so what compares with it has nothing to say today.
    assert (days.status, days.rows) == ("published", 3), days.reason
    assert insight.views() == {"shop.days"}, "what was mounted before is not readable any more"

    report, products = insight.run()
    assert not report.ok, "refused is said at each run, also when nothing changed"
    assert products["insight.all_days"].status == "unchanged"


def test_the_ui_says_the_same_and_builds_nothing(insight: Insight) -> None:
    assert insight.run()[0].ok
    insight.suspend("shop.orders")
    mesh = Mesh.read(insight.root)
    found = domain_definitions(insight.root, insight.state, mesh.rooms["insight"], set(mesh.rooms))
    result = found.resolve_job_def("insight").execute_in_process(
        instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
    )
    (failed,) = [e for e in result.all_events if e.is_step_failure and "models" in _step(e)]
    assert reason(failed) == (
        "insight may not read `shop.orders` v1: agreement a1 is suspended (a leak): "
        "ask the governance group."
    )
    assert not [e for e in result.all_events if e.is_step_materialization]


def test_nobody_agreed_and_the_run_says_whom_to_ask(insight: Insight) -> None:
    (insight.root / "domains/shop/approvals.yaml").unlink()
    report, products = insight.run()
    assert not report.ok
    assert products["shop.orders"].status == "published", "the provider goes on"
    assert products["insight.best_day"].reason == (
        "may not read shop.orders v1: agreement a1 waits for Shop team to approve it: "
        "`mesh access approve a1`"
    )
    desk = Desk(insight.root, "Ola Nord")
    for id in ("a1", "a2"):
        desk.act(id, lambda a, who, at: do.approve(a, who, at))
    assert insight.run("insight")[0].ok


def test_a_role_opens_its_columns_and_rows_to_a_run_too(insight: Insight) -> None:
    path = insight.root / "domains/shop/contracts/orders.odcs.yaml"
    given = yaml.safe_load(path.read_text())
    opens: list[dict[str, Any]] = [
        {"property": "readableColumns", "value": ["day", "cents"]},
        {"property": "readableRows", "value": "order_id <= 2"},
    ]  # fmt: skip
    given["roles"] = [{"role": "part", "customProperties": opens}, {"role": "whole"}]
    path.write_text(yaml.safe_dump(given, sort_keys=False))
    path = insight.root / "domains/insight/domain.yaml"
    declared = yaml.safe_load(path.read_text())
    declared["inputs"]["shop.orders"]["role"] = "part"
    path.write_text(yaml.safe_dump(declared, sort_keys=False))
    report, _ = insight.run()
    assert report.ok, report
    with (
        workshop_lock(insight.state, "insight"),
        open_workshop(insight.state, "insight") as connection,
    ):
        rows = connection.execute("from shop.orders").to_arrow_table().to_pylist()
        best = connection.execute("select cents from best_day").fetchall()
    assert {tuple(sorted(row)) for row in rows} == {("cents", "day")}
    assert (sorted(row["cents"] for row in rows), best) == ([250, 1000], [(1250,)])

    opens[1]["value"] = "nobody knows"
    given["roles"][0]["customProperties"] = opens
    (insight.root / "domains/shop/contracts/orders.odcs.yaml").write_text(yaml.safe_dump(given))
    (why,) = Gate(Mesh.read(insight.root), insight.state).refused("insight").values()
    assert "is for the role `part`, and the contract does not say what that opens" in why


def test_what_a_rule_refers_to_is_refused_too(insight: Insight) -> None:
    """A foreign key into a product is a way to read it: without an agreement it is unchecked."""
    path = insight.root / "domains/insight/contracts/all_days.odcs.yaml"
    contract = yaml.safe_load(path.read_text())
    contract["schema"][0]["properties"][0]["relationships"] = [
        {"type": "foreignKey", "to": "shop.orders.day"}
    ]
    path.write_text(yaml.safe_dump(contract, sort_keys=False))
    report, products = insight.run()
    assert report.ok, report
    assert products["insight.all_days"].rules_not_executable == 0
    insight.suspend("shop.orders")
    insight.mesh.orders.write_text(MORE_ORDERS)
    report, products = insight.run()
    assert products["insight.all_days"].status == "published"
    assert products["insight.all_days"].rules_not_executable == 1


def test_the_gate_asks_the_ledger_each_time(insight: Insight) -> None:
    insight.run("shop")
    gate = Gate(Mesh.read(insight.root), insight.state)
    assert gate.refused("insight") == {}
    insight.suspend("shop.days")
    assert [str(ref) for ref in gate.refused("insight")] == ["shop.days"]


def _step(event: Any) -> str:
    return str(event.step_key)
