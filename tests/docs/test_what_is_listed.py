"""What the documentation lists whole: variables, the state folder, libraries. Pure."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import page, table_codes
from tests.tiny_mesh import REPOSITORY

_VARIABLE = re.compile(r"\bMESH_[A-Z0-9]+(?:_[A-Z0-9]+)*(?:__)?")
# What the platform sets for dbt, whose files read it; nobody else does.
_FOR_DBT = {
    "MESH_BIGQUERY_MODEL_BYTES",
    "MESH_BIGQUERY_PRIVATE",
    "MESH_BIGQUERY_SECRETS",
    "MESH_DBT_FUNCTIONS",
    "MESH_DBT_SOURCES",
    "MESH_WORKSHOP",
}


def _sources(folder: str) -> Iterator[str]:
    for path in sorted((REPOSITORY / folder).rglob("*.py")):
        yield path.read_text(encoding="utf-8")


def _texts(source: str) -> Iterator[str]:
    """Whole texts of a module, and the fixed parts of those that are put together."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _variables(source: str) -> set[str]:
    return {text for text in _texts(source) if _VARIABLE.fullmatch(text)}


def _in_table(path: Path, under: str = "") -> list[str]:
    return [code for row in table_codes(path, under) for code in row]


def test_every_variable_is_in_the_table_of_the_command_and_no_other() -> None:
    codes = _in_table(page("docs/reference/command.md"))
    said = {_VARIABLE.match(code)[0] for code in codes if _VARIABLE.match(code)}  # type: ignore[index]
    assert said == set().union(*map(_variables, _sources("mesh_defs"))) - _FOR_DBT


def test_variables_of_dbt_are_read_by_dbt() -> None:
    files = [p for p in (REPOSITORY / "dbt_projects").rglob("*") if p.suffix in (".yml", ".sql")]
    read = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert {name for name in _FOR_DBT if not re.search(rf"env_var\(.{name}\b", read)} == set()


def test_every_variable_of_the_tests_is_told_to_who_contributes() -> None:
    read = set(re.findall(r"MESH_(?:[A-Z0-9]+_REQUIRED|TESTS_\w+)", "\n".join(_sources("tests"))))
    text = page("CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in read if f"`{name}" not in text} == set()


def test_every_place_in_the_state_folder_is_in_the_table() -> None:
    codes = _in_table(page("docs/how-a-run-goes.md"), "Where state lies")
    made = re.compile(r'\b(?:state\.home|self\.home|common) / "([\w.]+)"')
    there = {place for source in _sources("mesh_defs") for place in made.findall(source)}
    assert {code.split("/")[0] for code in codes} == there | {"bigquery"}


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads(page("pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [d for e in extras if e != "test" for d in extras[e]]
    names = {re.split(r"[\[<>=,~ ]", each)[0] for each in wanted}
    told = re.findall(r"[\w-]+", page("docs/decisions/libraries.md").read_text(encoding="utf-8"))
    assert names - set(told) == set()
