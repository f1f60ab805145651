"""The page `from-request-to-rows` on the demo: asking, reading, notice, denial; and its end."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mesh_defs.access.desk import Desk
from mesh_defs.storage.state import State
from tests.docs.console import Reader
from tests.docs.pages import blocks, page
from tests.scenarios.story import Story
from tests.serving.conftest import running
from tests.tiny_mesh import REPOSITORY, TinyMesh

pytestmark = pytest.mark.slow

PAGE = page("docs/from-request-to-rows.md")
KIM = "person:Kim Wright"
_PROGRAMS = {
    "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
    "mesh": f"#!{sys.executable}\nfrom mesh_defs.cli.main import app\n\napp(prog_name='mesh')\n",
}


@pytest.fixture
def kims(demo: Story, tmp_path: Path) -> Iterator[Reader]:
    """Kim at a shell, with the demo, a reading service, and a ledger that Kim is not in yet."""
    ledger = State(demo.home).home / "ledger"
    kept = tmp_path / "ledger"
    shutil.copytree(ledger, kept)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in _PROGRAMS.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    with running(TinyMesh(demo.root), log=tmp_path / "service.log") as served:
        yield Reader(
            demo.root,
            {
                **os.environ,
                "PATH": f"{programs}:{os.environ['PATH']}",
                "PYTHONPATH": str(REPOSITORY),
                "PYTHONWARNINGS": "ignore",
                "COLUMNS": "200",
                "MESH_HOME": str(demo.home),
                "MESH_SERVICE": served.flight,
            },
        )
    shutil.rmtree(ledger)
    shutil.copytree(kept, ledger)
    (demo.root / "token").unlink(missing_ok=True)


def test_the_page_is_what_happens(kims: Reader, demo: Story) -> None:
    # Stories before this one may have published more of it.
    newest = f"snapshot {demo.listed()['sales.purchases']['snapshot']})"
    for block in blocks(PAGE):
        kims.follow(replace(block, text=block.text.replace("snapshot 0)", newest)))
    assert kims.steps == 13

    day_after = datetime.now(UTC) + timedelta(days=31)
    found = Desk(demo.root, "x", lambda: day_after).reconcile()
    assert [str(e.event) for e in found.done if e.agreement == "a9"] == ["revoked", "ended"]
    said = demo.mesh("query", "--as", KIM, "from sales.purchases limit 1")
    assert said.code == 1
    assert "is no product that you may read" in said.err
