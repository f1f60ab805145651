"""`mesh validate` of contracts: what must stand in them, references, rules that can be checked."""

from __future__ import annotations

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.model import Mesh
from tests.governance.room import BEST, INSIGHT, ORDERS, Room


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("domain: shop", "domain: shopping", "domain", "expected `shop`, as the domain's folder"),
        ("dataProduct: orders", "dataProduct: order", "dataProduct", "got `order`"),
        ("dataProduct: orders\n", "", "dataProduct", "expected `orders`"),
    ],
)
def test_contract_that_says_it_belongs_elsewhere(
    mesh: Room, old: str, new: str, field: str, said: str
) -> None:
    mesh.edit(ORDERS, old, new).only(ORDERS, new if new else 1, field, said, f"Write `{field}: ")


@pytest.mark.parametrize(
    ("field", "start"), [("team", "team:"), ("support", "support:")], ids=["team", "support"]
)
def test_contract_without(mesh: Room, field: str, start: str) -> None:
    lines = (mesh.root / ORDERS).read_text().splitlines(keepends=True)
    first = lines.index(f"{start}\n")
    after = next((i for i in range(first + 1, len(lines)) if lines[i][0] not in " -"), len(lines))
    mesh.write(ORDERS, "".join(lines[:first] + lines[after:])).only(ORDERS, 1, field, f"`{field}`")


@pytest.mark.parametrize("purpose", ["purpose: ''", "purpose: '  '", "usage: Any."])
def test_contract_without_a_purpose(mesh: Room, purpose: str) -> None:
    mesh.edit(ORDERS, "purpose: All about orders.", purpose).only(
        ORDERS, purpose if "purpose" in purpose else "description:", "description.purpose",
        "Say what the data is for",
    )  # fmt: skip


def test_column_that_is_not_described(mesh: Room) -> None:
    mesh.edit(ORDERS, "    description: When it was made.\n", "").only(
        ORDERS, "- name: day", "schema[0].properties[1].description", "`day` is not described"
    )


def test_column_within_a_column_that_is_not_described(mesh: Room) -> None:
    inner = "logicalType: object\n    properties:\n    - name: hour\n      logicalType: integer\n"
    mesh.edit(ORDERS, "logicalType: date\n", inner).only(
        ORDERS, "- name: hour", "schema[0].properties[1].properties[0].description", "`hour`"
    )


@pytest.mark.parametrize("name", ["Day", "the day", "7th", "täg"])
def test_column_with_another_kind_of_name(mesh: Room, name: str) -> None:
    mesh.edit(ORDERS, "- name: day\n", f"- name: {name}\n").only(
        ORDERS, f"- name: {name}", "schema[0].properties[1].name", "lower case letters", name
    )


def test_columns_of_one_name(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: day\n", "- name: cents\n").only(
        ORDERS, mesh.line(ORDERS, "- name: cents", 2), "schema[0].properties[2].name", "twice"
    )


@pytest.mark.parametrize("period", ["P30D", "P6W", "P3M", "P1M15D", "P0D"])
def test_notice_period(mesh: Room, period: str) -> None:
    assert mesh.edit(ORDERS, "value: P30D", f"value: {period}").findings() == []


@pytest.mark.parametrize(
    "period", ["30", "30 days", "P", "P1Y", "PT12H", "P1W2D", "p30d", "P30D.", "P-1D", "P2D1M"]
)
def test_notice_period_that_is_none(mesh: Room, period: str) -> None:
    mesh.edit(ORDERS, "value: P30D", f"value: {period}").only(
        ORDERS, f"value: {period}", "customProperties[0].value", f"got `{period}`", "`P30D`"
    )


@pytest.mark.parametrize(
    ("level", "why"),
    [
        ("{property: latency, value: soon}", "`soon` is not a time span"),
        ("{property: tr, value: 5, unit: percent}", "`5 percent` is not a time span"),
        ("{property: retention, value: 2, unit: y, element: orders.date}", "no property date"),
        ("{property: endOfLife, value: 2026-02-30}", "is not a date"),
        ("{property: frequency, value: 1, customProperties: [{property: objective, value: x}]}",
         "the objective `x` is not a percentage"),
    ],
)  # fmt: skip
def test_level_that_nobody_can_measure(mesh: Room, level: str, why: str) -> None:
    mesh.edit(ORDERS, "price:\n", f"slaProperties:\n- {level}\nprice:\n").only(
        ORDERS, level, "slaProperties[0]", "can't be measured", why
    )


def test_levels_that_are_measured_or_somebody_s_own(mesh: Room) -> None:
    levels = "- {property: ly, value: PT6H, element: day}\n- {property: ourOwn, value: soon}\n"
    assert mesh.edit(ORDERS, "price:\n", f"slaProperties:\n{levels}price:\n").findings() == []


def refer(mesh: Room, to: str, file: str = BEST) -> Room:
    relation = f"relationships:\n    - type: foreignKey\n      to: {to}\n    "
    return mesh.edit(file, "- name: day\n    ", f"- name: day\n    {relation}")


@pytest.mark.parametrize(
    "to",
    [
        "shop.orders.day",
        "shop.orders.orders.day",
        "domains/shop/contracts/orders.odcs.yaml#/schema/orders/properties/day",
        "best_day.cents",
    ],
)
def test_reference_that_stands(mesh: Room, to: str) -> None:
    assert refer(mesh, to).findings() == []


def test_reference_within_the_domain_needs_no_input(mesh: Room) -> None:
    assert refer(mesh, "shop.days.day", ORDERS).findings() == []


def test_reference_to_a_physical_name(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: day\n", "- name: day\n    physicalName: order_day\n")
    assert refer(mesh, "shop.orders.order_day").findings() == []
    assert referred(mesh) == ["order_day"]
    mesh.edit(BEST, "shop.orders.order_day", "shop.orders.day")
    assert mesh.findings() == []
    assert referred(mesh) == ["order_day"]


def referred(mesh: Room) -> list[str]:
    contract = Mesh.read(mesh.root).product("insight.best_day").contract
    (rule,) = (r for r in rules_of(contract) if r.kind == "foreignKey")
    return list(rule.params["to"])


@pytest.mark.parametrize(
    ("to", "problem", "todo"),
    [
        ("shop.order.day", "there is no product `shop.order`", "`shop.orders`"),
        ("shoop.orders.day", "there is no product `shoop.orders`", "`shop.orders`"),
        ("shop.orders.days", "`shop.orders` has no column `days`", "`cents`, `day`, `order_id`"),
        ("shop.orders.lines.day", "`shop.orders` has no object `lines`", "It has `orders`"),
        ("shop.days.day", "`shop.days` is no declared input of `insight`", INSIGHT),
        ("Shop.orders.day", "is not `domain.product`", "domain.product.column"),
        ("orders.day", "this contract has no object orders", "domain.product.column"),
        ("best_day.week", "has no property week", "domain.product.column"),
    ],
)
def test_reference_that_does_not_stand(mesh: Room, to: str, problem: str, todo: str) -> None:
    refer(mesh, to).only(
        BEST, f"to: {to}", "schema[0].properties[0].relationships[0].to", problem, todo
    )


def test_second_reference_of_a_column_and_of_an_object(mesh: Room) -> None:
    refer(mesh, "shop.orders.day").edit(
        BEST, "to: shop.orders.day\n", "to: shop.orders.day\n    - to: shop.orders.noon\n"
    )
    mesh.edit(
        BEST,
        "- name: best_day\n",
        "- name: best_day\n  relationships:\n"
        "  - {type: foreignKey, from: best_day.day, to: shop.orders.dawn}\n",
    )
    found = mesh.findings()
    assert [(f.field, f.line) for f in found] == [
        ("schema[0].relationships[0].to", mesh.line(BEST, "dawn")),
        ("schema[0].properties[0].relationships[1].to", mesh.line(BEST, "noon")),
    ]


def test_reference_to_what_cannot_be_read(mesh: Room) -> None:
    refer(mesh, "shop.orders.day").edit(ORDERS, "status: active", "statuss: active")
    assert {f.file for f in mesh.findings()} == {ORDERS}


def test_rule_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(ORDERS, "metric: rowCount", "metric: rowCount\n    unit: dozen").only(
        ORDERS, "- id: not_empty", "schema[0].quality[0]", "`not_empty` can't be checked", "dozen"
    )


def test_rule_of_a_column_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(ORDERS, "logicalType: date\n", "logicalType: date\n    unique: true\n").edit(
        ORDERS,
        "unique: true\n",
        "unique: true\n    quality:\n    - {metric: nullValues, mustBe: some}\n",
    ).only(
        ORDERS, "- {metric: nullValues", "schema[0].properties[1].quality[0]",
        "can't be checked", "`some`",
    )  # fmt: skip


def test_rule_inside_a_column_that_nobody_could_check(mesh: Room) -> None:
    mesh.edit(
        ORDERS,
        "logicalType: date\n",
        "logicalType: array\n    items:\n      logicalType: date\n"
        "      logicalTypeOptions: {format: qqqq}\n",
    ).only(
        ORDERS,
        "logicalTypeOptions: {format",
        "schema[0].properties[1].items.logicalTypeOptions.format",
        "`day.items.format` can't be checked",
        "`qqqq`",
    )


def test_promise_in_words_is_no_fault(mesh: Room) -> None:
    mesh.edit(ORDERS, "metric: rowCount", "description: Orders are real.")
    mesh.edit(ORDERS, "type: library", "type: text").edit(ORDERS, "    mustBeGreaterThan: 0\n", "")
    assert mesh.findings() == []


def test_a_second_object_is_not_published(mesh: Room) -> None:
    mesh.write("dbt_projects/shop/models/tills.sql", "select 1 as till\n")
    mesh.edit(
        ORDERS,
        "price:\n",
        "- name: tills\n  properties:\n  - name: till\n    description: Its number.\n"
        "    logicalType: integer\nprice:\n",
    ).only(
        ORDERS, "name: tills", "schema[1].name",
        "`tills` would be checked, but never published", "a contract and a descriptor of its own",
    )  # fmt: skip


def test_a_finding_about_a_quality_clause_is_where_it_stands(mesh: Room) -> None:
    clause = "  - {id: odd, type: library, metric: missingValues, mustBe: 0,\n"
    clause += "     arguments: {properties: [cents], missingvalues: [0]}}\n"
    mesh.edit(ORDERS, "  quality:\n", f"  quality:\n{clause}").only(
        ORDERS, "id: odd", "schema[0].quality[0]",
        "the rule `odd` can't be checked", "`arguments.missingvalues` is not known",
        "missingValues",
    )  # fmt: skip
