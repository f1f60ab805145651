"""What of a dbt project a model's code is: its own text, and the macros and functions it uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesh_defs.model import read_room
from mesh_defs.orchestration.dbt_project import DbtProject, load_manifest, prepare
from mesh_defs.storage.state import State
from tests.orchestration.conftest import Edit
from tests.tiny_mesh import TinyMesh

FUNCTIONS = "dbt_projects/shop/functions"
DESCRIBED = """
functions:
  - name: euros
    config: {entry_point: main, runtime_version: "3.11"}
    arguments: [{name: cents, data_type: INT64}]
    returns: {data_type: "NUMERIC(10, 2)"}
"""
EUROS = """
from decimal import Decimal


def main(cents):
    return None if cents is None else Decimal(cents) / 100
"""


def prepared(mesh: TinyMesh) -> DbtProject:
    room = read_room(mesh.root / "domains" / "shop", mesh.root)
    return prepare(mesh.root, State.of(mesh.root), room)


MACROS = {
    "outer": "{% macro outer() %}{{ inner() }}{% endmacro %}",
    "inner": "{% macro inner() %}{{ return(adapter.dispatch('inner')()) }}{% endmacro %}",
    "default__inner": "{% macro default__inner() %}1{% endmacro %}",
    "duckdb__inner": "{% macro duckdb__inner() %}1{% endmacro %}",
}


@pytest.fixture
def shop(my_mesh: TinyMesh, edit: Edit) -> Path:
    """A shop whose model `orders` uses a macro that uses another, and `days` does not."""
    macros = my_mesh.root / "dbt_projects/mesh_utils/macros"
    for name, text in MACROS.items():
        edit(macros / f"{name}.sql", text)
    orders = my_mesh.root / "dbt_projects/shop/models/orders.sql"
    edit(orders, "select ", "select {{ outer() }} as one, ")
    return macros


@pytest.mark.parametrize("name", MACROS)
def test_a_model_is_other_code_when_a_macro_it_uses_is(
    my_mesh: TinyMesh, edit: Edit, shop: Path, name: str
) -> None:
    before = prepared(my_mesh).code
    edit(shop / f"{name}.sql", MACROS[name].replace("}1{", "}2{").replace("}}{", "}} {"))
    after = prepared(my_mesh).code
    assert before["orders"] != after["orders"]
    assert before["days"] == after["days"]


def test_a_model_is_other_code_when_a_function_it_calls_is(my_mesh: TinyMesh, edit: Edit) -> None:
    folder = my_mesh.root / FUNCTIONS
    folder.mkdir(exist_ok=True)
    edit(folder / "functions.yml", DESCRIBED)
    edit(folder / "euros.py", EUROS)
    orders = my_mesh.root / "dbt_projects/shop/models/orders.sql"
    edit(orders, "select ", "select {{ function('euros') }}(cents) as euros, ")
    before = prepared(my_mesh)
    assert before.functions == ("euros",)
    edit(folder / "euros.py", EUROS.replace("100", "1000"))
    after = prepared(my_mesh)
    assert before.code["orders"] != after.code["orders"]
    assert before.code["days"] == after.code["days"]


def test_macros_see_the_graph_of_a_manifest_that_is_handed_in(my_mesh: TinyMesh) -> None:
    found = load_manifest(prepared(my_mesh)).flat_graph["nodes"]
    assert "orders" in {node["name"] for node in found.values()}
