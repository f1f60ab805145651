"""Great Expectations, run for real on the columns that an expectation names."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Any

import pytest

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.scan.engine import DuckDBEngine
from tests.contracts.contract_lab import one_object, table, verdicts

YAML = """
type: expect_table_row_count_to_be_between
kwargs:
  minValue: 2
  maxValue: 5
"""


def custom(implementation: Any, engine: str = "greatExpectations", **more: Any) -> dict[str, Any]:
    return {"id": "gx", "type": "custom", "engine": engine, "implementation": implementation} | more


def of(
    implementation: Any, on: str = "object", column: dict[str, Any] | None = None, **more: Any
) -> Any:
    clause = {"quality": [custom(implementation, **more)]}
    x = {"name": "x", "logicalType": "integer", **(column or {})}
    others = [{"name": "y", "logicalType": "integer"}, {"name": "z", "logicalType": "string"}]
    if on == "object":
        return one_object([x, *others], **clause)
    return one_object([{**x, **clause}, *others])


ROWS = [(1, 2, "a"), (2, 2, "b"), (None, 9, None), (4, 3, "a")]


def found(contract: Any, rows: list[tuple[Any, ...]] = ROWS) -> Any:
    return verdicts(table({"x": "BIGINT", "y": "INTEGER", "z": "VARCHAR"}, rows), contract)["gx"]


def expect(name: str, **kwargs: Any) -> dict[str, Any]:
    return {"type": f"expect_{name}", "kwargs": kwargs}


PASSING = [
    YAML,
    expect("table_row_count_to_be_between", min_value=4, max_value=4),
    {"expectation_type": "expect_table_row_count_to_equal", "kwargs": {"value": 4}},
    expect("table_columns_to_match_ordered_list", column_list=["x", "y", "z"]),
    expect("table_column_count_to_equal", value=3),
    expect("column_to_exist", column="z"),
    expect("column_values_to_be_between", column="x", min_value=1, max_value=4),
    expect("column_values_to_not_be_null", column="x", mostly=0.7),
    expect("column_values_to_be_in_set", column="z", value_set=["a", "b"]),
    expect("column_mean_to_be_between", column="y", min_value=4, max_value=4),
    expect("column_pair_values_a_to_be_greater_than_b", column_A="y", column_B="x",
           or_equal=True, ignore_row_if="either_value_is_missing",
           row_condition="y < 3", condition_parser="pandas"),
    expect("compound_columns_to_be_unique", column_list=["x", "y"]),
    {"expectations": [expect("column_max_to_be_between", column="x", max_value=4),
                      expect("column_min_to_be_between", column="x", min_value=1)]},
    "[{type: expect_column_to_exist, kwargs: {column: x}}]",
]  # fmt: skip
FAILING = [
    (expect("table_row_count_to_be_between", min_value=5), None, "observed 4, of 4 rows", 0),
    (expect("column_values_to_be_between", column="x", max_value=2), 1, "1 of 4 values is", 1),
    (expect("column_values_to_not_be_null", column="x"), 1, "1 of 4 values is unexpected", 1),
    (expect("column_values_to_be_unique", column="z"), 2, "2 of 4 values are unexpected", 2),
    (expect("column_max_to_be_between", column="y", max_value=8), None, "observed 9, of 4", 0),
    (expect("column_to_exist", column="w"), None, "observed nothing", 0),
    (expect("compound_columns_to_be_unique", column_list=["y", "z"]), 2, "2 of 5 values are", 2),
    ({"expectations": [expect("column_to_exist", column="x"),
                       expect("column_to_exist", column="w")]}, None, "observed nothing", 0),
]  # fmt: skip


@pytest.mark.parametrize("implementation", PASSING, ids=str)
def test_what_holds_passes(implementation: Any) -> None:
    verdict = found(of(implementation))
    assert verdict.outcome == "passed", verdict.found


@pytest.mark.parametrize(("implementation", "failing", "said", "shown"), FAILING, ids=str)
def test_what_does_not_hold_fails(
    implementation: Any, failing: int | None, said: str, shown: int
) -> None:
    rows = [*ROWS, (7, 2, "a")] if "compound" in str(implementation) else ROWS
    verdict = found(of(implementation), rows)
    assert (verdict.outcome, verdict.failing) == ("failed", failing), verdict.found
    assert said in verdict.found
    assert len(verdict.examples) == shown


def test_a_clause_of_a_column_is_about_that_column() -> None:
    wanted = expect("column_values_to_be_between", min_value=2)
    assert found(of(wanted, "column")).failing == 1
    named = {"name": "amount", "physicalName": "x"}
    assert found(of(wanted, "column", named)).failing == 1
    by_name = expect("column_values_to_be_between", column="amount", min_value=2)
    assert found(of(by_name, "object", named)).examples == ({"x": 1.0},)


def test_inside_a_column() -> None:
    clause = {"quality": [custom(expect("column_values_to_be_between", min_value=2))]}
    number = {"logicalType": "integer", **clause}
    contract = one_object(
        [{"name": "a", "logicalType": "object", "properties": [{"name": "n", **number}]},
         {"name": "l", "logicalType": "array", "items": number}]
    )  # fmt: skip
    connection = table({"a": "STRUCT(n INT)", "l": "INT[]"}, [({"n": 1}, [1, 2]), (None, [1])])
    by_place = {
        v.rule.property: v for v in verdicts(connection, contract).values() if "gx" in v.rule.id
    }
    by_place = {place: by_place[place] for place in ("a.n", "l.items")}
    assert (by_place["a.n"].failing, by_place["l.items"].failing) == (1, 2)


def test_severity_and_tolerance_are_those_of_any_clause() -> None:
    tolerated = {"property": "tolerance", "value": 1}
    wanted = expect("column_values_to_be_between", column="x", max_value=2)
    verdict = found(of(wanted, severity="warning", customProperties=[tolerated]))
    assert (verdict.outcome, verdict.rule.severity, verdict.failing) == ("passed", "warning", 1)


def test_whole_numbers_stay_whole_where_there_are_nulls() -> None:
    large = 2**53 + 1
    wanted = expect("column_values_to_be_in_set", column="x", value_set=[large])
    assert found(of(wanted), [(large, 0, None), (None, 0, None)]).outcome == "passed"
    assert found(of(wanted), [(large - 1, 0, None), (None, 0, None)]).outcome == "failed"


def test_classified_values_are_withheld() -> None:
    secret = {"classification": "restricted"}
    wanted = expect("column_values_to_be_between", max_value=2)
    assert found(of(wanted, "column", secret)).examples == ({"x": "(withheld: restricted)"},)
    largest = found(of(expect("column_max_to_be_between", max_value=2), "column", secret))
    assert largest.found == "observed (withheld: x), of 4 rows"


WRONG = [
    (expect("nothing_at_all"), "Great Expectations knows no `expect_nothing_at_all`"),
    (expect("column_values_to_be_between", column="w", min_value=1), 'The column "w"'),
    (expect("column_values_to_be_between", column="x", minimum=1), "extra fields not permitted"),
    ("type: [", "`implementation` is not YAML"),
    ("some words", "an expectation is written `{type: expect_"),
    ("[]", "`implementation` has no expectation"),
]


@pytest.mark.parametrize(("implementation", "reason"), WRONG, ids=str)
def test_what_cannot_be_run_is_named(implementation: Any, reason: str) -> None:
    verdict = found(of(implementation))
    assert verdict.outcome == "not_executable"
    assert reason in verdict.found


def test_other_engines_are_named() -> None:
    assert "no engine `soda` is connected" in found(of("x: 1", engine="soda")).found
    assert found(of(YAML, engine="great-expectations")).outcome == "passed"


def test_only_the_columns_that_are_named_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[list[str], int]] = []

    def frame(self: DuckDBEngine, query: Any) -> Any:
        made = original(self, query)
        read.append(([*made.columns], len(made)))
        return made

    original = DuckDBEngine.frame
    monkeypatch.setattr(DuckDBEngine, "frame", frame)
    found(of(expect("column_values_to_be_between", column="x", min_value=2)))
    found(of(expect("column_values_to_be_between", column="x", min_value=2,
                    row_condition="y > 1", condition_parser="pandas")))  # fmt: skip
    found(of(expect("column_to_exist", column="x")))
    found(of(YAML))
    assert read == [(["x"], 4), (["x", "y"], 4), (["x", "y", "z"], 0)]


def test_nobody_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection to somewhere")

    monkeypatch.setattr(socket.socket, "connect", refused)
    assert found(of(YAML)).outcome == "passed"


def test_without_it_the_rule_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    verdict = found(of(YAML))
    assert verdict.outcome == "not_executable"
    assert verdict.found == "Great Expectations is not installed: `pip install 'mesh-defs[gx]'`"


def test_it_is_not_imported_unless_a_contract_asks_for_it() -> None:
    code = (
        "import sys; from tests.contracts.contract_lab import *; "
        "of = one_object([{'name': 'x', 'required': True}]); "
        "verdicts(table({'x': 'INT'}, []), of); "
        "print([m for m in ('great_expectations', 'pandas', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rules_name_what_is_expected() -> None:
    rule = rules_of(of(YAML))[-1]
    assert rule.promised == "t: expect_table_row_count_to_be_between min_value 2, max_value 5"
