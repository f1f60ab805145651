"""Who the governance group is: `governance.yaml` in a mesh's root; its rules are code elsewhere."""

from __future__ import annotations

from pathlib import Path

from mesh_defs.model.domain import Team
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import read_yaml

FILE = "governance.yaml"


class GovernanceFile(Shape):
    team: Team


def read_governance(root: Path) -> Team | None:
    """The group, or None where nobody is named. Raises MeshError for a file that is wrong."""
    path = root / FILE
    return parse(GovernanceFile, read_yaml(path, root)).team if path.is_file() else None
