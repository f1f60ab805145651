"""Servers for ports, and a lab for each kind of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import seaweed as s3
from tests.ports.document_labs import DashboardLab, PdfLab
from tests.ports.lab import Lab, Lake
from tests.ports.model_lab import OnnxLab
from tests.ports.parquet_lab import ParquetLab
from tests.ports.postgres_lab import PostgresLab
from tests.postgres import Postgres, running


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture
def postgres_lab(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(PostgresLab(tmp_path / "mesh", postgres.database()), monkeypatch)


@pytest.fixture(scope="session")
def seaweed() -> Iterator[s3.Seaweed]:
    with s3.running() as found:
        yield found


@pytest.fixture
def parquet_lab(seaweed: s3.Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = ParquetLab(tmp_path / "mesh", seaweed.port, seaweed.folder())
    return _built(lab, monkeypatch)


@pytest.fixture
def delta_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(Lake(tmp_path / "mesh"), monkeypatch)


def _built(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab.build()
    monkeypatch.setenv(lab.variable, lab.url())
    return lab


@pytest.fixture
def dashboard_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(DashboardLab(tmp_path / "mesh"), monkeypatch)


@pytest.fixture
def pdf_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(PdfLab(tmp_path / "mesh"), monkeypatch)


@pytest.fixture
def onnx_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(OnnxLab(tmp_path / "mesh"), monkeypatch)


@pytest.fixture(params=["delta", "postgres", "parquet", "dashboard", "pdf"])
def tabled(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that shows all rows and columns."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["delta", "postgres", "parquet", "dashboard", "pdf", "onnx"])
def lab(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind of port, one after the other."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["postgres", "parquet"])
def served(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that is at a server, which the environment names."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["postgres", "parquet", "dashboard", "onnx"])
def granting(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that any consumer can be granted; mail needs an address."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["postgres", "parquet", "dashboard", "pdf", "onnx"])
def beyond(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind but the lake."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found
