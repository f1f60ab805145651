"""Changes of contracts: a golden table of (old clause, new clause, what it is to consumers)."""

from __future__ import annotations

from typing import Any

import pytest

from mesh_defs.contracts.changes import KINDS, Change, Level, compare, descriptor_diff
from mesh_defs.contracts.changes.kinds import SECTIONS
from mesh_defs.model.product import Descriptor
from tests.contracts.contract_lab import contract as parsed

Data = dict[str, Any]


def column(**clauses: Any) -> Data:
    """A contract of one object with one column that says this."""
    return obj(properties=[{"name": "c", **clauses}])


def options(logical: str, **said: Any) -> Data:
    return column(logicalType=logical, logicalTypeOptions=said)


def columns(*names: str, **more: Any) -> Data:
    return obj(properties=[{"name": n, "description": f"The {n}.", **more} for n in names])


def obj(**clauses: Any) -> Data:
    return {"schema": [{"name": "t", "properties": [{"name": "c"}], **clauses}]}


def rule(**clauses: Any) -> Data:
    return obj(quality=[{"id": "q", **clauses}])


def rows(**clauses: Any) -> Data:
    return rule(type="library", metric="rowCount", **clauses)


def nulls(**clauses: Any) -> Data:
    return column(quality=[{"id": "q", "type": "library", "metric": "nullValues", **clauses}])


def invalid(values: list[str], **clauses: Any) -> Data:
    said = {"id": "q", "type": "library", "metric": "invalidValues", **clauses}
    return column(quality=[{**said, "arguments": {"validValues": values}}])


def sla(name: str, value: Any, unit: str | None = None, **more: Any) -> Data:
    level = {"property": name, "value": value, "unit": unit, **more}
    return {"slaProperties": [{k: v for k, v in level.items() if v is not None}]}


def custom(name: str, value: Any) -> list[Data]:
    return [{"property": name, "value": value}]


def notice(period: str) -> Data:
    return {"customProperties": custom("noticePeriod", period)}


def enum(*values: str) -> list[Data]:
    return [{"value": v} for v in values]


def price(amount: float, currency: str = "EUR") -> Data:
    return {"price": {"priceAmount": amount, "priceCurrency": currency, "priceUnit": "month"}}


def role(**clauses: Any) -> Data:
    return {"roles": [{"role": "reader", "access": "read", **clauses}]}


WARN = {"customProperties": custom("severity", "warning")}
EMPTY: Data = {}

# (what it is called, old, new, kind of the one change)
TABLE: list[tuple[str, Data, Data, str]] = [
    # what is there
    ("an object more", {"schema": []}, obj(), "object.added"),
    ("an object less", obj(), {"schema": []}, "object.removed"),
    ("an object renamed, by its columns", obj(), obj(name="u"), "object.renamed"),
    ("an object renamed, by its id", obj(id="x", properties=[]),
     obj(id="x", properties=[], name="u"), "object.renamed"),
    ("another model behind it", obj(physicalName="a"), obj(physicalName="b"), "object.stored"),
    ("a view now", obj(physicalType="table"), obj(physicalType="view"), "object.stored"),
    ("another grain", obj(dataGranularityDescription="One a day."),
     obj(dataGranularityDescription="One a week."), "object.grain"),
    ("clustered", obj(), obj(customProperties=custom("clustering", ["d"])), "object.clustering"),
    ("others allowed", obj(), obj(customProperties=custom("extraColumns", "allow")),
     "extraColumns.allowed"),
    ("others refused", obj(customProperties=custom("extraColumns", "allow")), obj(),
     "extraColumns.refused"),
    ("a column more", columns("a"), columns("a", "b"), "column.added"),
    ("a column less", columns("a", "b"), columns("a"), "column.removed"),
    ("a column renamed, by its id", column(id="k"),
     obj(properties=[{"name": "d", "id": "k"}]), "column.renamed"),
    ("a column renamed, by what is said about it",
     column(description="What the customer paid at the till.", logicalType="integer"),
     obj(properties=[{"name": "paid", "logicalType": "integer",
                      "description": "What the customer paid at the till."}]), "column.renamed"),
    ("stored otherwise", column(physicalName="x"), column(physicalName="y"), "column.renamed"),
    ("called otherwise, stored as before", column(physicalName="x"),
     obj(properties=[{"name": "d", "physicalName": "x"}]), "column.title"),
    ("another order", columns("a", "b"), columns("b", "a"), "column.order"),
    ("a formula now", column(), column(semanticType="measure"), "column.stored"),
    ("the default, said", column(), column(semanticType="column"), ""),
    ("another formula", column(transformLogic="a"), column(transformLogic="b"), "column.meaning"),
    ("a dimension now", column(), column(semanticType="dimension"), "column.meaning"),
    ("partitioned", column(), column(partitioned=True), "column.partition"),
    ("deprecated", column(), column(deprecated=True), "deprecated.stated"),
    ("not deprecated after all", column(deprecated=True), column(), "deprecated.withdrawn"),
    ("false is the default", column(), column(deprecated=False, required=False, unique=False), ""),
    ("other words", column(description="A"), column(description="B"), "words.changed"),
    ("a field inside less", column(properties=[{"name": "f"}]), column(), "column.removed"),
    ("a field inside more", column(), column(properties=[{"name": "f"}]), "column.added"),
    ("another type of items", column(items={"logicalType": "integer"}),
     column(items={"logicalType": "string"}), "type.changed"),
    ("items no longer described", column(items={"logicalType": "integer"}), column(),
     "type.removed"),
    ("longer keys of a map", column(map={"key": {"physicalType": "varchar(3)"}}),
     column(map={"key": {"physicalType": "varchar(9)"}}), "physicalType.wider"),
    # types
    ("another type", column(logicalType="integer"), column(logicalType="number"), "type.changed"),
    ("type left out", column(logicalType="integer"), column(), "type.removed"),
    ("type stated", column(), column(logicalType="integer"), "type.added"),
    ("wider", column(physicalType="integer"), column(physicalType="bigint"),
     "physicalType.wider"),
    ("narrower", column(physicalType="bigint"), column(physicalType="integer"),
     "physicalType.narrower"),
    ("longer text", column(physicalType="varchar(100)"), column(physicalType="varchar(320)"),
     "physicalType.wider"),
    ("shorter text", column(physicalType="varchar(320)"), column(physicalType="varchar(100)"),
     "physicalType.narrower"),
    ("more digits", column(physicalType="decimal(10,2)"), column(physicalType="decimal(12,2)"),
     "physicalType.wider"),
    ("other digits", column(physicalType="decimal(10,2)"), column(physicalType="decimal(10,4)"),
     "physicalType.narrower"),
    ("half the precision", column(physicalType="double"), column(physicalType="float"),
     "physicalType.narrower"),
    ("in other words", column(physicalType="string"), column(physicalType="TEXT"),
     "physicalType.spelled"),
    ("quite another", column(physicalType="bigint"), column(physicalType="date"),
     "physicalType.changed"),
    ("physical type left out", column(physicalType="bigint"), column(), "physicalType.removed"),
    ("physical type stated", column(), column(physicalType="bigint"), "physicalType.added"),
    ("no zone any more", options("timestamp", timezone=True),
     options("timestamp", timezone=False), "timezone.changed"),
    ("another zone", options("timestamp", defaultTimezone="Etc/UTC"),
     options("timestamp", defaultTimezone="Europe/Oslo"), "timezone.changed"),
    ("more bits", options("integer", format="i32"), options("integer", format="i64"),
     "format.wider"),
    ("unsigned to signed", options("integer", format="u32"), options("integer", format="i64"),
     "format.wider"),
    ("fewer bits", options("number", format="f64"), options("number", format="f32"),
     "format.narrower"),
    ("signed to unsigned", options("integer", format="i32"), options("integer", format="u64"),
     "format.changed"),
    ("another form", options("string", format="uuid"), options("string", format="email"),
     "format.changed"),
    ("a form stated", options("string"), options("string", format="uuid"), "format.added"),
    ("a form left out", options("string", format="uuid"), options("string"), "format.changed"),
    ("another embedding", options("vector", embeddingModel="a"),
     options("vector", embeddingModel="b"), "vector.changed"),
    # values
    ("shorter", options("string", maxLength=320), options("string", maxLength=100),
     "room.lowered"),
    ("longer", options("string", maxLength=100), options("string", maxLength=320), "room.raised"),
    ("any length", options("string", maxLength=100), options("string"), "room.removed"),
    ("a length", options("string"), options("string", maxLength=100), "room.added"),
    ("fewer items", options("array", maxItems=9), options("array", maxItems=3), "room.lowered"),
    ("lower minimum", options("integer", minimum=1), options("integer", minimum=0),
     "values.loosened"),
    ("higher minimum", options("integer", minimum=0), options("integer", minimum=1),
     "values.tightened"),
    ("no minimum", options("integer", minimum=0), options("integer"), "values.loosened"),
    ("a minimum", options("integer"), options("integer", minimum=0), "values.tightened"),
    ("higher maximum", options("number", maximum=1.5), options("number", maximum=2),
     "values.loosened"),
    ("lower maximum", options("number", maximum=2), options("number", maximum=1.5),
     "values.tightened"),
    ("a later day", options("date", maximum="2024-01-01"), options("date", maximum="2025-01-01"),
     "values.loosened"),
    ("the same number", options("integer", minimum=1), options("integer", minimum=1.0), ""),
    ("a minimum of another kind", options("integer", minimum=1), options("date", minimum="2024"),
     "type.changed+values.changed"),
    ("shorter than before", options("string", minLength=3), options("string", minLength=2),
     "values.loosened"),
    ("at least so many", options("array"), options("array", minItems=1), "values.tightened"),
    ("no length is no minimum", options("string"), options("string", minLength=0),
     "words.changed"),
    ("another pattern", options("string", pattern="a"), options("string", pattern="b"),
     "values.changed"),
    ("no pattern", options("string", pattern="a"), options("string"), "values.loosened"),
    ("a pattern", options("string"), options("string", pattern="a"), "values.tightened"),
    ("finer steps", options("number", multipleOf=1), options("number", multipleOf=0.5),
     "values.loosened"),
    ("coarser steps", options("number", multipleOf=0.1), options("number", multipleOf=0.3),
     "values.tightened"),
    ("other steps", options("number", multipleOf=2), options("number", multipleOf=3),
     "values.changed"),
    ("a value more", column(enum=enum("a")), column(enum=enum("a", "b")), "enum.value_added"),
    ("a value less", column(enum=enum("a", "b")), column(enum=enum("a")), "enum.value_removed"),
    ("any value", column(enum=enum("a")), column(), "enum.removed"),
    ("a list", column(), column(enum=enum("a")), "enum.added"),
    ("in another order", column(enum=enum("a", "b")), column(enum=enum("b", "a")), ""),
    ("a label", column(enum=enum("a")), column(enum=[{"value": "a", "label": "A"}]),
     "enum.words"),
    # rows
    ("nulls may come", column(required=True), column(), "required.removed"),
    ("nulls may not come", column(), column(required=True), "required.added"),
    ("twins may come", column(unique=True), column(), "unique.removed"),
    ("twins may not come", column(), column(unique=True), "unique.added"),
    ("twins in a list", options("array", uniqueItems=True), options("array"), "unique.removed"),
    ("a field inside may be missing", options("object", required=["a", "b"]),
     options("object", required=["a"]), "required.removed"),
    ("a key", column(), column(primaryKey=True), "primaryKey.added"),
    ("no key", column(primaryKey=True), column(), "primaryKey.removed"),
    ("a reference", column(), column(relationships=[{"to": "a.b.c"}]), "relationship.added"),
    ("no reference", column(relationships=[{"to": "a.b.c"}]), column(), "relationship.removed"),
    ("to elsewhere", column(relationships=[{"id": "r", "to": "a.b.c"}]),
     column(relationships=[{"id": "r", "to": "a.b.d"}]), "relationship.changed"),
    # quality
    ("a rule less", rows(mustBeGreaterThan=0), obj(), "quality.removed"),
    ("a rule more", obj(), rows(mustBeGreaterThan=0), "quality.added"),
    ("fewer rows will do", rows(mustBeGreaterThan=9), rows(mustBeGreaterThan=0),
     "quality.loosened"),
    ("more rows are needed", rows(mustBeGreaterThan=0), rows(mustBeGreaterThan=9),
     "quality.tightened"),
    ("just so many", rows(mustBeBetween=[1, 9]), rows(mustBe=3), "quality.tightened"),
    ("not just so many", rows(mustBe=3), rows(mustBeBetween=[1, 9]), "quality.loosened"),
    ("others than before", rows(mustBeBetween=[1, 9]), rows(mustBeBetween=[5, 12]),
     "quality.changed"),
    ("the same otherwise", rows(mustBeGreaterOrEqualTo=0), rows(mustBeGreaterThan=-1),
     "quality.words"),
    ("anything but zero", rows(mustNotBe=0), rows(mustBeGreaterThan=0), "quality.words"),
    ("none is none", nulls(mustBe=0), nulls(mustBeLessOrEqualTo=0, unit="percent"),
     "quality.words"),
    ("rows or percent", nulls(mustBeLessThan=5), nulls(mustBeLessThan=5, unit="percent"),
     "quality.changed"),
    ("a value more is valid", invalid(["a"], mustBe=0), invalid(["a", "b"], mustBe=0),
     "quality.loosened"),
    ("a value less is valid", invalid(["a", "b"], mustBe=0), invalid(["a"], mustBe=0),
     "quality.tightened"),
    ("more must be invalid", invalid(["a"], mustBeGreaterThan=3),
     invalid(["a", "b"], mustBeGreaterThan=3), "quality.tightened"),
    ("other values are valid", invalid(["a"], mustBe=0), invalid(["b"], mustBe=0),
     "quality.changed"),
    ("another measure", rows(mustBe=0),
     rule(type="library", metric="duplicateValues", mustBe=0, arguments={"properties": ["c"]}),
     "quality.changed"),
    ("only words", rows(mustBe=1), rule(type="text", description="One row."),
     "quality.silenced+quality.words"),
    ("another question", rule(type="sql", query="select 1", mustBe=0),
     rule(type="sql", query="select 0", mustBe=0), "quality.rewritten"),
    ("the same question", rule(type="sql", query="select 1  from {object} -- all", mustBe=0),
     rule(type="sql", query="SELECT 1\nFROM {object}", mustBe=0), "quality.words"),
    ("another expectation",
     rule(type="custom", engine="greatExpectations", implementation={"kwargs": {"a": 1}}),
     rule(type="custom", engine="greatExpectations", implementation={"kwargs": {"a": 2}}),
     "quality.rewritten"),
    ("only a warning", rows(mustBe=1), rows(mustBe=1, severity="warning"), "severity.lowered"),
    ("the same word for it", rows(mustBe=1), rows(mustBe=1, severity="error"), ""),
    ("an error now", rows(mustBe=1, severity="info"), rows(mustBe=1), "severity.raised"),
    ("a column's clauses only warn", column(required=True), column(required=True, **WARN),
     "severity.lowered"),
    ("checked less often", rows(mustBe=1, schedule="0 5 * * *"),
     rows(mustBe=1, schedule="0 5 * * 1"), "quality.schedule"),
    ("a rule in other words", rows(mustBe=1), rows(mustBe=1, description="One."),
     "quality.words"),
    ("some may break it", column(required=True),
     column(required=True, customProperties=custom("tolerance", "1%")), "tolerance.grown"),
    ("fewer may break it", column(required=True, customProperties=custom("tolerance", 9)),
     column(required=True, customProperties=custom("tolerance", 5)), "tolerance.shrunk"),
    ("none, said twice", column(required=True),
     column(required=True, customProperties=custom("tolerance", 0)), "tolerance.shrunk"),
    ("rows or percent of them", column(required=True, customProperties=custom("tolerance", 9)),
     column(required=True, customProperties=custom("tolerance", "1%")), "tolerance.grown"),
    # service levels
    ("fresher", sla("freshness", 2, "d"), sla("freshness", 24, "h"), "level.tighter"),
    ("older", sla("freshness", 1, "d"), sla("freshness", 48, "h"), "level.looser"),
    ("the same time", sla("freshness", 90, "m"), sla("freshness", "PT90M"), "level.words"),
    ("kept for shorter", sla("retention", 2, "y"), sla("retention", 12, "m"), "level.looser"),
    ("kept for longer", sla("retention", 30, "d"), sla("retention", 2, "m"), "level.tighter"),
    ("less available", sla("availability", 99.9, "percent"), sla("availability", "99%"),
     "level.looser"),
    ("abbreviated", sla("latency", 4, "h"), sla("Ly", 4, "h"), "level.words"),
    ("more errors", sla("errorRate", 1, "percent"), sla("errorRate", 2, "percent"),
     "level.looser"),
    ("more throughput", sla("throughput", 10, "rps"), sla("throughput", 20, "rps"),
     "level.tighter"),
    ("in other units", sla("throughput", 10, "rps"), sla("throughput", 1000, "rpm"),
     "level.changed"),
    ("of another column", sla("freshness", 1, "d", element="t.c"),
     sla("freshness", 1, "d", element="t.d"), "level.changed"),
    ("not promised any more", sla("latency", 1, "h"), EMPTY, "level.removed"),
    ("promised now", EMPTY, sla("latency", 1, "h"), "level.added"),
    ("an end", EMPTY, sla("endOfLife", "2030-01-01"), "end.announced"),
    ("an earlier end", sla("endOfLife", "2030-01-01"), sla("endOfLife", "2029-01-01"),
     "end.sooner"),
    ("a later end", sla("endOfSupport", "2030-01-01"), sla("endOfSupport", "2031-01-01"),
     "end.later"),
    ("no end", sla("endOfLife", "2030-01-01"), EMPTY, "end.later"),
    # terms
    ("25 times the price", price(10), price(250), "price.raised"),
    ("cheaper", price(10), price(9.5), "price.lowered"),
    ("not free any more", EMPTY, price(5), "price.raised"),
    ("free, said", EMPTY, {"price": {"priceAmount": 0}}, "words.changed"),
    ("in dollars", price(10), price(10, "USD"), "price.changed"),
    ("no price", price(10), EMPTY, "price.withdrawn"),
    ("P30D to P7D", notice("P30D"), notice("P7D"), "notice.shorter"),
    ("a month is as long as that", notice("P4W"), notice("P1M"), "notice.longer"),
    ("a month may be shorter", notice("P30D"), notice("P1M"), "notice.shorter"),
    ("no notice", notice("P30D"), EMPTY, "notice.shorter"),
    ("notice", EMPTY, notice("P30D"), "notice.longer"),
    ("unreadable", notice("P30D"), notice("soon"), "notice.changed"),
    ("a new approver", role(), role(firstLevelApprovers="Ola"), "role.approvers"),
    ("a role less", role(), EMPTY, "role.removed"),
    ("a role more", EMPTY, role(), "role.added"),
    ("other rights", role(), role(access="write"), "role.access"),
    ("personal now", column(), column(classification="restricted"), "classification.raised"),
    ("its own word", column(classification="internal"), column(classification="pii"),
     "classification.raised"),
    ("harmless now", column(classification="restricted"), column(classification="public"),
     "classification.lowered"),
    ("public is the default", column(), column(classification="public"), "words.changed"),
    ("it will end", {"status": "active"}, {"status": "deprecated"}, "status.deprecated"),
    ("it has ended", {"status": "active"}, {"status": "retired"}, "status.ended"),
    ("only a draft", {"status": "active"}, {"status": "draft"}, "status.ended"),
    ("a promise", {"status": "draft"}, {"status": "active"}, "status.promised"),
    ("another id", {"id": "urn:a"}, {"id": "urn:b"}, "identity.changed"),
    ("usage", {"description": {"usage": "Sum it."}}, {"description": {"usage": "Don't."}},
     "terms.changed"),
    ("purpose", EMPTY, {"description": {"purpose": "To know."}}, "words.changed"),
    ("a server less", {"servers": [{"server": "s", "type": "local"}]}, EMPTY, "server.removed"),
    ("another place", {"servers": [{"server": "s", "type": "local", "path": "a"}]},
     {"servers": [{"server": "s", "type": "local", "path": "b"}]}, "server.changed"),
    ("nobody to ask", {"support": [{"channel": "c", "url": "u"}]}, EMPTY, "support.removed"),
    ("somebody else", {"team": {"members": [{"username": "a"}]}},
     {"team": {"members": [{"username": "b"}]}}, "team.changed"),
    ("what mesh does not know", EMPTY, {"customProperties": custom("tier", 1)}, "custom.changed"),
    ("a tag", {"tags": ["a"]}, {"tags": ["b"]}, "words.changed"),
]  # fmt: skip


def changes(old: Data, new: Data) -> tuple[Change, ...]:
    """Compared as the platform does it: both documents are valid to ODCS's own classes."""
    documents = (parsed(d).odcs.model_dump(by_alias=True, exclude_none=True) for d in (old, new))
    return compare(*documents)


@pytest.mark.parametrize(("old", "new", "kinds"), [row[1:] for row in TABLE],
                         ids=[row[0] for row in TABLE])  # fmt: skip
def test_golden_table(old: Data, new: Data, kinds: str) -> None:
    found = changes(old, new)
    assert sorted({c.kind for c in found}) == sorted(k for k in kinds.split("+") if k)
    assert all((c.level, c.why) == (KINDS[c.kind].level, KINDS[c.kind].why) for c in found)


def test_table_meets_every_kind() -> None:
    met = {kind for *_, kinds in TABLE for kind in kinds.split("+")}
    apart = {"server.added", "support.added", "other.changed", "lineage.changed"}
    apart |= {"primaryKey.changed", "primaryKey.order", "quarantine.grown", "quarantine.shrunk"}
    apart |= {kind for kind in KINDS if kind.startswith("port.")}
    assert set(KINDS) - met == apart


def test_kinds_are_named_once() -> None:
    assert len(KINDS) == sum(len(rows) for rows in SECTIONS.values())


def test_what_was_only_warned_about_is_risky_to_take_back() -> None:
    (change,) = changes(column(required=True, **WARN), column(**WARN))
    assert (change.kind, change.level) == ("required.removed", Level.RISKY)
    assert "only warned" in change.why


def test_a_cut_is_a_cut_whatever_its_severity() -> None:
    said = {"logicalType": "string", **WARN}
    old, new = (column(logicalTypeOptions={"maxLength": n}, **said) for n in (320, 100))
    assert changes(old, new)[0].level is Level.BREAKING


def test_an_exclusive_limit_and_an_inclusive_one_are_one_bound() -> None:
    strict = options("integer", exclusiveMinimum=0)
    assert {c.kind for c in changes(options("integer", minimum=0), strict)} == {"values.tightened"}
    assert {c.kind for c in changes(strict, options("integer", minimum=0))} == {"values.loosened"}
    beside = options("integer", minimum=0, exclusiveMinimum=0)
    assert {c.kind for c in changes(strict, beside)} == {"words.changed"}


def test_key_of_several_columns() -> None:
    def key(*names: str) -> Data:
        listed = [
            {"name": n, "primaryKey": n in names or None,
             "primaryKeyPosition": names.index(n) + 1 if n in names else None}
            for n in ("a", "b", "c")
        ]  # fmt: skip
        return obj(properties=[{k: v for k, v in p.items() if v is not None} for p in listed])

    (wider,) = changes(key("a"), key("a", "b"))
    assert (wider.kind, wider.columns) == ("primaryKey.changed", ("a", "b"))
    assert [c.kind for c in changes(key("a", "b"), key("b", "a"))] == ["primaryKey.order"]


def test_renamed_key_is_the_same_key() -> None:
    old = column(id="k", primaryKey=True)
    new = obj(properties=[{"name": "d", "id": "k", "primaryKey": True}])
    (change,) = changes(old, new)
    assert (change.kind, change.element, change.renamed_to) == ("column.renamed", "t.c", "t.d")


def test_names_swapped_between_columns_are_two_renames() -> None:
    old = obj(properties=[{"id": "1", "name": "a"}, {"id": "2", "name": "b"}])
    new = obj(properties=[{"id": "1", "name": "b"}, {"id": "2", "name": "a"}])
    found = changes(old, new)
    assert [(c.element, c.renamed_to) for c in found] == [("t.a", "t.b"), ("t.b", "t.a")]


def test_columns_that_are_alike_but_not_alone_are_no_rename() -> None:
    said = {"description": "An amount of money.", "logicalType": "number"}
    old = obj(properties=[{"name": "x", **said}])
    new = obj(properties=[{"name": "y", **said}, {"name": "z", **said}])
    assert {c.kind for c in changes(old, new)} == {"column.removed", "column.added"}


def test_change_of_a_renamed_column_has_both_addresses() -> None:
    old = column(id="k", required=True)
    new = obj(properties=[{"name": "d", "id": "k"}])
    change = next(c for c in changes(old, new) if c.kind == "required.removed")
    assert (change.element, change.renamed_to) == ("t.c.required", "t.d.required")
    assert change.columns == ("c",)


def test_rows_that_go_to_quarantine() -> None:
    def held(budget: str) -> Data:
        one = {"name": "c", "required": True, "customProperties": custom("onBreach", "quarantine")}
        return obj(properties=[one], customProperties=custom("quarantineBudget", budget))

    blocked = column(required=True)
    assert [c.kind for c in changes(blocked, held("1%"))] == ["quarantine.grown"]
    assert [c.kind for c in changes(held("1%"), held("2%"))] == ["quarantine.grown"]
    assert [c.kind for c in changes(held("2%"), held("1%"))] == ["quarantine.shrunk"]
    assert [c.kind for c in changes(held("1%"), blocked)] == ["quarantine.shrunk"]


def test_what_nobody_knows_is_not_passed_over() -> None:
    (change,) = compare(column(), column(newInTheStandard=1))
    assert (change.kind, change.level) == ("other.changed", Level.RISKY)


PORT = {"name": "p", "type": "delta", "version": "1.0.0", "contractId": "urn:c"}


def descriptor(*ports: Data, **more: Any) -> Descriptor:
    head = {"apiVersion": "v1.1.0", "kind": "DataProduct", "id": "urn:p", "name": "p",
            "version": "1.0.0", "status": "active", "domain": "d"}  # fmt: skip
    return Descriptor.model_validate({**head, "outputPorts": ports, **more})


@pytest.mark.parametrize(
    ("port", "more", "kind"),
    [
        ({**PORT, "type": "parquet"}, {}, "port.type"),
        ({**PORT, "name": "q"}, {}, "port.renamed"),
        ({**PORT, "contractId": "urn:e"}, {}, "port.contract"),
        ({**PORT, "version": "1.1.0"}, {}, ""),
        ({**PORT, "description": "Here."}, {}, "words.changed"),
        (PORT, {"status": "deprecated"}, "status.deprecated"),
        (PORT, {"inputPorts": [{"name": "i", "version": "1", "contractId": "c"}]},
         "lineage.changed"),
    ],
)  # fmt: skip
def test_descriptor(port: Data, more: Data, kind: str) -> None:
    found = descriptor_diff(descriptor(PORT), descriptor(port, **more))
    assert [c.kind for c in found] == ([kind] if kind else [])


def test_ports_that_come_and_go() -> None:
    other = {**PORT, "name": "q", "type": "parquet"}
    one, two = descriptor(PORT), descriptor(PORT, other)
    assert [c.kind for c in descriptor_diff(one, two)] == ["port.added"]
    (gone,) = descriptor_diff(two, one)
    assert (gone.kind, gone.level, gone.element) == (
        "port.removed",
        Level.BREAKING,
        "outputPorts.q",
    )
