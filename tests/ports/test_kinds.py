"""Which ports a product has, and what `mesh validate` finds about one that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.ports.kinds import grants_of, ports_of, problems
from tests.ports.lab import CONTRACT, DESCRIPTOR, Lab
from tests.tiny_mesh import build

POSTGRES = {"type": "postgres", "host": "h", "port": 5432, "database": "d", "schema": "shop"}
HOST = "abfss://mesh@account.dfs.core.windows.net"
BUCKET = {"type": "s3", "location": "s3://b/shop/orders/v1", "format": "delta"}
AZURE = {"type": "azure", "location": f"{HOST}/shop/orders/v1", "format": "delta"}
WRONG = [
    # (the port's type, the contract's server, where it is found, what is said)
    ("carrier pigeon", POSTGRES, "outputPorts[1].type", "no kind of port is called"),
    ("postgres", None, "servers", "no server `exit`"),
    ("postgres", {**POSTGRES, "server": "other"}, "servers", "no server `exit`"),
    ("postgres", {"type": "local", "path": "x", "format": "csv"}, "servers[0].type", "`local`"),
    ("postgres", {**POSTGRES, "schema": "public"}, "servers[0]", "schema `public`"),
    ("delta", {**BUCKET, "format": "parquet"}, "servers[0]", "format `parquet`"),
    ("delta", {**BUCKET, "location": "s3://b/shop/days/v1"}, "servers[0]", "must end in"),
    ("delta", {**AZURE, "location": "az://b/shop/orders/v1"}, "servers[0]", "is not abfss://"),
    ("delta", {**AZURE, "location": f"{HOST}/shop/orders/v2"}, "servers[0]", "must end in"),
]


def declared(root: Path, kind: str, server: dict[str, Any] | None) -> Lab:
    build(root)
    lab = Lab(root)
    lab.declare(DESCRIPTOR, "outputPorts", {"name": "exit", "type": kind})
    if server:
        lab.declare(CONTRACT, "servers", {"server": "exit", **server})
    return lab


@pytest.mark.parametrize(("kind", "server", "field", "said"), WRONG)
def test_a_port_that_cannot_be_is_found_and_is_not_opened(
    kind: str, server: dict[str, Any] | None, field: str, said: str, tmp_path: Path
) -> None:
    lab = declared(tmp_path / "mesh", kind, server)
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    (finding,) = problems(port)
    assert (finding.field, said in finding.problem) == (field, True), finding
    with pytest.raises(MeshError, match=r"exit|pigeon|schema|local|format|location"):
        port.open()
    lab.snapshot("select 1::bigint as order_id")
    assert (lab.stands.status, said in lab.stands.error) == ("failed", True)


@pytest.mark.parametrize("kind", ["postgres", "PostgreSQL"])
def test_a_port_that_can_be_has_a_place_before_anybody_knows_its_server(
    kind: str, tmp_path: Path
) -> None:
    lab = declared(tmp_path / "mesh", kind, POSTGRES)
    lake, port = ports_of(lab.product)
    assert (lake.is_lake, port.kind, list(problems(port))) == (True, "postgres", [])
    assert lab.stands.location == "postgresql://h:5432/d/shop.orders_v1"
    assert grants_of(lab.product, "orders") is None
    unknown = grants_of(lab.product, "nowhere")
    assert unknown is not None
    with pytest.raises(MeshError, match="no port `nowhere`"):
        unknown.grants()


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (None, "delta"),
        ({"type": "local", "path": "x", "format": "delta"}, "delta"),
        (BUCKET, "delta-s3"),
        (AZURE, "delta-azure"),
    ],
)
def test_a_delta_port_is_the_lake_unless_its_server_is_elsewhere(
    server: dict[str, Any] | None, kind: str, tmp_path: Path
) -> None:
    lab = declared(tmp_path / "mesh", "delta", server)
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    assert (port.kind, port.is_lake, list(problems(port))) == (kind, kind == "delta", [])
    if server and kind != "delta":
        assert port.location == server["location"]


def test_a_port_is_of_the_major_version_it_says(tmp_path: Path) -> None:
    lab = declared(tmp_path / "mesh", "postgres", POSTGRES)
    text = (lab.root / DESCRIPTOR).read_text()
    head, _, port = text.partition("name: exit")
    (lab.root / DESCRIPTOR).write_text(f"{head}name: exit{port.replace('1.0.0', '2.0.0', 1)}")
    assert [p.name for p in ports_of(lab.product)] == ["orders"]
