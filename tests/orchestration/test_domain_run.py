"""One domain's run in this process: what it says became of each product, and why."""

from __future__ import annotations

import os
from logging import WARNING
from typing import Any

import pytest

from mesh_defs.access.gate import Gate
from mesh_defs.model import Mesh, ProductRef
from mesh_defs.orchestration import domain_run
from mesh_defs.orchestration.domain_run import run_domain
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.orchestration.plan import Plan
from mesh_defs.orchestration.report import DomainResult, ProductResult, Progress
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import ORDERS, TinyMesh

NEW_ORDERS = f"{ORDERS}4,2024-05-03,70\n"
BAD_ORDERS = f"{ORDERS}4,2024-05-03,-1\n5,2024-05-03,-2\n"
A_TEST_THAT_FAILS = """\
models:
  - name: orders
    columns: [{name: cents, data_tests: [{accepted_values: {config: {severity: %s},
      arguments: {values: [1], quote: false}}}]}]
"""


class Runner:
    """Runs domains of one mesh, and keeps what is told meanwhile."""

    def __init__(self, mesh: TinyMesh) -> None:
        self.mesh = mesh
        self.state = State.of(mesh.root)
        self.told: list[Progress] = []

    def __call__(
        self, domain: str, *wanted: str, force: bool = False
    ) -> tuple[DomainResult, dict[str, ProductResult]]:
        self.told.clear()
        refs = {ProductRef.parse(w) for w in wanted} or None
        mesh = Mesh.read(self.mesh.root)
        gate = Gate(mesh, self.state)
        result = run_domain(
            self.mesh.root, self.state, mesh, gate, domain, refs, force, self.told.append
        )
        return result, {p.product.partition(".")[2]: p for p in result.products}

    def runs(self) -> list[Any]:
        with open_instance(self.mesh.root, self.state) as instance:
            return list(instance.get_runs())

    def events(self, run_id: str, kind: str) -> list[Any]:
        with open_instance(self.mesh.root, self.state) as instance:
            logged = [e.dagster_event for e in instance.all_logs(run_id) if e.dagster_event]
            return [e for e in logged if e.event_type_value == kind]


@pytest.fixture
def run(my_mesh: TinyMesh) -> Runner:
    """What a test published stands when the next one begins; the files are as they were."""
    return Runner(my_mesh)


def statuses(products: dict[str, ProductResult]) -> dict[str, str]:
    return {name: p.status for name, p in products.items()}


def test_unchanged_is_answered_without_a_run(run: Runner) -> None:
    run("shop")  # whatever a test before left
    known = len(run.runs())
    result, products = run("shop")
    assert statuses(products) == {"orders": "unchanged", "days": "unchanged"}
    assert (result.error, result.run_id) == ("", "")
    assert [p.rows for p in products.values()] == [2, 3]
    assert len(run.runs()) == known
    assert run.told == [Progress("shop", "planning")]


def test_what_it_rests_on_is_told_in_order(run: Runner, edit: Edit) -> None:
    before = run("shop")[1]["orders"].snapshot
    assert before is not None
    edit(run.mesh.orders, NEW_ORDERS)
    result, products = run("shop")
    assert statuses(products) == {"orders": "published", "days": "published"}
    assert [(p.snapshot, p.rows) for p in products.values()] == [(before + 1, 3), (before + 1, 4)]
    assert all(p.rules_failed == 0 and p.seconds > 0 for p in products.values())
    assert result.seconds > 0
    done = [(p.stage, p.item, p.rows, p.status) for p in run.told if p.rows is not None]
    assert done == [
        ("landing", "orders", 4, None),
        ("models", "orders", 4, None),
        ("models", "days", 3, None),
        ("publishing", "orders", 4, "published"),
        ("publishing", "days", 3, "published"),
    ]
    logged = run.runs()[0]
    assert (logged.run_id, logged.is_success) == (result.run_id, True)
    assert logged.tags["mesh/domain"] == "shop"
    assert logged.tags["mesh/pid"] == str(os.getpid())

    consumer = run("insight")[1]["best_day"]
    assert consumer.status == "published", "an input changed"


def test_a_failed_contract_says_which_rule_and_leaves_the_siblings_on_it(
    run: Runner, edit: Edit
) -> None:
    before = run("shop")[1]
    run("insight")
    edit(run.mesh.orders, BAD_ORDERS)
    result, products = run("shop")
    assert statuses(products) == {"orders": "failed", "days": "skipped"}
    assert result.error == "", "it is said of the product"
    assert products["orders"].reason.splitlines() == [
        "shop.orders was not published: its contract does not hold.",
        "  cents.minimum: promised cents is at least 0; 2 of 5 rows are smaller",
        '    {"order_id": 4, "cents": "(withheld: confidential)"}',
        '    {"order_id": 5, "cents": "(withheld: confidential)"}',
    ]
    assert (products["orders"].rules_passed, products["orders"].rules_failed) == (10, 1)
    assert products["days"].reason == "rests on orders, which was not published"
    assert products["days"].rules_failed == 0, "that of what stands"
    for name, product in products.items():
        assert (product.snapshot, product.rows) == (before[name].snapshot, before[name].rows)
        assert product.published_at == before[name].published_at

    checks = [
        e.asset_check_evaluation_data for e in run.events(result.run_id, "ASSET_CHECK_EVALUATION")
    ]
    assert [c.check_name for c in checks if not c.passed] == ["cents__minimum"]
    materialised = [e.asset_key.path for e in run.events(result.run_id, "ASSET_MATERIALIZATION")]
    assert materialised == [["shop", "landing", "orders"], ["shop", "orders"], ["shop", "days"]]
    assert run.runs()[0].is_failure
    assert statuses(run("insight")[1]) == {"best_day": "unchanged"}


def test_a_sibling_that_others_do_not_rest_on_fails_alone(run: Runner, edit: Edit) -> None:
    edit(run.mesh.orders, NEW_ORDERS)
    contract = run.mesh.root / "domains/shop/contracts/days.odcs.yaml"
    edit(contract, "mustBeGreaterThan: 0", "mustBeGreaterThan: 99")
    products = run("shop", force=True)[1]
    assert statuses(products) == {"orders": "published", "days": "failed"}
    assert "not_empty" in products["days"].reason


def test_a_refused_batch_is_the_reason_of_every_product(run: Runner, edit: Edit) -> None:
    edit(run.mesh.orders, NEW_ORDERS.replace("cents", "amount"))
    result, products = run("shop")
    assert statuses(products) == {"orders": "failed", "days": "failed"}
    for product in products.values():
        assert "rule `orders.columns`: the batch lacks `cents`" in product.reason
        assert "Renamed? The batch also has `amount`" in product.reason
        assert product.rules_failed == 0, "no audit was made: these are of what stands"
    (check,) = run.events(result.run_id, "ASSET_CHECK_EVALUATION")
    assert check.asset_check_evaluation_data.check_name == "columns"
    assert not check.asset_check_evaluation_data.passed
    assert run.events(result.run_id, "ASSET_MATERIALIZATION") == []


@pytest.mark.parametrize("severity", ["error", "warn"])
def test_a_dbt_test_stops_the_domain_if_it_is_an_error(
    run: Runner, edit: Edit, severity: str
) -> None:
    tests = run.mesh.root / "dbt_projects/shop/models/shop.yml"
    edit(tests, A_TEST_THAT_FAILS % severity)
    result, products = run("shop", force=True)
    failed = severity == "error"
    assert set(statuses(products).values()) == {"failed" if failed else "published"}
    if failed:
        (reason,) = {p.reason for p in products.values()}
        assert reason.startswith("dbt build of shop: accepted_values_orders_cents__False__1: Got 3")
    evaluated = [
        e.asset_check_evaluation_data
        for e in run.events(result.run_id, "ASSET_CHECK_EVALUATION")
        if e.asset_check_evaluation_data.asset_key.path == ["shop", "orders"]
    ]
    assert [(c.passed, c.severity.value) for c in evaluated] == [(False, severity.upper())]


def test_what_a_model_warns_of_is_told(run: Runner, edit: Edit) -> None:
    """A source that changed, say: the word `conformed` warns, and goes on."""
    columns = "{'order_id': 'bigint', 'day': 'date', 'amount': 'bigint'}"
    edit(
        run.mesh.root / "dbt_projects/shop/models/orders.sql",
        "{%- set conformed_orders = conformed(source('landing', 'orders'), " + columns + ") -%}\n"
        "select order_id, day, cents from {{ source('landing', 'orders') }}",
    )
    result, products = run("shop", force=True)
    assert set(statuses(products).values()) == {"published"}, products
    told = {p.text for p in run.told if p.text}
    assert any("column amount: the source has it no more, under no name; name" in t for t in told)
    assert any("column cents: the source has it, and nobody declared it" in t for t in told)
    with open_instance(run.mesh.root, run.state) as instance:
        logs = instance.all_logs(result.run_id)
    logged = [e.user_message for e in logs if int(e.level) >= WARNING]
    assert told <= set(logged)


def test_a_model_that_fails_says_what_the_engine_said(run: Runner, edit: Edit) -> None:
    run("shop")  # whatever a test before left
    edit(run.mesh.root / "dbt_projects/shop/models/days.sql", "sum(cents)", "sum(cnts)")
    products = run("shop")[1]
    assert statuses(products) == {"orders": "unchanged", "days": "failed"}
    reason = products["days"].reason
    assert reason.startswith("dbt build of shop: days:")
    assert 'Referenced column "cnts" not found' in reason


def test_only_what_is_wanted_is_made(run: Runner) -> None:
    result, products = run("shop", "shop.orders", force=True)
    assert statuses(products) == {"orders": "published"}
    made = {"/".join(e.asset_key.path) for e in run.events(result.run_id, "ASSET_MATERIALIZATION")}
    assert made == {"shop/landing/orders", "shop/orders", "shop/products/orders"}
    assert statuses(run("shop")[1])["orders"] == "unchanged"


def test_forced_is_made_again_though_nothing_changed(run: Runner) -> None:
    before = run("shop")[1]["days"].snapshot
    assert before is not None
    products = run("shop", force=True)[1]
    assert statuses(products) == {"orders": "published", "days": "published"}
    assert products["days"].snapshot == before + 1


def test_what_another_run_published_meanwhile_is_unchanged(
    run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("shop")[1]
    stale = {ProductRef("shop", name): "when it was planned" for name in before}
    monkeypatch.setattr(domain_run, "plan", lambda *rest: Plan("shop", stale))
    result, products = run("shop")
    assert statuses(products) == {"orders": "unchanged", "days": "unchanged"}
    assert result.error == ""
    assert [p.snapshot for p in products.values()] == [p.snapshot for p in before.values()]
    assert "published" not in {p.status for p in run.told}


def test_what_cannot_be_planned_fails_with_the_reason(run: Runner, edit: Edit) -> None:
    edit(run.mesh.root / "dbt_projects/shop/models/days.sql", "ref('orders')", "ref('nothing')")
    result, products = run("shop")
    assert statuses(products) == {"orders": "failed", "days": "failed"}
    assert "dbt_projects/shop does not parse" in result.error
    assert {p.reason for p in products.values()} == {result.error}
    assert result.run_id == ""


def test_the_unexpected_is_said_and_logged_and_never_raised(
    run: Runner, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def plan(*rest: object) -> None:
        raise ZeroDivisionError("one by none")

    monkeypatch.setattr(domain_run, "plan", plan)
    result, products = run("shop", "shop.days")
    assert result.error == "ZeroDivisionError: one by none"
    assert statuses(products) == {"days": "failed"}
    assert "Traceback" in capfd.readouterr().err


def test_an_own_asset_that_fails_fails_the_domain_and_no_product(run: Runner, edit: Edit) -> None:
    module = "import dagster as dg\n\n\n@dg.asset\ndef letters():\n    raise OSError('no paper')\n"
    edit(run.mesh.root / "domains/shop/letters.py", module)
    result, products = run("shop", force=True)
    assert statuses(products) == {"orders": "published", "days": "published"}
    assert result.error == "OSError: no paper"


def test_an_input_never_published_is_named(unpublished_mesh: TinyMesh) -> None:
    run = Runner(unpublished_mesh)
    result, products = run("insight")
    assert statuses(products) == {"best_day": "skipped"}
    assert products["best_day"].reason == "not published yet: shop.orders v1"
    assert products["best_day"].snapshot is None
    assert (result.error, result.run_id) == ("", "")
    assert not (unpublished_mesh.home / "dagster").exists(), "Dagster was not asked"


def test_an_engine_that_does_not_answer_is_in_the_result(
    my_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say then what stands published, either."""
    monkeypatch.setattr("mesh_defs.storage.bigquery.metered.PATIENCE", 0.2)
    for name, value in {
        "MESH_TARGET": "bigquery",
        "MESH_BIGQUERY_PROJECT": "acme-mesh",
        "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    result, products = Runner(my_mesh)("shop")
    assert "BigQuery did not answer in 0.2 s" in result.error
    assert set(statuses(products).values()) == {"failed"}
    assert {p.reason for p in products.values()} == {result.error}
    assert {p.snapshot for p in products.values()} == {None}
