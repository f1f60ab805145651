"""What a contract promises of types, as far as every published value keeps to it."""

from __future__ import annotations

from typing import Any

import pytest

from mesh_defs.publishing.promised import promised_types
from tests.contracts.contract_lab import contract

DECIMAL = "decimal(10,2)"
PROMISED: list[tuple[dict[str, Any], list[str]]] = [
    ({"physicalType": DECIMAL}, ["DECIMAL(10, 2)"]),
    ({"logicalType": "number"}, []),
    ({"physicalType": "no such type"}, []),
    (
        {"logicalType": "object", "properties": [{"name": "d e", "physicalType": DECIMAL}]},
        ['STRUCT("d e" DECIMAL(10, 2))'],
    ),
    (
        {"logicalType": "array", "items": {"name": "i", "logicalType": "object", "properties": [
            {"name": "d", "physicalType": DECIMAL}]}},
        ['STRUCT("d" DECIMAL(10, 2))[]'],
    ),
]  # fmt: skip


def types(column: dict[str, Any], **more: Any) -> list[str]:
    schema = [{"name": "t", "properties": [{"name": "x", **column}]}]
    of = contract({"schema": schema, **more})
    of.objects = of.odcs.schema_
    return [promised.sql("duckdb") for promised in promised_types(of).get("x", [])]


@pytest.mark.parametrize(("column", "expected"), PROMISED)
def test_types_are_promised_of_a_column_and_of_its_inside(
    column: dict[str, Any], expected: list[str]
) -> None:
    assert types(column) == expected


def test_a_type_is_read_in_the_words_of_the_server() -> None:
    servers = [{"server": "w", "type": "bigquery", "project": "p", "dataset": "d"}]
    assert types({"physicalType": "numeric(10,2)"}, servers=servers) == ["DECIMAL(10, 2)"]


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_what_only_warns_is_no_promise(severity: str) -> None:
    softer = {"customProperties": [{"property": "severity", "value": severity}]}
    assert types({"physicalType": DECIMAL, **softer}) == []
