"""One domain as Dagster's definitions: a code location of its own, or a part of the whole mesh."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from mesh_defs.model import DomainRoom, Mesh, MeshError, read_room
from mesh_defs.orchestration.agreements import agreements_definitions
from mesh_defs.orchestration.automation import (
    domain_job,
    domain_schedule,
    input_condition,
    input_sensor,
)
from mesh_defs.orchestration.dbt_project import prepare
from mesh_defs.orchestration.landing import landing_assets
from mesh_defs.orchestration.models import model_assets
from mesh_defs.orchestration.own_modules import own_definitions
from mesh_defs.orchestration.products import product_assets
from mesh_defs.orchestration.site import Site
from mesh_defs.storage.state import State


def domain_location(file: str) -> Any:
    """What a domain's `__init__.py` hands to Dagster: loaded when Dagster asks, not before."""
    folder = Path(file).resolve().parent
    root = folder.parent.parent

    @dg.definitions
    def load() -> dg.Definitions:
        names = {d.name for d in folder.parent.iterdir() if d.is_dir()}
        return domain_definitions(root, State.of(root), read_room(folder, root), names)

    return load


def domain_definitions(
    root: Path, state: State, room: DomainRoom, domains: Collection[str]
) -> dg.Definitions:
    """Everything of one domain. Raises MeshError, or what its own modules raise."""
    room.need()
    site = Site(root, state, room, prepare(root, state, room))
    condition = input_condition(site)
    job = domain_job(site)
    schedule = domain_schedule(site, job)
    platform = dg.Definitions(
        assets=[
            *landing_assets(site),
            *model_assets(site, condition),
            *product_assets(site, condition),
        ],
        jobs=[job],
        schedules=[schedule] if schedule else [],
        sensors=[input_sensor(site)] if site.consumes else [],
        executor=dg.in_process_executor,
    )
    return dg.Definitions.merge(platform, own_definitions(site, domains))


def mesh_definitions(root: Path) -> dg.Definitions:
    """Every domain in one location. A domain that can't be loaded stands in it by name, failing."""
    state = State.of(root)
    mesh = Mesh.read(root)
    found = {}
    for room in mesh.rooms.values():
        try:
            defs = domain_definitions(root, state, room, set(mesh.rooms))
            _resolve(defs)  # keys and jobs, so that what is wrong in them is this domain's
            found[room.name] = defs
        except Exception as error:
            found[room.name] = broken(room.name, error)
    return dg.Definitions.merge(_together(found), agreements_definitions(root))


def _together(domains: Mapping[str, dg.Definitions]) -> dg.Definitions:
    """Domains in one location. Where two use one name there, the later one can't be loaded."""
    whole = _merged([*domains.values()])
    if isinstance(whole, dg.Definitions):
        return whole
    kept: list[dg.Definitions] = []
    for name, defs in domains.items():
        found = _merged([*kept, defs])
        if isinstance(found, dg.Definitions):
            kept.append(defs)
            continue
        said = (
            f"{found} Another domain of this code location has that name, too. Rename it, or load "
            "each domain as a code location of its own (workspace.yaml)."
        )
        kept.append(broken(name, MeshError(said)))
    return dg.Definitions.merge(*kept)


def _merged(parts: list[dg.Definitions]) -> dg.Definitions | Exception:
    try:
        whole = dg.Definitions.merge(*parts)
        _resolve(whole)
        return whole
    except Exception as error:
        return error


def _resolve(defs: dg.Definitions) -> None:
    """What Dagster would find wrong when it loads these, it finds now."""
    defs.get_repository_def().load_all_definitions()


def broken(name: str, error: Exception) -> dg.Definitions:
    """What stands for a domain that can't be loaded: its error, where everybody sees it."""
    import traceback

    said = str(error)
    if not isinstance(error, MeshError):
        said = "".join(traceback.format_exception(error))
    key = dg.AssetKey([name, "broken"])
    spec = dg.AssetSpec(
        key,
        group_name=name,
        owners=[f"team:{name}"],
        description=f"The domain `{name}` can't be loaded.\n\n```\n{said}\n```",
        tags={"mesh/domain": name},
    )

    @dg.asset_check(asset=key, name="loads", blocking=True, description=said)
    def loads() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, metadata={"error": dg.MetadataValue.md(said)})

    return dg.Definitions(assets=[spec], asset_checks=[loads])
