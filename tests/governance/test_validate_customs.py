"""`mesh validate` of custom properties: near misses, places, values, roles."""

from __future__ import annotations

import pytest

from tests.governance.room import ORDERS, Room, saying


def test_a_custom_property_that_is_nearly_one_of_ours(mesh: Room) -> None:
    saying(mesh, "{property: onBreech, value: warn}").only(
        ORDERS, "onBreech", "schema[0].customProperties[0].property",
        "`onBreech` means nothing here", "Did you mean `onBreach`?",
    )  # fmt: skip
    mesh.edit(ORDERS, "onBreech", "dataSteward")
    assert mesh.findings() == []


def test_a_custom_property_at_a_place_where_nobody_looks(mesh: Room) -> None:
    budget = "  customProperties:\n  - {property: quarantineBudget, value: 3}\n"
    mesh.edit(ORDERS, "  quality:\n", budget + "  quality:\n")
    assert mesh.findings() == []
    mesh.edit(ORDERS, budget, "")
    mesh.edit(
        ORDERS, "customProperties:\n", "customProperties:\n- {property: tolerance, value: 3}\n"
    )
    mesh.only(
        ORDERS, "property: tolerance", "customProperties[0].property",
        "`tolerance` says nothing on the contract", "an object, a column",
    )  # fmt: skip


def test_softening_that_speaks_of_a_kind_of_rule_that_is_not_there(mesh: Room) -> None:
    saying(mesh, "{property: severity, value: {minimun: warning}}").only(
        ORDERS, "minimun", "schema[0].customProperties[0].value",
        "no rule of the kind `minimun`", "`minimum`",
    )  # fmt: skip
    mesh.edit(ORDERS, "minimun", "maxLength")
    assert ["`maxLength`" in f.problem for f in mesh.findings()] == [True]


def test_a_tolerance_that_is_none_is_found_once(mesh: Room) -> None:
    saying(mesh, "{property: tolerance, value: lots}").only(
        ORDERS, "value: lots", "schema[0].customProperties[0].value",
        "expected a number of rows or a percentage, got `lots`", "Write `100`",
    )  # fmt: skip


def test_a_policy_of_extra_columns_that_is_none(mesh: Room) -> None:
    saying(mesh, "{property: extraColumns, value: alow}").only(
        ORDERS, "value: alow", "schema[0].customProperties[0].value",
        "expected one of `allow`, `refuse`, got `alow`", "refused",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "problem"),
    [
        ("[day, dya]", "`dya` is no column of it"),
        ("day of", "`day of` is no column of it"),
        ("[day, day]", "`day` twice"),
        ("[]", "`[]` is no column of it"),
    ],
)
def test_a_clustering_that_cannot_be(mesh: Room, order: str, problem: str) -> None:
    said = f"{{property: clustering, value: {order}}}"
    saying(mesh, said).only(ORDERS, said, "schema[0].customProperties[0].value", problem, "Write")


def test_terms_of_agreements_that_nobody_can_read(mesh: Room) -> None:
    def terms(property: str, value: str) -> str:
        return f"customProperties:\n- {{property: {property}, value: {value}}}\n"

    given = terms("accessApproval", "everybody")
    mesh.edit(ORDERS, "customProperties:\n", given).only(
        ORDERS, "everybody", "customProperties[0].value",
        "expected `automatic`, got `everybody`", "the approvers decide",
    )  # fmt: skip
    mesh.edit(ORDERS, given, terms("reassessmentPeriod", "yearly")).only(
        ORDERS, "yearly", "customProperties[0].value", "expected a period", "`P30D`",
    )  # fmt: skip
    mesh.edit(ORDERS, "yearly", "P12M")
    assert mesh.findings() == []


@pytest.mark.parametrize(
    ("custom", "said"),
    [
        ("property: readableColumns, value: [day, dya]", "there is no column `dya`; it has"),
        ("property: readableRows, value: cents <", "this is no condition on rows"),
    ],
)
def test_a_role_that_narrows_to_what_is_not_there(mesh: Room, custom: str, said: str) -> None:
    role = f"roles:\n- role: analyst\n  customProperties:\n  - {{{custom}}}\n"
    mesh.edit(ORDERS, "customProperties:\n", f"{role}customProperties:\n").only(
        ORDERS, custom, "roles[0].customProperties[0].value", said, "nobody can read it",
    )  # fmt: skip


def test_a_narrowing_outside_a_role_says_nothing(mesh: Room) -> None:
    saying(mesh, "{property: readableColumns, value: [day]}").only(
        ORDERS, "property: readableColumns", "schema[0].customProperties[0].property",
        "`readableColumns` says nothing on an object", "It is read on a role",
    )  # fmt: skip
