"""`mesh validate` of quarantines: what can hold rows back, and how many."""

from __future__ import annotations

import pytest

from tests.governance.room import DAYS_SQL, ORDERS, Room, quarantining


def test_a_quarantine_with_a_budget_is_sound(mesh: Room) -> None:
    assert quarantining(mesh, "quarantine").findings() == []
    mesh.edit(ORDERS, "value: quarantine", "value: {minimum: quarantine, required: warn}")
    assert mesh.findings() == []


def test_a_breach_that_does_an_unknown_thing(mesh: Room) -> None:
    quarantining(mesh, "quarantene").only(
        ORDERS, "value: quarantene", "schema[0].customProperties[0].value",
        "expected one of `block`, `quarantine`, `warn`, got `quarantene`", "the rule blocks",
    )  # fmt: skip


def test_a_quarantine_of_rows_that_a_rule_cannot_name(mesh: Room) -> None:
    quarantining(mesh, "{rowCount: quarantine}").only(
        ORDERS, "value: {rowCount", "schema[0].customProperties[0].value",
        "a rule of the kind `rowCount` cannot say which rows break it",
        "values, keys and references",
    )  # fmt: skip


def test_a_quarantine_without_a_budget(mesh: Room) -> None:
    quarantining(mesh, "quarantine", budget="").only(
        ORDERS, "customProperties:", "schema[0].customProperties",
        "there is no budget, so the rules block", "quarantineBudget",
    )  # fmt: skip


def test_a_budget_that_is_none(mesh: Room) -> None:
    quarantining(mesh, "quarantine", budget="plenty").only(
        ORDERS, "value: plenty", "schema[0].customProperties[1].value",
        "expected a number of rows or a percentage, got `plenty`", "Write `100`",
    )  # fmt: skip


def test_a_quarantine_whose_rows_another_product_would_keep(mesh: Room) -> None:
    quarantining(mesh, "quarantine")
    mesh.edit(DAYS_SQL, "source('landing', 'orders')", "ref('orders')")
    mesh.only(
        ORDERS, "customProperties:", "schema[0].customProperties",
        "`shop.days` is made from the same model", "make `shop.days` from other models",
    )  # fmt: skip
    mesh.edit(DAYS_SQL, "ref('orders')", "source('landing', 'orders') {# ref('orders') #}")
    assert mesh.findings() == []


BY_SQL = """\
  - id: few
    type: sql
    query: select count(*) from {object}
    mustBe: 3
    customProperties:
    - property: onBreach
      value: quarantine
"""


BY_GX = """\
  - id: few
    type: custom
    engine: greatExpectations
    implementation: "type: expect_column_values_to_not_be_null\\nkwargs: {column: cents}"
    customProperties:
    - property: onBreach
      value: quarantine
"""


@pytest.mark.parametrize(("clause", "kind"), [(BY_SQL, "sql"), (BY_GX, "custom")])
def test_a_clause_that_cannot_quarantine_says_so(mesh: Room, clause: str, kind: str) -> None:
    quarantining(mesh, "{minimum: quarantine}")
    mesh.edit(ORDERS, "  quality:\n", f"  quality:\n{clause}")
    mesh.only(
        ORDERS, "      value: quarantine", "schema[0].quality[0].customProperties[0].value",
        f"a rule of the kind `{kind}` cannot say which rows break it", "so it blocks",
    )  # fmt: skip


def test_a_key_inside_a_list_cannot_quarantine(mesh: Room) -> None:
    quarantining(mesh, "{minimum: quarantine}")
    mesh.edit(
        ORDERS,
        "  - name: cents\n",
        "  - name: parts\n    description: Its parts.\n    logicalType: array\n"
        "    items:\n      logicalType: string\n      unique: true\n      customProperties:\n"
        "      - property: onBreach\n        value: {unique: quarantine}\n  - name: cents\n",
    )
    (found,) = mesh.findings()
    assert found.field == "schema[0].properties[2].items.customProperties[0].value"
    assert "a `unique` inside a list or map cannot say which rows break it" in found.problem
