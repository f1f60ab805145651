"""Who the governance group is, and what it said holds for all: `governance.yaml` in a mesh's root.

Its other rules are code elsewhere.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mesh_defs.model.domain import Team
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import read_yaml

FILE = "governance.yaml"


class Rate(Shape):
    """What BigQuery takes for a TiB (2^40 bytes) that is billed: by region and by contract with
    Google, so nobody else can know it."""

    price_per_tib: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class GovernanceFile(Shape):
    team: Team
    bigquery: Rate | None = None


def read_governance(root: Path) -> Team | None:
    """The group, or None where nobody is named. Raises MeshError for a file that is wrong."""
    said = _read(root)
    return said.team if said else None


def read_rate(root: Path) -> Rate | None:
    """What is paid for BigQuery, or None where nobody said. Raises MeshError as above."""
    said = _read(root)
    return said.bigquery if said else None


def _read(root: Path) -> GovernanceFile | None:
    path = root / FILE
    return parse(GovernanceFile, read_yaml(path, root)) if path.is_file() else None
