"""Typing `mesh …` in a test, and reading what it says without what differs from run to run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mesh_defs.cli.main import app
from tests.cli.accessing import Access, governance
from tests.tiny_mesh import TinyMesh


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """`shell("list", "--json")` in the current folder, in this process."""

    def __call__(self, *arguments: str, input: str | None = None) -> Said:
        result = CliRunner().invoke(app, list(arguments), input=input)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def shell() -> Shell:
    return Shell()


@pytest.fixture
def in_tiny_mesh(tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    monkeypatch.chdir(tiny_mesh.root)
    return tiny_mesh


@pytest.fixture
def in_unpublished_mesh(unpublished_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    monkeypatch.chdir(unpublished_mesh.root)
    return unpublished_mesh


def steady(text: str, root: Path | None = None) -> str:
    """The text with times, ids and folders replaced, and without blanks at the ends of lines."""
    if root:
        text = text.replace(str(root), "ROOT")
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d\b(?!:)", "YYYY-MM-DD hh:mm", text)
    text = re.sub(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8}\b", "hhhhhhhh", text)
    text = re.sub(r"\b\d+\.\d s\b", "N s", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip() + "\n"


@pytest.fixture
def access(shell: Shell, in_unpublished_mesh: TinyMesh) -> Access:
    """Of a mesh whose files ask for nothing and approve nothing: people do."""
    root = in_unpublished_mesh.root
    governance(root)
    (root / "domains/shop/approvals.yaml").unlink()
    declared = root / "domains/insight/domain.yaml"
    declared.write_text(declared.read_text().partition("inputs:")[0])
    return Access(shell, in_unpublished_mesh)
