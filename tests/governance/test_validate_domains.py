"""`mesh validate` of domains: teams, inputs, circles, sources' functions."""

from __future__ import annotations

import shutil

import pytest

from tests.governance.room import BEST_SQL, INSIGHT, ORDERS, SHOP, Room


def test_input_of_no_domain(mesh: Room) -> None:
    mesh.edit(INSIGHT, "shop.orders:", "shoop.orders:").edit(BEST_SQL, "'shop'", "'shoop'").only(
        INSIGHT, "shoop.orders:", "inputs.shoop.orders",
        "there is no domain `shoop`", "`insight`, `shop`",
    )  # fmt: skip


def test_input_of_no_product(mesh: Room) -> None:
    mesh.edit(INSIGHT, "shop.orders:", "shop.order:").edit(BEST_SQL, "'orders'", "'order'").only(
        INSIGHT, "shop.order:", "inputs.shop.order", "`shop` has no product `order`",
        "`days`, `orders`",
    )  # fmt: skip


def test_input_at_a_version_that_is_not_there(mesh: Room) -> None:
    mesh.edit(INSIGHT, "version: 1", "version: 2").only(
        INSIGHT, "version: 2", "inputs.shop.orders.version",
        "no version 2 of `shop.orders`", "at 1.0.0", "Write `version: 1`.",
    )  # fmt: skip


def test_input_whose_provider_cannot_be_read_is_said_once(mesh: Room) -> None:
    mesh.edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in mesh.findings()} == {ORDERS}


def test_domains_that_wait_for_each_other(mesh: Room) -> None:
    with (mesh.root / SHOP).open("a") as file:
        file.write("inputs:\n  insight.best_day: {version: 1, purpose: To close the circle.}\n")
    mesh.only(
        INSIGHT, "shop.orders:", "inputs.shop.orders",
        "insight → shop → insight", "Take one of these inputs out",
    )  # fmt: skip


def test_two_circles_are_two_findings(mesh: Room) -> None:
    for name, others in {"a": "bd", "b": "c", "c": "a", "d": "ad"}.items():
        shutil.copytree(mesh.root / "domains/shop", mesh.root / "domains" / name)
        shutil.copytree(mesh.root / "dbt_projects/shop", mesh.root / "dbt_projects" / name)
        inputs = "".join(f"  {o}.orders: {{version: 1, purpose: x}}\n" for o in others if o != name)
        mesh.write(
            f"domains/{name}/domain.yaml",
            (mesh.root / SHOP).read_text() + "inputs:\n" + inputs,
        )
    circles = [f.problem for f in mesh.findings() if "wait for each other" in f.problem]
    assert sorted(c.rpartition(": ")[2] for c in circles) == ["a → b → c → a", "a → d → a"]


def test_team_without_an_owner(mesh: Room) -> None:
    mesh.edit(SHOP, "role: owner", "role: engineer").only(
        SHOP, "members:", "team.members", "no owner", "role: owner"
    )


def test_domain_that_is_no_code_location(mesh: Room) -> None:
    file = "domains/shop/__init__.py"
    mesh.remove(file).only(file, 0, "", "code location")


FUNCTION = "function: ingestion.fetch"


@pytest.fixture
def fetching(mesh: Room) -> Room:
    return mesh.edit(SHOP, "path: data/orders.csv", FUNCTION)


def test_function_in_a_module_that_is_missing(fetching: Room) -> None:
    fetching.only(
        SHOP, FUNCTION, "sources.orders.function", "there is no module `domains/shop/ingestion.py`"
    )


def test_pipeline_that_is_missing(mesh: Room) -> None:
    pipeline = "pipeline: pipelines/orders.py"
    mesh.edit(SHOP, "path: data/orders.csv", pipeline).only(
        SHOP, pipeline, "sources.orders.pipeline",
        "there is no file `domains/shop/pipelines/orders.py`",
    )  # fmt: skip


def test_function_that_its_module_does_not_have(fetching: Room) -> None:
    fetching.write("domains/shop/ingestion.py", "def fetched(): ...\ndef _x(): ...\n").only(
        SHOP, FUNCTION, "sources.orders.function",
        "`domains/shop/ingestion.py` has no function `fetch`", "It has: `fetched`.",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "def fetch(): ...",
        "from elsewhere import get as fetch",
        "from elsewhere import *",
        "fetch = lambda: 1",
        "def (",
    ],
)
def test_function_that_is_there_or_may_be(fetching: Room, text: str) -> None:
    assert fetching.write("domains/shop/ingestion.py", text).findings() == []


def test_function_in_a_package(fetching: Room) -> None:
    fetching.write("domains/shop/ingestion/__init__.py", "async def fetch(): ...")
    assert fetching.findings() == []
