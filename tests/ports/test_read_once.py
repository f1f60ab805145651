"""What is published where no files are is read once for all ports, and only for one that asks.

The house is the one of files, which hands out copies as if it had none: what each reading costs is
counted. BigQuery's own is in `tests/scenarios/test_ports_on_bigquery.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml
from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.publishing import delivery
from mesh_defs.publishing.delivery import PortState, deliver
from mesh_defs.storage.house import Published
from mesh_defs.storage.on_duckdb import DuckDBHouse
from mesh_defs.storage.passing import passing
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot
from tests.ports.document_labs import DashboardLab
from tests.ports.lab import DESCRIPTOR, FIRST, SECOND

DOWN = "postgresql://mesh:hunter2@127.0.0.1:1/apps"
APPS = {"server": "apps", "type": "postgres", "host": "db", "port": 5432, "database": "apps",
        "schema": "shop"}  # fmt: skip


@dataclass(frozen=True)
class FarHouse(DuckDBHouse):
    readings: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    has_files = False

    @contextmanager
    def files_of(
        self,
        snapshot: Published,
        promised: Mapping[str, Sequence[exp.DataType]] = MappingProxyType({}),
    ) -> Iterator[tuple[str, ...]]:
        assert isinstance(snapshot, Snapshot)
        self.readings.append(snapshot.version)
        if self.wrong:
            raise MeshError(self.wrong[0])
        with passing(self.state) as folder:
            yield tuple(str(shutil.copy(file, folder)) for file in snapshot.files)


@pytest.fixture
def lab(tmp_path: Path) -> DashboardLab:
    """A product with two pages, and a port at a server that nothing is said of."""
    lab = DashboardLab(tmp_path / "mesh")
    lab.build()
    page = {"title": "Orders", "sections": [{"title": "All", "query": "select cents from orders"}]}
    (lab.root / "domains/shop/reports/orders.page.yaml").write_text(yaml.safe_dump(page))
    for name, kind in (("page", "dashboard"), ("apps", "postgres")):
        lab.declare(DESCRIPTOR, "outputPorts", {"name": name, "type": kind})
    lab.change(lambda contract: contract.update(servers=[APPS]))
    return lab


@pytest.fixture
def house(lab: DashboardLab, monkeypatch: pytest.MonkeyPatch) -> FarHouse:
    house = FarHouse(lab.state)
    monkeypatch.setattr(delivery, "house_of", lambda state: house)
    return house


def stand(lab: DashboardLab) -> dict[str, PortState]:
    return {port.name: port for port in deliver(lab.state, lab.product)[1:]}


def left(state: State) -> list[Path]:
    return [*(state.home / "tmp").glob("passing-*")]


def test_it_is_read_once_however_many_ports_there_are(lab: DashboardLab, house: FarHouse) -> None:
    lab.snapshot(FIRST)
    found = stand(lab)
    assert [found[n].status for n in ("exit", "page", "apps")] == [
        "published", "published", "not configured",
    ]  # fmt: skip
    assert lab.rows() == [(1, "2024-05-01", 10), (2, "2024-05-01", 20), (3, "2024-05-01", 30)]
    assert (house.readings, left(lab.state)) == ([0], [])


def test_nothing_is_read_where_every_port_has_it(lab: DashboardLab, house: FarHouse) -> None:
    lab.snapshot(FIRST)
    before = stand(lab)
    assert stand(lab) == before
    lab.snapshot(SECOND)
    stand(lab)
    assert house.readings == [0, 1]


def test_nothing_is_read_for_a_server_that_does_not_answer(
    lab: DashboardLab, house: FarHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.snapshot(FIRST)
    stand(lab)
    monkeypatch.setenv("MESH_SERVER__APPS", DOWN)
    found = stand(lab)
    assert (found["apps"].status, found["exit"].status) == ("failed", "published")
    assert "hunter2" not in found["apps"].error
    assert house.readings == [0]


def test_rows_that_cannot_be_had_are_an_error_of_each_port(
    lab: DashboardLab, house: FarHouse
) -> None:
    lab.snapshot(FIRST)
    house.wrong.append("BigQuery: 503")
    found = stand(lab)
    assert {(found[n].status, found[n].error) for n in ("exit", "page")} == {
        ("failed", "BigQuery: 503")
    }
    assert house.readings == [0], "it is not tried again for the next port"
    house.wrong.clear()
    assert {stand(lab)[n].status for n in ("exit", "page")} == {"published"}


def test_files_are_gone_though_a_port_fails(
    lab: DashboardLab, house: FarHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.snapshot(FIRST)
    lab.corrupt(monkeypatch)
    assert stand(lab)["exit"].status == "failed"
    assert left(lab.state) == []
