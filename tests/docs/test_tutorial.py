"""The tutorial does what it says: its commands and edits, one after another, in a mesh of its own.

Only what the tutorial needs is copied, so that it is quick: the skeleton, and none of the domains.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.docs.console import Reader, commands, edit, matches
from tests.docs.pages import blocks, page
from tests.tiny_mesh import REPOSITORY

_MESH = f"""\
#!{sys.executable}
import sys

from mesh_defs.cli.main import app

if __name__ == "__main__":
    sys.exit(app())
"""


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Somebody with a fresh mesh and the command `mesh`."""
    root, programs = tmp_path / "mesh", tmp_path / "bin"
    for name in ("dagster.yaml", "workspace.yaml", "dbt_projects/profiles.yml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, root / name)
    shutil.copytree(REPOSITORY / "dbt_projects/mesh_utils", root / "dbt_projects/mesh_utils")
    (root / "domains").mkdir()
    programs.mkdir()
    mesh = programs / "mesh"
    mesh.write_text(_MESH, encoding="utf-8")
    mesh.chmod(mesh.stat().st_mode | stat.S_IXUSR)
    (programs / "python").symlink_to(sys.executable)
    path = [str(programs), os.environ["PATH"]]
    return Reader(
        root,
        {
            **os.environ,
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": str(REPOSITORY),
            "MESH_HOME": str(tmp_path / "state"),
        },
    )


@pytest.mark.slow
def test_tutorial_runs_as_it_stands(reader: Reader) -> None:
    for block in blocks(page("docs/tutorial.md")):
        reader.follow(block)
    assert reader.steps > 15
    assert (reader.folder.parent / "state" / "lake").is_dir()
    assert not (reader.folder / ".mesh").exists()


def test_output_is_compared_up_to_times_and_gaps() -> None:
    assert matches(["a  b  1.5 s", "…", "end"], "a b 77.1 s\nx\ny\nend\n")
    assert matches(["…", "end"], "end\n")
    assert matches(["t.p  published  3  9 passed  1  0.2"], "t.p published 3 9 passed 1 14.9")
    assert not matches(["t.p  published  3  9 passed  1  0.2"], "t.p published 4 9 passed 1 0.2")
    assert not matches(["…", "end"], "the end\n")
    assert not matches(["end"], "end\nand more\n")


def test_command_may_go_on_in_the_next_line() -> None:
    assert commands("$ a\n> b\nsaid\n$ c\n") == [("a\nb", ["said"]), ("c", [])]


def test_edit_refuses_a_place_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a: 1\nb: 2\n", encoding="utf-8")
    edit(path, " a: 1\n-b: 2\n+b: 3\n+c: 4\n")
    assert path.read_text(encoding="utf-8") == "a: 1\nb: 3\nc: 4\n"
    with pytest.raises(AssertionError, match="0 times"):
        edit(path, "-b: 2\n+b: 3\n")
