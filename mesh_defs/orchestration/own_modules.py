"""A domain's own asset modules: plain Dagster in plain files, made part of the domain.

What a team writes stays as short as it can be: prefix, group, owner, kinds, pool and tags are added
here.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Collection
from types import ModuleType
from typing import Any

import dagster as dg

from mesh_defs.orchestration.site import Site


def own_definitions(site: Site, domains: Collection[str]) -> dg.Definitions:
    """Whatever the domain's modules define. What a module raises is raised."""
    modules = [_imported(site, path.stem) for path in sorted(site.room.folder.glob("*.py"))
               if path.stem != "__init__"]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the loader is marked as preview
        found = dg.load_definitions_from_modules(modules)
    assets = list(found.assets or [])
    checks = list(found.asset_checks or [])
    renamed = _prefixed(site, domains, assets, checks)
    return dg.Definitions(
        assets=[_owned(site, a, renamed) for a in assets],
        asset_checks=[c.with_attributes(asset_key_replacements=renamed) for c in checks],
        jobs=found.jobs,
        schedules=found.schedules,
        sensors=found.sensors,
        resources=found.resources,
    )


def _imported(site: Site, stem: str) -> ModuleType:
    root = str(site.root)
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module(f"{site.room.folder.parent.name}.{site.name}.{stem}")


def _prefixed(
    site: Site, domains: Collection[str], assets: list[Any], checks: list[Any]
) -> dict[dg.AssetKey, dg.AssetKey]:
    """Keys that name no domain are this domain's, in what is defined and in what it depends on."""
    keys: set[dg.AssetKey] = set()
    for asset in assets:
        specs = [asset] if isinstance(asset, dg.AssetSpec) else list(asset.specs)
        for spec in specs:
            keys |= {spec.key, *(dep.asset_key for dep in spec.deps)}
    for check in checks:
        keys |= {key.asset_key for key in check.check_keys}
    return {key: dg.AssetKey([site.name, *key.path]) for key in keys if key.path[0] not in domains}


def _owned(site: Site, asset: Any, renamed: dict[dg.AssetKey, dg.AssetKey]) -> Any:
    if isinstance(asset, dg.AssetSpec):
        return _said(site, asset.replace_attributes(key=renamed.get(asset.key, asset.key)))
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
    op = getattr(asset, "node_def", None)
    if isinstance(op, dg.OpDefinition) and op.pool is None:
        op._pool = pool
