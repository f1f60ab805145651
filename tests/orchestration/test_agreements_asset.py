"""The agreements in Dagster: what the asset shows, its checks, and when its schedule runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import text

from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.orchestration.agreements import KEY, agreements_definitions
from tests.orchestration.conftest import reason
from tests.tiny_mesh import TinyMesh


class Shown:
    """The asset of one mesh, materialised."""

    def __init__(self, mesh: TinyMesh) -> None:
        self.mesh = mesh
        self.defs = agreements_definitions(mesh.root)

    def run(self) -> dg.ExecuteInProcessResult:
        return self.defs.resolve_job_def("agreements").execute_in_process(
            instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
        )

    def metadata(self, result: dg.ExecuteInProcessResult) -> dict[str, Any]:
        (event,) = result.asset_materializations_for_node(KEY.to_python_identifier())
        return {name: value.value for name, value in event.metadata.items()}

    def checks(self, result: dg.ExecuteInProcessResult) -> dict[str, bool]:
        return {c.check_name: c.passed for c in result.get_asset_check_evaluations()}

    def tick(self, minute: int) -> str:
        schedule = self.defs.resolve_schedule_def("agreements_schedule")
        moment = datetime(2026, 1, 31, 12, minute, tzinfo=UTC)
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_schedule_context(instance, moment)
            said = schedule.evaluate_tick(context)
        return said.skip_message or f"{len(said.run_requests or ())} run"


@pytest.fixture
def shown(unpublished_mesh: TinyMesh) -> Shown:
    return Shown(unpublished_mesh)


def test_it_shows_every_agreement_as_it_was_read_back(shown: Shown) -> None:
    result = shown.run()
    assert result.success
    said = shown.metadata(result)
    (row,) = said["agreements"].records if hasattr(said["agreements"], "records") else (
        said["agreements"]
    )  # fmt: skip
    assert row.data["product"] == "shop.orders"
    assert (row.data["state"], row.data["granted"]) == ("active", True)
    assert (said["standing"], said["granted"], said["state/active"]) == (1, 1, 1)
    assert said["done"] == "- a1: requested\n- a1: approved\n- a1: granted"
    assert shown.checks(result) == {"nothing_is_stuck": True, "the_chain_holds": True}
    assert shown.metadata(shown.run())["done"] == "nothing"


def test_what_was_changed_in_the_ledger_fails_its_check(shown: Shown) -> None:
    shown.run()
    ledger = Desk(shown.mesh.root, "x").register.ledger
    with ledger._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER IF EXISTS mesh_ledger_no_update"))
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
        for (name,) in names.all():
            connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text("UPDATE mesh_ledger SET why = 'another' WHERE seq = 2"))
    result = shown.run()
    assert result.success
    assert shown.checks(result)["the_chain_holds"] is False


def test_a_ledger_that_does_not_answer_fails_the_run_with_its_reason(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_LEDGER_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    result = shown.run()
    (failed,) = [e for e in result.all_events if e.is_step_failure]
    said = reason(failed)
    assert "does not answer" in said
    assert "secret" not in said
    assert "can't be read" in shown.tick(5)


def test_the_schedule_runs_it_when_something_is_due_and_each_hour(shown: Shown) -> None:
    assert shown.tick(5) == "1 run", "an input was declared, and is not asked for yet"
    shown.run()
    assert shown.tick(5).startswith("Nothing is due")
    assert shown.tick(0) == "1 run"
    desk = Desk(shown.mesh.root, "Ola Nord", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    desk.act("a1", lambda a, who, at: do.cancel(a, who, at, "we stop"))
    assert shown.tick(5).startswith("Nothing is due"), "the notice runs"


def test_loading_it_opens_nothing(shown: Shown) -> None:
    assert not (shown.mesh.home / "ledger").exists()
