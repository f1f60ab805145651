"""`mesh contract sync`: dbt's files and contracts of a domain, on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from mesh_defs.model import Mesh, read_contract, read_yaml
from mesh_defs.orchestration.plan import plan
from mesh_defs.storage.state import State
from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh

SHOP = """\
# The shop's models.
version: 2
models:
  - name: orders  # the till
    description: How orders are made.
    columns:
      - name: day
        description: Some day.   # not what was agreed
        data_tests: [not_null]
"""
AFTER = """\
# The shop's models.
version: 2
models:
  - name: orders  # the till
    description: How orders are made.
    columns:
      - name: order_id
        description: The order's number.
      - name: day
        description: When it was made.   # not what was agreed
        data_tests: [not_null]
      - name: cents
        description: What was paid.
"""
DAYS = """\
version: 2

models:
  - name: days
    columns:
      - name: day
        description: The day.
      - name: cents
        description: What was paid that day.
"""


@pytest.fixture
def shop(in_unpublished_mesh: TinyMesh) -> Path:
    models = in_unpublished_mesh.root / "dbt_projects/shop/models"
    (models / "shop.yml").write_text(SHOP, encoding="utf-8")
    return in_unpublished_mesh.root


def read(root: Path, name: str) -> str:
    return (root / "dbt_projects/shop/models" / name).read_text(encoding="utf-8")


def everything(root: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in root.rglob("*") if p.is_file() and ".mesh" not in p.parts}


def test_dbt_says_what_the_contract_says(shell: Shell, shop: Path) -> None:
    contracts = {p: t for p, t in everything(shop).items() if p.suffixes == [".odcs", ".yaml"]}
    said = shell("contract", "sync", "shop")
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "wrote dbt_projects/shop/models/days.yml\nchanged dbt_projects/shop/models/shop.yml\n"
        "changed domains/shop/contracts/orders.odcs.yaml\n"
    )
    assert read(shop, "shop.yml") == AFTER
    assert read(shop, "days.yml") == DAYS
    # The model's own description is new to the contract, which has none.
    orders = shop / "domains/shop/contracts/orders.odcs.yaml"
    assert {p for p, t in contracts.items() if p.read_bytes() != t} == {orders}
    assert read_contract(read_yaml(orders)).objects[0].description == "How orders are made."


def test_a_second_sync_changes_nothing(shell: Shell, shop: Path) -> None:
    shell("contract", "sync", "shop")
    before = everything(shop)
    for more in ((), ("--check",)):
        said = shell("contract", "sync", "shop", *more)
        assert (said.code, said.out, said.err) == (0, "shop is in step.\n", "")
    assert everything(shop) == before


def test_check_shows_what_would_change_and_changes_nothing(shell: Shell, shop: Path) -> None:
    before = everything(shop)
    said = shell("contract", "sync", "shop", "--check")
    assert said.code == 1
    assert everything(shop) == before
    assert "--- a/dbt_projects/shop/models/shop.yml\n+++ b/dbt_projects/shop/models/shop.yml" in (
        said.out
    )
    assert "--- /dev/null\n+++ b/dbt_projects/shop/models/days.yml" in said.out
    assert "-        description: Some day.   # not what was agreed\n" in said.out
    as_json = shell("contract", "sync", "shop", "--check", "--json")
    assert as_json.code == 1 and as_json.json["in_step"] is False
    assert [(f["file"].rpartition("/")[2], f["new"]) for f in as_json.json["files"]] == [
        ("days.yml", True), ("shop.yml", False), ("orders.odcs.yaml", False),
    ]  # fmt: skip
    assert "".join(f["diff"] for f in as_json.json["files"]) == said.out


def test_tests_are_written_when_they_are_asked_for(shell: Shell, shop: Path) -> None:
    assert shell("contract", "sync", "shop", "--tests").code == 0
    (orders,) = yaml.safe_load(read(shop, "shop.yml"))["models"]
    assert {c["name"]: c.get("data_tests") for c in orders["columns"]} == {
        "order_id": ["not_null", "unique"], "day": ["not_null"], "cents": ["not_null"],
    }  # fmt: skip
    assert shell("contract", "sync", "shop", "--tests", "--check").code == 0


def test_what_is_left_to_people_is_named(shell: Shell, shop: Path) -> None:
    path = shop / "dbt_projects/shop/models/shop.yml"
    extra = "      - {name: tip, description: Given.}\n"
    text = SHOP.replace("Some day.", "\"{{ doc('day') }}\"") + extra
    path.write_text(text, encoding="utf-8")
    said = shell("contract", "sync", "shop")
    assert said.code == 0
    assert "shop.yml:10: models[0].columns[1].description: a template" in said.err
    assert "shop.yml:14: models[0].columns[3].name: the contract has no column `tip`" in said.err
    checked = shell("contract", "sync", "shop", "--check", "--json")
    assert [(f["line"], f["field"]) for f in checked.json["left"]] == [
        (10, "models[0].columns[1].description"), (14, "models[0].columns[3].name"),
    ]  # fmt: skip
    assert "{{ doc('day') }}" in read(shop, "shop.yml") and extra in read(shop, "shop.yml")


BROKEN = [
    ("models:\n  - name: orders\n   columns: []\n", "shop.yml:3: not valid YAML"),
    ("models:\n\t- name: orders\n", "There is a tab on this line"),
    ("models:\n  - name: orders\n    columns:\n      - &c {name: day}\n      - *c\n",
     "cannot be written here without changing more"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), BROKEN)
def test_what_cannot_be_changed_is_said_and_nothing_is_written(
    shell: Shell, shop: Path, text: str, message: str
) -> None:
    (shop / "dbt_projects/shop/models/shop.yml").write_text(text, encoding="utf-8")
    before = everything(shop)
    said = shell("contract", "sync", "shop")
    assert (said.code, said.out) == (1, "")
    assert message in said.err
    assert everything(shop) == before


def test_the_models_own_file_without_it_is_left_alone(shell: Shell, shop: Path) -> None:
    other = shop / "dbt_projects/shop/models/days.yml"
    other.write_text("version: 2\n", encoding="utf-8")
    said = shell("contract", "sync", "shop")
    assert said.code == 1
    assert "models/days.yml: it has no entry for `days`, whose own file it would be" in said.err
    assert other.read_text(encoding="utf-8") == "version: 2\n"
    assert read(shop, "shop.yml") == SHOP


def test_a_domain_that_is_not_there(shell: Shell, shop: Path) -> None:
    said = shell("contract", "sync", "shopp")
    assert (said.code, said.err) == (1, "No domain `shopp`. Domains: insight, shop.\n")


def test_snapshots_and_seeds_are_described_where_they_are(shell: Shell, shop: Path) -> None:
    project = shop / "dbt_projects/shop"
    (project / "models/days.sql").unlink()
    (project / "seeds").mkdir()
    (project / "seeds/days.csv").write_text("day,cents\n", encoding="utf-8")
    assert shell("contract", "sync", "shop").code == 0
    made = yaml.safe_load((project / "seeds/days.yml").read_text(encoding="utf-8"))
    assert [entry["name"] for entry in made["seeds"]] == ["days"]


def test_words_of_dbt_alone_make_nothing_stale(
    shell: Shell, tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mesh"
    shutil.copytree(tiny_mesh.root, root)
    monkeypatch.chdir(root)
    said = shell("contract", "sync", "shop", "--json").json
    assert [f["new"] for f in said["files"]] == [True, True]
    room = Mesh.read(root).rooms["shop"]
    found = plan(root, State.of(root), room)
    assert (found.stale, set(found.fresh)) == ({}, {p.ref for p in room.products.values()})
