"""A mesh to break."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.governance.room import Room
from tests.tiny_mesh import build


@pytest.fixture
def mesh(tmp_path: Path) -> Room:
    return Room(build(tmp_path / "mesh").root)
