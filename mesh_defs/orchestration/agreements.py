"""Agreements in Dagster: an asset with how each stands, reconciled each hour and when one is due.

It belongs to the mesh, not to a domain: a domain that breaks must not keep a notice from ending.
"""

# Dagster reads the annotations of what it decorates, so they are not strings here.

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from mesh_defs.access.agreements.showing import summary
from mesh_defs.access.agreements.states import OVER
from mesh_defs.access.desk import Desk
from mesh_defs.access.reconciling import Reconciled
from mesh_defs.model import MeshError
from mesh_defs.orchestration.server_process import LOCATION
from mesh_defs.storage.ledger import verify

KEY = dg.AssetKey([LOCATION, "agreements"])
SETTLED, CHAIN = "nothing_is_stuck", "the_chain_holds"
_COLUMNS = {
    "id": "string", "product": "string", "port": "string", "version": "int",
    "consumer": "string", "purpose": "string", "state": "string", "since": "string",
    "granted": "bool", "notice_ends": "string", "until": "string", "waiting_for": "string",
    "error": "string",
}  # fmt: skip


def agreements_definitions(root: Path) -> dg.Definitions:
    """The asset, its checks, its job and its schedule. Nothing is opened until one runs."""

    @dg.asset(
        key=KEY,
        group_name=LOCATION,
        kinds={"ledger"},
        description="Who reads what, in which state, and whether the port lists it. "
        "A run makes files, ledger and ports agree.",
        check_specs=[
            dg.AssetCheckSpec(SETTLED, asset=KEY, description="Every port does what was agreed."),
            dg.AssetCheckSpec(CHAIN, asset=KEY, description="No entry of the ledger was changed."),
        ],
    )
    def agreements(context: dg.AssetExecutionContext) -> Iterator[Any]:
        try:
            desk = Desk(root, LOCATION)
            found = desk.reconcile()
            wrong = [f"entry {w.seq} {w.problem}" for w in verify(*desk.register.ledger.whole())]
            yield dg.MaterializeResult(metadata=_metadata(desk, found))
        except MeshError as error:
            raise dg.Failure(str(error)) from None
        for said in _done(found):
            context.log.info(said)
        yield _check(SETTLED, [*(f"{a.id}: {a.error}" for a in found.stuck), *found.troubles])
        yield _check(CHAIN, wrong)

    job = dg.define_asset_job(
        "agreements",
        selection=dg.AssetSelection.assets(KEY),
        executor_def=dg.in_process_executor,
        description="Make files, ledger and ports agree.",
    )

    def due(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        try:
            if context.scheduled_execution_time.minute == 0 or Desk(root, LOCATION).is_due():
                yield dg.RunRequest()
            else:
                yield dg.SkipReason("Nothing is due. Every hour, ports are asked all the same.")
        except MeshError as error:
            yield dg.SkipReason(f"The agreements can't be read: {error}")

    schedule = dg.ScheduleDefinition(
        name="agreements_schedule",
        cron_schedule="*/5 * * * *",
        job=job,
        execution_fn=due,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks each five minutes whether something is due; hourly it asks every port.",
    )
    return dg.Definitions(
        assets=[agreements], jobs=[job], schedules=[schedule], executor=dg.in_process_executor
    )


def _metadata(desk: Desk, found: Reconciled) -> dict[str, Any]:
    standing = [a for a in desk.register.book().values() if a.state not in OVER]
    granted = desk.granted(standing)
    rows = [summary(a, a.id in granted) for a in standing]
    states = {str(a.state) for a in standing}
    return {
        "agreements": _table(rows),
        "standing": len(standing),
        **{f"state/{s}": sum(str(a.state) == s for a in standing) for s in sorted(states)},
        "granted": len(granted),
        "done": dg.MetadataValue.md("\n".join(f"- {said}" for said in _done(found)) or "nothing"),
        "orphans": len(found.orphans),
    }


def _table(rows: list[dict[str, Any]]) -> dg.MetadataValue:
    schema = dg.TableSchema([dg.TableColumn(name, type) for name, type in _COLUMNS.items()])
    said = [{**row, "waiting_for": " or ".join(row["waiting_for"])} for row in rows]
    records = [{name: _plain(row[name]) for name in _COLUMNS} for row in said]
    return dg.MetadataValue.table([dg.TableRecord(r) for r in records], schema)


def _plain(value: Any) -> str | int | bool:
    return value if isinstance(value, str | int | bool) else ""


def _done(found: Reconciled) -> list[str]:
    return [
        *(f"{e.agreement}: {e.event}" for e in found.done),
        *(f"{g.consumer} read {g.product} v{g.version} at {g.port}, and nobody had agreed: revoked"
          for g in found.orphans),
    ]  # fmt: skip


def _check(name: str, wrong: list[str]) -> dg.AssetCheckResult:
    metadata = {"wrong": dg.MetadataValue.md("\n".join(f"- {w}" for w in wrong))} if wrong else {}
    return dg.AssetCheckResult(passed=not wrong, check_name=name, asset_key=KEY, metadata=metadata)
