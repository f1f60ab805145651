"""`mesh quarantine`: a story of rows held back, looked at, replayed and given up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import ORDERS, TinyMesh

CONTRACT = "domains/shop/contracts/orders.odcs.yaml"
COUNT = "select count(*) n from shop.orders"
BAD = f"{ORDERS}4,2024-05-03,-5\n5,2024-05-03,-7\n"


@pytest.fixture
def mesh(in_unpublished_mesh: TinyMesh) -> TinyMesh:
    """`shop.orders` holds back rows with a negative price, and `days` is made without it."""
    root = in_unpublished_mesh.root
    _edit(root / "dbt_projects/shop/models/days.sql", "ref('orders')", "source('landing','orders')")
    _edit(
        root / CONTRACT,
        "  quality:\n",
        "  customProperties:\n  - property: onBreach\n    value: {minimum: quarantine}\n"
        '  - property: quarantineBudget\n    value: "50%"\n  quality:\n',
    )
    in_unpublished_mesh.orders.write_text(BAD)
    return in_unpublished_mesh


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_rows_are_held_looked_at_replayed_and_given_up(mesh: TinyMesh, shell: Shell) -> None:
    said = shell("run", "shop.orders")
    assert said.code == 0, said.out + said.err
    assert "shop.orders: 2 rows in quarantine. See `mesh quarantine show shop.orders`" in said.out
    assert shell("query", COUNT, "--as", "shop", "--json").json == [{"n": 3}]

    assert steady(shell("quarantine", "list").out) == (
        "product      open  discarded  rules            since (UTC)\n"
        "shop.orders     2          0  cents.minimum 2  YYYY-MM-DD hh:mm\n"
    )
    shown = shell("quarantine", "show", "shop.orders", "--json").json
    assert sorted(row["values"]["order_id"] for row in shown) == [4, 5]
    assert {row["values"]["cents"] for row in shown} == {"(withheld: confidential)"}
    assert {tuple(row["rules"]) for row in shown} == {("cents.minimum",)}

    _edit(mesh.root / CONTRACT, "minimum: 0", "minimum: -6")
    said = shell("quarantine", "replay", "shop.orders")
    assert said.code == 0, said.out + said.err
    assert "2 rows in quarantine before: 1 left it, 1 stayed; 0 came." in said.out
    assert shell("query", COUNT, "--as", "shop", "--json").json == [{"n": 4}]

    (row,) = shell("quarantine", "show", "shop.orders", "--json").json
    said = shell(
        "quarantine", "discard", "shop.orders", "--row", row["row"][:8], "--why", "a test order"
    )
    assert (said.code, said.out) == (0, "1 row of shop.orders discarded.\n")
    assert shell("quarantine", "list", "--json").json[0]["open"] == 0
    assert shell("quarantine", "list", "--json").json[0]["discarded"] == 1

    mesh.orders.write_text(ORDERS)
    assert shell("run", "shop.orders").code == 0
    assert shell("quarantine", "list").out == "No row is in quarantine.\n"


def test_a_replay_that_does_not_hold_changes_nothing(mesh: TinyMesh, shell: Shell) -> None:
    assert shell("run", "shop.orders").code == 0
    _edit(mesh.root / CONTRACT, '"50%"', '"10%"')
    said = shell("quarantine", "replay", "shop.orders", "--json")
    assert said.code == 1
    assert (said.json["ok"], said.json["before"], said.json["stayed"]) == (False, 2, 2)
    assert shell("query", COUNT, "--as", "shop", "--json").json == [{"n": 3}]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "shop.nothing"), "nothing"),
        (("show", "shop.orders", "--rule", "cents.minimun"), "has no rule `cents.minimun`"),
        (("discard", "shop.orders", "--row", "zz", "--why", "x"), "no open row"),
    ],
)
def test_errors_are_messages(
    shell: Shell, in_tiny_mesh: TinyMesh, arguments: tuple[str, ...], said: str
) -> None:
    found = shell("quarantine", *arguments)
    assert found.code == 1
    assert said in found.err


def test_a_mesh_without_quarantine_says_so(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    assert shell("quarantine", "list").out == "No row is in quarantine.\n"
    assert shell("quarantine", "show", "shop.orders").out == (
        "No row of shop.orders is in quarantine.\n"
    )
    assert shell("quarantine", "list", "--json").json == []
