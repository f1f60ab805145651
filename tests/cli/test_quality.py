"""`mesh check` and `mesh validate`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import TinyMesh

HELD = """\
insight.best_day 1.0.0, snapshot 0, 1 row

          rule                   found
  passed  best_day.columns       all 2 are there
  passed  best_day.extraColumns  no others
  passed  day.logicalType        the column is DATE
  passed  day.required           none of 1 row is null
  passed  cents.logicalType      the column is BIGINT
  passed  not_empty              1 row

The contract holds: 6 passed, N s.
"""


@pytest.fixture
def changed_mesh(tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    """A copy of the published mesh whose `orders` contract asks for more than it did."""
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    contract = mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    assert "minimum: 0" in text
    contract.write_text(text.replace("minimum: 0", "minimum: 100"), encoding="utf-8")
    monkeypatch.chdir(mesh.root)
    return mesh


def test_check_of_a_contract_that_holds(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("check", "insight.best_day")
    assert (said.code, said.err) == (0, "")
    assert steady(said.out) == HELD


def test_check_uses_the_contract_as_it_stands_now(shell: Shell, changed_mesh: TinyMesh) -> None:
    said = shell("check", "shop.orders", "--json")
    assert said.code == 1
    assert said.json["holds"] is False
    (failed,) = [v for v in said.json["verdicts"] if v["outcome"] != "passed"]
    assert failed == {
        "rule": "cents.minimum",
        "object": "orders",
        "property": "cents",
        "kind": failed["kind"],
        "severity": "error",
        "outcome": "failed",
        "failing": 1,
        "found": "1 of 3 rows is smaller",
        "promised": "cents is at least 100",
        "examples": [{"order_id": 3, "cents": "(withheld: confidential)"}],
        "quarantined": 0,
    }
    text = shell("check", "shop.orders").out
    assert "promised: cents is at least 100" in text
    assert "The contract is broken: 10 passed, 1 failed" in text


def test_what_nobody_checks_is_counted_wherever_rules_are(
    shell: Shell, changed_mesh: TinyMesh
) -> None:
    contract = changed_mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    text = contract.read_text(encoding="utf-8").replace("minimum: 100", "minimum: 0")
    words = "  quality:\n  - {type: text, description: Each order was paid at a till.}\n"
    contract.write_text(text.replace("  quality:\n", words), encoding="utf-8")
    said = shell("run", "shop.orders")
    assert (said.code, "11 passed, 1 unchecked" in said.out) == (0, True), said.out
    assert shell("run", "shop.orders", "--json").json["products"][0]["rules_not_executable"] == 1
    assert "11 passed, 1 unchecked" in shell("list").out
    assert shell("show", "shop.orders", "--json").json["history"][0]["rules_not_executable"] == 1
    said = shell("check", "shop.orders")
    assert (said.code, "a promise in words: no engine can check it" in said.out) == (3, True)


def test_check_of_what_was_never_published(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    said = shell("check", "shop.orders")
    assert said.code == 1
    assert "never published" in said.err


def test_validate_of_a_sound_mesh(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    assert shell("validate").out == "All well: 2 domains, 3 products.\n"
    assert shell("validate", "--json").json == []
    assert not in_unpublished_mesh.home.exists()


def test_validate_names_file_line_and_field(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    file = in_unpublished_mesh.root / "domains" / "shop" / "domain.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("purpose:", "porpoise:"), "utf-8")
    said = shell("validate")
    assert said.code == 1
    assert "domains/shop/domain.yaml:3: porpoise: not a field that is known here." in said.out
    assert said.out.endswith(" findings.\n")
    found = shell("validate", "--json")
    assert found.code == 1
    assert len(found.json) == said.out.count("\n") - 1
    assert set(found.json[0]) == {"file", "line", "field", "problem", "todo"}


def test_validate_lets_dbt_read_the_models(shell: Shell, changed_mesh: TinyMesh) -> None:
    model = changed_mesh.root / "dbt_projects" / "insight" / "models" / "best_day.sql"
    model.write_text("select * from {{ source('shop', 'ordrs') }}\n", encoding="utf-8")
    said = shell("validate", "--dbt")
    assert said.code == 1
    assert "dbt_projects/insight does not parse" in said.out
    assert "declared: shop.orders" in said.out
