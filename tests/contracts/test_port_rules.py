"""Rules on a port's model: how they are read, that no audit of rows has them, what they come to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from mesh_defs.contracts.audit import audit
from mesh_defs.contracts.clauses.reading import audited_rules, rules_of
from mesh_defs.contracts.markdown import contract_markdown
from mesh_defs.contracts.port_rules import judged, port_rules
from mesh_defs.model import DataContract, read_contract, read_yaml

METRICS, INPUTS, OUTPUTS = {"auc": 0.75}, {"visits": "number"}, {"band": "string"}
TOLD: list[tuple[dict[str, Any], str, str, str]] = [
    # (what the clause implements, what is promised, the outcome, what was found)
    ({"metric": "auc", "mustBeGreaterOrEqualTo": 0.75}, "the auc of exit is at least 0.75",
     "passed", "auc is 0.75"),
    ({"metric": "auc", "mustBeBetween": [0.8, 0.9]}, "the auc of exit is between 0.8 and 0.9",
     "failed", "auc is 0.75"),
    ({"metric": "r2", "mustBeGreaterThan": 0}, "the r2 of exit is more than 0",
     "failed", "r2 could not be measured"),
    ({"inputs": {"visits": "number"}, "outputs": {"band": "string"}},
     "exit takes visits (number) and gives band (string)", "passed", "what was promised"),
    ({"inputs": {"visits": "string"}}, "exit takes visits (string)", "failed",
     "takes `visits` as number, where string was promised"),
    ({"inputs": {}}, "exit takes", "failed", "takes `visits`, which was not promised"),
    ({"outputs": {"band": "string", "odds": "number"}}, "exit gives", "failed", "gives no `odds`"),
]  # fmt: skip
UNUSABLE: list[tuple[Any, str]] = [
    ("auc > 0.7", "names the `port`"),
    ({"port": None, "metric": "auc", "mustBe": 1}, "names the `port`"),
    ({}, "needs a `metric`"),
    ({"mustBe": 1}, "needs a `metric`"),
    ({"metric": "auc"}, "exactly one operator"),
    ({"metric": "auc", "mustBe": 1, "mustNotBe": 2}, "exactly one operator"),
    ({"metric": "auc", "mustBeGreaterThan": "much"}, "wants a number"),
    ({"metric": "auc", "mustBeBetween": [0.9, 0.8]}, "two numbers"),
    ({"metric": "auc", "mustBe": 1, "inputs": {}}, "one `metric`, or"),
    ({"inputs": {"visits": "float32"}}, "`number` or `string`"),
    ({"metric": "auc", "mustBe": 1, "treshold": 1}, "`implementation.treshold` is not known"),
]


def contract(folder: Path, implementation: Any, **more: Any) -> DataContract:
    clause = {"id": "good", "type": "custom", "engine": "onnx", "implementation": implementation}
    columns = [{"name": "visits", "logicalType": "integer"}]
    said = {
        "apiVersion": "v3.2.0", "kind": "DataContract", "id": "x", "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "t", "properties": columns, "quality": [{**clause, **more}],
                    "customProperties": [{"property": "tolerance", "value": "5%"}]}],
    }  # fmt: skip
    path = folder / "x.odcs.yaml"
    path.write_text(yaml.safe_dump(said, sort_keys=False))
    return read_contract(read_yaml(path))


def at(implementation: Any) -> Any:
    return {"port": "exit", **implementation} if isinstance(implementation, dict) else "auc > 0.7"


@pytest.mark.parametrize(("implementation", "promised", "outcome", "found"), TOLD)
def test_a_rule_on_a_model_and_what_it_comes_to(
    implementation: dict[str, Any], promised: str, outcome: str, found: str, tmp_path: Path
) -> None:
    (rule,) = port_rules(contract(tmp_path, at(implementation)))
    assert (rule.id, rule.severity, rule.unusable) == ("good", "error", None)
    assert rule.promised.startswith(promised)
    assert "tolerated" not in rule.promised, "no row is tolerated where there is none"
    verdict = judged(rule, METRICS, INPUTS, OUTPUTS)
    assert (verdict.outcome, found in verdict.found) == (outcome, True), verdict
    assert verdict.blocking == (outcome == "failed")


@pytest.mark.parametrize(("implementation", "said"), UNUSABLE)
def test_a_rule_that_cannot_be_understood_says_why(
    implementation: Any, said: str, tmp_path: Path
) -> None:
    (rule,) = port_rules(contract(tmp_path, at(implementation)))
    assert said in (rule.unusable or "")


def test_a_rule_on_a_model_has_no_schedule(tmp_path: Path) -> None:
    given = at({"metric": "auc", "mustBe": 1})
    (rule,) = port_rules(contract(tmp_path, given, schedule="0 6 * * 1"))
    assert "whenever that is made" in (rule.unusable or "")


def test_an_audit_of_rows_has_no_verdict_on_a_model_and_people_are_told_of_it(
    tmp_path: Path,
) -> None:
    found = contract(tmp_path, at({"metric": "auc", "mustBeGreaterThan": 0.7}))
    with duckdb.connect() as connection:
        connection.execute("create table t as select 1::bigint as visits")
        judged = audit(connection, {"t": "t"}, found, references={}, as_of=datetime.now(UTC))
    assert [v.rule.id for v in judged.verdicts] == [r.id for r in audited_rules(found)]
    assert "good" not in {v.rule.id for v in judged.verdicts}
    assert "good" in {r.id for r in rules_of(found)}
    assert (judged.holds, judged.not_executable) == (True, 0)
    assert "the auc of exit is more than 0.7" in contract_markdown(found)
