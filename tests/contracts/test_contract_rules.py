"""Rules read from a contract: stable ids, severities, sentences, and clauses nobody can check."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.rules import Rule, check_name
from mesh_defs.contracts.scan.bench import KINDS
from tests.contracts.contract_lab import contract, one_object


def by_id(of: Any) -> dict[str, Rule]:
    rules = rules_of(of)
    found = {r.id: r for r in rules}
    assert len(found) == len(rules)
    return found


def test_ids_come_from_the_clause_or_from_where_it_stands() -> None:
    of = one_object(
        [
            {
                "name": "carrier",
                "required": True,
                "enum": [{"value": "UA"}],
                "quality": [
                    {"id": "few_unknown", "metric": "nullValues", "mustBe": 0},
                    {"metric": "nullValues", "mustBe": 0},
                    {"metric": "nullValues", "mustBe": 1},
                    {"name": "No Odd Codes!", "metric": "nullValues", "mustBe": 1},
                ],
            }
        ],
        quality=[{"metric": "rowCount", "mustBe": 1}],
    )
    assert list(by_id(of)) == [
        "t.columns",
        "t.extraColumns",
        "carrier.required",
        "carrier.enum",
        "few_unknown",
        "carrier.nullValues",
        "t.carrier.nullValues",
        "carrier.no_odd_codes",
        "t.rowCount",
    ]


def test_a_later_object_does_not_change_the_ids_of_an_earlier_one() -> None:
    prop = {"name": "x", "required": True}
    one = {"name": "a", "properties": [prop]}
    two = {"name": "b", "properties": [prop]}
    before = list(by_id(contract({"schema": [one]})))
    after = list(by_id(contract({"schema": [one, two]})))
    assert after[: len(before)] == before
    assert "b.x.required" in after


def test_a_derived_id_gives_way_to_one_that_was_given() -> None:
    quality = [{"id": "x_required", "metric": "rowCount", "mustBe": 1}]
    of = one_object([{"name": "x", "required": True}, {"name": "x_required"}], quality=quality)
    assert by_id(of)["x_required"].kind == "rowCount"


def test_check_names_are_safe_and_unique() -> None:
    of = one_object(
        [{"name": n, "required": True} for n in ("a.b", "a_b", "A_B", "a-b", "ä b", "a b")]
    )
    names = [check_name(r) for r in rules_of(of)]
    assert len({n.lower() for n in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_]+", n) for n in names)


def test_every_rule_is_plain_data_with_a_sentence() -> None:
    of = one_object(
        [{"name": "x", "required": True, "logicalType": "date", "primaryKey": True,
          "logicalTypeOptions": {"minimum": "2017-01-01", "format": "yyyy-MM-dd"},
          "enum": [{"value": 1}], "description": "When."}],
        quality=[{"type": "text", "description": "It is good."}],
        slaProperties=[{"property": "freshness", "value": 1, "unit": "d", "element": "t.x"}],
    )  # fmt: skip
    for rule in rules_of(of):
        assert len(rule.promised.split()) >= 3
        assert Rule.from_json(json.loads(json.dumps(rule.to_json()))) == rule
        assert hash(rule)
        assert rule.unusable or rule.kind in KINDS


def softened(kind: str, *custom: tuple[str, Any]) -> Rule:
    said = [{"property": name, "value": value} for name, value in custom]
    of = one_object([{"name": "x", "required": True, "unique": True, "customProperties": said}])
    return by_id(of)[f"x.{kind}"]


def test_severity_blocks_unless_softened() -> None:
    assert softened("required").severity == "error"
    assert softened("required", ("severity", "Warning")).severity == "warning"
    assert softened("required", ("severity", {"unique": "info"})).severity == "error"
    assert softened("unique", ("severity", {"unique": "info"})).severity == "info"
    assert softened("unique", ("severity", "showstopper")).severity == "error"


def test_a_tolerance_is_rows_or_percent() -> None:
    assert softened("required", ("tolerance", "0.5%")).params["tolerance"] == {
        "unit": "percent",
        "value": 0.5,
    }
    assert softened("required", ("tolerance", 3)).params["tolerance"]["value"] == 3


@pytest.mark.parametrize("wrong", ["some", -1, "101%", True, 0.5, "nan", [1]])
def test_a_tolerance_that_cannot_be_read_tolerates_nothing_and_says_so(wrong: Any) -> None:
    rule = softened("required", ("tolerance", wrong))
    assert rule.unusable is None
    assert "tolerance" not in rule.params
    assert "so nothing is tolerated" in rule.promised


QUALITY: list[tuple[dict[str, Any], str]] = [
    ({"metric": "nullValues"}, "exactly one operator"),
    ({"metric": "nullValues", "mustBe": 0, "mustNotBe": 1}, "exactly one operator"),
    ({"metric": "nullValues", "mustBe": "none"}, "wants a number"),
    ({"metric": "nullValues", "mustBe": 0, "unit": "parsecs"}, "unit `parsecs`"),
    ({"metric": "nullValues", "mustBeBetween": [2, 1]}, "smaller number first"),
    ({"metric": "rowCount", "mustBe": 0, "unit": "percent"}, "no percentage"),
    ({"metric": "medianValues", "mustBe": 0}, "not an ODCS metric"),
    ({"metric": "invalidValues", "mustBe": 0}, "validValues"),
    ({"metric": "invalidValues", "mustBe": 0, "arguments": {"validValues": "a"}}, "a list"),
    ({"metric": "invalidValues", "mustBe": 0, "arguments": {"pattern": 5}}, "text"),
    ({"metric": "missingValues", "mustBe": 0, "arguments": {"missingValues": ""}}, "a list"),
    ({"metric": "missingValues", "mustBe": 0, "arguments": {"missing": [""]}}, "has missingValues"),
    ({"metric": "nullValues", "mustBe": 0, "arguments": {"properties": ["a"]}}, "it has none"),
    ({"type": "sql", "mustBe": 0}, "needs a `query`"),
    ({"type": "sql", "query": "select 1"}, "exactly one operator"),
    ({"type": "text", "description": "Nice"}, "in words"),
    ({"type": "custom", "engine": "soda", "implementation": "x"}, "no engine `soda`"),
    ({"description": "Only words"}, "in words"),
]


@pytest.mark.parametrize(("quality", "reason"), QUALITY)
def test_a_quality_clause_that_cannot_be_checked_says_why(
    quality: dict[str, Any], reason: str
) -> None:
    (rule,) = (r for r in rules_of(one_object([{"name": "x", "quality": [quality]}]))
               if r.property == "x")  # fmt: skip
    assert reason in (rule.unusable or "")


@pytest.mark.parametrize(
    ("prop", "reason"),
    [
        ({"logicalType": "string", "logicalTypeOptions": {"minLenght": 1}}, "not known"),
        ({"logicalType": "string", "logicalTypeOptions": {"minLength": "a"}}, "whole number"),
        ({"logicalType": "string", "logicalTypeOptions": {"format": "zip"}}, "format `zip`"),
        ({"logicalType": "date", "logicalTypeOptions": {"format": "qq"}}, "letters `qq`"),
        ({"logicalType": "date", "logicalTypeOptions": {"format": "HH:mm"}}, "write a date"),
        ({"logicalType": "time", "logicalTypeOptions": {"defaultTimezone": "Mars"}}, "time zone"),
        ({"logicalType": "object", "logicalTypeOptions": {"required": "a"}}, "list of names"),
        ({"logicalTypeOptions": {"multipleOf": 0}}, "positive"),
        ({"logicalType": "array", "items": {"primaryKey": True}}, "inside a list"),
        ({"relationships": [{"to": "elsewhere.id"}]}, "no object elsewhere"),
        ({"relationships": [{"to": "t.nope"}]}, "no property nope"),
        ({"relationships": [{"to": "a.b.c.d.e"}]}, "domain.product.column"),
        ({"relationships": [{"to": ["c.d.e", "c.d.f"]}]}, "different number"),
        ({"relationships": [{"to": "x/y"}]}, "schema/<object>"),
        ({"relationships": [{}]}, "needs `to`"),
        ({"relationships": [{"to": "http://x/y.yaml#a"}]}, "names no column"),
        ({"relationships": [{"to": "schema/t/fields/x"}]}, "schema/<object>"),
    ],
)
def test_a_schema_clause_that_cannot_be_checked_says_why(prop: Any, reason: str) -> None:
    of = one_object([{"name": "x", **prop}])
    assert [r for r in rules_of(of) if reason in (r.unusable or "")]


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ({"value": 1, "unit": "d"}, "needs `element"),
        ({"value": 1, "unit": "d", "element": "u.x"}, "no object u"),
        ({"value": 1, "unit": "d", "element": "t.y"}, "no property y"),
        ({"value": "soon", "element": "t.x"}, "not a time span"),
        ({"value": 1, "unit": "fortnights", "element": "t.x"}, "not a time span"),
        ({"value": -1, "unit": "d", "element": "t.x"}, "not a time span"),
    ],
)
def test_a_freshness_that_cannot_be_checked_says_why(level: Any, reason: str) -> None:
    of = one_object([{"name": "x"}, {"name": "z"}],
                    slaProperties=[{"property": "freshness", **level}])  # fmt: skip
    (rule,) = (r for r in rules_of(of) if r.kind == "freshness")
    assert reason in (rule.unusable or "")
    assert rule.severity == "warning"


@pytest.mark.parametrize(
    ("to", "reference", "column"),
    [
        ("catalog.articles.article_id", "catalog.articles", "article_id"),
        ("catalog.articles.prices.article_id", "catalog.articles.prices", "article_id"),
        ("../../catalog/contracts/articles.odcs.yaml#/schema/articles/properties/article_id",
         "catalog.articles", "article_id"),
        ("t.other", "t", "other"),
        ("/schema/t/properties/other_id", "t", "other"),
    ],
)  # fmt: skip
def test_a_reference_is_read_in_each_of_its_forms(to: str, reference: str, column: str) -> None:
    of = one_object(
        [{"name": "x", "relationships": [{"to": to}]}, {"name": "other", "id": "other_id"}]
    )
    params = by_id(of)["x.foreignKey"].params
    assert (params.get("reference"), params.get("to")) == (reference, [column])
    assert params["local"] == (reference == "t")


def test_a_composite_reference_points_at_one_product() -> None:
    relationships = [{"from": ["t.x", "t.y"], "to": ["c.d.e", "c.other.f"]}]
    of = one_object([{"name": "x"}, {"name": "y"}], relationships=relationships)
    assert "more than one product" in (by_id(of)["t.foreignKey"].unusable or "")


def test_key_columns_stand_in_the_order_of_their_positions() -> None:
    places = {"a": 3, "b": 1, "c": 2}
    of = one_object(
        [{"name": n, "primaryKey": True, "primaryKeyPosition": p} for n, p in places.items()]
    )
    assert by_id(of)["t.primaryKey"].params["columns"] == ["b", "c", "a"]


def test_an_empty_contract_has_no_rules() -> None:
    assert rules_of(contract({})) == ()
    assert [r.id for r in rules_of(contract({"schema": [{"name": "t"}]}))] == ["t.columns"]


def test_a_measure_is_no_column() -> None:
    of = one_object([{"name": "x"}, {"name": "revenue", "semanticType": "measure"}])
    assert by_id(of)["t.columns"].params["columns"] == ["x"]
