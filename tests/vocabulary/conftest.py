"""The vocabulary's project on each engine, built once a session."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.running import Emulator
from tests.vocabulary.words import PROJECT, Project

QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
# As the platform's own keyed hash in DuckDB, with a key that is nobody's.
PSEUDONYM = """
CREATE OR REPLACE FUNCTION mesh_secrets.pseudonym(v STRING) AS (
  LEFT(TO_HEX(SHA256(CONCAT('key', TO_HEX(SHA256(CONCAT('key', v)))))), 32)
)
"""


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project on DuckDB."""
    folder = tmp_path_factory.mktemp("words")
    workshop = folder / "workshops" / "words.duckdb"
    workshop.parent.mkdir()
    own = {"MESH_WORKSHOP": str(workshop), "MESH_PSEUDONYM_KEY": "key"}
    functions = {"MESH_DBT_FUNCTIONS": str(PROJECT / "functions")}
    return Project("duckdb", folder, QUIET | own | functions)


@pytest.fixture(scope="session")
def words_on_bigquery(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Project:
    for dataset in ("words", "mesh_secrets"):
        emulator.client.create_dataset(dataset)
    emulator.client.query(PSEUDONYM).result()
    folder = tmp_path_factory.mktemp("words-on-bigquery")
    return Project("bigquery", folder, {**QUIET, **emulator.host, "MESH_WORKSHOP": ""})


@pytest.fixture(scope="session")
def built(words: Project) -> dict[str, Any]:
    return words.build()


@pytest.fixture(scope="session")
def built_on_bigquery(words_on_bigquery: Project) -> dict[str, Any]:
    return words_on_bigquery.build()
