"""Landing assets: one a declared source, its declared columns as a blocking check."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from mesh_defs.ingestion.landing import Landed, Refused, land
from mesh_defs.model import Source
from mesh_defs.orchestration.attempted import attempted, resting_on
from mesh_defs.orchestration.site import Site, forced
from mesh_defs.storage.workshop import workshop_lock


def landing_assets(site: Site) -> list[dg.AssetsDefinition]:
    return [_landing(site, name) for name in site.domain.sources]


def _landing(site: Site, name: str) -> dg.AssetsDefinition:
    source = site.domain.sources[name]
    key = dg.AssetKey(site.landing_key(name))
    checks = []
    if source.columns:
        checks.append(
            dg.AssetCheckSpec(
                "columns",
                asset=key,
                blocking=True,
                description="The batch has the columns that domain.yaml declares: "
                + ", ".join(f"{c} {t}" for c, t in source.columns.items()),
            )
        )

    @dg.asset(
        key=key,
        description=source.description,
        kinds={"delta", _kind(source)},
        metadata={"source": source.origin},
        check_specs=checks,
        **site.common(),
    )
    def landing(context: dg.AssetExecutionContext) -> Iterator[Any]:
        try:
            with (
                attempted(site, context, resting_on(site, [f"landing.{name}"])),
                workshop_lock(site.state, site.name),
            ):
                landed = land(
                    site.root,
                    site.state,
                    site.domain,
                    name,
                    context.run.run_id,
                    forced(context.run.tags),
                )
        except Refused as error:
            if checks:
                yield dg.AssetCheckResult(
                    check_name="columns", passed=False, metadata={"found": str(error)}
                )
            raise dg.Failure(str(error), allow_retries=False) from None
        yield dg.MaterializeResult(
            metadata=_metadata(landed),
            check_results=[
                dg.AssetCheckResult(
                    check_name="columns", passed=True, metadata={"notes": list(landed.notes)}
                )
                for _ in checks
            ],
        )

    return landing


def _kind(source: Source) -> str:
    """What Dagster's UI shows a source as: its file's format, or what a domain's own code is."""
    if source.path is None:
        return "beam" if source.pipeline else "python"
    return source.format or Path(source.path or "").suffix.lstrip(".") or "file"


def _metadata(landed: Landed) -> dict[str, Any]:
    return {
        "dagster/row_count": landed.rows,
        "snapshot": landed.snapshot.version,
        "changed": landed.changed,
        "bytes": landed.snapshot.bytes,
        "path": dg.MetadataValue.path(str(landed.snapshot.folder)),
    }
