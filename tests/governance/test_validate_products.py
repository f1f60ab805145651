"""`mesh validate` of products: pairs of files, ids, ports."""

from __future__ import annotations

import pytest

from tests.governance.room import BEST, BEST_ODPS, INSIGHT, ORDERS, ORDERS_ODPS, Room


def test_contract_without_a_descriptor(mesh: Room) -> None:
    mesh.remove("domains/shop/products/days.odps.yaml").only(
        "domains/shop/contracts/days.odcs.yaml", 0, "",
        "a contract for no product", "`domains/shop/products/days.odps.yaml` is missing",
    )  # fmt: skip


def test_descriptor_without_a_contract(mesh: Room) -> None:
    mesh.remove("domains/shop/contracts/days.odcs.yaml").only(
        "domains/shop/contracts/days.odcs.yaml", 0, "", "the file is missing"
    )


def test_product_that_is_described_twice(mesh: Room) -> None:
    text = (mesh.root / ORDERS_ODPS).read_text()
    mesh.write("domains/shop/products/orders.odps.yml", text).only(
        "domains/shop/products/orders.odps.yml", 0, "", "described twice", "`orders.odps.yaml`"
    )


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("contracts/orders.yaml", "<product>.odcs.yaml"),
        ("contracts/orders.odcs.yml", "<product>.odcs.yaml"),
        ("contracts/old/orders.odcs.yaml", "<product>.odcs.yaml"),
        ("contracts/orders.odps.yaml", "<product>.odcs.yaml"),
        ("products/orders.json", "<product>.odps.yaml"),
        ("products/deep/orders.odps.yaml", "<product>.odps.yaml"),
    ],
)
def test_file_that_nobody_reads(mesh: Room, file: str, form: str) -> None:
    file = f"domains/shop/{file}"
    mesh.write(file, "a: 1\n").only(file, 0, "", "nobody reads this file", form)


def test_notes_may_lie_beside_contracts(mesh: Room) -> None:
    assert mesh.write("domains/shop/contracts/README.md", "Why").findings() == []


def test_two_products_with_one_id(mesh: Room) -> None:
    mesh.edit(ORDERS_ODPS, "id: urn:mesh:shop.orders", "id: urn:mesh:shop.days").only(
        ORDERS_ODPS, "id: urn:mesh", "id", "the product of `shop.days` has the same id"
    )


def test_two_contracts_with_one_id(mesh: Room) -> None:
    for file in (BEST, BEST_ODPS):
        mesh.edit(file, "urn:datacontract:insight.best_day", "urn:datacontract:shop.days")
    file = "domains/shop/contracts/days.odcs.yaml"
    mesh.only(file, "id: urn:datacontract", "id", "the contract of `insight.best_day`")


def port(mesh: Room, contract: str, version: str = "1.0.0") -> Room:
    text = f"inputPorts:\n- name: orders\n  version: {version}\n  contractId: {contract}\n"
    return mesh.write(BEST_ODPS, (mesh.root / BEST_ODPS).read_text() + text)


@pytest.mark.parametrize("version", ["1.0.0", "1", "v1", "'1.4'"])
def test_input_port_that_agrees(mesh: Room, version: str) -> None:
    assert port(mesh, "urn:datacontract:shop.orders", version).findings() == []


def test_input_port_of_the_domains_own_product(mesh: Room) -> None:
    assert port(mesh, "urn:datacontract:insight.best_day").findings() == []


def test_input_port_of_no_contract(mesh: Room) -> None:
    port(mesh, "urn:datacontract:shop.order").only(
        BEST_ODPS, "contractId: urn:datacontract:shop.order", "inputPorts[0].contractId",
        "no product has the contract `urn:datacontract:shop.order`",
        "`urn:datacontract:shop.orders`",
    )  # fmt: skip


def test_input_port_that_the_domain_does_not_declare(mesh: Room) -> None:
    port(mesh, "urn:datacontract:shop.days").only(
        BEST_ODPS, "contractId: urn:datacontract:shop.days", "inputPorts[0].contractId",
        "`shop.days` is no declared input of `insight`", INSIGHT,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["2.0.0", "10", "newest"])
def test_input_port_at_another_version(mesh: Room, version: str) -> None:
    port(mesh, "urn:datacontract:shop.orders", version).only(
        BEST_ODPS, f"version: {version}", "inputPorts[0].version",
        f"version {version} of `shop.orders`", f"{INSIGHT} says 1",
    )  # fmt: skip


def test_input_port_of_a_contract_that_cannot_be_read(mesh: Room) -> None:
    mesh.edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in port(mesh, "urn:datacontract:shop.orders").findings()} == {ORDERS}


def test_output_port_at_another_version(mesh: Room) -> None:
    mesh.edit(ORDERS, "version: 1.0.0", "version: 1.1.0").only(
        ORDERS_ODPS, mesh.line(ORDERS_ODPS, "version: 1.0.0", 2), "outputPorts[0].version",
        "version 1.0.0, where the contract is at 1.1.0", "`version: 1.1.0`",
    )  # fmt: skip


def second_port(mesh: Room, name: str, contract: str) -> Room:
    return mesh.edit(
        ORDERS_ODPS,
        "outputPorts:\n",
        f"outputPorts:\n- name: {name}\n  version: 1.0.0\n{contract}",
    )


def test_second_output_port(mesh: Room) -> None:
    contract = "  contractId: urn:datacontract:shop.orders\n"
    assert second_port(mesh, "files", contract).findings() == []


@pytest.mark.parametrize("contract", ["", "  contractId: urn:datacontract:shop.days\n"])
def test_output_port_of_another_contract(mesh: Room, contract: str) -> None:
    second_port(mesh, "files", contract).only(
        ORDERS_ODPS, "contractId: urn:datacontract:shop.days" if contract else "- name: files",
        "outputPorts[0].contractId", "expected `urn:datacontract:shop.orders`",
    )  # fmt: skip


def test_output_ports_of_one_name(mesh: Room) -> None:
    second_port(mesh, "orders", "  contractId: urn:datacontract:shop.orders\n").only(
        ORDERS_ODPS,
        mesh.line(ORDERS_ODPS, "name: orders", 3),
        "outputPorts[1].name",
        "a second port `orders`",
    )
