"""Tiny meshes of one's own, and ways to change them for a while."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import dagster as dg
import pytest

from tests.tiny_mesh import TinyMesh


@pytest.fixture(scope="module")
def my_mesh(tiny_mesh: TinyMesh, tmp_path_factory: pytest.TempPathFactory) -> TinyMesh:
    """The published tiny mesh, copied once a module; change its files with `edit` only."""
    mesh = TinyMesh(tmp_path_factory.mktemp("mine") / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    return mesh


def reason(failed: dg.DagsterEvent) -> str:
    """What a step that failed says to people."""
    said = failed.step_failure_data.user_failure_data
    assert said and said.description
    return said.description


class Edit(Protocol):
    """`edit(path, old, new)` replaces a text in a file; `edit(path, text)` the whole file."""

    def __call__(self, path: Path, old: str, new: str | None = ...) -> None: ...


@pytest.fixture
def edit() -> Iterator[Edit]:
    """Change files; they are as they were when the test is over."""
    before: dict[Path, bytes | None] = {}

    def change(path: Path, old: str, new: str | None = None) -> None:
        found = path.read_bytes() if path.exists() else None
        before.setdefault(path, found)
        if new is None:
            path.write_text(old, encoding="utf-8")
            return
        text = (found or b"").decode()
        assert old in text, f"{old!r} is not in {path}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    yield change
    for path, content in before.items():
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
