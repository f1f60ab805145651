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
    speaking -= {*SAYS_AN_AGREEMENT, *SAYS_A_TOKEN}
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
    if shape.title.startswith("mesh access"):
        _agreed(build(tmp_path / "mesh").root, monkeypatch)
    documented = json.loads(shape.text)
    result = CliRunner().invoke(app, shlex.split(shape.title)[1:])
    assert result.exit_code == 0, result.output
    _same_shape(documented, json.loads(result.stdout))


# Commands that say an agreement as `mesh access show` does, each after those before it.
SAYS_AN_AGREEMENT = {
    "mesh access request": "shop.days --purpose why --as 'Insight team'",
    "mesh access reject": "a2 --why no --as 'Shop team'",
    "mesh access cancel": "a1 --why enough --early 2999-01-01 --as 'Insight team'",
    "mesh access announce": "shop.orders --change price --on 2999-01-01 --why x --as 'Shop team'",
    "mesh access renew": "a1 --reassess 2999-01-01 --as 'Shop team'",
    "mesh access suspend": "a1 --why leak --as gus",
    "mesh access resume": "a1 --as gus",
    "mesh access withdraw": "a3 --as 'Insight team'",
    "mesh access approve": "a4 --as 'Shop team'",
}


# Commands that say a token as `mesh token create` does, or several, each after those before it.
SAYS_A_TOKEN = {
    "mesh token list": "--all",
    "mesh token rotate": "{id} --as 'Insight team'",
    "mesh token revoke": "{id} --as 'Insight team'",
}


def test_what_is_done_to_a_token_says_it_as_create_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(build(tmp_path / "mesh").root)
    documented = _shape("mesh token create")
    id = json.loads(_type("mesh token create --as 'Insight team' --json"))["id"]
    for command, rest in SAYS_A_TOKEN.items():
        said = json.loads(_type(f"{command} {rest.format(id=id)} --json"))
        for token in said if command.endswith("list") else [said]:
            assert set(documented) - set(token) == set() if "rotate" in command else {"token"}
            assert set(token) <= set(documented)


def _agreed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An active agreement of a mesh, approved beforehand, which becomes the current one."""
    monkeypatch.chdir(root)
    (root / "governance.yaml").write_text(
        "team: {name: G, email: g@x.com, members: [{name: Gus, role: steward}]}\n", "utf-8"
    )
    _type("mesh access request shop.orders --purpose 'To find out.' --as 'Insight team'")


def _type(line: str) -> str:
    result = CliRunner().invoke(app, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_what_is_done_to_an_agreement_says_it_as_show_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _agreed(build(tmp_path / "mesh").root, monkeypatch)
    documented = _shape("mesh access show")
    for command, rest in SAYS_AN_AGREEMENT.items():
        if " a3 " in f" {rest} " or " a4 " in f" {rest} ":
            _type("mesh access request shop.days --purpose why --as 'Insight team'")
        said = json.loads(_type(f"{command} {rest} --json"))
        for agreement in said if command.endswith("announce") else [said]:
            assert list(agreement) == list(documented), command


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
