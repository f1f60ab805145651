"""A tiny mesh served by `mesh ui`, once for all tests here that only look at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tiny_mesh import build
from tests.ui.serving import Served, served


@pytest.fixture(scope="package")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """`shop` publishes, has a schedule, and `insight` consumes; `broken` can't be loaded."""
    mesh = build(tmp_path_factory.mktemp("served") / "mesh")
    file = mesh.root / "domains/shop/domain.yaml"
    file.write_text(file.read_text() + 'schedule: "0 3 * * *"\n')
    broken = mesh.root / "domains/broken/__init__.py"
    broken.parent.mkdir()
    broken.write_text('raise RuntimeError("broken on purpose")\n')
    with served(mesh.root) as found:
        yield found
