"""Servers for ports, and a lab for each kind of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports.lab import Lab, Lake
from tests.ports.postgres_lab import PostgresLab
from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture
def postgres_lab(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(PostgresLab(tmp_path / "mesh", postgres.database()), monkeypatch)


@pytest.fixture
def delta_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(Lake(tmp_path / "mesh"), monkeypatch)


def _built(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab.build()
    monkeypatch.setenv(lab.variable, lab.url())
    return lab


@pytest.fixture(params=["delta", "postgres"])
def lab(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind of port, one after the other."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["postgres"])
def beyond(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind but the lake."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found
