"""What a contract's role narrows: columns and rows; what can't be understood opens nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.contracts.roles import WHOLE, narrowing_of, read_role
from mesh_defs.model import DataContract, Mesh, ProductRef
from tests.tiny_mesh import TinyMesh


def with_role(mesh: TinyMesh, **said: Any) -> DataContract:
    path = mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    customs = [{"property": name, "value": value} for name, value in said.items()]
    data["roles"] = [{"role": "analyst", "access": "read", "customProperties": customs}]
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    return Mesh.read(mesh.root).products[ProductRef("shop", "orders")].contract


def test_columns_and_rows(unpublished_mesh: TinyMesh) -> None:
    contract = with_role(
        unpublished_mesh, readableColumns=["day", "order_id"], readableRows="cents > 100"
    )
    found = narrowing_of(contract, "analyst")
    assert found and found.rows
    assert found.columns == ("order_id", "day")
    assert found.rows.sql("duckdb") == '"cents" > 100'
    assert narrowing_of(contract, None) is WHOLE


def test_a_role_that_narrows_nothing(unpublished_mesh: TinyMesh) -> None:
    assert narrowing_of(with_role(unpublished_mesh), "analyst") == WHOLE


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"readableColumns": ["day", "nope"]}, "no column `nope`"),
        ({"readableColumns": "day"}, "expected a list of columns"),
        ({"readableColumns": []}, "expected a list of columns"),
        ({"readableRows": "nope = 1"}, "no column `nope`"),
        ({"readableRows": "cents >"}, "can't be read"),
        ({"readableRows": "cents in (select 1)"}, "can't be part of a condition"),
    ],
)
def test_what_can_not_be_understood_opens_nothing(
    unpublished_mesh: TinyMesh, said: Any, problem: str
) -> None:
    contract = with_role(unpublished_mesh, **said)
    assert narrowing_of(contract, "analyst") is None
    (unclear,) = read_role(contract, contract.source.data["roles"][0])[1]
    assert problem in unclear.problem


def test_a_role_that_is_not_there_any_more_opens_nothing(
    unpublished_mesh: TinyMesh, tmp_path: Path
) -> None:
    assert narrowing_of(with_role(unpublished_mesh), "gone") is None
