"""A provider's files broke: who has an agreement reads on, as far as it can be told what it opens.

The mesh is copied for each test, so that each breaks files of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.access.reading.library import Library, Readable
from mesh_defs.access.reading.rights import Denied
from mesh_defs.model import MeshError
from tests.tiny_mesh import TinyMesh

ROOM = "domains/shop"
CONTRACT = f"{ROOM}/contracts/orders.odcs.yaml"
ANALYST: dict[str, Any] = {
    "role": "analyst",
    "firstLevelApprovers": "Ola Nord",
    "customProperties": [{"property": "readableColumns", "value": ["day"]}],
}


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path) -> TinyMesh:
    """With an agreement of the app `till` for all of `shop.orders`, another for a role's part."""
    shutil.copytree(tiny_mesh.root, tmp_path / "mesh")
    copied = TinyMesh(tmp_path / "mesh")
    agree(copied, "app:till")
    path = copied.root / CONTRACT
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump({**data, "roles": [ANALYST]}), encoding="utf-8")
    agree(copied, "app:clerk")
    return copied


def agree(mesh: TinyMesh, consumer: str) -> None:
    asked = Desk(mesh.root, "Crew").request("shop.orders", "Tests.", consumer)
    Desk(mesh.root, "Ola Nord").act(asked.id, lambda a, who, now: do.approve(a, who, now))


def spoil(mesh: TinyMesh, file: str) -> None:
    (mesh.root / file).write_text("broken: [", encoding="utf-8")


def found(mesh: TinyMesh, consumer: str, *where: Any) -> Readable:
    return Library(mesh.root).find([consumer], "shop.orders", *where)


@pytest.mark.parametrize(
    "file",
    [f"{ROOM}/{f}" for f in ("approvals.yaml", "domain.yaml", "contracts/days.odcs.yaml")],
)
def test_what_is_whole_in_a_broken_room_is_read_as_before(mesh: TinyMesh, file: str) -> None:
    before = found(mesh, "app:till"), found(mesh, "app:clerk")
    spoil(mesh, file)
    assert (found(mesh, "app:till"), found(mesh, "app:clerk")) == before
    assert before[1].narrowing.columns == ("day",)
    assert [r.address for r in Library(mesh.root).all_of(["app:till"])] == ["shop.orders"]


@pytest.mark.parametrize("file", [CONTRACT, f"{ROOM}/products/orders.odps.yaml"])
def test_a_product_without_its_contract_is_read_whole_or_not_at_all(
    mesh: TinyMesh, file: str
) -> None:
    before = found(mesh, "app:till")
    spoil(mesh, file)
    assert found(mesh, "app:till") == found(mesh, "app:till", 1) == before
    for consumer, *where in (("app:clerk",), ("app:nobody",), ("app:till", 2)):
        with pytest.raises(Denied):
            found(mesh, consumer, *where)


def test_a_product_that_was_taken_away_from_a_whole_room_is_gone(mesh: TinyMesh) -> None:
    for file in (CONTRACT, f"{ROOM}/products/orders.odps.yaml"):
        (mesh.root / file).unlink()
    with pytest.raises(MeshError, match="no product that you may read"):
        found(mesh, "app:till")


def test_an_agreement_ends_in_a_broken_room_too(mesh: TinyMesh) -> None:
    (mesh.root / "governance.yaml").write_text(
        "team: {name: Guards, email: g@example.com, members: [{name: Gus, role: steward}]}\n"
    )
    spoil(mesh, CONTRACT)
    readable, library = found(mesh, "app:till"), Library(mesh.root)
    assert library.still(readable)
    desk = Desk(mesh.root, "Gus")
    desk.act(readable.right.agreement or "", lambda a, who, at: do.suspend(a, who, at, "a leak"))
    assert not library.still(readable)
