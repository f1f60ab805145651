"""A product's asset in Dagster, run as the UI's button runs it: nobody plans what is stale."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from mesh_defs.model import Mesh, ProductRef
from mesh_defs.orchestration.location import domain_definitions
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot
from tests.orchestration.conftest import reason
from tests.tiny_mesh import build

ORDERS = ProductRef("shop", "orders")


class Button:
    """Materialize all of `shop`."""

    def __init__(self, root: Path) -> None:
        self.root, self.state = root, State.of(root)
        self.instance = dg.DagsterInstance.ephemeral()

    def press(self) -> dg.ExecuteInProcessResult:
        mesh = Mesh.read(self.root)
        found = domain_definitions(self.root, self.state, mesh.rooms["shop"], set(mesh.rooms))
        job = found.resolve_job_def("shop")
        return job.execute_in_process(instance=self.instance, raise_on_error=False)

    @property
    def standing(self) -> int | None:
        found = snapshot(self.state.product(ORDERS, 1))
        return found.version if found else None


@pytest.fixture
def button(tmp_path: Path) -> Button:
    return Button(build(tmp_path / "mesh").root)


def checks(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    key = dg.AssetKey(ORDERS.asset_path)
    found = [e for e in result.get_asset_check_evaluations() if e.asset_key == key]
    return {e.check_name: e.passed for e in found}


def test_what_is_unchanged_is_observed_with_the_verdicts_it_was_published_with(
    button: Button,
) -> None:
    first = button.press()
    assert first.success
    again = button.press()
    assert again.success, again.get_step_failure_events()
    assert button.standing == 0, "nothing was published twice"
    assert checks(again) == checks(first)
    assert len(checks(again)) == 11


def test_what_is_unchanged_is_audited_again_where_its_audit_is_lost(button: Button) -> None:
    first = button.press()
    button.state.audit(ORDERS).unlink()
    again = button.press()
    assert again.success
    assert (button.standing, checks(again)) == (0, checks(first))


def test_a_contract_that_does_not_hold_fails_the_step_and_its_check(button: Button) -> None:
    button.press()
    orders = button.root / "data/orders.csv"
    orders.write_text(orders.read_text() + "4,2024-05-03,-1\n")
    result = button.press()
    assert not result.success
    assert {name for name, passed in checks(result).items() if not passed} == {"cents__minimum"}
    (said,) = [reason(e) for e in result.get_step_failure_events()
               if e.step_failure_data.user_failure_data]  # fmt: skip
    assert "cents.minimum: promised cents is at least 0; 1 of 4 rows is smaller" in said
    assert button.standing == 0
