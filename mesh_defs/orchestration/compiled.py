"""The SQL of a domain's models and tests as the engine would get it; none of it is run.

dbt compiles beside an empty workshop in a state folder of its own: what a run keeps is left alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.governance.column_use import Query, Use, used
from mesh_defs.governance.select_lineage import HOME_SCHEMA, Origin, Table
from mesh_defs.model import DomainRoom, MeshError
from mesh_defs.orchestration.dbt_project import dbt_error, invoke, prepare
from mesh_defs.storage.state import State

_SNAPSHOT = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")


def compiled(root: Path, room: DomainRoom) -> dict[str, Query]:
    """Every model, snapshot, seed and test of a domain's project, by name.

    Raises MeshError with dbt's own message when it does not compile.
    """
    with TemporaryDirectory(prefix="mesh-compile-") as folder:
        state = State(Path(folder))
        project = prepare(root, state, room)
        state.workshop(room.name).parent.mkdir(parents=True, exist_ok=True)
        result = invoke(project.folder, state, room.name, ["compile"])
        if not result.success:
            raise MeshError(f"dbt_projects/{room.name} does not compile: {dbt_error(result)}")
        answers: Any = result.result
        nodes = {r.node.unique_id: r.node for r in answers.results}
        manifest = _manifest(project.manifest_path)
    found = {
        node["name"]: _query(node, manifest, nodes.get(uid), project.folder)
        for uid, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "snapshot", "seed", "test")
    }
    return found


def uses(root: Path, room: DomainRoom, inputs: Mapping[Table, Iterable[str]]) -> dict[Table, Use]:
    """What a domain uses of its inputs, of which `inputs` are the columns.

    Columns of its own products are used as they stand, and so is what its contracts refer to.
    """
    sources = room.need().sources
    landed = {("landing", n): list(s.columns) for n, s in sources.items() if s.columns}
    return used(compiled(root, room), {**inputs, **landed}, _needed(room))


def _needed(room: DomainRoom) -> Iterator[tuple[Origin, str]]:
    for product in room.products.values():
        contract = product.contract
        for schema_object in contract.objects:
            model = contract.relation_of(schema_object)
            for column in columns_of(schema_object):
                yield (HOME_SCHEMA, model, column_of(column)), str(product)
        for rule in rules_of(contract):
            if rule.kind == "foreignKey" and not rule.unusable and not rule.params["local"]:
                domain, name = str(rule.params["reference"]).split(".")[:2]
                for column in rule.params["to"]:
                    yield (domain, name, column), f"{product}: {rule.id}"


def _manifest(path: Path) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _query(node: dict[str, Any], manifest: dict[str, Any], answer: Any, folder: Path) -> Query:
    above = node.get("depends_on", {}).get("nodes", [])
    everything = {**manifest["nodes"], **manifest["sources"]}
    reads = tuple(
        (str(n.get("schema") or "main"), str(n.get("identifier") or n.get("alias") or n["name"]))
        for n in (everything[uid] for uid in above if uid in everything)
    )
    if node["resource_type"] == "seed":
        return Query(_header(folder / node["original_file_path"]))
    adds: tuple[str, ...] = ()
    if node["resource_type"] == "snapshot":
        named = node["config"].get("snapshot_meta_column_names") or {}
        adds = (*_SNAPSHOT, *(name for name in named.values() if name))
    sql = node.get("compiled_code") or getattr(answer, "compiled_code", None)
    return Query(sql if node.get("language") == "sql" else None, reads, adds)


def _header(path: Path) -> str | None:
    """A seed as a query, so that its columns are known like those of any other model."""
    from sqlglot import exp

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError):
        return None
    return exp.select(*(exp.alias_(exp.null(), n, quoted=True) for n in names)).sql("duckdb")
