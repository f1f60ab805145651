"""Rules with a schedule, and variables: who waits, what is remembered, what is replaced."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from open_data_contract_standard.model import OpenDataContractStandard

from mesh_defs.contracts.audit import audit
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.variables import resolved
from mesh_defs.contracts.schedules import checks, waiting
from tests.contracts.contract_lab import NOW, one_object, table, verdicts


def scheduled(**more: Any) -> Any:
    rule = {"id": "full", "metric": "rowCount", "mustBeGreaterThan": 0, "schedule": "0 20 * * *"}
    return one_object([{"name": "x", "logicalType": "integer"}], quality=[{**rule, **more}])


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


PASSED = {"full": {"at": "2024-05-01T21:00:00+00:00", "outcome": "passed", "found": "3 rows"}}
FAILED = {"full": {**PASSED["full"], "outcome": "failed"}}


@pytest.mark.parametrize(
    ("last", "now", "waits"),
    [
        ({}, "2024-05-01T22:00", False),
        (PASSED, "2024-05-01T22:00", True),
        (PASSED, "2024-05-02T19:59", True),
        (PASSED, "2024-05-02T20:00", False),
        (FAILED, "2024-05-01T22:00", False),
        ({"another": PASSED["full"]}, "2024-05-01T22:00", False),
    ],
)
def test_a_rule_waits_until_its_time_comes(last: Any, now: str, waits: bool) -> None:
    rules = rules_of(scheduled())
    assert set(waiting(rules, last, at(now))) == ({"full"} if waits else set())


def test_a_rule_that_waits_is_named_and_not_passed() -> None:
    of = scheduled()
    said = waiting(rules_of(of), PASSED, at("2024-05-01T22:00"))
    found = {
        v.rule.id: v
        for v in audit(
            table({"x": "INT"}, []), {"t": "t"}, of, references={}, as_of=NOW, waiting=said
        ).verdicts
    }
    assert found["full"].outcome == "not_executable"
    assert found["full"].found == (
        "not due before 2024-05-02 20:00 UTC; passed on 2024-05-01 21:00: 3 rows"
    )
    assert found["t.columns"].outcome == "passed"


def test_what_is_remembered_survives_audits_in_which_the_rule_waits() -> None:
    of = scheduled()
    first = verdicts(table({"x": "INT"}, [(1,)]), of).values()
    known = checks(first, {}, at("2024-05-01T21:00"))
    assert known == {
        "full": {"at": "2024-05-01T21:00:00+00:00", "outcome": "passed", "found": "1 row"}
    }
    later = at("2024-05-01T22:00")
    said = waiting(rules_of(of), known, later)
    second = audit(table({"x": "INT"}, []), {"t": "t"}, of, references={}, as_of=NOW, waiting=said)
    assert checks(second.verdicts, known, later) == known
    third = verdicts(table({"x": "INT"}, []), of).values()
    assert checks(third, known, at("2024-05-02T20:00"))["full"]["outcome"] == "failed"


def test_another_scheduler_is_not_asked_and_a_wrong_expression_is_named() -> None:
    assert "schedule" not in rules_of(scheduled(scheduler="airflow", schedule="daily"))[-1].params
    assert rules_of(scheduled(scheduler="CRON"))[-1].params["schedule"] == "0 20 * * *"
    assert "expected a cron" in (rules_of(scheduled(schedule="daily"))[-1].unusable or "")


def test_rows_for_quarantine_never_wait() -> None:
    breach = {"property": "onBreach", "value": "quarantine"}
    of = one_object(
        [{"name": "x", "quality": [{"id": "full", "metric": "nullValues", "mustBe": 0,
                                    "schedule": "0 20 * * *", "customProperties": [breach]}]}],
        customProperties=[{"property": "quarantineBudget", "value": 9}],
    )  # fmt: skip
    assert waiting(rules_of(of), PASSED, at("2024-05-01T22:00")) == {}


class TestVariables:
    QUERY = "SELECT count(*) FROM ${table} WHERE x < ${LEAST:-5} AND x > ${MOST}"

    def of(self, **clauses: Any) -> Any:
        return one_object([{"name": "x", "logicalType": "integer", **clauses}])

    def test_set_by_default_and_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rule = {"id": "q", "type": "sql", "query": self.QUERY, "mustBe": 1}
        of = self.of(quality=[rule])
        found = verdicts(table({"x": "INT"}, [(3,)]), of)["q"]
        assert (found.outcome, found.found) == ("not_executable", "the variable MOST is not set")
        monkeypatch.setenv("MOST", "2")
        assert verdicts(table({"x": "INT"}, [(3,)]), of)["q"].outcome == "passed"
        monkeypatch.setenv("LEAST", "3")
        assert verdicts(table({"x": "INT"}, [(3,)]), of)["q"].outcome == "failed"

    def test_anywhere_in_a_clause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        of = self.of(enum=[{"value": "${ONLY}"}])
        assert verdicts(table({"x": "INT"}, [(3,)]), of)["x.enum"].outcome == "not_executable"
        monkeypatch.setenv("ONLY", "3")
        assert verdicts(table({"x": "INT"}, [(3,)]), of)["x.enum"].outcome == "passed"

    def test_the_contract_itself_keeps_its_variables(self) -> None:
        of = self.of(enum=[{"value": "${ONLY:-3}"}])
        assert self.allowed(resolved(of.odcs, {"ONLY": ""})) == ["3"]
        assert self.allowed(of.odcs) == ["${ONLY:-3}"]

    def allowed(self, odcs: OpenDataContractStandard) -> list[Any]:
        (of,) = odcs.schema_ or []
        (column,) = of.properties or []
        return [one.value for one in column.enum or []]
