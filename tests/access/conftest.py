"""Ledgers of one's own on both databases, and somebody's clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State
from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def state(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """A state folder whose ledger is on one database and then on the other."""
    if request.param == "postgresql":
        monkeypatch.setenv("MESH_LEDGER_URL", request.getfixturevalue("postgres").database())
    return State(tmp_path / "state")


@pytest.fixture
def ledger(state: State) -> Ledger:
    return Ledger.open(state)
