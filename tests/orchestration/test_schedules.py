"""What starts a domain besides publications: its schedule; which sensor looks how often; how late
a product may be. When an input starts its consumer is in test_automation.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData

from mesh_defs.model import Mesh
from mesh_defs.orchestration.location import domain_definitions, mesh_definitions
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import ORDERS, TinyMesh


def defs_of(mesh: TinyMesh, domain: str) -> dg.Definitions:
    found = Mesh.read(mesh.root)
    return domain_definitions(mesh.root, State.of(mesh.root), found.rooms[domain], set(found.rooms))


def scheduled(edit: Edit, mesh: TinyMesh, domain: str, text: str = "") -> None:
    """Give a domain a schedule, until the test is over."""
    lines = f'schedule: "15 5 * * 1-5"\ntimezone: Europe/Lisbon\n{text}title: '
    edit(mesh.root / f"domains/{domain}/domain.yaml", "title: ", lines)


def tick(mesh: TinyMesh, domain: str) -> ScheduleExecutionData:
    defs = defs_of(mesh, domain)
    schedule = defs.resolve_schedule_def(f"{domain}_schedule")
    context = dg.build_schedule_context(repository_def=defs.get_repository_def())
    return schedule.evaluate_tick(context)


def test_the_schedule_is_that_of_domain_yaml(my_mesh: TinyMesh, edit: Edit) -> None:
    assert [*defs_of(my_mesh, "shop").get_repository_def().schedule_defs] == []
    scheduled(edit, my_mesh, "shop")
    (schedule,) = defs_of(my_mesh, "shop").get_repository_def().schedule_defs
    assert (schedule.name, schedule.cron_schedule) == ("shop_schedule", "15 5 * * 1-5")
    assert schedule.execution_timezone == "Europe/Lisbon"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert schedule.job_name == "shop"


def test_a_tick_asks_for_a_run_when_something_changed(my_mesh: TinyMesh, edit: Edit) -> None:
    scheduled(edit, my_mesh, "shop")
    edit(my_mesh.orders, f"{ORDERS}4,2024-05-03,7\n")
    found = tick(my_mesh, "shop")
    assert found.skip_message is None
    (request,) = found.run_requests or ()
    assert request.tags["mesh/domain"] == "shop"
    assert request.asset_selection is None, "the whole domain"


def test_a_tick_at_which_nothing_changed_says_so(my_mesh: TinyMesh, edit: Edit) -> None:
    scheduled(edit, my_mesh, "shop")
    found = tick(my_mesh, "shop")
    assert found.run_requests == []
    assert found.skip_message == "Unchanged: sources, inputs and code are as they were."


def test_a_tick_without_the_input_says_which(my_mesh: TinyMesh, edit: Edit) -> None:
    scheduled(edit, my_mesh, "insight")
    edit(my_mesh.root / "domains/insight/domain.yaml", "version: 1", "version: 2")
    found = tick(my_mesh, "insight")
    assert found.run_requests == []
    assert found.skip_message == (
        "insight.best_day: may not read shop.orders v2: `shop.orders` is not published as v2. "
        "There is v1"
    )


def test_a_tick_that_cannot_be_planned_says_why(my_mesh: TinyMesh, edit: Edit) -> None:
    scheduled(edit, my_mesh, "shop")
    edit(my_mesh.root / "domains/shop/domain.yaml", "data/orders.csv", "data/gone.csv")
    found = tick(my_mesh, "shop")
    assert found.run_requests == []
    assert found.skip_message is not None
    assert found.skip_message.startswith("shop can't be planned: ")
    assert "no file at" in found.skip_message


def test_a_consumer_looks_for_publications_and_nobody_else_does(my_mesh: TinyMesh) -> None:
    repository = mesh_definitions(my_mesh.root).get_repository_def()
    (sensor,) = repository.sensor_defs
    assert isinstance(sensor, dg.AutomationConditionSensorDefinition)
    assert sensor.name == "insight_inputs"
    assert sensor.minimum_interval_seconds == 1
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.run_tags == {"mesh/domain": "insight"}
    watched = sensor.asset_selection.resolve(repository.asset_graph)
    conditioned = {
        key
        for key in repository.asset_graph.get_all_asset_keys()
        if repository.asset_graph.get(key).automation_condition
    }
    assert watched == conditioned
    assert {key.path[0] for key in watched} == {"insight"}


def test_an_input_that_no_model_reads_is_not_looked_for(my_mesh: TinyMesh, edit: Edit) -> None:
    edit(
        my_mesh.root / "domains/shop/domain.yaml",
        "sources:",
        "inputs: {insight.best_day: {version: 1, purpose: For a key rule.}}\nsources:",
    )
    assert [*defs_of(my_mesh, "shop").get_repository_def().sensor_defs] == []


@pytest.mark.parametrize(
    ("levels", "window"),
    [
        ("- {property: frequency, value: 1, unit: d}", timedelta(days=1)),
        ("- {property: frequency, value: 15, unit: m}", timedelta(minutes=15)),
        ("- {property: frequency, value: PT6H}", timedelta(hours=6)),
        ("- {property: latency, value: 1, unit: d}", None),
        ("- {property: frequency, value: now and then}", None),
    ],
)
def test_how_late_a_product_may_be_is_what_its_contract_promises(
    my_mesh: TinyMesh, edit: Edit, levels: str, window: timedelta | None
) -> None:
    contract = my_mesh.root / "domains/shop/contracts/days.odcs.yaml"
    edit(contract, "price:", f"slaProperties:\n{levels}\nprice:")
    graph = defs_of(my_mesh, "shop").resolve_asset_graph()
    policies = {
        key.to_user_string(): graph.get(key).freshness_policy
        for key in graph.get_all_asset_keys()
        if graph.get(key).freshness_policy
    }
    if window is None:
        assert policies == {}
    else:
        assert policies == {"shop/products/days": dg.FreshnessPolicy.time_window(window)}


def test_nothing_of_this_is_done_at_import(unpublished_mesh: TinyMesh, edit: Edit) -> None:
    """A schedule plans when it ticks, not when it is loaded."""
    scheduled(edit, unpublished_mesh, "shop")
    defs_of(unpublished_mesh, "shop").get_repository_def()
    made = {p.relative_to(unpublished_mesh.home).parts[0] for p in _files(unpublished_mesh.home)}
    assert made == {"dbt"}, "what dbt prepares, and nothing else"


def _files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]
