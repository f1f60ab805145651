"""A domain's dbt models as assets, built by dbt inside the run's own process."""

import json
import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from mesh_defs.access.mounts import input_key, mount_all
from mesh_defs.governance.lineage import columns_from
from mesh_defs.model import MeshError, ProductRef
from mesh_defs.orchestration.attempted import attempted, resting_on
from mesh_defs.orchestration.dbt_project import (
    dbt_error,
    invoke,
    load_manifest,
    product_models,
)
from mesh_defs.orchestration.site import Site
from mesh_defs.publishing import provenance
from mesh_defs.storage.house import HOME, Workshop
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.workshop import workshop_lock


class Translator(DagsterDbtTranslator):  # type: ignore[misc]
    """Keys, groups, owners and tags of dbt's nodes, as for every other asset of the domain."""

    def __init__(self, site: Site, condition: dg.AutomationCondition[Any] | None) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))
        self.site = site
        self.condition = condition

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            config = dbt_resource_props.get("config") or {}
            meta = config.get("meta") or dbt_resource_props["meta"]
            return dg.AssetKey(meta["dagster"]["asset_key"])
        return dg.AssetKey(self.site.model_key(dbt_resource_props["name"]))

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return self.site.name

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return self.site.owners

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props.get("description") or "").strip()

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> dict[str, str]:
        return {**super().get_tags(dbt_resource_props), **self.site.labels}

    def get_automation_condition(
        self, dbt_resource_props: Mapping[str, Any]
    ) -> dg.AutomationCondition[Any] | None:
        return self.condition


def model_assets(
    site: Site, condition: dg.AutomationCondition[Any] | None
) -> list[dg.AssetsDefinition]:
    """The project's models, snapshots and seeds, or nothing for a project that has none yet."""
    if not site.project.parents:
        return []
    manifest = json.loads(site.project.manifest_path.read_text(encoding="utf-8"))
    translator = Translator(site, condition)

    @dbt_assets(
        manifest=manifest,
        name=f"{site.name}_models",
        dagster_dbt_translator=translator,
        pool=site.name,
    )
    def models(context: dg.AssetExecutionContext) -> Iterator[Any]:
        made = resting_on(site, [key.path[-1] for key in context.selected_asset_keys])
        with attempted(site, context, made), workshop_lock(site.state, site.name):
            yield from _build(site, context, manifest, translator)

    return [models]


def _build(
    site: Site, context: dg.AssetExecutionContext, manifest: Any, translator: Translator
) -> Iterator[Any]:
    selected = {key.path[-1] for key in context.selected_asset_keys}
    about = {"run": context.run.run_id}
    needed = {s for model in selected for s in site.project.sources.get(model, ())}
    try:
        gate = site.gate()
        refused = gate.refused(site.name)
        narrowed = gate.narrowed(site.name)
        with house_of(site.state).open(site.name, about) as workshop:
            mounted = mount_all(workshop, site.state, site.domain, needed, refused, narrowed)
    except MeshError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    arguments = ["build"]
    if selected != set(site.project.parents):
        arguments += ["--select", *sorted(selected), *site.project.functions]
    if absent := _without_input(site, mounted):
        # As they stand they are older than what is built now: a test of both would compare days.
        arguments += ["--exclude", *absent]
        context.log.warning(f"Not tested against {', '.join(absent)}: an input can't be read.")
    build = _InThread(site, arguments, context.run.run_id)
    events = []
    for raw in build.events():
        message = DbtCoreCliEventMessage(raw_event=raw, event_history_metadata={})
        events += message.to_default_asset_events(
            manifest=manifest,
            dagster_dbt_translator=translator,
            context=context,
            target_path=site.project.target,
        )
    for said in dict.fromkeys(build.warnings):
        context.log.warning(said)
    with house_of(site.state).open(site.name, about) as workshop:
        built = {e.metadata["unique_id"].text.rpartition(".")[2] for e in events if _is_output(e)}
        _remember(site, workshop, built, mounted, context.run.run_id)
        facts = _facts(site, workshop, built, mounted, build.compiled())
    for event in events:
        yield _with_facts(event, facts, site) if _is_output(event) else event
    if not build.success:
        raise dg.Failure(f"dbt build of {site.name}: {build.error}", allow_retries=False)
    if not selected <= built:
        left = ", ".join(sorted(selected - built))
        raise dg.Failure(f"dbt built {site.name} without these models: {left}", allow_retries=False)


def _without_input(site: Site, mounted: Mapping[str, int]) -> list[str]:
    """Models that can't be built now, because they rest on an input that was not mounted."""
    project = site.project
    return sorted(model for model in project.parents if project.sources_of([model]) - {*mounted})


class _InThread:
    """dbt in a thread of its own, so that its events are read while it works."""

    def __init__(self, site: Site, arguments: list[str], run_id: str) -> None:
        self.success = False
        self.error = ""
        self.warnings: list[str] = []
        self._result: Any = None
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, args=(site, arguments, run_id), daemon=True
        )

    def events(self) -> Iterator[dict[str, Any]]:
        self._thread.start()
        while (raw := self._queue.get()) is not None:
            yield raw
        self._thread.join()

    def compiled(self) -> dict[str, str]:
        """The SQL that ran, by model."""
        results = getattr(getattr(self._result, "result", None), "results", None) or []
        return {
            r.node.name: r.node.compiled_code
            for r in results
            if getattr(r.node, "compiled_code", None) and r.node.resource_type != "test"
        }

    def _run(self, site: Site, arguments: list[str], run_id: str) -> None:
        from google.protobuf.json_format import MessageToDict

        def heard(event: Any) -> None:
            if event.info.name in ("LogModelResult", "LogSeedResult", "LogSnapshotResult",
                                   "LogTestResult"):  # fmt: skip
                self._queue.put(MessageToDict(event, preserving_proto_field_name=True))
            elif event.info.name == "JinjaLogWarning":  # exceptions.warn() in a macro
                self.warnings.append(event.data.msg)

        try:
            own = site.room.products.values()
            self._result = invoke(
                site.project.folder,
                site.state,
                site.name,
                arguments,
                manifest=load_manifest(site.project),
                callbacks=[heard],
                budget=site.domain.file.budget.model,
                run=run_id,
                products={m: p.ref.product for p in own for m in product_models(site.room, p.ref)},
            )
            self.success = bool(self._result.success)
            self.error = "" if self.success else _explained(site, dbt_error(self._result))
        except BaseException as error:
            self.error = f"{type(error).__name__}: {error}"
        finally:
            self._queue.put(None)


def _explained(site: Site, error: str) -> str:
    """What BigQuery says of a query that was over its limit, and whose limit that is."""
    if "bytes billed" not in error.lower():
        return error
    return (
        f"{error} The limit is `budget.model` in domains/{site.name}/domain.yaml. The query was "
        "not run. Raise the budget, or have the model read less."
    )


def _is_output(event: Any) -> bool:
    return isinstance(event, dg.Output)


def _remember(
    site: Site,
    workshop: Workshop,
    built: set[str],
    mounted: provenance.Lineage,
    run_id: str,
) -> None:
    project = site.project
    lineages = provenance.lineages_of(
        [m for m in project.order if m in built],
        project.parents,
        project.sources,
        mounted,
        workshop.builds(),
    )
    workshop.note_builds(lineages, project.code, run_id)


def _facts(
    site: Site,
    workshop: Workshop,
    built: set[str],
    mounted: provenance.Lineage,
    compiled: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """Column schema, row count and column lineage of each model, from the engine and its SQL."""
    house, inputs = house_of(site.state), site.domain.inputs
    beside = [("landing", name) for name in site.domain.sources if f"landing.{name}" in mounted]
    beside += [
        (ref.domain, ref.product)
        for ref, agreed in inputs.items()
        if input_key(ref, agreed.version) in mounted
    ]
    rows, shapes = workshop.sizes(built), workshop.shapes(beside)
    tables = {at: house.table(site.name, at[1], at[0]) for at in shapes}
    places = {(table.db.lower(), table.name.lower()): at for at, table in tables.items()}
    cache = site.state.dbt(site.name) / "columns.json"
    lineage = columns_from(compiled, shapes, cache, house.dialect, places)
    facts: dict[str, dict[str, Any]] = {}
    for (schema, name), columns in shapes.items():
        if schema != HOME:
            continue
        fact: dict[str, Any] = {
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(c, type=t) for c, t in columns.items()]
            )
        }
        if name in rows:
            fact["dagster/row_count"] = int(rows[name])
        if lineage.get(name):
            fact["dagster/column_lineage"] = dg.TableColumnLineage(
                {
                    column: [dg.TableColumnDep(_upstream(site, s, t), c) for s, t, c in origins]
                    for column, origins in lineage[name].items()
                    if origins
                }
            )
        facts[name] = fact
    return facts


def _upstream(site: Site, schema: str, name: str) -> dg.AssetKey:
    if schema == HOME:
        return dg.AssetKey(site.model_key(name))
    if schema == "landing":
        return dg.AssetKey(site.landing_key(name))
    return dg.AssetKey(site.room.provider(ProductRef(schema, name)).asset_path)


def _with_facts(event: Any, facts: Mapping[str, dict[str, Any]], site: Site) -> Any:
    name = event.metadata["unique_id"].text.rpartition(".")[2]
    return event.with_metadata({**event.metadata, **facts.get(name, {})})
