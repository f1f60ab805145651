"""A domain's dbt project: its generated sources, its prepared manifest, its closures; no Dagster.

dbt is imported only to parse, and parsing happens only when a file of the project changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml
from filelock import FileLock

from mesh_defs.access.mounts import input_key
from mesh_defs.model import DomainRoom, MeshError, ProductRef
from mesh_defs.orchestration.dbt_labels import labelled
from mesh_defs.orchestration.written import Written, hash_of
from mesh_defs.storage.house import House
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import DUCKDB, State, read_json, write_json, write_text

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

# Bump when what is derived from a manifest changes, so that prepared projects are prepared anew.
_FORMAT = 2
# What a domain has of the shared project; the rest of it is examples.
MACROS = "mesh_utils/macros"
_CODE = (".sql", ".yml", ".yaml", ".csv", ".py")
_MODELS = ("model", "snapshot", "seed")


@dataclass(frozen=True)
class DbtProject:
    """A prepared project: `parents` and `sources` by model, `code` a hash of each model's text."""

    root: Path
    state: State
    domain: str
    parents: Mapping[str, tuple[str, ...]]
    sources: Mapping[str, tuple[str, ...]]
    code: Mapping[str, str]
    functions: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        return self.root / "dbt_projects" / self.domain

    @property
    def target(self) -> Path:
        return self.state.dbt(self.domain) / "target"

    @property
    def manifest_path(self) -> Path:
        return self.target / "manifest.json"

    @cached_property
    def order(self) -> list[str]:
        """Every model after its parents."""
        from graphlib import TopologicalSorter

        return list(TopologicalSorter(self.parents).static_order())

    def closure(self, models: Iterable[str]) -> set[str]:
        """Models and all models above them."""
        found: set[str] = set()
        waiting = [m for m in models if m in self.parents]
        while waiting:
            model = waiting.pop()
            if model not in found:
                found.add(model)
                waiting.extend(self.parents[model])
        return found

    def sources_of(self, models: Iterable[str]) -> set[str]:
        """The sources and inputs, as lineage writes them, that models rest on."""
        return {s for model in self.closure(models) for s in self.sources.get(model, ())}

    def code_of(self, models: Iterable[str]) -> str:
        """One hash over the code of models and of all models above them."""
        text = "\n".join(f"{m} {self.code[m]}" for m in sorted(self.closure(models)))
        return hash_of(text.encode())


def prepare(root: Path, state: State, room: DomainRoom) -> DbtProject:
    """A domain's project, parsed anew only if a file of it changed.

    Raises MeshError with dbt's own message when it does not parse.
    """
    folder = root / "dbt_projects" / room.name
    if not (folder / "dbt_project.yml").is_file():
        raise MeshError(
            f"dbt_projects/{room.name}/dbt_project.yml is missing. "
            f"`mesh new domain {room.name}` writes one."
        )
    home = state.dbt(room.name)
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / "prepare.lock", is_singleton=True):
        _write_if_new(home / "sources" / "sources.yml", _sources_yaml(room, house_of(state)))
        stamp = _stamp(root, state, room.name)
        known = read_json(home / "prepared.json")
        if not known or known["stamp"] != stamp or not (home / "target/manifest.json").exists():
            known = {"stamp": stamp, **_parse(root, state, room)}
            write_json(home / "prepared.json", known)
    return DbtProject(
        root,
        state,
        room.name,
        {k: tuple(v) for k, v in known["parents"].items()},
        {k: tuple(v) for k, v in known["sources"].items()},
        known["code"],
        tuple(known["functions"]),
    )


def invoke(
    project_folder: Path,
    state: State,
    domain: str,
    arguments: list[str],
    manifest: Manifest | None = None,
    callbacks: list[Any] | None = None,
    budget: int | None = None,
    run: str = "",
    products: Mapping[str, str] = MappingProxyType({}),
) -> dbtRunnerResult:
    """One dbt command in this process, quiet, with nothing sent home and nothing left open.

    `budget`: the bytes that a model may read, where they are paid for. `run` and `products` (model
    → product) say what its jobs are for, where an engine keeps account of it.
    """
    from dbt.cli.main import dbtRunner

    home = state.dbt(domain)
    places = [
        "--project-dir", str(project_folder),
        "--profiles-dir", str(project_folder.parent),
        "--target-path", str(home / "target"),
        "--log-path", str(home / "logs"),
        "--log-level", "none",
        "--log-level-file", "none",
        "--no-version-check",
        "--no-send-anonymous-usage-stats",
    ]  # fmt: skip
    if state.target != DUCKDB:  # the profile's own
        places += ["--target", state.target]
    most = {"MESH_BIGQUERY_MODEL_BYTES": str(int(budget or 0))}  # to dbt, 0 is no limit
    about = {"domain": domain, "run": run}
    with (
        _environment({**environment(project_folder, state, domain), **most}),
        labelled(state, about, products),
    ):
        try:
            return dbtRunner(manifest, callbacks).invoke([*arguments, *places])
        finally:
            _close_connections()


def environment(project_folder: Path, state: State, domain: str) -> dict[str, str]:
    """What dbt_project.yml and profiles.yml read from the environment."""
    return {
        **house_of(state).dbt_environment(domain),
        "MESH_DBT_SOURCES": str(state.dbt(domain) / "sources"),
        "MESH_DBT_FUNCTIONS": str(project_folder / "functions"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def load_manifest(project: DbtProject) -> Manifest:
    """The parsed project as dbt's own object, so that a build does not parse again."""
    from dbt.contracts.graph.manifest import Manifest

    try:
        found = Manifest.from_msgpack((project.target / "partial_parse.msgpack").read_bytes())
    except Exception:  # another dbt wrote it, or it was cut short: dbt can always parse
        from dbt.contracts.graph.manifest import WritableManifest

        found = Manifest.from_writable_manifest(
            WritableManifest.read_and_check_versions(str(project.manifest_path))
        )
    # What macros read as `graph`; of a manifest that is handed in, dbt leaves it empty.
    found.build_flat_graph()
    return found


def dbt_error(result: dbtRunnerResult) -> str:
    """What dbt says went wrong, in one piece."""
    if result.exception is not None:
        return str(result.exception).strip()
    nodes = getattr(result.result, "results", [])
    wrong = [
        f"{r.node.name}: {(r.message or '').strip()}"
        for r in nodes
        if r.status in ("error", "fail")  # a model that did not run, a test that found rows
    ]
    return "\n".join(wrong) or "dbt failed without a message"


def _parse(root: Path, state: State, room: DomainRoom) -> dict[str, Any]:
    folder = root / "dbt_projects" / room.name
    result = invoke(folder, state, room.name, ["parse"])
    if not result.success:
        raise MeshError(f"dbt_projects/{room.name} does not parse: {_explained(result, room)}")
    manifest: Any = result.result
    written = Written(manifest)
    names = {
        uid: node.name for uid, node in manifest.nodes.items() if node.resource_type in _MODELS
    }
    mounts = {uid: source.meta["mesh"] for uid, source in manifest.sources.items()}
    parents, sources, code = {}, {}, {}
    for uid, name in names.items():
        node = manifest.nodes[uid]
        above = getattr(node.depends_on, "nodes", [])
        parents[name] = sorted(names[u] for u in above if u in names)
        sources[name] = sorted(mounts[u] for u in above if u in mounts)
        code[name] = written.code(node)
    return {
        "parents": parents,
        "sources": sources,
        "code": code,
        "functions": sorted(f.name for f in manifest.functions.values()),
    }


def _explained(result: dbtRunnerResult, room: DomainRoom) -> str:
    message = dbt_error(result)
    if "source named" in message:
        declared = sorted([*map(str, room.need().inputs), *room.need().sources])
        message += (
            f" Declare it in domains/{room.name}/domain.yaml, under `sources` or `inputs` "
            f"(declared: {', '.join(declared) or 'none'})."
        )
    return message


def _sources_yaml(room: DomainRoom, house: House) -> str:
    """What a team would otherwise write twice: domain.yaml's sources and inputs, as dbt's."""
    domain = room.need()
    schemas: dict[str, list[dict[str, Any]]] = {}
    for name, source in domain.sources.items():
        meta = {"dagster": {"asset_key": [domain.name, "landing", name]}, "mesh": f"landing.{name}"}
        schemas.setdefault("landing", []).append(
            {"name": name, "description": source.description, "config": {"meta": meta}}
        )
    for ref, agreed in domain.inputs.items():
        meta = {
            "dagster": {"asset_key": list(room.provider(ref).asset_path)},
            "mesh": input_key(ref, agreed.version),
        }
        schemas.setdefault(ref.domain, []).append(
            {"name": ref.product, "description": agreed.purpose, "config": {"meta": meta}}
        )
    sources = []
    for schema, tables in schemas.items():
        for table in tables:
            place = house.table(domain.name, table["name"], schema)
            if place.name != table["name"]:
                table["identifier"] = place.name
        sources.append({"name": schema, "schema": place.db, "tables": tables})
    head = f"# Written from domains/{domain.name}/domain.yaml. Change that instead.\n"
    return head + yaml.safe_dump({"version": 2, "sources": sources}, sort_keys=False)


def _stamp(root: Path, state: State, domain: str) -> str:
    """Changes when anything that a manifest depends on does."""
    projects = root / "dbt_projects"
    files = [
        path
        for folder in (projects / domain, projects / MACROS, state.dbt(domain) / "sources")
        for path in folder.rglob("*")
        if path.suffix in _CODE and not {"target", "dbt_packages", "logs"} & set(path.parts)
    ]
    adapter = version(f"dbt-{state.target}")
    parts = [str(_FORMAT), str(state.home), version("dbt-core"), adapter]
    parts += map(str, sorted(house_of(state).dbt_environment(domain).items()))
    text = [p.encode() for p in parts]
    for path in sorted([*files, projects / "profiles.yml"]):
        text += [os.path.relpath(path, root).encode(), path.read_bytes()]
    return hash_of(*text)


def _write_if_new(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _close_connections() -> None:
    """dbt-duckdb keeps the workshop open after a command; the next one to open it is us."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters

    DuckDBConnectionManager.close_all_connections()
    reset_adapters()


def product_models(room: DomainRoom, ref: ProductRef) -> list[str]:
    """The models that hold a product's candidate rows."""
    contract = room.products[ref.product].contract
    return [contract.relation_of(schema_object) for schema_object in contract.objects]
