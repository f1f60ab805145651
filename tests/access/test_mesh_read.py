"""`mesh.read` in Python: the same product however it is taken, here and from a service."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import mesh
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import Sisters
from mesh_defs.storage.state import State
from tests.tiny_mesh import TinyMesh

ROWS = [(1, date(2024, 5, 1), 250), (2, date(2024, 5, 1), 1000), (3, date(2024, 5, 2), 40)]


@pytest.fixture(autouse=True)
def here(tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny_mesh.root)
    monkeypatch.setenv("MESH_ACTOR", "Shop team")
    for name in ("MESH_SERVICE", "MESH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_each_way_of_taking_it() -> None:
    found = mesh.read("shop.orders", version=1)
    assert (found.product, found.version, found.snapshot) == ("shop.orders", 1, 0)
    names = ["order_id", "day", "cents"]
    assert [tuple(r.values()) for r in found.arrow().to_pylist()] == ROWS
    assert sum(b.num_rows for b in found.batches()) == 3
    assert found.duckdb().order("order_id").fetchall() == ROWS
    with duckdb.connect() as mine:
        assert found.duckdb(mine).aggregate("sum(cents)").fetchall() == [(1290,)]
    assert list(found.pandas()["cents"]) == [250, 1000, 40]
    assert found.polars().columns == names
    assert found.polars()["cents"].to_list() == [250, 1000, 40]


def test_only_what_is_asked_for() -> None:
    found = mesh.read("shop.orders", columns=["cents"], where="day = date '2024-05-01'", limit=1)
    assert found.arrow().to_pylist() == [{"cents": 250}]
    found = mesh.read("shop.orders", where=[("day", ">", date(2024, 5, 1)), ("cents", "in", [40])])
    assert found.arrow().num_rows == 1


def test_as_of() -> None:
    now = datetime.now(UTC)
    for as_of in (
        0,
        "0",
        now,
        now.isoformat(),
        now.replace(tzinfo=None),
        now.date() + timedelta(1),
    ):
        assert mesh.read("shop.orders", as_of=as_of).snapshot == 0
    for gone in (1, -1, "2001-01-01", date(2001, 1, 1), "yesterday"):
        with pytest.raises(MeshError):
            mesh.read("shop.orders", as_of=gone)


def test_for_whom() -> None:
    assert mesh.read("shop.orders", consumer="insight").arrow().num_rows == 3
    with pytest.raises(MeshError) as theirs:
        mesh.read("shop.days", consumer="insight")
    with pytest.raises(MeshError) as nothing:
        mesh.read("shop.nope", consumer="insight")
    assert str(theirs.value).replace("days", "nope") == str(nothing.value)


def test_is_put_down(tiny_mesh: TinyMesh) -> None:
    sisters = Sisters.open(State(tiny_mesh.home))
    before = len(sisters.reads())
    mesh.read("shop.orders", columns=["day"]).arrow()
    read = sisters.reads()[before]
    assert (read.way, read.outcome, read.rows, read.columns) == ("mesh.read", "read", 3, ("day",))


@pytest.mark.parametrize("address", ["\ud800.x", "a\0.b", "x" * 900])
def test_what_was_refused_is_put_down_whatever_it_was_called(
    tiny_mesh: TinyMesh, address: str
) -> None:
    with pytest.raises(MeshError, match="is no product that you may read"):
        mesh.read(address, version=10**30)
    last = Sisters.open(State(tiny_mesh.home)).reads()[-1]
    assert (last.who, last.outcome, last.version) == ("Shop team", "denied", None)
    assert mesh.read("shop.orders", limit=10**30).arrow().num_rows == 3


def test_import_is_light() -> None:
    code = (
        "import sys, mesh\n"
        "print([m for m in ('pyarrow', 'duckdb', 'pandas', 'polars', 'sqlglot', 'pydantic', "
        "'mesh_defs') if m in sys.modules])"
    )
    root = Path(mesh.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize(
    ("service", "token", "said"),
    [
        ("http://127.0.0.1:1", "x", "the second address"),
        ("grpc://127.0.0.1:1", None, "MESH_TOKEN is not"),
        ("grpc://127.0.0.1:1", "x", "There is no service at"),
    ],
)
def test_a_service_that_is_none(
    monkeypatch: pytest.MonkeyPatch, service: str, token: str | None, said: str
) -> None:
    monkeypatch.setenv("MESH_SERVICE", service)
    if token:
        monkeypatch.setenv("MESH_TOKEN", token)
    with pytest.raises(MeshError, match=said):
        mesh.read("shop.orders")
