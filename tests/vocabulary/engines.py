"""Runs of the vocabulary's project over tables that are put in its way; no test is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.vocabulary.words import Project

QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}


@dataclass
class Engine:
    """A database of its own; tables stand where dbt looks for seeds and models."""

    project: Project
    schema: str
    _client: Any = None

    @classmethod
    def of_duckdb(cls, folder: Path) -> Engine:
        workshop = folder / "workshops" / "words.duckdb"
        workshop.parent.mkdir()
        environment = {**QUIET, "MESH_WORKSHOP": str(workshop), "MESH_PSEUDONYM_KEY": "key"}
        return cls(Project("duckdb", folder, environment), "main")

    @classmethod
    def of_bigquery(cls, folder: Path, emulator: Any) -> Engine:
        dataset = emulator.dataset()
        environment = {
            **QUIET, **emulator.host, "MESH_WORKSHOP": "", "MESH_WORDS_DATASET": dataset
        }  # fmt: skip
        return cls(Project("bigquery", folder, environment), dataset, emulator.client)

    def put(self, table: str, rows: Sequence[Mapping[str, str]]) -> None:
        """`rows`: by column, literals of SQL."""
        selects = (
            "select " + ", ".join(f"{value} as {name}" for name, value in row.items())
            for row in rows
        )
        self.query(
            f"create or replace table {self.schema}.{table} as {' union all '.join(selects)}"
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """`{schema}` in it is where dbt works."""
        said = sql.replace("{schema}", self.schema)
        if self._client is not None:
            return [tuple(row.values()) for row in self._client.query(said).result()]
        with duckdb.connect(self.project.environment["MESH_WORKSHOP"]) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            answer = connection.execute(said)
            return answer.fetchall() if answer.description else []

    def run(self, model: str, *arguments: str) -> None:
        """One model, as it would be run in a domain, without its tests."""
        results = self.project.build("--select", model, "--resource-type", "model", *arguments)
        assert results[f"model.{model}"].status == "success", results[f"model.{model}"].message

    def test(self, name: str) -> int:
        """How many failures a generic test that is attached to an example finds."""
        results = self.project.build("--select", f"test_name:{name}")
        (result,) = (r for r in results.values() if r.node.resource_type == "test")
        assert result.status in ("pass", "fail"), result.message
        return int(result.failures)
