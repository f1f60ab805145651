"""The vocabulary's project on each engine, built once a session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.emulator.running import Emulator
from tests.vocabulary.engines import QUIET, Engine
from tests.vocabulary.words import PROJECT, Project


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project on DuckDB."""
    return on_duckdb(tmp_path_factory.mktemp("words"))


def on_duckdb(folder: Path) -> Project:
    """One of a test's own."""
    workshop = folder / "workshops" / "words.duckdb"
    workshop.parent.mkdir()
    own = {"MESH_WORKSHOP": str(workshop), "MESH_PSEUDONYM_KEY": "key"}
    functions = {"MESH_DBT_FUNCTIONS": str(PROJECT / "functions")}
    return Project("duckdb", folder, QUIET | own | functions)


@pytest.fixture(scope="session")
def words_on_bigquery(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    emulator.client.create_dataset("words")
    emulator.add_pseudonym("key")
    folder = tmp_path_factory.mktemp("words-on-bigquery")
    return Project("bigquery", folder, {**QUIET, **emulator.host, "MESH_WORKSHOP": ""})


@pytest.fixture(scope="session")
def built(words: Project) -> dict[str, Any]:
    return words.build()


@pytest.fixture(scope="session")
def built_on_bigquery(words_on_bigquery: Project) -> dict[str, Any]:
    return words_on_bigquery.build()


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """An empty database of its own, on each engine."""
    if request.param == "duckdb":
        return Engine.of_duckdb(tmp_path)
    return Engine.of_bigquery(tmp_path, request.getfixturevalue("emulator"))
