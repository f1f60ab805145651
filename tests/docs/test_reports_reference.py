"""docs/reference/reports.md: its rules can be judged on the report that it declares."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from mesh_defs.contracts.port_rules import port_rules
from mesh_defs.contracts.rules import PORT_ENGINES
from mesh_defs.governance.validation import validate
from mesh_defs.model import Mesh
from tests.docs.pages import blocks, page
from tests.ports.lab import CONTRACT, DESCRIPTOR
from tests.tiny_mesh import build

PAGE = page("docs/reference/reports.md")


def _example(title: str, nth: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load([b for b in blocks(PAGE) if b.title == title][nth].text)
    return found


def test_the_rules_are_understood_and_about_what_is_there(tmp_path: Path) -> None:
    build(tmp_path)
    board = _example("domains/shop/reports/orders.board.yaml")
    paper = {name: said for name, said in board.items() if name != "filters"}
    for port, said in (("board", board), ("monday", paper)):
        path = tmp_path / f"domains/shop/reports/orders.{port}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(said))
    _add(tmp_path / DESCRIPTOR, _example(DESCRIPTOR))
    rules = _example(CONTRACT)["quality"]
    size = {"name": "size", "description": "How large.", "logicalType": "string"}
    _add(tmp_path / CONTRACT, {"schema": {"quality": rules, "properties": [size]}})
    mesh = Mesh.read(tmp_path)
    assert validate(mesh, tmp_path) == []
    found = port_rules(mesh.product("shop.orders").contract)
    assert [(r.id, r.unusable) for r in found] == [(rule["id"], None) for rule in rules]
    assert {r.params["engine"] for r in found} == {*PORT_ENGINES} - {"onnx"}


def test_every_engine_is_named_where_contracts_are_explained() -> None:
    text = page("docs/reference/contract.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"where its `engine` is\n(.*)\n(.*)", text)
    assert [engine for engine in PORT_ENGINES if f"`{engine}`" not in " ".join(line)] == []


def _add(path: Path, more: dict[str, Any]) -> None:
    data = yaml.safe_load(path.read_text())
    for field, said in more.items():
        holders = [(data, field, said)]
        if isinstance(said, dict):
            holders = [(data[field][0], name, value) for name, value in said.items()]
        for holder, name, value in holders:
            holder[name] = [*holder[name], *value]
    path.write_text(yaml.safe_dump(data, sort_keys=False))
