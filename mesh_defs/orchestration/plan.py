"""What a run has to do: which products are not what their code and inputs would make them now.

Pure reading: nothing is run; Dagster is not imported, dbt only to parse a project that changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from mesh_defs.access.gate import Refusals
from mesh_defs.access.mounts import input_key, newest_input
from mesh_defs.ingestion.sources import is_landed
from mesh_defs.model import DomainRoom, ProductRef
from mesh_defs.orchestration.dbt_project import DbtProject, prepare, product_models
from mesh_defs.ports import delta
from mesh_defs.publishing.provenance import fingerprint
from mesh_defs.storage.secrets import key_id, pseudonym_key
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot


@dataclass(frozen=True)
class Plan:
    """A domain's products: to be made again, fresh, or blocked by an input: it may not be read, or
    was never published.
    """

    domain: str
    stale: dict[ProductRef, str] = field(default_factory=dict)
    fresh: tuple[ProductRef, ...] = ()
    blocked: dict[ProductRef, str] = field(default_factory=dict)
    unlanded: tuple[str, ...] = ()

    @property
    def work(self) -> bool:
        """Whether a run would change anything. A domain without products still lands."""
        return bool(self.stale) or not (self.fresh or self.blocked or not self.unlanded)


def plan(
    root: Path,
    state: State,
    room: DomainRoom,
    wanted: Collection[ProductRef] | None = None,
    force: bool = False,
    refused: Refusals = MappingProxyType({}),
) -> Plan:
    """Compare what is published with what would be. Raises MeshError for a broken domain.

    `refused` has the inputs that the domain may not read, and why; what rests on them is blocked.
    """
    domain = room.need()
    project = prepare(root, state, room)
    lineage: dict[str, int] = {}
    missing: dict[str, str] = {}
    unlanded: dict[str, str] = {}
    for name in domain.sources:
        landed = snapshot(state.landing(domain.name, name))
        if landed is None or not is_landed(root, state, domain, name):
            unlanded[f"landing.{name}"] = f"the source `{name}` changed" if landed else "first run"
        else:
            lineage[f"landing.{name}"] = landed.version
    for ref, agreed in domain.inputs.items():
        key = input_key(ref, agreed.version)
        newest = newest_input(state, ref, agreed.version)
        if ref in refused:
            missing[key] = f"may not read {ref} v{agreed.version}: {refused[ref]}"
        elif newest is None:
            missing[key] = f"not published yet: {ref} v{agreed.version}"
        else:
            lineage[key] = newest.version
    stale: dict[ProductRef, str] = {}
    blocked: dict[ProductRef, str] = {}
    fresh = []
    for product in room.products.values():
        if wanted is not None and product.ref not in wanted:
            continue
        sources = project.sources_of(product_models(room, product.ref))
        standing = delta.published(state, product)
        changed = [unlanded[s] for s in sorted(sources) if s in unlanded]
        code = product_code(state, room, project, product.ref)
        mark = fingerprint(code, {s: v for s, v in lineage.items() if s in sources})
        absent = [missing[s] for s in sorted(sources) if s in missing]
        if absent:
            blocked[product.ref] = "; ".join(absent)
        elif force:
            stale[product.ref] = "forced"
        elif standing is None:
            stale[product.ref] = "never published"
        elif changed:
            stale[product.ref] = changed[0]
        elif standing.metadata.get("fingerprint") != mark:
            same = standing.metadata.get("code") == code
            stale[product.ref] = "an input changed" if same else "its code changed"
        else:
            fresh.append(product.ref)
    return Plan(domain.name, stale, tuple(fresh), blocked, tuple(unlanded))


def product_code(state: State, room: DomainRoom, project: DbtProject, ref: ProductRef) -> str:
    """One hash over all that a team or the platform can change about how a product is made."""
    domain = room.need()
    contract = room.products[ref.product].contract
    digest = hashlib.blake2b(digest_size=16)
    for part in (
        project.code_of(product_models(room, ref)),
        contract.path.read_text(encoding="utf-8"),
        str(domain.file.as_of),
        key_id(pseudonym_key(state)),
        _platform_version(),
    ):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def _platform_version() -> str:
    try:
        return version("mesh-defs")
    except PackageNotFoundError:
        return "unknown"
