"""docs/reference/command.md says what the command does: each option, each field of its JSON."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from mesh_defs.cli.main import app
from mesh_defs.model import Finding
from mesh_defs.orchestration.report import ProductResult, RunReport
from tests.docs.pages import Block, blocks, headings, page, table_codes
from tests.repository import commit
from tests.tiny_mesh import TinyMesh, build

PAGE = page("docs/reference/command.md")
SHAPES = [b for b in blocks(PAGE) if b.language == "json"]


def _commands(command: Any, name: str = "mesh") -> Iterator[tuple[str, Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield name, command
        return
    for word, below in inside.items():
        yield from _commands(below, f"{name} {word}")


COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_page_has_each_command_and_no_other() -> None:
    assert set(headings(PAGE, 2)) == {f"`{name}`" for name in COMMANDS}


@pytest.mark.parametrize("name", COMMANDS)
def test_page_has_each_option_and_no_other(name: str) -> None:
    parameters = COMMANDS[name].params
    taken = {
        p.opts[0] if p.param_type_name == "option" else (p.metavar or p.name).strip("{}").upper()
        for p in parameters
    } - {"--help"}
    said = [codes[0] for codes in table_codes(PAGE, f"`{name}`") if codes]
    assert {c for c in said if not c.islower() or c.startswith("-")} == taken


def test_each_command_with_json_has_its_shape() -> None:
    speaking = {n for n, c in COMMANDS.items() if any("--json" in p.opts for p in c.params)}
    titles = [f"{b.title} " for b in SHAPES]
    assert speaking == {n for n in COMMANDS for title in titles if title.startswith(f"{n} ")}
    assert len(titles) == len(speaking)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda b: b.title)
def test_shape_is_what_the_command_says(
    shape: Block, tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = shape.title.startswith("mesh contract sync")
    monkeypatch.chdir(build(tmp_path / "mesh").root if writes else tiny_mesh.root)
    if "--against" in shape.title:
        commit(tiny_mesh.root)
    documented = json.loads(shape.text)
    result = CliRunner().invoke(app, shlex.split(shape.title)[1:])
    assert result.exit_code == 0, result.output
    _same_shape(documented, json.loads(result.stdout))


def test_shapes_of_what_goes_wrong() -> None:
    finding, run = (_shape(name) for name in ("mesh validate", "mesh run"))
    assert list(finding[0]) == [f.name for f in fields(Finding)]
    assert list(run["products"][0]) == [f.name for f in fields(ProductResult)]
    assert list(run) == list(RunReport().to_json())


def test_statuses_are_those_of_a_run() -> None:
    from typing import get_args

    from mesh_defs.orchestration.report import Status

    said = {c[0] for c in table_codes(PAGE, "`mesh run`") if c and c[0].islower()}
    assert {s for s in said if not s.startswith("-")} == set(get_args(Status))


def _shape(command: str) -> Any:
    return json.loads(next(b.text for b in SHAPES if b.title.startswith(command)))


def _same_shape(documented: Any, said: Any) -> None:
    """Names of fields in their order, and kinds of values; an empty list has any elements."""
    assert _kind(documented) == _kind(said)
    if isinstance(documented, dict):
        assert list(documented) == list(said)
        for name in documented:
            _same_shape(documented[name], said[name])
    elif isinstance(documented, list) and documented and said:
        _same_shape(documented[0], said[0])


def _kind(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if number else type(value).__name__
