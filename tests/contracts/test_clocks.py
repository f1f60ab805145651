"""The oldest and newest value of columns that levels name, found in the audit's one scan."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from mesh_defs.contracts.levels.promises import broken_clocks
from mesh_defs.contracts.scan.engine import DuckDBEngine
from tests.contracts.contract_lab import audited, contract, one_object, table

OLD, NEW = datetime(2017, 12, 30, tzinfo=UTC), datetime(2018, 1, 1, 12, tzinfo=UTC)
KEPT = {"property": "retention", "value": 2, "unit": "y"}
CASES: list[tuple[str, dict[str, Any], str, list[Any], Any]] = [
    ("timestamps", {}, "TIMESTAMP", ["2018-01-01 12:00", None, "2017-12-30"], (OLD, NEW)),
    ("with a zone", {}, "TIMESTAMPTZ",
     ["2018-01-01 13:00:00+01", "2017-12-30 00:00:00+00"], (OLD, NEW)),
    ("dates", {"logicalType": "date"}, "DATE", ["2017-12-30"], (OLD, OLD)),
    ("of a default zone", {"logicalType": "timestamp", "logicalTypeOptions": {
        "defaultTimezone": "Etc/GMT+12"}}, "TIMESTAMP", ["2017-12-29 12:00"], (OLD, OLD)),
    ("nothing but nulls", {}, "TIMESTAMP", [None], None),
    ("no rows", {}, "TIMESTAMP", [], None),
    ("no time", {}, "INTEGER", [3], None),
    ("for ever", {}, "TIMESTAMP", ["infinity", "2018-01-01"], None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("prop", "kind", "values", "times"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_times(prop: dict[str, Any], kind: str, values: list[Any], times: Any) -> None:
    of = one_object([{"name": "x", **prop}], slaProperties=[{**KEPT, "element": "t.x"}])
    found = audited(table({"x": kind}, [(v,) for v in values]), of)
    assert found.times == ({"t.x": times} if times else {})


def test_clocks_cost_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    rows = DuckDBEngine.rows

    def counted(self: DuckDBEngine, query: Any, most: int | None = None) -> Any:
        asked.append(query)
        return rows(self, query, most)

    monkeypatch.setattr(DuckDBEngine, "rows", counted)
    columns, properties = {"x": "TIMESTAMP", "y": "DATE"}, [{"name": "x"}, {"name": "y"}]
    connection = table(columns, [("2018-01-01", "2018-01-01")])
    audited(connection, one_object(properties))
    plain = len(asked)
    levels = [{**KEPT, "element": "x, y"}, {"property": "ly", "value": 1, "element": "t.x"}]
    found = audited(connection, one_object(properties, slaProperties=levels))
    assert len(asked) == 2 * plain
    assert set(found.times) == {"t.x", "t.y"}


def test_a_clock_is_no_rule_and_hides_none() -> None:
    """The column `x` of `t`, and a rule on `t` that its author called x."""
    nulls = {"metric": "nullValues", "arguments": {"properties": ["x"]}, "mustBe": 0}
    of = one_object(
        [{"name": "x"}],
        quality=[{"type": "library", "name": "X", **nulls}],
        slaProperties=[{**KEPT, "element": "t.x"}],
    )
    found = audited(table({"x": "TIMESTAMP"}, [("2017-12-30",)]), of)
    rule = found.verdicts[-1]
    assert (rule.rule.id, rule.outcome, rule.measured) == ("t.x", "passed", 0)
    assert found.times == {"t.x": (OLD, OLD)}


def test_elements_that_are_no_column_say_so() -> None:
    schema = [{"name": n, "properties": [{"name": "x"}]} for n in ("a", "b")]
    elements = "x, c.x, a.y, a.x"
    of = contract({"schema": schema, "slaProperties": [{**KEPT, "element": elements}]})
    assert broken_clocks(of.odcs) == {
        "x": "freshness needs `element: object.column`, the column that tells the time",
        "c.x": "`element: c.x`: this contract has no object c",
        "a.y": "a has no property y",
    }


def test_numbers_that_promises_are_held_against() -> None:
    of = one_object(
        [
            {"name": "x", "required": True, "customProperties": [
                {"property": "tolerance", "value": {"required": "60%"}}]},
            {"name": "at"},
        ],
        quality=[
            {"type": "library", "metric": "rowCount", "mustBeGreaterThan": 0},
            {"type": "sql", "query": "select sum(x) from {object}", "mustBe": 3},
            {"type": "sql", "query": "select 'many'", "mustBe": "many"},
            {"id": "endless", "type": "sql", "query": "select 'inf'::double", "mustBe": 3},
        ],
        slaProperties=[{"property": "freshness", "value": 1, "unit": "d", "element": "at"}],
    )  # fmt: skip
    rows = [(3, "2018-01-01 12:00"), (None, None)]
    found = audited(table({"x": "INT", "at": "TIMESTAMP"}, rows), of)
    assert {v.rule.id: v.measured for v in found.verdicts} == {
        "t.columns": None,
        "t.extraColumns": None,
        "x.required": 50.0,
        "t.rowCount": 2,
        "t.sql": 3,
        "t.t.sql": None,
        "endless": None,
        "at.freshness": 43200.0,
    }
    assert all(type(v).from_json(v.to_json()) == v for v in found.verdicts)


def test_what_is_plotted_once() -> None:
    """A share of rows is another number than the rows; a count of rows is not."""
    tolerated = {"property": "tolerance", "value": {"required": "60%"}}
    of = one_object(
        [{"name": "x", "required": True, "unique": True, "customProperties": [tolerated]}],
        quality=[{"type": "library", "metric": "rowCount", "mustBe": 2}],
    )
    found = audited(table({"x": "INT"}, [(3,), (None,)]), of)
    plotted = {v.rule.id: v.counts_rows for v in found.verdicts if v.measured is not None}
    assert plotted == {"x.required": False, "x.unique": True, "t.rowCount": False}
