"""Servers for ports, and a lab for each kind of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import azure
from tests import seaweed as s3
from tests.emulator.running import Emulator
from tests.ports.bigquery_lab import BigQueryLab
from tests.ports.delta_labs import DeltaAzureLab, DeltaS3Lab
from tests.ports.document_labs import DashboardLab, PdfLab
from tests.ports.lab import Lab, Lake
from tests.ports.model_lab import OnnxLab
from tests.ports.parquet_lab import ParquetLab
from tests.ports.postgres_lab import PostgresLab
from tests.post import Post, certificate, post
from tests.postgres import Postgres, running

# The emulator takes its time; what is special about the port is tried every day in its own tests.
BIGQUERY = pytest.param("bigquery", marks=pytest.mark.slow)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running() as found:
        yield found


@pytest.fixture
def postgres_lab(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    return _built(PostgresLab(tmp_path / "mesh", postgres.database()), monkeypatch)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A mail server with TLS, whose certificate is trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    with post(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def seaweed() -> Iterator[s3.Seaweed]:
    with s3.running() as found:
        yield found


@pytest.fixture
def parquet_lab(seaweed: s3.Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = ParquetLab(tmp_path / "mesh", seaweed.port, seaweed.folder())
    return _built(lab, monkeypatch)


@pytest.fixture(name="delta-s3_lab")
def delta_s3_lab(seaweed: s3.Seaweed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = DeltaS3Lab(tmp_path / "mesh", seaweed.port, seaweed.folder())
    return _built(lab, monkeypatch)


@pytest.fixture(scope="session")
def azurite(pytestconfig: pytest.Config) -> Iterator[azure.Azurite]:
    with azure.running(pytestconfig.cache.mkdir("azurite")) as found:
        yield found


@pytest.fixture(name="delta-azure_lab")
def delta_azure_lab(azurite: azure.Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    lab = DeltaAzureLab(tmp_path / "mesh", azurite.port, azurite.folder())
    return _built(lab, monkeypatch)


@pytest.fixture
def bigquery_lab(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    emulator.client.delete_dataset("shop", delete_contents=True, not_found_ok=True)
    return _built(BigQueryLab(tmp_path / "mesh", emulator.url), monkeypatch)


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


# Its server starts slowly, and what is special about it is not in these tests.
AZURE = pytest.param("delta-azure", marks=pytest.mark.slow)


@pytest.fixture(
    params=["delta", "delta-s3", AZURE, "postgres", "parquet", BIGQUERY, "dashboard", "pdf"]
)
def tabled(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that shows all rows and columns."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(
    params=["delta", "delta-s3", AZURE, "postgres", "parquet", BIGQUERY, "dashboard", "pdf", "onnx"]
)
def lab(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind of port, one after the other."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["delta-s3", AZURE, "postgres", "parquet", BIGQUERY])
def served(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that is at a server, which the environment names."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["delta-s3", "postgres", "parquet", BIGQUERY])
def granting_rows(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind at which any consumer can be granted a product's rows."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["dashboard", "onnx"])
def declared(request: pytest.FixtureRequest) -> Lab:
    """The lab of kinds that show to all what was declared, and no rows."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(params=["delta-s3", "postgres", "parquet", BIGQUERY, "dashboard", "onnx"])
def granting(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind that any consumer can be granted; mail needs an address."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found


@pytest.fixture(
    params=["delta-s3", AZURE, "postgres", "parquet", BIGQUERY, "dashboard", "pdf", "onnx"]
)
def beyond(request: pytest.FixtureRequest) -> Lab:
    """The lab of every kind but the lake."""
    found: Lab = request.getfixturevalue(f"{request.param}_lab")
    return found
