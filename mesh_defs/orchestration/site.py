"""What every asset of one domain shares: where it is, whose it is, how Dagster is told so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh_defs.access.gate import Gate, Refusals
from mesh_defs.access.mounts import input_key
from mesh_defs.model import Domain, DomainRoom, Mesh, ProductRef
from mesh_defs.orchestration.dbt_project import DbtProject
from mesh_defs.storage.state import State

FORCE_TAG = "mesh/force"


@dataclass(frozen=True)
class Site:
    """One domain being turned into Dagster's definitions."""

    root: Path
    state: State
    room: DomainRoom
    project: DbtProject

    @property
    def name(self) -> str:
        return self.room.name

    @property
    def domain(self) -> Domain:
        return self.room.need()

    @property
    def owners(self) -> list[str]:
        return [f"team:{self.name}"]

    @property
    def labels(self) -> dict[str, str]:
        """Tags on every asset of the domain."""
        return {"mesh/domain": self.name, "mesh/kind": str(self.domain.file.kind)}

    @property
    def consumes(self) -> bool:
        """Whether a model reads a product of another domain."""
        inputs = {input_key(ref, given.version) for ref, given in self.domain.inputs.items()}
        return any(inputs & set(found) for found in self.project.sources.values())

    def refused(self) -> Refusals:
        """Why the domain may not read some of its inputs now; asked when something runs."""
        return self.gate().refused(self.name)

    def gate(self) -> Gate:
        return Gate(Mesh.read(self.root), self.state)

    def common(self) -> dict[str, Any]:
        """What the platform says of every asset, so that no team has to."""
        return {
            "group_name": self.name,
            "owners": self.owners,
            "tags": self.labels,
            "pool": self.name,
        }

    def model_key(self, model: str) -> list[str]:
        return [self.name, model]

    def landing_key(self, source: str) -> list[str]:
        return [self.name, "landing", source]

    def product_key(self, product: str) -> list[str]:
        return list(ProductRef(self.name, product).asset_path)


def forced(tags: Mapping[str, str]) -> bool:
    """Whether a run was asked to publish again what is published already."""
    return tags.get(FORCE_TAG) == "true"
