"""What starts a domain's run: its own schedule, and the publications of what it consumes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from mesh_defs.model import MeshError
from mesh_defs.orchestration.plan import plan
from mesh_defs.orchestration.site import Site
from mesh_defs.publishing.record import settle


def input_condition(site: Site) -> dg.AutomationCondition[Any] | None:
    """When a domain's models and products are made again: an input was published.

    A product is materialised only by publication, and published only if its contract held, so an
    attempt that failed never fires this. The checks themselves are not asked: a later attempt that
    failed must not keep consumers from the good snapshot that stands.
    """
    return dg.AutomationCondition.eager() if site.consumes else None


def domain_job(site: Site) -> Any:
    """Everything a domain does, in one process."""
    return dg.define_asset_job(
        site.name,
        selection=dg.AssetSelection.groups(site.name),
        description=f"{site.domain.file.title}: landing, models, products.",
        tags={"mesh/domain": site.name},
        executor_def=dg.in_process_executor,
    )


def input_sensor(site: Site) -> dg.AutomationConditionSensorDefinition:
    """Sees new snapshots of inputs across code locations; the daemon looks each 5 s at best."""
    return dg.AutomationConditionSensorDefinition(
        f"{site.name}_inputs",
        target=dg.AssetSelection.groups(site.name),
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        run_tags={"mesh/domain": site.name},
    )


def domain_schedule(site: Site, job: Any) -> dg.ScheduleDefinition | None:
    """The schedule of domain.yaml; a tick at which nothing changed is skipped and says so."""
    cron = site.domain.file.schedule
    if not cron:
        return None

    def due(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        try:
            todo = plan(site.root, site.state, site.room, refused=site.refused())
            for ref in todo.fresh:
                settle(site.state, site.room.products[ref.product])
        except MeshError as error:
            yield dg.SkipReason(f"{site.name} can't be planned: {error}")
            return
        if todo.work:
            yield dg.RunRequest(tags={"mesh/domain": site.name})
        elif todo.blocked:
            yield dg.SkipReason("; ".join(f"{ref}: {why}" for ref, why in todo.blocked.items()))
        else:
            yield dg.SkipReason("Unchanged: sources, inputs and code are as they were.")

    return dg.ScheduleDefinition(
        name=f"{site.name}_schedule",
        cron_schedule=cron,
        execution_timezone=site.domain.file.timezone,
        job=job,
        execution_fn=due,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"{site.domain.file.title}'s own schedule, from its domain.yaml.",
    )
