"""`mesh.read` from a running service: with a token, and what it says when there is none."""

from __future__ import annotations

from datetime import date

import pytest

import mesh
from mesh_defs.model import MeshError
from tests.serving.conftest import LARGE, Served


@pytest.fixture(autouse=True)
def there(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESH_SERVICE", served.flight)
    monkeypatch.setenv("MESH_TOKEN", served.tokens["whole"])
    monkeypatch.chdir("/")


def test_the_same_as_here() -> None:
    found = mesh.read("shop.orders", as_of=0, where=[("day", "=", date(2024, 5, 1))])
    assert (found.version, found.snapshot) == (1, 0)
    assert [r["cents"] for r in found.arrow().to_pylist()] == [250, 1000]
    assert found.polars().height == len(found.pandas()) == 2
    assert found.duckdb().aggregate("count(*)").fetchall() == [(2,)]
    assert sum(b.num_rows for b in mesh.read("shop.orders").batches()) == LARGE


def test_narrowed(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setenv("MESH_TOKEN", served.tokens["part"])
    assert mesh.read("shop.orders").arrow().column_names == ["order_id", "day"]
    with pytest.raises(
        MeshError, match=r"^There is no column `cents`\. Columns: `order_id`, `day`\.$"
    ):
        mesh.read("shop.orders", columns=["cents"])


def test_denied(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    with pytest.raises(
        MeshError, match=r"^`shop\.days` is no product that you may read\..*for it\.$"
    ):
        mesh.read("shop.days")
    monkeypatch.setenv("MESH_TOKEN", "mesh_nonsense")
    with pytest.raises(MeshError, match=r"^This needs a token that is valid"):
        mesh.read("shop.orders")
    with pytest.raises(MeshError, match="Leave `consumer` out"):
        mesh.read("shop.orders", consumer="shop")
