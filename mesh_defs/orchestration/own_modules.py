"""A domain's own asset modules: plain Dagster in plain files, made part of the domain.

What a team writes stays as short as it can be: prefix, group, owner, kinds, pool and tags are added
here.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Collection, Mapping
from types import ModuleType
from typing import Any

import dagster as dg
from dagster_shared.record import copy

from mesh_defs.model import MeshError
from mesh_defs.orchestration.site import Site

Renamed = Mapping[dg.AssetKey, dg.AssetKey]
"""The key that an asset had in its file → the key that it has in the mesh."""


def own_definitions(site: Site, domains: Collection[str]) -> dg.Definitions:
    """Whatever the domain's modules define. What a module raises is raised."""
    _imported(site, "")  # as Dagster does with a code location: it may raise
    modules = [_imported(site, f".{path.stem}") for path in sorted(site.room.folder.glob("*.py"))
               if path.stem != "__init__"]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the loader is marked as preview
        found = dg.load_definitions_from_modules(modules)
    assets = list(found.assets or [])
    checks = list(found.asset_checks or [])
    renamed = _prefixed(site, domains, assets, checks)
    aimed = _aim(renamed)
    return dg.Definitions(
        assets=[_owned(site, a, renamed) for a in assets],
        asset_checks=[c.with_attributes(asset_key_replacements=renamed) for c in checks],
        jobs=[aimed(j) for j in found.jobs or []],
        schedules=[_started(s, aimed) for s in found.schedules or []],
        sensors=[_started(s, aimed) for s in found.sensors or []],
        resources=_resources(modules),
    )


def _aim(renamed: Renamed) -> Callable[[Any], Any]:
    """Makes a job that selects assets by key select them by the keys that they have now."""
    made: dict[int, Any] = {}  # Dagster takes two jobs of one name only if they are the same object

    def aimed(job: Any) -> Any:
        keys = getattr(getattr(job, "selection", None), "selected_keys", ())
        if not any(key in renamed for key in keys):
            return job
        selection = dg.AssetSelection.assets(*(renamed.get(key, key) for key in keys))
        return made.setdefault(id(job), copy(job, selection=selection))

    return aimed


def _started(automation: Any, aimed: Callable[[Any], Any]) -> Any:
    """A schedule or sensor that starts such a job.

    Left as it is, it would bring the assets of its `target` along once more, as they were written.
    """
    targets = getattr(automation, "targets", None) or [getattr(automation, "target", None)]
    jobs = [getattr(target, "resolvable_to_job", None) for target in targets]
    wanted = [aimed(job) for job in jobs]
    if all(new is old for new, old in zip(wanted, jobs, strict=True)):
        return automation
    if isinstance(automation, dg.ScheduleDefinition):
        return automation.with_updated_job(wanted[0])
    return automation.with_updated_jobs(wanted)


def _resources(modules: Collection[ModuleType]) -> dict[str, Any]:
    """Resources under the names that the modules gave them; Dagster's loader leaves them out."""
    kinds = (dg.ResourceDefinition, dg.ConfigurableResource, dg.ConfigurableIOManager)
    found: dict[str, Any] = {}
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, kinds) and found.setdefault(name, value) is not value:
                raise MeshError(f"{module.__name__}: another module has a resource `{name}`, too.")
    return found


def _imported(site: Site, name: str) -> ModuleType:
    root = str(site.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module(f"{site.room.folder.parent.name}.{site.name}{name}")


def _prefixed(
    site: Site, domains: Collection[str], assets: list[Any], checks: list[Any]
) -> dict[dg.AssetKey, dg.AssetKey]:
    """Keys that name no domain are this domain's, in what is defined and in what it depends on."""
    keys: set[dg.AssetKey] = set()
    for asset in assets:
        specs = [asset] if isinstance(asset, dg.AssetSpec) else list(asset.specs)
        for spec in specs:
            if spec.key.path[0] in {*domains} - {site.name}:
                raise MeshError(
                    f"domains/{site.name}: the asset `{spec.key.to_user_string()}` has the name of "
                    "another domain. Name it as its own; what it reads stands in `deps`."
                )
            keys |= {spec.key, *(dep.asset_key for dep in spec.deps)}
    for check in checks:
        keys |= {key.asset_key for key in check.check_keys}
    return {key: dg.AssetKey([site.name, *key.path]) for key in keys if key.path[0] not in domains}


def _owned(site: Site, asset: Any, renamed: Renamed) -> Any:
    if isinstance(asset, dg.AssetSpec):  # alone it would keep the names of what it depends on
        asset = dg.AssetsDefinition(specs=[asset])
    owned = asset.with_attributes(asset_key_replacements=renamed).map_asset_specs(
        lambda spec: _said(site, spec)
    )
    _join_pool(owned, site.name)
    return owned


def _said(site: Site, spec: dg.AssetSpec) -> dg.AssetSpec:
    return spec.replace_attributes(
        group_name=site.name,
        owners=spec.owners or site.owners,
        tags={**spec.tags, **site.labels},
        kinds=spec.kinds or {"python"},
    )


def _join_pool(asset: Any, pool: str) -> None:
    # Dagster 1.13 has no public way to set the pool of an op that is already made.
    op = asset.node_def if asset.is_executable else None
    if isinstance(op, dg.OpDefinition) and op.pool is None:
        op._pool = pool
