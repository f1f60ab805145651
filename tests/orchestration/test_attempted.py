"""Every run is an attempt on the record of its products, also one that ends before their turn."""

from __future__ import annotations

from typing import Any

from mesh_defs.access.gate import Gate
from mesh_defs.contracts.levels.attempts import Attempt
from mesh_defs.model import Mesh, ProductRef
from mesh_defs.orchestration.domain_run import run_domain
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.orchestration.report import DomainResult
from mesh_defs.publishing import record
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import ORDERS, TinyMesh

LEVELS = """\
slaProperties:
- {id: fresh, property: freshness, value: 1, unit: d, element: orders.day}
- {id: errors, property: errorRate, value: 10, unit: percent}
"""


def run(mesh: TinyMesh, *wanted: str) -> DomainResult:
    refs = {ProductRef.parse(w) for w in wanted} or None
    found = Mesh.read(mesh.root)
    return run_domain(
        mesh.root,
        State.of(mesh.root),
        found,
        Gate(found, State.of(mesh.root)),
        "shop",
        refs,
        False,
        lambda _: None,
    )


def attempts(mesh: TinyMesh, product: str) -> list[Attempt]:
    return record.attempts(State.of(mesh.root), Mesh.read(mesh.root).product(product))


def logged(mesh: TinyMesh, run_id: str, kind: str) -> list[Any]:
    with open_instance(mesh.root, State.of(mesh.root)) as instance:
        events = [e.dagster_event for e in instance.all_logs(run_id) if e.dagster_event]
        return [e.event_specific_data for e in events if e.event_type_value == kind]


def test_a_batch_that_is_refused_is_an_attempt_that_failed(my_mesh: TinyMesh, edit: Edit) -> None:
    edit(my_mesh.orders, "cents", "euros")
    result = run(my_mesh)
    for product in ("shop.orders", "shop.days"):
        last = attempts(my_mesh, product)[-1]
        assert (last.status, last.run_id) == ("failed", result.run_id)
        assert (last.snapshot, last.readable) == (0, True)


def test_what_was_put_back_is_no_issue_any_more(my_mesh: TinyMesh, edit: Edit) -> None:
    assert attempts(my_mesh, "shop.days")[-1].status == "failed", "the test before"
    assert {p.status for p in run(my_mesh).products} == {"unchanged"}
    assert attempts(my_mesh, "shop.days")[-1].status == "unchanged"


def test_models_that_fail_are_an_attempt_at_what_was_wanted(my_mesh: TinyMesh, edit: Edit) -> None:
    before = len(attempts(my_mesh, "shop.orders"))
    edit(my_mesh.root / "dbt_projects/shop/models/days.sql", "select no_such_column")
    result = run(my_mesh, "shop.days")
    assert attempts(my_mesh, "shop.days")[-1].run_id == result.run_id
    assert attempts(my_mesh, "shop.days")[-1].status == "failed"
    assert len(attempts(my_mesh, "shop.orders")) == before


def test_levels_and_numbers_reach_dagster(my_mesh: TinyMesh, edit: Edit) -> None:
    contract = my_mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    edit(contract, contract.read_text() + LEVELS)
    edit(my_mesh.orders, f"{ORDERS}4,2024-05-03,-1\n")
    refused = run(my_mesh, "shop.orders")
    checks = {c.check_name: c for c in logged(my_mesh, refused.run_id, "ASSET_CHECK_EVALUATION")}
    numbers = {n: checks[n].metadata for n in ("cents__minimum", "not_empty", "fresh")}
    assert numbers["cents__minimum"]["failing"].value == 1
    assert "measured" not in numbers["cents__minimum"], "it would be the same once more"
    assert numbers["not_empty"]["measured"].value == 4
    assert numbers["fresh"]["measured"].value > 86400
    edit(my_mesh.orders, f"{ORDERS}4,2024-05-03,1\n")
    made = run(my_mesh, "shop.orders")
    (published,) = [
        m.materialization
        for m in logged(my_mesh, made.run_id, "ASSET_MATERIALIZATION")
        if m.materialization.asset_key.path[-2:] == ["products", "orders"]
    ]
    table = published.metadata["service_levels"].value
    assert "| `fresh` of `orders.day` | the newest day is at most 1 d old | broken: " in table
    assert "| `errors` | at most 10% of the attempts fail | broken: " in table
    assert table.count("▁") == 2
