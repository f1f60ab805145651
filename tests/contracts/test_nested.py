"""What is promised of the inside of a column: fields, items of lists, keys and values of maps."""

from __future__ import annotations

from typing import Any

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.scan.broken_rows import conditions
from tests.contracts.contract_lab import NOW, add_table, contract, one_object, table, verdicts

ADDRESS = "STRUCT(street VARCHAR, zip INTEGER)"
LINES = "STRUCT(article INTEGER, price DOUBLE, tags VARCHAR[])[]"


def field(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, **more}


def inside(clauses: dict[str, Any]) -> Any:
    """A contract of a struct, a list of structs with lists, and a map; clauses by place."""

    def of(place: str, logical: str, **more: Any) -> dict[str, Any]:
        return {"logicalType": logical, **more, **clauses.get(place, {})}

    return one_object(
        [
            field("id", logicalType="integer", primaryKey=True),
            field("a", **of("a", "object", properties=[
                field("street", **of("a.street", "string")),
                field("zip", **of("a.zip", "integer"))])),
            field("l", **of("l", "array", items=of("l.items", "object", properties=[
                field("article", **of("l.items.article", "integer")),
                field("price", **of("l.items.price", "number")),
                field("tags", **of("l.items.tags", "array",
                                   items=of("l.items.tags.items", "string")))]))),
            field("m", **of("m", "map", map={
                "key": of("m.key", "string"), "value": of("m.value", "integer")})),
        ]
    )  # fmt: skip


def line(article: Any = 1, price: Any = 1.0, tags: Any = ()) -> dict[str, Any]:
    return {"article": article, "price": price, "tags": None if tags is None else list(tags)}


GOOD = (1, {"street": "High St", "zip": 10}, [line(1, 2.5, ["x"]), line(2)], {"k": 1})
EMPTY = (2, None, None, None)
HOLLOW: tuple[Any, ...] = (3, {"street": None, "zip": None}, [], {})


def filled(*rows: tuple[Any, ...]) -> Any:
    columns = {"id": "INT", "a": ADDRESS, "l": LINES, "m": "MAP(VARCHAR, INTEGER)"}
    return table(columns, list(rows))


def test_shape_of_everything_inside_holds() -> None:
    found = verdicts(filled(GOOD, EMPTY, HOLLOW), inside({}))
    assert {v.outcome for v in found.values()} == {"passed"}
    assert set(found) == {
        "t.columns", "t.extraColumns", "t.primaryKey", "id.logicalType",
        "a.logicalType", "a.columns", "a.extraColumns",
        "a.street.logicalType", "a.zip.logicalType",
        "l.logicalType", "l.items.logicalType", "l.items.columns", "l.items.extraColumns",
        "l.items.article.logicalType", "l.items.price.logicalType", "l.items.tags.logicalType",
        "l.items.tags.items.logicalType",
        "m.logicalType", "m.key.logicalType", "m.value.logicalType",
    }  # fmt: skip


def options(**given: Any) -> dict[str, Any]:
    return {"logicalTypeOptions": given}


def enum(*values: Any) -> dict[str, Any]:
    return {"enum": [{"value": v} for v in values]}


def metric(name: str, **more: Any) -> dict[str, Any]:
    return {"quality": [{"metric": name, "mustBe": 0, **more}]}


CASES: list[tuple[str, dict[str, Any], str, Any, str]] = [
    ("a.street", {"required": True}, "required", {"street": None, "zip": 1}, "null"),
    ("a.street", options(maxLength=7), "maxLength", {"street": "Long Road"}, "Long Road"),
    ("a.street", options(pattern="^[A-Z]"), "pattern", {"street": "low"}, "low"),
    ("a.zip", options(minimum=10), "minimum", {"zip": 9}, "9"),
    ("a.zip", enum(10, 20), "enum", {"zip": 30}, "30"),
    ("a.zip", metric("nullValues"), "nullValues", {"street": "x", "zip": None}, "null"),
    ("a.zip", metric("invalidValues", arguments={"validValues": [10]}), "invalidValues",
     {"zip": 11}, "11"),
    ("l.items", {"required": True}, "required", [line(), None], "[null]"),
    ("l.items.article", {"required": True}, "required", [line(), line(None)], "article"),
    ("l.items.price", options(exclusiveMinimum=0), "exclusiveMinimum", [line(7, 0.0)], "7"),
    ("l.items.price", options(multipleOf=0.5), "multipleOf", [line(1, 0.3)], "0.3"),
    ("l.items.article", enum(*range(40)), "enum", [line(40)], "40"),
    ("l.items.article", enum(1, 2, 3), "enum", [line(4), line(1)], "4"),
    ("l.items.tags", options(minItems=0, maxItems=1), "maxItems", [line(1, 1, ["a", "b"])], "b"),
    ("l.items.tags", options(uniqueItems=True), "uniqueItems", [line(1, 1, ["a", "a"])], "a, a"),
    ("l.items.tags.items", options(minLength=1), "minLength", [line(1, 1, ["a", ""])], "tags"),
    ("l.items.tags.items", enum("x", "y"), "enum", [line(1, 1, ["x"]), line(1, 1, ["z"])], "z"),
    ("l", options(minItems=0, maxItems=2), "maxItems", [line(), line(), line()], ""),
    ("m.key", options(pattern="^[a-z]$"), "pattern", {"k": 1, "KK": 1}, "KK"),
    ("m.value", options(maximum=5), "maximum", {"k": 6}, "6"),
    ("m.value", {"required": True}, "required", {"k": None}, "null"),
]  # fmt: skip


def bad_row(place: str, value: Any) -> tuple[Any, ...]:
    row = [9, *GOOD[1:]]
    if place.startswith("a."):
        value = {"street": "High St", "zip": 10, **value}
    row["ialm".index(place[0])] = value
    return tuple(row)


@pytest.mark.parametrize(("place", "clause", "kind", "value", "shown"), CASES)
def test_a_clause_inside_is_checked_row_by_row(
    place: str, clause: dict[str, Any], kind: str, value: Any, shown: str
) -> None:
    of, rule = inside({place: clause}), f"{place}.{kind}"
    good = verdicts(filled(GOOD, EMPTY, HOLLOW[:1] + GOOD[1:]), of)[rule]
    assert (good.outcome, good.failing) == ("passed", 0), good.found
    connection = filled(GOOD, bad_row(place, value), EMPTY)
    bad = verdicts(connection, of)[rule]
    assert (bad.outcome, bad.failing) == ("failed", 1), bad.found
    (example,) = bad.examples
    assert example["id"] == 9
    assert shown in str(example).replace("None", "null").replace("NULL", "null")
    assert bad.rule.property == place
    (wanted,) = (r for r in rules_of(of) if r.id == rule)
    condition = conditions(
        connection, {"t": "t"}, of.odcs.schema_[0], [wanted], references={}, as_of=NOW
    )[rule]
    broken = f"SELECT id FROM t WHERE {condition.sql('duckdb')}"
    assert connection.execute(broken).fetchall() == [(9,)]


def test_nothing_is_promised_of_the_inside_of_nothing() -> None:
    of = inside(
        {"a.street": {"required": True, **metric("nullValues")}, "l.items": {"required": True}}
    )
    found = verdicts(filled(EMPTY), of)
    assert {v.outcome for v in found.values()} == {"passed"}


@pytest.mark.parametrize(
    ("place", "type_", "rule", "found"),
    [
        ("a", "STRUCT(street VARCHAR)", "a.columns", "missing: zip"),
        ("a", "STRUCT(street VARCHAR, Zip INT)", "a.columns", "missing: zip (there is `Zip`)"),
        ("a", "STRUCT(more INT, zip INT, street VARCHAR)", "a.extraColumns", "not promised: more"),
        ("a", "STRUCT(zip VARCHAR, street VARCHAR)", "a.zip.logicalType", "the column is VARCHAR"),
        ("l", "STRUCT(article INT, price DOUBLE)[]", "l.items.columns", "missing: tags"),
        ("m", "MAP(VARCHAR, VARCHAR)", "m.value.logicalType", "the column is VARCHAR"),
    ],
)
def test_another_shape_inside_is_seen(place: str, type_: str, rule: str, found: str) -> None:
    columns = {"id": "INT", "a": ADDRESS, "l": LINES, "m": "MAP(VARCHAR, INTEGER)"} | {place: type_}
    verdict = verdicts(table(columns, []), inside({}))[rule]
    assert (verdict.outcome, verdict.found) == ("failed", found)


def test_order_of_fields_does_not_count() -> None:
    columns = {"id": "INT", "a": "STRUCT(zip INTEGER, street VARCHAR)", "l": LINES}
    columns["m"] = "MAP(VARCHAR, INTEGER)"
    found = verdicts(table(columns, []), inside({}))
    assert {v.outcome for v in found.values()} == {"passed"}


@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        ("VARCHAR", "a is VARCHAR, it has no fields"),
        ("JSON", "a is JSON: what is inside has no types of its own"),
        ("STRUCT(zip INTEGER)", "a has no field street"),
        ("MAP(VARCHAR, INTEGER)", "a is MAP(VARCHAR, INTEGER), it has no fields"),
    ],
)
def test_a_place_that_is_not_there_is_named(type_: str, reason: str) -> None:
    columns = {"id": "INT", "a": type_, "l": LINES, "m": "MAP(VARCHAR, INTEGER)"}
    found = verdicts(table(columns, []), inside({"a.street": {"required": True}}))
    assert (found["a.street.required"].outcome, found["a.street.required"].found) == (
        "not_executable", reason,
    )  # fmt: skip


class TestKeysInside:
    def test_unique_field(self) -> None:
        of = inside({"a.zip": {"unique": True}})
        rows = [(i, {"street": "s", "zip": z}, None, None) for i, z in enumerate((1, 1, 2, None))]
        found = verdicts(filled(*rows), of)["a.zip.unique"]
        assert (found.outcome, found.failing) == ("failed", 1)
        assert found.found == "1 of 4 rows repeats another row's a.zip"
        assert found.examples == ({"a.zip": 1, "rows with this key": 2},)
        assert verdicts(filled(*rows[1:]), of)["a.zip.unique"].outcome == "passed"

    def test_unique_items_of_all_rows(self) -> None:
        of = inside({"l.items.article": {"unique": True}})
        rows = [(1, None, [line(1), line(2)], None), (2, None, [line(2), line(None)], None)]
        found = verdicts(filled(*rows), of)["l.items.article.unique"]
        assert found.found == "1 of 4 values repeats another l.items.article"
        assert found.examples == ({"l.items.article": 2, "rows with this key": 2},)
        assert verdicts(filled(rows[0]), of)["l.items.article.unique"].outcome == "passed"

    def test_unique_items_of_lists_in_lists(self) -> None:
        of = inside({"l.items.tags.items": metric("duplicateValues", unit="percent")})
        tagged = (1, None, [line(1, 1, ["a", "b"]), line(1, 1, ["a"])], None)
        found = verdicts(filled(tagged, EMPTY), of)["l.items.tags.items.duplicateValues"]
        assert (found.failing, found.found[-8:]) == (1, "(33.33%)")

    def test_primary_key_with_a_field(self) -> None:
        of = inside({"a.zip": {"primaryKey": True}})
        rows = [
            (1, {"zip": 1, "street": "s"}, None, None),
            (1, {"zip": 2, "street": "s"}, None, None),
        ]
        assert verdicts(filled(*rows), of)["t.primaryKey"].outcome == "passed"
        found = verdicts(filled(*rows, rows[1], EMPTY), of)["t.primaryKey"]
        assert (found.outcome, found.failing) == ("failed", 2)


def test_duplicates_over_columns_and_fields() -> None:
    of = one_object(
        [field("id", logicalType="integer"),
         field("a", logicalType="object", properties=[field("zip", logicalType="integer")])],
        **metric("duplicateValues", arguments={"properties": ["id", "a.zip"]}),
    )  # fmt: skip
    rows = [(1, {"zip": 1}), (1, {"zip": 2}), (1, {"zip": 2})]
    found = verdicts(table({"id": "INT", "a": "STRUCT(zip INT)"}, rows), of)["t.duplicateValues"]
    assert (found.outcome, found.failing) == ("failed", 1)


def test_sql_of_a_field() -> None:
    query = {"type": "sql", "query": "SELECT max({property}) FROM {object}", "mustBe": 10}
    of = inside({"a.zip": {"quality": [query]}, "l.items.article": {"quality": [query]}})
    found = verdicts(filled(GOOD), of)
    assert found["a.zip.sql"].outcome == "passed"
    assert found["l.items.article.sql"].outcome == "not_executable"


def test_freshness_of_a_field() -> None:
    level = {"property": "freshness", "value": 1, "unit": "d", "element": "t.a.since"}
    at = field("since", logicalType="timestamp")
    of = one_object([field("a", logicalType="object", properties=[at])], slaProperties=[level])
    for day, outcome in (("2018-01-01 12:00", "passed"), ("2017-12-31", "failed")):
        rows = [({"since": day},), (None,)]
        found = verdicts(table({"a": "STRUCT(since TIMESTAMP)"}, rows), of)["a.since.freshness"]
        assert found.outcome == outcome, found.found


class TestReferencesInside:
    """Nested references, in ODCS's shorthand and its fully qualified form."""

    @pytest.mark.parametrize(
        "to", ["places.at.zip", "schema/places_id/properties/at_id/properties/zip_id"]
    )
    def test_from_a_field_to_a_field(self, to: str) -> None:
        of = contract({"schema": [
            {"name": "t", "properties": [field("id", logicalType="integer"),
             field("a", logicalType="object", properties=[
                field("zip", logicalType="integer", relationships=[{"to": to}])])]},
            {"name": "places", "id": "places_id", "properties": [
                field("at", id="at_id", logicalType="object", properties=[
                    field("zip", id="zip_id", logicalType="integer")])]},
        ]})  # fmt: skip
        rows = [(1, {"zip": 1}), (2, {"zip": 7}), (3, None)]
        connection = table({"id": "INT", "a": "STRUCT(zip INT)"}, rows)
        add_table(connection, {"at": "STRUCT(zip INT)"}, [({"zip": 1},), (None,)], "places")
        found = verdicts(connection, of)["a.zip.foreignKey"]
        assert (found.outcome, found.failing) == ("failed", 1)
        assert found.examples == ({"a.zip": 7},)

    def test_composite_with_a_field(self) -> None:
        of = contract({"schema": [
            {"name": "t", "properties": [field("id", logicalType="integer"),
             field("a", logicalType="object", properties=[field("zip", logicalType="integer")])],
             "relationships": [
                {"from": ["t.id", "t.a.zip"], "to": ["places.id", "places.at.zip"]}]},
            {"name": "places", "properties": [field("id", logicalType="integer"),
             field("at", logicalType="object", properties=[field("zip", logicalType="integer")])]},
        ]})  # fmt: skip
        connection = table(
            {"id": "INT", "a": "STRUCT(zip INT)"}, [(1, {"zip": 1}), (1, {"zip": 2})]
        )
        add_table(connection, {"id": "INT", "at": "STRUCT(zip INT)"}, [(1, {"zip": 1})], "places")
        found = verdicts(connection, of)["t.foreignKey"]
        assert (found.outcome, found.failing) == ("failed", 1)

    def test_items_refer_to_another_product(self) -> None:
        of = inside({"l.items.article": {"relationships": [{"to": "catalog.articles.id"}]}})
        connection = filled((1, None, [line(1), line(8), line(8)], None), EMPTY)
        add_table(connection, {"id": "INT"}, [(1,)], "articles")
        references = {"catalog.articles": "articles"}
        found = verdicts(connection, of, references=references)["l.items.article.foreignKey"]
        assert found.found == "2 of 3 values are an unknown l.items.article"
        assert found.examples == ({"l.items.article": 8},)

    def test_a_field_or_an_item_of_another_product(self) -> None:
        for to, type_, row in (
            ("catalog.articles.info.id", "STRUCT(id INT)", {"id": 1}),
            ("x/catalog/contracts/articles.odcs.yaml#/schema/articles/properties/info/properties/id",
             "STRUCT(id INT)", {"id": 1}),
        ):  # fmt: skip
            of = one_object([field("x", logicalType="integer", relationships=[{"to": to}])])
            connection = table({"x": "INT"}, [(1,), (2,)])
            add_table(connection, {"info": type_}, [(row,)], "articles")
            references = {"catalog.articles": "articles"}
            found = verdicts(connection, of, references=references)["x.foreignKey"]
            assert (found.outcome, found.failing) == ("failed", 1), found.found


def test_classified_values_inside_are_withheld() -> None:
    of = one_object(
        [field("id", logicalType="integer", primaryKey=True),
         field("person", physicalName="p", logicalType="object", properties=[
            field("mail", physicalName="m", logicalType="string", classification="restricted",
                  logicalTypeOptions={"maxLength": 3}),
            field("age", logicalType="integer", logicalTypeOptions={"maximum": 9})]),
         field("people", logicalType="array", classification="confidential", items={
             "logicalType": "object", "properties": [
                 field("age", logicalType="integer", unique=True,
                       logicalTypeOptions={"maximum": 9})]})],
        **metric("duplicateValues", arguments={"properties": ["person"]}),
    )  # fmt: skip
    columns = {"id": "INT", "p": "STRUCT(m VARCHAR, age INT)", "people": "STRUCT(age INT)[]"}
    person = {"m": "secret", "age": 33}
    rows = [(1, person, [{"age": 33}]), (2, person, [{"age": 33}])]
    found = verdicts(table(columns, rows), of)
    shown = [e for v in found.values() for e in v.examples]
    assert "secret" not in str(shown)
    assert found["person.mail.maxLength"].examples[0] == {"id": 1, "p.m": "(withheld: restricted)"}
    assert found["person.age.maximum"].examples[0] == {"id": 1, "p.age": 33}
    withheld = {"people.items.age": "(withheld: confidential)"}
    assert found["people.items.age.maximum"].examples[0] == {"id": 1, **withheld}
    assert withheld.items() <= found["people.items.age.unique"].examples[0].items()
    assert found["t.duplicateValues"].examples[0]["p"] == "(withheld: restricted)"
