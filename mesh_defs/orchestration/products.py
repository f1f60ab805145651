"""Product assets: the one node other domains depend on, and a check for each contract rule."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from mesh_defs.contracts.audit import Audit, Verdict
from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.contracts.clauses.reading import audited_rules
from mesh_defs.contracts.levels.freshness import end_of_life, publication_interval
from mesh_defs.contracts.markdown import contract_markdown, levels_markdown
from mesh_defs.contracts.rules import Rule, check_name
from mesh_defs.model import DataProduct, MeshError
from mesh_defs.orchestration.attempted import attempted
from mesh_defs.orchestration.dbt_project import product_models
from mesh_defs.orchestration.plan import product_code
from mesh_defs.orchestration.site import Site, forced
from mesh_defs.ports.kinds import OutputPort, beyond_the_lake
from mesh_defs.publishing.delivery import PortState, deliver
from mesh_defs.publishing.publish import Outcome, publish
from mesh_defs.publishing.record import levels
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.workshop import workshop_lock


def product_assets(
    site: Site, condition: dg.AutomationCondition[Any] | None
) -> list[dg.AssetsDefinition]:
    return [_product(site, p, condition) for p in site.room.products.values()]


def _product(
    site: Site, product: DataProduct, condition: dg.AutomationCondition[Any] | None
) -> dg.AssetsDefinition:
    key = dg.AssetKey(site.product_key(product.ref.product))
    models = product_models(site.room, product.ref)
    feeds = [
        f"{site.name}.{sibling.ref.product}"
        for sibling in site.room.products.values()
        if product.ref.product in _rests_on(site, sibling)
    ]

    @dg.asset(
        key=key,
        deps=[
            *(dg.AssetKey(site.model_key(m)) for m in models),
            *(dg.AssetKey(site.product_key(p)) for p in _rests_on(site, product)),
        ],
        description=_description(product),
        kinds={house_of(site.state).kind, "product"},
        metadata=_definition_metadata(product),
        code_version=product.contract.version,
        check_specs=[
            *(_check_spec(key, rule) for rule in audited_rules(product.contract)),
            *(_port_spec(key, port) for port in beyond_the_lake(product)),
        ],
        output_required=False,
        automation_condition=condition,
        freshness_policy=_freshness(product),
        **site.common(),
    )
    def publication(context: dg.AssetExecutionContext) -> Iterator[Any]:
        code = product_code(site.state, site.room, site.project, product.ref)
        budget = site.domain.file.budget.audit
        about = {"product": product.ref.product, "run": context.run.run_id}
        try:
            with (
                attempted(site, context, [product]),
                workshop_lock(site.state, site.name),
                house_of(site.state).open(site.name, about, budget) as workshop,
            ):
                outcome = publish(
                    workshop,
                    site.state,
                    site.room,
                    product,
                    code,
                    context.run.run_id,
                    forced(context.run.tags),
                    feeds,
                )
        except MeshError as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        yield from (_check_result(key, v) for v in outcome.audit.verdicts)
        if outcome.status == "failed":
            raise dg.Failure(breach(outcome.product, outcome.audit), allow_retries=False)
        if outcome.status == "published" or _is_awaited(context, key):
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    **_metadata(outcome),
                    **_service_levels(site, product),
                    **_column_lineage(site, product),
                },
            )
        else:
            found = {**_metadata(outcome), **_service_levels(site, product)}
            yield dg.AssetObservation(key, metadata=found)
        # After the publication is told: a port that is slow, or down, keeps no consumer waiting.
        for port in deliver(site.state, product, budget)[1:]:
            yield _port_result(key, port)

    return publication


def breach(product: str, audit: Audit) -> str:
    """What a failed contract says: each rule, how many rows, three examples."""
    lines = [f"{product} was not published: its contract does not hold."]
    for verdict in audit.blocking:
        lines.append(f"  {verdict.rule.id}: promised {verdict.rule.promised}; {verdict.found}")
        lines += [f"    {json.dumps(row, default=str)}" for row in verdict.examples]
    return "\n".join(lines)


def _rests_on(site: Site, product: DataProduct) -> list[str]:
    """Sibling products whose models this one is built from: they are published first, or neither.

    Without this, baskets would be published from the very lines that purchases was refused for.
    """
    above = site.project.closure(product_models(site.room, product.ref))
    return [
        name
        for name, sibling in site.room.products.items()
        if sibling.ref != product.ref
        and set(product_models(site.room, sibling.ref)) <= above
        and not set(product_models(site.room, product.ref))
        <= site.project.closure(product_models(site.room, sibling.ref))
    ]


def _is_awaited(context: dg.AssetExecutionContext, key: dg.AssetKey) -> bool:
    """Whether another step of this run waits for this one, and would be skipped without it."""
    layer = context.job_def.asset_layer
    selected = context.run.asset_selection or layer.executable_asset_keys
    return bool(layer.asset_graph.get(key).child_keys & set(selected))


def _check_spec(key: dg.AssetKey, rule: Rule) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check_name(rule),
        asset=key,
        description=f"{rule.id}: {rule.promised} ({rule.severity})",
        blocking=rule.severity == "error",
    )


def _check_result(key: dg.AssetKey, verdict: Verdict) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"found": verdict.found, "promised": verdict.rule.promised}
    # Dagster plots what is a number.
    if verdict.failing is not None:
        metadata["failing"] = verdict.failing
    if verdict.measured is not None and not verdict.counts_rows:
        metadata["measured"] = verdict.measured
    if "quarantine" in verdict.rule.params:
        metadata["quarantined"] = verdict.quarantined
    if verdict.examples:
        metadata["examples"] = dg.MetadataValue.md(
            "\n".join(f"- `{json.dumps(row, default=str)}`" for row in verdict.examples)
        )
    blocks = verdict.rule.severity == "error" and verdict.outcome == "failed"
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check_name(verdict.rule),
        passed=verdict.outcome == "passed",
        severity=dg.AssetCheckSeverity.ERROR if blocks else dg.AssetCheckSeverity.WARN,
        metadata={**metadata, "outcome": verdict.outcome},
    )


def _port_spec(key: dg.AssetKey, port: OutputPort) -> dg.AssetCheckSpec:
    """A port that failed turns red and stops nobody: the product is published all the same."""
    said = f"What is published was delivered to the port {port.name}, and proven there."
    return dg.AssetCheckSpec(f"port__{check_name(port.name)}", asset=key, description=said)


def _port_result(key: dg.AssetKey, port: PortState) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=f"port__{check_name(port.name)}",
        passed=port.status == "published",
        severity=(
            dg.AssetCheckSeverity.ERROR if port.status == "failed" else dg.AssetCheckSeverity.WARN
        ),
        metadata={name: str(value) for name, value in port.to_json().items() if value is not None},
    )


def _description(product: DataProduct) -> str:
    said = product.descriptor.description
    parts = [_standing(product), said.purpose or "", said.usage or ""]
    if said.limitations:
        parts.append(f"**Limitations.** {said.limitations}")
    return "\n\n".join(p.strip() for p in parts if p.strip())


def _standing(product: DataProduct) -> str:
    """What a consumer has to know first: that it will end, and when."""
    end = end_of_life(product.contract)
    if product.status == "active" and not end:
        return ""
    ends = f", ends on {end}" if end else ""
    newer = f" The current version is `{product.line}`." if product.older_of else ""
    return f"**{product.status.capitalize()}{ends}.**{newer}"


def _definition_metadata(product: DataProduct) -> dict[str, Any]:
    contract = product.contract
    columns = [
        dg.TableColumn(
            column_of(p),
            type=p.physicalType or p.logicalType or "",
            description=p.description,
            tags={"classification": p.classification} if p.classification else {},
        )
        for p in columns_of(contract.objects[0])
    ]
    metadata: dict[str, Any] = {
        "contract": dg.MetadataValue.md(contract_markdown(contract)),
        "contract_version": contract.version,
        "dagster/column_schema": dg.TableSchema(columns),
    }
    for support in product.descriptor.support:
        if support.url.startswith(("https://", "http://")):
            metadata[f"support_{support.channel}".replace(" ", "_")] = dg.MetadataValue.url(
                support.url
            )
    return metadata


def _metadata(outcome: Outcome) -> dict[str, Any]:
    snapshot = outcome.snapshot
    assert snapshot is not None
    return {
        "dagster/row_count": outcome.rows,
        "rows_quarantined": outcome.rows_quarantined,
        "snapshot": snapshot.version,
        "status": outcome.status,
        "bytes": snapshot.bytes,
        "inputs": dict(outcome.lineage),
        "path": dg.MetadataValue.path(snapshot.location),
        "rules_passed": snapshot.metadata["rules_passed"],
        "rules_failed": snapshot.metadata["rules_failed"],
        "rules_not_executable": snapshot.metadata.get("rules_not_executable", 0),
        **({"sample": dg.MetadataValue.md(outcome.sample)} if outcome.sample else {}),
    }


def _service_levels(site: Site, product: DataProduct) -> dict[str, Any]:
    """The contract's service levels after this attempt, as a table."""
    try:
        found = levels(site.state, product, datetime.now(UTC))
    except MeshError as error:  # what is published stays published
        return {"service_levels": str(error)}
    return {"service_levels": dg.MetadataValue.md(levels_markdown(found))} if found else {}


def _column_lineage(site: Site, product: DataProduct) -> dict[str, Any]:
    """Publication changes no column: each comes from the same one of its model."""
    first = product.contract.objects[0]
    model = dg.AssetKey(site.model_key(product.contract.relation_of(first)))
    names = [column_of(p) for p in columns_of(first)]
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {name: [dg.TableColumnDep(model, name)] for name in names}
        )
    }


def _freshness(product: DataProduct) -> dg.FreshnessPolicy | None:
    """Dagster watches that a product is published as often as its contract promises."""
    interval: timedelta | None = publication_interval(product.contract)
    return dg.FreshnessPolicy.time_window(fail_window=interval) if interval else None
