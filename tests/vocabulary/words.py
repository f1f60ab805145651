"""The vocabulary as a dbt project of its own, on either engine; no test is here.

A word is a macro that is described in dbt_projects/mesh_utils/macros. Its example is the model of
its name in `examples/`, with the unit test of its name; further unit tests are below both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from mesh_defs.storage.workshop import tune

PROJECT = Path(__file__).resolve().parents[2] / "dbt_projects" / "mesh_utils"


@dataclass(frozen=True)
class Word:
    """A macro's description: `group` is the folder that it lies in."""

    name: str
    group: str
    data: Mapping[str, Any]

    @property
    def is_check(self) -> bool:
        """A generic test, which one attaches to a model or a column. dbt names it `test_…`."""
        return self.name.startswith("test_")

    @property
    def is_materialization(self) -> bool:
        """What a model's config names. dbt names it `materialization_…_default`."""
        return self.name.startswith("materialization_")

    @property
    def called(self) -> str:
        """As one writes it."""
        if self.is_materialization:
            return self.name.removeprefix("materialization_").removesuffix("_default")
        return self.name.removeprefix("test_")


@cache
def described() -> dict[str, Word]:
    found = {}
    for path in sorted((PROJECT / "macros").rglob("*.yml")):
        for macro in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]:
            found[macro["name"]] = Word(macro["name"], path.parent.name, macro)
    return found


@cache
def unit_tests() -> dict[str, Mapping[str, Any]]:
    """By name, in the order of the files."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((PROJECT / "examples").rglob("*.yml")):
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        found |= {test["name"]: test for test in data.get("unit_tests", [])}
    return found


@cache
def attached() -> dict[str, tuple[str, str | None, Any]]:
    """Checks by name: the first example that has it, the column if it is on one, and how."""
    found: dict[str, tuple[str, str | None, Any]] = {}
    for path in sorted((PROJECT / "examples").rglob("*.yml")):
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", []):
            places = [(None, model), *((c["name"], c) for c in model.get("columns", []))]
            for column, place in places:
                for said in place.get("data_tests", []):
                    name = said if isinstance(said, str) else next(iter(said))
                    found.setdefault(name, (model["name"], column, said))
    return found


@dataclass
class Project:
    """A dbt project on one engine, mesh_utils unless told: `target` is a profile's."""

    target: str
    folder: Path
    environment: Mapping[str, str]
    root: Path = PROJECT
    _sql: dict[str, str] = field(default_factory=dict)

    def build(self, *arguments: str, heard: Callable[[Any], None] | None = None) -> dict[str, Any]:
        """Build and test everything, or what is selected; results by `kind.name` of a node."""
        return self.run("build", *arguments, heard=heard)

    def run(self, *arguments: str, heard: Callable[[Any], None] | None = None) -> dict[str, Any]:
        """Any command of dbt that has results."""
        done = self._dbt(*arguments, heard=heard)
        assert done.exception is None, done.exception
        return {f"{r.node.resource_type}.{r.node.name}": r for r in done.result}

    def sql(self, call: str) -> str:
        """What a model's text compiles to; a relation may be a plain name in it."""
        if call not in self._sql:
            done = self._dbt("compile", "--inline", call)
            assert done.success, done.exception or [r.message for r in done.result]
            (result,) = done.result
            self._sql[call] = result.node.compiled_code
        return self._sql[call]

    def refusal(self, call: str) -> str:
        """What a call that cannot be compiled says."""
        said: list[str] = []
        done = self._dbt(
            "compile",
            "--inline",
            "{{ " + call + " }}",
            heard=lambda event: said.append(event.info.msg),
        )
        assert not done.success, f"{call} is taken"
        return "\n".join(said)

    def _dbt(self, *arguments: str, heard: Callable[[Any], None] | None = None) -> Any:
        from dbt.cli.main import dbtRunner

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return dbtRunner(callbacks=[heard] if heard else []).invoke(
                [*arguments, "--target", self.target, "--project-dir", str(self.root),
                 "--profiles-dir", str(Path(__file__).parent), "--quiet",
                 "--target-path", str(self.folder / "target"),
                 "--log-path", str(self.folder / "logs")]
            )  # fmt: skip


Table = tuple[Mapping[str, str], list[tuple[Any, ...]]]


def answer(sql: str, **tables: Table) -> list[tuple[Any, ...]]:
    """A query's rows on DuckDB; `tables`: name → (types by column, rows)."""
    with duckdb.connect(config={"threads": 1}) as connection:
        tune(connection)
        for name, (types, rows) in tables.items():
            columns = ", ".join(f'"{column}" {type_}' for column, type_ in types.items())
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
            marks = ", ".join("?" * len(types))
            if rows:
                connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
        return connection.execute(sql).fetchall()
