"""docs/reference/ports.md has every kind of port, and what it shows of contracts can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.model.contract import read_contract
from mesh_defs.model.yaml_source import read_yaml
from mesh_defs.ports.kinds import KINDS, LAKE, SHELVED
from tests.docs.pages import Block, blocks, page

PAGE = page("docs/reference/ports.md")
CONTRACTS = [b for b in blocks(PAGE) if b.language == "yaml" and "servers:" in b.text]
HEAD: dict[str, Any] = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "urn:datacontract:shop.orders",
    "version": "1.0.0",
    "status": "active",
    "domain": "shop",
    "dataProduct": "orders",
    "schema": [{"name": "orders", "properties": [{"name": "id", "logicalType": "integer"}]}],
}


def test_page_has_every_kind_and_no_other() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| `type` |")[2].partition("\n\n")[0]
    said = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert said == {LAKE, *(kind.partition("-")[0] for kind in KINDS), *SHELVED}


@pytest.mark.parametrize("block", CONTRACTS, ids=lambda b: f"line-{b.line}")
def test_what_is_shown_of_contracts_can_be_read(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "orders.odcs.yaml"
    path.write_text(yaml.safe_dump(HEAD | yaml.safe_load(block.text)), encoding="utf-8")
    read_contract(read_yaml(path))
