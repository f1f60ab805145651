"""Fixtures for every test; those of one room are in its own conftest."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.emulator.running import Emulator, running
from tests.tiny_mesh import TinyMesh, build

# A law holds or it doesn't, however slow or busy the machine is.
settings.register_profile("mesh", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mesh")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where time is limited (seconds since 1970), what takes long is left out when it is over: a
    run that is cut off tells nothing of what it did. What is left out is told in its summary."""
    until = float(os.environ.get("MESH_TESTS_UNTIL") or "inf")
    if time.time() > until and item.get_closest_marker("slow"):
        pytest.skip("left out: the time that MESH_TESTS_UNTIL gives the tests is over")


@pytest.fixture(autouse=True)
def no_mesh_of_yours(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the mesh of whoever runs it."""
    for name in ("MESH_ROOT", "MESH_HOME", "DAGSTER_HOME", "MESH_PSEUDONYM_KEY", "MESH_LEDGER_URL",
                 "MESH_ACTOR", "MESH_TARGET", "MESH_BIGQUERY_PROJECT", "MESH_BIGQUERY_PREFIX",
                 "MESH_BIGQUERY_LOCATION", "BIGQUERY_EMULATOR_HOST"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("MESH_SERVER__")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_domains_of_another_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test imports under `domains` is its own mesh's: a process imports a name once, and
    tests that share one each have a mesh."""

    def forget() -> None:
        for name in [n for n in sys.modules if n.partition(".")[0] == "domains"]:
            del sys.modules[name]

    forget()
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    forget()


@pytest.fixture(scope="session")
def tiny_mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyMesh]:
    """A tiny mesh, published once a session. Only for reading: change one of your own (`build`)."""
    from mesh_defs.orchestration.headless import run_mesh

    with pytest.MonkeyPatch.context() as patch:
        for name in ("MESH_ROOT", "MESH_HOME"):
            patch.delenv(name, raising=False)
        mesh = build(tmp_path_factory.mktemp("tiny") / "mesh")
        report = run_mesh(mesh.root)
        assert report.ok, report
        yield mesh


@pytest.fixture
def unpublished_mesh(tmp_path: Path) -> TinyMesh:
    """The same files, nothing run yet."""
    return build(tmp_path / "mesh")


@pytest.fixture(scope="session")
def emulator(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    """A BigQuery to speak to, the same for the whole session: work in a dataset of your own."""
    with running(pytestconfig, tmp_path_factory.mktemp("bigquery")) as found:
        yield found
