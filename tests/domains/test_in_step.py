"""dbt describes the published models of this repository's domains as their contracts do."""

from __future__ import annotations

import pytest

from mesh_defs.governance.in_step import in_step
from mesh_defs.model import Mesh
from tests.tiny_mesh import REPOSITORY

MESH = Mesh.read(REPOSITORY)


@pytest.mark.parametrize("domain", sorted(MESH.rooms))
def test_contracts_and_dbt_say_the_same(domain: str) -> None:
    found = in_step(MESH.rooms[domain], REPOSITORY)
    shown = "\n".join(c.diff for c in found.changes)
    assert not shown, f"`mesh contract sync {domain}` would change\n{shown}"
    assert found.findings(REPOSITORY) == []
