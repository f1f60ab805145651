"""Every kind of rule: it passes on good rows, goes red on bad ones, and counts them right."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.softening import POINTS_AT_ROWS
from mesh_defs.contracts.scan.bench import KINDS
from mesh_defs.contracts.scan.broken_rows import conditions
from tests.contracts.contract_lab import NOW, add_table, one_object, table, verdicts


@dataclass(frozen=True)
class Case:
    rule: str
    type: str
    clauses: dict[str, Any]
    good: list[Any]
    bad: list[Any]
    failing: int | None
    of_object: dict[str, Any] = field(default_factory=dict)
    found: str = ""


def metric(name: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"quality": [{"metric": name, operator: value, **more}]}


def option(logical: str, **options: Any) -> dict[str, Any]:
    return {"logicalType": logical, "logicalTypeOptions": options}


UUID = "0b5e3b52-6d4a-4b0e-8b1f-0a4f4c3c2b1a"
CASES = [
    Case("x.required", "INT", {"required": True}, [1, 2], [1, None, None], 2, found="2 of 3 rows"),
    Case("x.unique", "INT", {"unique": True}, [1, 2, None, None], [1, 1, 1, 2], 2),
    Case("x.unique", "VARCHAR", {"unique": True}, ["a", "A"], ["a", "a"], 1),
    Case("t.primaryKey", "INT", {"primaryKey": True}, [1, 2], [1, 1, None], 2),
    Case("t.primaryKey", "INT", {"primaryKey": True}, [1, 2], [1, None, None], 2),
    Case("x.enum", "VARCHAR", {"enum": [{"value": "a"}, {"value": "b'c"}]}, ["a", "b'c", None],
         ["a", "A", ""], 2),
    Case("x.enum", "INT", {"enum": [{"value": 1}, {"value": "2"}]}, [1, 2, None], [3, 1], 1),
    Case("x.enum", "VARCHAR", {"enum": [{"value": v} for v in range(40)]}, ["39"], ["40"], 1),
    Case("x.enum", "INT", {"enum": [{"value": v} for v in range(40)]}, [39, None], [40, -1], 2),
    Case("x.enum", "UUID", {"enum": [{"value": UUID}, {"value": "no"}]}, [UUID],
         [UUID[:-1] + "0"], 1),
    Case("x.enum", "BOOLEAN", {"enum": [{"value": True}]}, [True, None], [False], 1),
    Case("x.enum", "DATE", {"enum": [{"value": "2017-01-01"}]}, ["2017-01-01"], ["2017-01-02"], 1),
    Case("x.enum", "INT", {"enum": [{"value": "x"}]}, [None], [1, None], 1),
    Case("x.maximum", "TIMESTAMP", option("timestamp", maximum="2017-01-01T02:00:00+02:00"),
         ["2017-01-01 00:00:00"], ["2017-01-01 00:00:01"], 1),
    Case("x.multipleOf", "BIGINT", option("integer", multipleOf=2), [2**60], [2**60 + 1], 1),
    Case("x.minLength", "VARCHAR", option("string", minLength=2), ["ab", None], ["a", ""], 2),
    Case("x.maxLength", "VARCHAR", option("string", maxLength=2), ["äö", ""], ["abc"], 1),
    Case("x.pattern", "VARCHAR", option("string", pattern="^[a-z]'?$"), ["a", "b'", None],
         ["A", "aa"], 2),
    Case("x.pattern", "VARCHAR", option("string", pattern="b"), ["abc"], ["acc"], 1),
    Case("x.format", "VARCHAR", option("string", format="email"), ["a@b.example"], ["a@b", "x"], 2),
    Case("x.format", "VARCHAR", option("string", format="uuid"), [UUID], ["0b5e3b52"], 1),
    Case("x.format", "VARCHAR", option("string", format="ipv4"), ["10.0.0.255"], ["10.0.0.256"], 1),
    Case("x.format", "BIGINT", option("integer", format="i8"), [127, -128], [128, -129], 2),
    Case("x.format", "HUGEINT", option("integer", format="u64"), [2**64 - 1], [2**64, -1], 2),
    Case("x.minimum", "INT", option("integer", minimum=1), [1, None], [0, -5], 2),
    Case("x.maximum", "DECIMAL(9,2)", option("number", maximum=9.99), ["9.99"], ["10.00"], 1),
    Case("x.exclusiveMinimum", "DOUBLE", option("number", exclusiveMinimum=0), [0.1], [0.0], 1),
    Case("x.exclusiveMaximum", "INT", option("integer", exclusiveMaximum=3), [2], [3, 4], 2),
    Case("x.minimum", "DATE", option("date", minimum="2017-01-01"), ["2017-01-01"],
         ["2016-12-31"], 1),
    Case("x.maximum", "TIMESTAMP", option("timestamp", maximum="2017-01-01T00:00:00Z"),
         ["2017-01-01"], ["2017-01-01 00:00:01"], 1),
    Case("x.maximum", "TIMESTAMPTZ", option("timestamp", maximum="2017-01-01T02:00:00+02:00"),
         ["2017-01-01 00:00:00+00"], ["2017-01-01 00:00:01+00"], 1),
    Case("x.minimum", "TIME", option("time", minimum="08:00:00"), ["08:00:00"], ["07:59:59"], 1),
    Case("x.multipleOf", "INT", option("integer", multipleOf=5), [0, -10, None], [3, 5], 1),
    Case("x.multipleOf", "DECIMAL(9,3)", option("number", multipleOf=0.01), ["0.30"], ["0.305"], 1),
    Case("x.multipleOf", "DOUBLE", option("number", multipleOf=0.1), [0.3, 1.1], [0.35], 1),
    Case("x.minItems", "INT[]", option("array", minItems=1), [[1]], [[]], 1),
    Case("x.maxItems", "INT[]", option("array", maxItems=1), [[], [1]], [[1, 2]], 1),
    Case("x.uniqueItems", "INT[]", option("array", uniqueItems=True),
         [[1, 2, None], [], None], [[1, 1], [None, 2, None], [1]], 2),
    Case("x.uniqueItems", "STRUCT(a INT)[]", option("array", uniqueItems=True),
         [[{"a": 1}, {"a": 2}]], [[{"a": 1}, {"a": 1}]], 1),
    Case("x.minItems", "JSON", option("array", minItems=2), ["[1, 2]"], ["[1]", "[]"], 2),
    Case("x.minProperties", "STRUCT(a INT, b INT)", option("object", minProperties=2),
         [{"a": 1, "b": 2}, None], [{"a": 1, "b": None}], 1),
    Case("x.maxProperties", "MAP(VARCHAR, INT)", option("object", maxProperties=1),
         [{"a": 1}, {}], [{"a": 1, "b": 2}], 1),
    Case("x.maxProperties", "JSON", option("object", maxProperties=1),
         ['{"a": 1}'], ['{"a": 1, "b": 2}'], 1),
    Case("x.requiredProperties", "STRUCT(a INT, b INT)", option("object", required=["a"]),
         [{"a": 1, "b": None}, None], [{"a": None, "b": 2}], 1),
    Case("x.requiredProperties", "MAP(VARCHAR, INT)", option("object", required=["a"]),
         [{"a": 1}, {"a": None}], [{"b": 1}, {}], 2),
    Case("x.requiredProperties", "JSON", option("object", required=["a", "b"]),
         ['{"a": 1, "b": null}'], ['{"a": 1}', "{}"], 2),
    Case("x.normalized", "FLOAT[2]", option("vector", dimensions=2, normalized=True),
         [[0.6, 0.8]], [[0.6, 0.9], [0, 0]], 2),
    Case("x.format", "VARCHAR", option("string", format="ipv6"),
         ["2001:db8::1", "::", "::1", "fe80::", "1:2:3:4:5:6:7:8", "::ffff:10.0.0.1"],
         ["1:2:3", "1::2::3", "g::1", "1:2:3:4:5:6:7:8:9", "::ffff:10.0.0.256"], 5),
    Case("x.format", "VARCHAR", option("string", format="byte"),
         ["", "YQ==", "YWI=", "YWJj"], ["YQ", "Y===", "YW J"], 3),
    Case("x.format", "DOUBLE", option("number", format="f32"), [1.5, 3e38, math.inf], [1e39], 1),
    Case("x.format", "VARCHAR", option("date", format="dd/MM/yyyy"),
         ["29/02/2024", None], ["29/02/2023", "1/2/2024", "2024-02-01"], 3),
    Case("x.format", "VARCHAR", option("timestamp", format="yyyy-MM-dd'T'HH:mm:ss.SSSXXX"),
         ["2024-01-31T10:00:00.000Z", "2024-01-31T10:00:00.123+02:00"],
         ["2024-01-31T10:00:00Z", "2024-01-31T25:00:00.000Z", "2024-01-31T10:00:00.000"], 3),
    Case("x.format", "VARCHAR", option("time", format="hh:mm a"), ["02:30 PM"], ["14:30 PM"], 1),
    Case("x.minimum", "VARCHAR", option("date", format="dd/MM/yyyy", minimum="2024-02-01"),
         ["01/02/2024", "nonsense"], ["31/01/2024"], 1),
    Case("x.maximum", "VARCHAR",
         option("timestamp", format="yyyy-MM-dd HH:mm:ssXXX", maximum="2024-01-01T00:00:00Z"),
         ["2024-01-01 02:00:00+02:00"], ["2024-01-01 00:00:00-01:00"], 1),
    Case("x.maximum", "TIMESTAMP",
         option("timestamp", maximum="2024-07-01T00:00:00Z", defaultTimezone="Europe/Paris"),
         ["2024-07-01 02:00:00"], ["2024-07-01 02:00:01"], 1),
    Case("x.minimum", "TIMESTAMPTZ",
         option("timestamp", minimum="2024-07-01T00:00:00", defaultTimezone="Europe/Paris"),
         ["2024-06-30 22:00:00+00"], ["2024-06-30 21:59:59+00"], 1),
    Case("x.maximum", "TIMETZ", option("time", maximum="12:00:00+02:00", timezone=True),
         ["09:00:00+00"], ["11:00:00+00"], 1),
    Case("x.physicalType", "VARCHAR", {"physicalType": "varchar(2)"}, ["ab", None], ["abc"], 1),
    Case("x.dimensions", "FLOAT[]", option("vector", dimensions=2), [[1, 2]], [[1]], 1),
    Case("x.nullValues", "INT", metric("nullValues", "mustBe", 0), [1], [None], 1),
    Case("x.nullValues", "INT", metric("nullValues", "mustBeLessThan", 50, unit="percent"),
         [1, 2, None], [1, None], 1, found="(50%)"),
    Case("x.missingValues", "VARCHAR",
         metric("missingValues", "mustBeLessOrEqualTo", 1,
                arguments={"missingValues": [None, "", "N/A"]}),
         ["a", ""], ["a", "", "N/A", None], 3),
    Case("x.invalidValues", "VARCHAR",
         metric("invalidValues", "mustBe", 0, arguments={"validValues": ["kg", "lb"]}),
         ["kg", None], ["KG", "g"], 2),
    Case("x.invalidValues", "VARCHAR",
         metric("invalidValues", "mustBe", 0, arguments={"pattern": "^[A-Z]{2}$"}),
         ["DE", None], ["de", "DEU"], 2),
    Case("x.duplicateValues", "INT", metric("duplicateValues", "mustBeLessThan", 2),
         [1, 1, None, None], [1, 1, 1], 2),
    Case("x.duplicateValues", "INT",
         metric("duplicateValues", "mustBeLessThan", 50, unit="percent"), [1, 1, 2], [1, 1], 1),
    Case("t.duplicateValues", "INT", {}, [1, 2], [1, 1], 1,
         of_object=metric("duplicateValues", "mustBe", 0, arguments={"properties": ["x"]})),
    Case("t.nullValues", "INT", {}, [1], [None], 1,
         of_object=metric("nullValues", "mustBe", 0, arguments={"properties": ["x"]})),
    Case("t.rowCount", "INT", {}, [1, 2], [1], None, of_object=metric("rowCount", "mustBe", 2)),
    Case("t.sql", "INT", {}, [1], [1, -1], None, of_object={"quality": [
        {"type": "sql", "query": "select count(*) from ${table} where x < 0", "mustBe": 0}]}),
    Case("x.sql", "INT", {"quality": [
        {"type": "sql", "query": "SELECT min({property}) > 0 FROM {object};", "mustBe": True}]},
        [1], [1, -1], None),
    Case("x.logicalType", "INT", {"logicalType": "integer"}, [1], [1], None),
    Case("x.foreignKey", "INT", {"relationships": [{"to": "catalog.articles.id"}]},
         [1, 2, None], [1, 3, 4], 2),
]  # fmt: skip


def ids(case: Case) -> str:
    return f"{case.rule}-{case.type}-{next(iter(case.clauses.values()), '')}"[:60]


def run(case: Case, rows: list[Any], type_: str | None = None) -> Any:
    connection = table({"x": type_ or case.type}, [(v,) for v in rows])
    add_table(connection, {"id": "BIGINT"}, [(1,), (2,), (None,)], "articles")
    of = one_object([{"name": "x", **case.clauses}], **case.of_object)
    return verdicts(connection, of, references={"catalog.articles": "articles"})[case.rule]


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_good_rows_pass(case: Case) -> None:
    verdict = run(case, case.good)
    assert verdict.outcome == "passed", verdict.found
    assert verdict.examples == ()


@pytest.mark.parametrize("case", [c for c in CASES if "logicalType" not in c.rule], ids=ids)
def test_bad_rows_fail_and_are_counted_and_shown(case: Case) -> None:
    verdict = run(case, case.bad)
    assert verdict.outcome == "failed", verdict.found
    assert verdict.failing == case.failing
    assert case.found in verdict.found
    assert bool(verdict.examples) == bool(case.failing)
    assert len(verdict.examples) <= 3
    assert all("x" in row for row in verdict.examples)


@pytest.mark.parametrize("case", [c for c in CASES if "logicalType" not in c.rule], ids=ids)
def test_an_empty_table_breaks_no_rule_about_rows(case: Case) -> None:
    verdict = run(case, [])
    if verdict.failing is not None:
        assert (verdict.outcome, verdict.failing) == ("passed", 0)


def test_every_registered_kind_has_a_case_or_a_test_of_its_own() -> None:
    tried = {c.rule.split(".")[1] for c in CASES}
    assert set(KINDS) - tried == {
        "columns",
        "extraColumns",
        "freshness",
        "elementType",
        "custom",
    }


TYPES = {
    "string": ["VARCHAR", "CHAR(3)", "UUID", "ENUM('a', 'b')", "JSON"],
    "integer": ["TINYINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "DECIMAL(9, 0)"],
    "number": ["DOUBLE", "FLOAT", "DECIMAL(9, 2)", "INTEGER"],
    "boolean": ["BOOLEAN"],
    "date": ["DATE"],
    "timestamp": ["TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_NS", "TIMESTAMPTZ"],
    "time": ["TIME", "TIMETZ"],
    "array": ["INTEGER[]", "STRUCT(a INTEGER)[]", "INTEGER[3]"],
    "object": ["STRUCT(a INTEGER)", "MAP(VARCHAR, INTEGER)", "JSON"],
    "map": ["MAP(VARCHAR, INTEGER)"],
    "vector": ["FLOAT[3]", "FLOAT[]"],
}
EVERY_TYPE = sorted({t for types in TYPES.values() for t in types} | {"BLOB", "INTERVAL"})


@pytest.mark.parametrize("logical", TYPES)
def test_a_logical_type_takes_its_engine_types_and_no_others(logical: str) -> None:
    columns = {f"c{i}": t for i, t in enumerate(EVERY_TYPE)}
    found = verdicts(
        table(columns, []), one_object([{"name": c, "logicalType": logical} for c in columns])
    )
    taken = {t for c, t in columns.items() if found[f"{c}.logicalType"].outcome == "passed"}
    wider = {
        "array": {"FLOAT[3]", "FLOAT[]", "JSON"},
        "vector": {"INTEGER[]", "INTEGER[3]"},
        "number": set(TYPES["integer"]),
    }
    assert taken == set(TYPES[logical]) | wider.get(logical, set())


@pytest.mark.parametrize(("promised", "there"), [(True, "TIMESTAMPTZ"), (False, "TIMESTAMP")])
def test_a_time_zone_that_is_promised_is_looked_for(promised: bool, there: str) -> None:
    of = one_object([{"name": "x", **option("timestamp", timezone=promised)}])
    other = {"TIMESTAMPTZ": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}[there]
    assert verdicts(table({"x": there}, []), of)["x.logicalType"].outcome == "passed"
    assert verdicts(table({"x": other}, []), of)["x.logicalType"].outcome == "failed"


OPERATORS = [
    ("mustBe", 2, {2}),
    ("mustNotBe", 2, {0, 1, 3, 4}),
    ("mustBeGreaterThan", 2, {3, 4}),
    ("mustBeGreaterOrEqualTo", 2, {2, 3, 4}),
    ("mustBeLessThan", 2, {0, 1}),
    ("mustBeLessOrEqualTo", 2, {0, 1, 2}),
    ("mustBeBetween", [1, 3], {1, 2, 3}),
    ("mustNotBeBetween", [1, 3], {0, 4}),
]


@pytest.mark.parametrize("unit", ["rows", "percent"])
@pytest.mark.parametrize(("operator", "value", "good"), OPERATORS)
def test_each_operator_in_rows_and_in_percent(
    operator: str, value: Any, good: set[int], unit: str
) -> None:
    of = one_object([{"name": "x", **metric("nullValues", operator, value, unit=unit)}])
    total = 100 if unit == "percent" else 7
    for nulls in range(5):
        connection = table({"x": "INT"}, [])
        connection.execute(f"INSERT INTO t SELECT IF(range < {nulls}, NULL, 1) FROM range({total})")
        verdict = verdicts(connection, of)["x.nullValues"]
        assert (verdict.outcome == "passed") == (nulls in good), (nulls, verdict)
        assert verdict.failing == nulls


def test_every_kind_that_points_at_rows_says_so_and_no_other() -> None:
    """Which kinds can quarantine is written down once more, where nothing heavy is imported."""
    pointing, whole = set[str](), set[str]()
    for case in CASES:
        found = broken_by(case)
        (pointing if found is not None else whole).add(case.rule.rpartition(".")[2])
        if found is not None:
            # A row that repeats another is not alone: both go.
            both = case.rule.rpartition(".")[2] in ("unique", "primaryKey", "duplicateValues")
            assert found == case.failing or (both and found > (case.failing or 0)), case
    assert pointing == POINTS_AT_ROWS
    assert pointing.isdisjoint(whole)


def broken_by(case: Case) -> int | None:
    """How many of a case's bad rows its rule points at; None if it points at none."""
    connection = table({"x": case.type}, [(v,) for v in case.bad])
    add_table(connection, {"id": "BIGINT"}, [(1,), (2,), (None,)], "articles")
    of = one_object([{"name": "x", **case.clauses}], **case.of_object)
    (rule,) = (r for r in rules_of(of) if r.id == case.rule)
    found = conditions(
        connection,
        {"t": "t"},
        of.odcs.schema_[0],
        [rule],
        references={"catalog.articles": "articles"},
        as_of=NOW,
    )
    if rule.id not in found:
        return None
    count = f"SELECT count(*) FROM t WHERE {found[rule.id].sql('duckdb')}"
    return int(connection.execute(count).fetchone()[0])


def test_what_counts_values_inside_lists_does_not_quarantine() -> None:
    items = {"logicalType": "string", "unique": True}
    of = one_object(
        [{"name": "x", "logicalType": "array", "items": items}],
        customProperties=[
            {"property": "onBreach", "value": "quarantine"},
            {"property": "quarantineBudget", "value": 5},
        ],
    )
    (rule,) = (r for r in rules_of(of) if r.kind == "unique")
    assert "quarantine" not in rule.params
    assert "quarantine" not in rule.promised
    assert rule.severity == "error"
