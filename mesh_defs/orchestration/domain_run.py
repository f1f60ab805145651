"""One domain's run in this process: plan, then landing, models and products as one Dagster run."""

from __future__ import annotations

import logging
import os
import time
import traceback
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.access.gate import Gate
from mesh_defs.model import DomainRoom, Mesh, MeshError, ProductRef
from mesh_defs.orchestration.dbt_project import prepare, product_models
from mesh_defs.orchestration.plan import Plan, plan
from mesh_defs.orchestration.report import DomainResult, ProductResult, Progress, Status
from mesh_defs.ports import delta
from mesh_defs.publishing.delivery import deliver, port_states
from mesh_defs.publishing.publish import last_attempt
from mesh_defs.publishing.record import settle
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    import dagster as dg

Listen = Callable[[Progress], None]


def run_domain(
    root: Path,
    state: State,
    mesh: Mesh,
    gate: Gate,
    name: str,
    wanted: Collection[ProductRef] | None,
    force: bool,
    listen: Listen,
) -> DomainResult:
    """Make a domain's stale products. Whatever goes wrong is in the result, never raised."""
    started = time.monotonic()
    room = mesh.rooms[name]
    products = [p for p in room.products if wanted is None or ProductRef(name, p) in wanted]
    try:
        listen(Progress(name, "planning"))
        todo = plan(root, state, room, wanted, force, gate.refused(name))
        for ref in todo.fresh:
            settle(state, room.products[ref.product])
        for ref in (*todo.fresh, *todo.blocked):
            deliver(state, room.products[ref.product], room.need().file.budget.audit)
        if not todo.work:
            return _settled(state, room, todo, started)
        return _execute(root, state, mesh, room, todo, force, listen, started)
    except MeshError as error:
        return _all(state, room, products, "failed", str(error), started, error=str(error))
    except Exception as error:
        traceback.print_exc()  # into the domain's log
        said = f"{type(error).__name__}: {error}"
        return _all(state, room, products, "failed", said, started, error=said)


def _execute(
    root: Path,
    state: State,
    mesh: Mesh,
    room: DomainRoom,
    todo: Plan,
    force: bool,
    listen: Listen,
    started: float,
) -> DomainResult:
    from mesh_defs.orchestration.instance import PID_TAG, noted, open_instance
    from mesh_defs.orchestration.location import domain_definitions
    from mesh_defs.orchestration.site import FORCE_TAG

    definitions = domain_definitions(root, state, room, set(mesh.rooms))
    job = definitions.resolve_job_def(room.name)
    selection = _selection(root, state, room, todo, job)
    run_id = str(uuid.uuid4())
    watch = _Watch(room, listen)
    tags = {"mesh/domain": room.name, PID_TAG: str(os.getpid())}
    if force:
        tags[FORCE_TAG] = "true"
    with open_instance(root, state) as instance, noted(state, run_id):
        instance.add_event_listener(run_id, watch)
        result = job.execute_in_process(
            instance=instance,
            asset_selection=selection,
            raise_on_error=False,
            run_id=run_id,
            tags=tags,
            run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
        )
    found = list(_settled(state, room, todo, started).products)
    for product in room.products.values():
        if product.ref in todo.stale:
            status, reason = watch.outcome(product.ref)
            if status in ("failed", "skipped"):  # what stands may still wait for a port
                deliver(state, product, room.need().file.budget.audit)
            found.append(
                _result(
                    state,
                    room,
                    product.ref.product,
                    status,
                    reason,
                    watch.seconds(product.ref),
                    run_id,
                )
            )
    error = "" if result.success or any(p.status == "failed" for p in found) else watch.problem
    if not result.success and not error and not any(p.status == "failed" for p in found):
        error = "the run failed; see its page in the UI"
    return DomainResult(room.name, tuple(found), error, time.monotonic() - started, run_id)


def _selection(
    root: Path, state: State, room: DomainRoom, todo: Plan, job: Any
) -> list[dg.AssetKey] | None:
    """What the stale products rest on. A whole domain takes its own asset modules along."""
    import dagster as dg

    if len(todo.stale) == len(room.products):
        return None
    project = prepare(root, state, room)
    keys = set()
    for ref in todo.stale:
        models = project.closure(product_models(room, ref))
        sources = project.sources_of(models)
        keys.add(dg.AssetKey(ref.asset_path))
        keys |= {dg.AssetKey([room.name, model]) for model in models}
        keys |= {
            dg.AssetKey([room.name, "landing", s.removeprefix("landing.")])
            for s in sources
            if s.startswith("landing.")
        }
    known = job.asset_layer.executable_asset_keys
    return sorted(keys & set(known))


class _Watch:
    """Hears Dagster's events of one run and tells people what they mean."""

    def __init__(self, room: DomainRoom, listen: Listen) -> None:
        self.room = room
        self.listen = listen
        self.problem = ""
        self._started: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._status: dict[ProductRef, Status] = {}
        self._failure: dict[str, str] = {}

    def __call__(self, entry: Any) -> None:
        event = entry.dagster_event
        if event is None and entry.level == logging.WARNING:
            self.listen(Progress(self.room.name, "models", text=entry.user_message))
        if event is None or event.step_key is None:
            return
        step = event.step_key
        kind, _, item = step.removeprefix(f"{self.room.name}__").partition("__")
        stage = {"landing": "landing", "products": "publishing"}.get(kind, "models")
        item = item if kind in ("landing", "products") else ""
        if event.is_step_start:
            self._started[step] = time.monotonic()
            self.listen(Progress(self.room.name, stage, item))  # type: ignore[arg-type]
        elif event.is_step_success or event.is_step_failure:
            self._ended[step] = time.monotonic()
            if event.is_step_failure:
                self._fail(step, event)
        elif event.is_step_materialization:
            said = event.step_materialization_data.materialization.metadata
            # A product that siblings wait for is materialised though another run published it.
            same = "status" in said and said["status"].value == "unchanged"
            self._note(event.asset_key, "unchanged" if same else "published", stage, _rows(said))
        elif event.event_type_value == "ASSET_OBSERVATION" and kind == "products":
            observation = event.asset_observation_data.asset_observation
            self._note(observation.asset_key, "unchanged", stage, _rows(observation.metadata))

    def outcome(self, ref: ProductRef) -> tuple[Status, str]:
        """The status of a product, and why when it was not published."""
        if ref in self._status:
            return self._status[ref], ""
        products = f"{ref.domain}__products__"
        failed = self._failure.get(f"{products}{ref.product}")
        if failed:
            return "failed", failed
        siblings = [s.removeprefix(products) for s in self._failure if s.startswith(products)]
        if siblings and len(siblings) == len(self._failure):
            return "skipped", f"rests on {', '.join(siblings)}, which was not published"
        return "failed", self.problem or "the run ended before its turn"

    def seconds(self, ref: ProductRef) -> float:
        step = f"{ref.domain}__products__{ref.product}"
        start = self._started.get(step)
        return round(self._ended.get(step, time.monotonic()) - start, 3) if start else 0.0

    def _note(self, key: Any, status: Status, stage: str, rows: int | None) -> None:
        path = key.path
        if len(path) == 3 and path[1] == "products":
            self._status[ProductRef(path[0], path[2])] = status
            self.listen(Progress(path[0], "publishing", path[2], rows, status))
        else:
            self.listen(Progress(self.room.name, stage, path[-1], rows))  # type: ignore[arg-type]

    def _fail(self, step: str, event: Any) -> None:
        data = event.step_failure_data
        said = data.user_failure_data.description if data.user_failure_data else None
        error = data.error
        text = said or (error.cause or error).message.strip()
        self._failure[step] = text
        self.problem = self.problem or text
        self.listen(Progress(self.room.name, "models", status="failed", text=text))


def _rows(metadata: Any) -> int | None:
    found = metadata.get("dagster/row_count")
    return int(found.value) if found is not None else None


def _settled(state: State, room: DomainRoom, todo: Plan, started: float) -> DomainResult:
    """The products that no run can change now: fresh ones, and blocked ones with what blocks."""
    found = [_result(state, room, ref.product, "unchanged") for ref in todo.fresh]
    found += [_result(state, room, r.product, "skipped", why) for r, why in todo.blocked.items()]
    return DomainResult(room.name, tuple(found), seconds=time.monotonic() - started)


def _all(
    state: State,
    room: DomainRoom,
    products: list[str],
    status: Status,
    reason: str,
    started: float,
    error: str = "",
) -> DomainResult:
    try:
        found = [_result(state, room, p, status, reason) for p in products]
    except Exception:  # what stands published can't be told, either
        found = [
            ProductResult(
                str(product.ref), room.name, status, str(product.contract.version), reason=reason
            )
            for product in map(room.products.__getitem__, products)
        ]
    return DomainResult(room.name, tuple(found), error, time.monotonic() - started)


def _result(
    state: State,
    room: DomainRoom,
    name: str,
    status: Status,
    reason: str = "",
    seconds: float = 0.0,
    run_id: str = "",
) -> ProductResult:
    """A product's result: its status now, and the numbers of what stands published."""
    product = room.products[name]
    standing = delta.published(state, product)
    said = standing.metadata if standing else {}
    judged = said
    if status == "failed":
        attempt = last_attempt(state, product)
        if attempt and attempt["run_id"] == run_id:
            judged = attempt
    return ProductResult(
        str(product.ref),
        room.name,
        status,
        product.contract.version,
        standing.version if standing else None,
        said.get("rows"),
        judged.get("rules_passed"),
        judged.get("rules_failed"),
        said.get("published_at"),
        seconds,
        reason,
        said.get("rows_quarantined", 0),
        judged.get("rules_not_executable"),
        tuple(port.to_json() for port in port_states(state, product)),
    )
