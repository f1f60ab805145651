"""Tiny meshes of one's own, and ways to get at them from a test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def fresh_domains(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules under `domains` are those of this test's mesh, not of the one before."""

    def forget() -> None:
        for name in [n for n in sys.modules if n == "domains" or n.startswith("domains.")]:
            del sys.modules[name]

    forget()
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    forget()


@pytest.fixture
def log(unpublished_mesh: object) -> Path:
    return unpublished_mesh.home / "logs" / "shop.log"  # type: ignore[attr-defined]
