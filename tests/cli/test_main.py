"""The command as a whole: how fast it answers, what it imports, how it fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mesh_defs.model import Mesh
from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh

COMMANDS = ["run", "list", "show", "validate", "check", "query", "new"]
HEAVY = ["dagster", "dagster_dbt", "dbt", "duckdb", "deltalake", "sqlglot", "pydantic", "yaml"]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from mesh_defs.cli.main import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        f"print('heavy:', [m for m in {HEAVY} if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.endswith("heavy: []\n")


@pytest.mark.parametrize("command", [*COMMANDS, "new domain", "new product"])
def test_every_command_explains_itself(shell: Shell, command: str) -> None:
    said = shell(*command.split(), "--help")
    assert said.code == 0
    if command != "new":
        assert "Example" in said.out
        assert f"  mesh {command}" in said.out
    assert shell(*command.split(), "--nonsense").code == 2


def test_help_lists_every_command(shell: Shell) -> None:
    said = shell("--help")
    assert [c for c in COMMANDS if f"\n  {c}" not in said.out] == []


def test_version(shell: Shell) -> None:
    said = shell("--version")
    assert said.code == 0
    assert said.out.startswith("mesh ")


def test_no_mesh_is_said_plainly(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = shell("list")
    assert said.code == 1
    assert said.out == ""
    assert "No mesh at" in said.err
    assert "MESH_ROOT" in said.err


def test_any_subfolder_will_do(
    shell: Shell, in_tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = shell("list", "--json")
    monkeypatch.chdir(in_tiny_mesh.root / "domains" / "shop" / "products")
    assert shell("list", "--json") == here


def test_root_and_home_from_the_environment(
    shell: Shell, tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESH_ROOT", str(tiny_mesh.root))
    assert shell("list", "--json").json[0]["snapshot"] == 0
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "elsewhere"))
    assert shell("list", "--json").json[0]["snapshot"] is None


def test_the_unexpected_goes_to_a_log(
    shell: Shell, in_unpublished_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(root: Path) -> Mesh:
        raise ZeroDivisionError("one by none")

    monkeypatch.setattr(Mesh, "read", broken)
    said = shell("list")
    log = in_unpublished_mesh.home / "logs" / "mesh-error.log"
    assert said.code == 1
    assert "ZeroDivisionError: one by none" in said.err
    assert str(log) in said.err
    assert "Traceback" not in said.err
    assert "Traceback" in log.read_text(encoding="utf-8")
