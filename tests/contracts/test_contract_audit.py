"""An audit as a whole: shape, freshness, references, the owner's SQL, trouble, what is shown."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
import sqlglot

from mesh_defs.contracts.audit import Audit
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import DuckDBEngine
from tests.contracts.contract_lab import (
    NOW,
    add_table,
    audited,
    contract,
    one_object,
    quoted,
    table,
    verdicts,
)


def test_a_missing_column_is_named_and_its_rules_are_not_silently_passed() -> None:
    of = one_object([{"name": "x"}, {"name": "Gone", "required": True, "unique": True}])
    found = verdicts(table({"x": "INT", "gone": "INT", "y": "INT"}, [(1, 1, 1)]), of)
    assert found["t.columns"].outcome == "failed"
    assert found["t.columns"].found == "missing: Gone (there is `gone`)"
    assert found["t.extraColumns"].found == "not promised: gone, y"
    assert found["Gone.required"].outcome == "not_executable"
    assert "there is no column Gone" in found["Gone.required"].found


def test_extra_columns_can_be_allowed() -> None:
    said = [{"property": "extraColumns", "value": "allow"}]
    of = one_object([{"name": "x"}], customProperties=said)
    assert "t.extraColumns" not in verdicts(table({"x": "INT", "y": "INT"}, []), of)


def test_a_table_that_is_not_there_blocks() -> None:
    of = one_object([{"name": "x", "required": True}])
    for relations in ({}, {"t": "nowhere"}):
        result = audited(duckdb.connect(), of, relations=relations)
        assert [v.rule.id for v in result.blocking] == ["t.columns"]
        assert not result.holds
        assert result.rows == 0


def test_physical_names_are_the_columns_and_ids_stay_logical() -> None:
    of = one_object([{"name": "x", "physicalName": "x_1", "required": True}])
    assert verdicts(table({"x_1": "INT"}, [(None,)]), of)["x.required"].failing == 1


FRESH = [{"property": "freshness", "value": 1, "unit": "d", "element": "t.x"}]


@pytest.mark.parametrize("type_", ["TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMPTZ"])
def test_freshness_is_the_age_of_the_newest_row(type_: str) -> None:
    of = one_object([{"name": "x"}], slaProperties=FRESH)
    for age, ok in ((timedelta(hours=24), True), (timedelta(hours=24, seconds=1), False)):
        newest = (NOW - age).isoformat()
        connection = table({"x": type_}, [(newest,), ("2001-01-01 00:00:00+00",), (None,)])
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        verdict = verdicts(connection, of)["x.freshness"]
        assert (verdict.outcome == "passed") is ok, verdict
        assert verdict.rule.severity == "warning"
    assert verdict.found == "the newest is of 2017-12-31 23:59 UTC, 1 d 1 s old"


def test_freshness_of_nothing_a_date_and_a_number() -> None:
    of = one_object([{"name": "x"}], slaProperties=FRESH)
    assert verdicts(table({"x": "TIMESTAMP"}, []), of)["x.freshness"].outcome == "failed"
    day = table({"x": "DATE"}, [("2018-01-01",)])
    assert verdicts(day, of)["x.freshness"].outcome == "passed"
    assert verdicts(day, of, as_of=datetime(2018, 1, 3))["x.freshness"].outcome == "failed"
    assert "tells no time" in verdicts(table({"x": "INT"}, []), of)["x.freshness"].found


def test_a_moment_without_a_zone_is_utc_wherever_the_machine_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        of = one_object([{"name": "x"}], slaProperties=FRESH)
        connection = table({"x": "TIMESTAMP"}, [("2018-01-01 00:00:00",)])
        verdict = verdicts(connection, of, as_of=datetime(2018, 1, 2))["x.freshness"]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert verdict.found == "the newest is of 2018-01-01 00:00 UTC, 1 d old"


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        (2, "h", 7200),
        (5, "m", 300),
        (1.5, "d", 129600),
        ("PT36H", None, 129600),
        ("3", "d", 259200),
    ],
)
def test_freshness_units(value: Any, unit: str | None, seconds: int) -> None:
    from mesh_defs.contracts.levels.freshness import seconds_of

    assert seconds_of(value, unit) == seconds


def reference(to: Any, **more: Any) -> Any:
    return one_object([{"name": "x", "relationships": [{"to": to, **more}]}, {"name": "y"}])


def test_a_reference_without_its_table_says_which() -> None:
    found = verdicts(table({"x": "INT", "y": "INT"}, [(1, 1)]), reference("catalog.articles.id"))
    assert found["x.foreignKey"].outcome == "not_executable"
    assert found["x.foreignKey"].found == "catalog.articles is not at hand here"


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"id": "VARCHAR"}, "is VARCHAR"), ({"nr": "INT"}, "has no column id")],
)
def test_a_reference_of_another_shape_is_not_executable(columns: Any, said: str) -> None:
    connection = table({"x": "INT", "y": "INT"}, [(1, 1)])
    add_table(connection, columns, [], "articles")
    of = reference("catalog.articles.id")
    verdict = verdicts(connection, of, references={"catalog.articles": "articles"})["x.foreignKey"]
    assert verdict.outcome == "not_executable"
    assert said in verdict.found


def test_a_reference_may_be_softened_and_may_be_any_expression() -> None:
    connection = table({"x": "INT", "y": "INT"}, [(i, 0) for i in range(100)])
    tolerance = [
        {"property": "tolerance", "value": "1%"},
        {"property": "severity", "value": "info"},
    ]
    of = reference("catalog.articles.id", customProperties=tolerance)
    for upto, outcome in ((99, "passed"), (98, "failed")):
        there = sqlglot.parse_one(f"SELECT range AS id FROM range({upto})", dialect="duckdb")
        verdict = verdicts(connection, of, references={"catalog.articles": there})["x.foreignKey"]
        assert verdict.outcome == outcome
        assert verdict.failing == 100 - upto
        assert not verdict.blocking


def test_a_composite_reference_ignores_rows_with_a_null() -> None:
    relationships = [{"from": ["t.x", "t.y"], "to": ["c.pairs.a", "c.pairs.b"]}]
    of = one_object([{"name": "x"}, {"name": "y"}], relationships=relationships)
    rows = [(1, 1), (1, 2), (None, 9), (9, None)]
    connection = table({"x": "INT", "y": "INT"}, rows)
    add_table(connection, {"a": "INT", "b": "INT"}, [(1, 1), (2, 2), (None, 2)], "pairs")
    verdict = verdicts(connection, of, references={"c.pairs": "pairs"})["t.foreignKey"]
    assert (verdict.failing, verdict.examples) == (1, ({"x": 1, "y": 2},))


def test_a_reference_within_the_contract_uses_its_own_tables() -> None:
    child = {"name": "c", "properties": [{"name": "x", "relationships": [{"to": "p.id"}]}]}
    parent = {"name": "p", "properties": [{"name": "id"}]}
    connection = table({"x": "INT"}, [(1,), (2,)], "c")
    add_table(connection, {"id": "INT"}, [(1,)], "p")
    result = audited(connection, contract({"schema": [child, parent]}))
    assert {v.rule.id: v.failing for v in result.verdicts}["x.foreignKey"] == 1
    assert result.rows == 3


SQL = [
    ("select count(*) from ${nowhere}", "the variable nowhere is not set"),
    ("select count(*) from {object} where {column} > 0", "placeholder {column}"),
    ("select * from no_such_table", "no_such_table"),
    ("select cast('a' as int)", "Conversion Error"),
    ("select 1, 2", "one value, it gave 2 columns"),
    ("select x from {object}", "one value, it gave several rows"),
    ("select 1 where false", "one value, it gave 0 rows"),
    ("select 'a'", "not to be compared"),
    ("drop table t", "must be one SELECT"),
    ("select 1; drop table t", "must be one SELECT"),
    ("copy t to 'x'", "must be one SELECT"),
    ("selec (", "not duckdb SQL"),
]


@pytest.mark.parametrize(("query", "said"), SQL)
def test_sql_that_cannot_be_judged_says_why(query: str, said: str) -> None:
    quality = [{"type": "sql", "query": query, "mustBeLessThan": 1}]
    connection = table({"x": "INT"}, [(1,), (2,)])
    verdict = verdicts(connection, one_object([{"name": "x"}], quality=quality))["t.sql"]
    assert verdict.outcome == "not_executable"
    assert said in verdict.found
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (2,)


QUERIES = [
    # (server, the query in its dialect, what it must be)
    ("bigquery", "SELECT COUNTIF(SAFE_CAST(`s` AS INT64) IS NULL) FROM {object}", 1),
    ("postgres", "SELECT count(*) FROM {object} WHERE s ~ '^[a-z]$'", 1),
    ("sqlserver", "SELECT TOP 1 len([s]) FROM {object} ORDER BY len([s]) DESC", 2),
    ("local", "SELECT count(*) FILTER (s = 'x') FROM {object}", 1),
    ("local, postgres", "SELECT count(*) FILTER (s = 'x') FROM {object}", 1),
    (None, "SELECT count(*) FILTER (s = 'x') FROM {object}", 1),
]


@pytest.mark.parametrize(("server", "query", "answer"), QUERIES, ids=[str(q[0]) for q in QUERIES])
def test_sql_is_of_the_dialect_of_the_contracts_servers(
    server: str | None, query: str, answer: int
) -> None:
    quality = [{"id": "own", "type": "sql", "query": query, "mustBe": answer}]
    of = one_object([{"name": "s", "logicalType": "string"}], quality=quality)
    types = server.split(", ") if server else []
    named = contract({"servers": [{"server": t, "type": t} for t in types]})
    of.odcs.servers = named.odcs.servers
    rows = table({"s": "VARCHAR"}, [("x",), ("12",)])
    assert verdicts(rows, of)["own"].outcome == "passed"


def test_sql_that_gives_null_fails() -> None:
    quality = [{"type": "sql", "query": "select max(x) from `{table}`", "mustBeLessThan": 1}]
    verdict = verdicts(table({"x": "INT"}, []), one_object([{"name": "x"}], quality=quality))
    assert verdict["t.sql"].outcome == "failed"
    assert verdict["t.sql"].found == "the query gave null, less than 1 promised"


def test_one_rule_the_engine_refuses_does_not_take_the_others_with_it() -> None:
    of = one_object(
        [
            {
                "name": "x",
                "required": True,
                "logicalTypeOptions": {"pattern": "(?=a)b", "maxLength": 1, "minimum": 3},
            }
        ]
    )
    found = verdicts(table({"x": "VARCHAR"}, [("ab",), (None,)]), of)
    assert found["x.pattern"].outcome == "not_executable"
    assert "invalid perl operator" in found["x.pattern"].found
    assert found["x.minimum"].found == "x is VARCHAR, not date or number or time or timestamp"
    assert (found["x.required"].failing, found["x.maxLength"].failing) == (1, 1)


def test_trouble_of_the_engine_itself_is_no_verdict() -> None:
    class Tired:
        def execute(self, text: str) -> Any:
            if text.startswith("DESCRIBE"):
                return connection.execute(text)
            raise duckdb.OutOfMemoryException("no room")

    connection = table({"x": "INT"}, [(1,)])
    with pytest.raises(duckdb.OutOfMemoryException):
        audited(Tired(), one_object([{"name": "x", "unique": True}]))


def test_a_view_that_cannot_be_read_blocks() -> None:
    connection = table({"x": "VARCHAR"}, [("a",)])
    connection.execute("CREATE VIEW v AS SELECT x FROM t WHERE x::INT > 0")
    of = one_object([{"name": "x", "required": True}])
    result = audited(connection, of, relations={"t": "v"})
    assert [v.rule.id for v in result.blocking] == ["t.columns"]
    assert "Conversion Error" in result.blocking[0].found


def test_names_that_try_to_be_sql() -> None:
    column, name = 'a"; DROP TABLE t; --', 'my "own" table'
    of = contract({"schema": [{"name": "o", "properties": [
        {"name": column, "required": True, "unique": True, "primaryKey": True,
         "enum": [{"value": "'; DROP TABLE t; --"}],
         "logicalTypeOptions": {"pattern": "'; DROP TABLE t; --"}}]}]})  # fmt: skip
    connection = table({column: "VARCHAR"}, [("a",), ("a",)], name)
    result = audited(connection, of, relations={"o": quoted(name)})
    assert not result.not_executable, [v.found for v in result.verdicts]
    assert result.rows == 2


@pytest.mark.parametrize("column", ["rows", "v0", "value", "surplus rows", "select", "candidate"])
def test_columns_called_like_our_own_aliases(column: str) -> None:
    clauses = {"required": True, "enum": [{"value": v} for v in range(30)], "primaryKey": True}
    of = one_object([{"name": column, **clauses}, {"name": "y", "primaryKey": True}])
    rows = [(1, 1), (1, 1), (50, 2), (None, 3)]
    found = verdicts(table({column: "INT", "y": "INT"}, rows), of)
    failing = {v.rule.kind: v.failing for v in found.values() if v.failing}
    assert failing == {"required": 1, "enum": 1, "primaryKey": 2}
    assert len(found["t.primaryKey"].examples) == 2


def test_examples_show_the_key_and_the_rules_columns_and_nothing_classified() -> None:
    of = one_object(
        [
            {"name": "id", "primaryKey": True},
            {"name": "who", "classification": "restricted", "required": True, "unique": True},
            {"name": "at", "required": True},
            {"name": "salary"},
        ]
    )
    rows = [(1, "mallory", None, 9), (2, "mallory", None, 9), (3, None, None, 9), (4, "a", None, 9)]
    columns = {"id": "INT", "who": "VARCHAR", "at": "TIMESTAMPTZ", "salary": "INT"}
    result = audited(table(columns, rows), of)
    found = {v.rule.id: v for v in result.verdicts}
    assert found["at.required"].examples == tuple({"id": i, "at": None} for i in (1, 2, 3))
    assert found["who.unique"].examples == (
        {"who": "(withheld: restricted)", "rows with this key": 2},
    )
    assert "mallory" not in json.dumps(result.to_json())


def test_how_many_examples_is_for_the_caller_to_say() -> None:
    of = one_object([{"name": "x", "required": True, "unique": True}])
    connection = table({"x": "INT"}, [(None,)] * 5 + [(i // 2,) for i in range(10)])
    for most in (0, 1, 4):
        found = verdicts(connection, of, examples=most)
        assert len(found["x.required"].examples) == most
        assert len(found["x.unique"].examples) == most


def test_an_audit_is_json_and_back() -> None:
    of = one_object([{"name": "x", "required": True, "unique": True, "logicalType": "timestamp"}])
    result = audited(table({"x": "TIMESTAMPTZ"}, [(None,), ("2017-01-01",), ("2017-01-01",)]), of)
    assert Audit.from_json(json.loads(json.dumps(result.to_json()))) == result
    assert (result.passed, result.failed, result.not_executable) == (3, 2, 0)
    assert [v.rule.id for v in result.blocking] == ["x.required", "x.unique"]


def test_rows_are_scanned_once_however_many_rules_there_are() -> None:
    asked: list[str] = []

    class Counting(DuckDBEngine):
        def rows(self, query: Any, most: int | None = None) -> list[dict[str, Any]]:
            asked.append(str(query))
            return super().rows(query, most)

    options = {"minimum": 0, "maximum": 9, "multipleOf": 1}
    of = one_object(
        [
            {"name": f"c{i}", "required": True, "logicalTypeOptions": options,
             "quality": [{"metric": "nullValues", "mustBe": 0}]}
            for i in range(10)
        ],
        quality=[{"metric": "rowCount", "mustBe": 1}],
    )  # fmt: skip
    connection = table({f"c{i}": "INT" for i in range(10)}, [(1,) * 10])
    assert audited(Counting(connection), of).holds
    assert len(asked) == 2  # DESCRIBE and the scan


def test_a_tolerance_lets_a_few_rows_by() -> None:
    said = [{"property": "tolerance", "value": {"required": 2}}]
    of = one_object([{"name": "x", "required": True, "customProperties": said}])
    for nulls, outcome in ((2, "passed"), (3, "failed")):
        connection = table({"x": "INT"}, [(None,)] * nulls)
        assert verdicts(connection, of)["x.required"].outcome == outcome


def test_the_scan_can_be_said_in_another_dialect() -> None:
    class Warehouse:
        dialect = "bigquery"

        def columns(self, relation: Any) -> dict[str, Column]:
            types = {"id": "INT64", "code": "STRING", "at": "TIMESTAMP", "price": "NUMERIC"}
            return {n: Column.read(n, t, self.dialect) for n, t in types.items()}

        def rows(self, query: Any, most: int | None = None) -> list[dict[str, Any]]:
            text = query.sql(self.dialect)
            assert sqlglot.parse_one(text, dialect=self.dialect).sql(self.dialect) == text
            asked.append(text)
            return [{"rows": 0, **{f"v{i}": None for i in range(20)}}]

    asked: list[str] = []
    values = [{"value": f"c{i}"} for i in range(30)]
    of = one_object(
        [
            {"name": "id", "logicalType": "integer", "primaryKey": True},
            {"name": "code", "logicalType": "string", "enum": values},
            {"name": "at", "logicalType": "timestamp"},
            {"name": "price", "logicalType": "number", "logicalTypeOptions": {"minimum": 0}},
        ],
        slaProperties=[{"property": "freshness", "value": 1, "element": "t.at"}],
    )
    found = verdicts(Warehouse(), of)
    assert {v.outcome for i, v in found.items() if i != "at.freshness"} == {"passed"}
    (scan,) = asked
    assert "COUNTIF(NOT `code` IN ('c0', 'c1'" in scan
    assert "UNIX_MICROS(MAX(`at`))" in scan
