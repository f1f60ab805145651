"""Rules on a port: how they are read, that no audit of rows has them, what they come to."""

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
from mesh_defs.contracts.port_rules import judged, judged_as_read, port_rules, query_over
from mesh_defs.contracts.rules import Rule
from mesh_defs.model import DataContract, MeshError, read_contract, read_yaml

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


SECTIONS = {
    "By size": [
        {"Size": "large", "Orders": "1,200", "Share (%)": "0.1", "Mailed": "yes", "Best": "–"},  # noqa: RUF001
        {"Size": "small", "Orders": "34", "Share (%)": "0.2", "Mailed": "no", "Best": "7"},
    ],
    "Nothing": [],
}
CHOICES = {"Size": ["large", "small"]}
ANSWERS = {"1234": ["1,234"], "1233": ["1,233"], "0.3": ["0.30000000000000004"], "two": ["1", "2"],
           "none": [], "word": ["many"], "null": ["–"], "sizes": ["small", "large"],  # noqa: RUF001
           "more": ["small", "medium", "huge"]}  # fmt: skip
FIGURE = {"section": "By size", "figure": "Orders"}
READ: list[tuple[dict[str, Any], str, str, str]] = [
    # (what the clause implements, what is promised, the outcome, what was found)
    ({**FIGURE, "query": "1234"}, "Orders in By size of exit is what the query gives",
     "passed", "it is 1,234"),
    ({**FIGURE, "query": "1233"}, "Orders", "failed", "it is 1,234, where the product has 1,233"),
    ({"section": "By size", "figure": "Share (%)", "query": "0.3"}, "Share (%)", "passed", "0.3"),
    ({**FIGURE, "query": "two"}, "Orders", "failed", "the query does not give one number"),
    ({**FIGURE, "query": "none"}, "Orders", "failed", "the query does not give one number"),
    ({**FIGURE, "query": "word"}, "Orders", "failed", "the query does not give one number"),
    ({**FIGURE, "query": "null"}, "Orders", "failed", "the query does not give one number"),
    ({**FIGURE, "query": "broken"}, "Orders", "failed", "this query failed"),
    ({**FIGURE, "mustBeBetween": [1000, 2000]}, "Orders in By size of exit is between 1,000 and",
     "passed", "it is 1,234"),
    ({**FIGURE, "mustBeLessThan": 1234}, "Orders", "failed", "it is 1,234"),
    ({**FIGURE, "where": {"Size": "small"}, "mustBe": 34},
     "Orders in By size of exit, where Size is small, is 34", "passed", "it is 34"),
    ({**FIGURE, "where": {"Mailed": True}, "mustBe": 1200}, "Orders", "passed", "it is 1,200"),
    ({**FIGURE, "where": {"Share (%)": 0.2, "Size": "small"}, "mustBe": 34}, "Orders", "passed",
     "it is 34"),
    ({**FIGURE, "where": {"Orders": 1200}, "mustBe": 1200}, "Orders", "passed", "it is 1,200"),
    ({**FIGURE, "where": {"Size": "medium"}, "mustBe": 0}, "Orders", "failed", "no such row"),
    ({**FIGURE, "where": {"Weight": 1}, "mustBe": 0}, "Orders", "failed", "no such row"),
    ({"section": "Nothing", "figure": "Orders", "mustBe": 0}, "Orders", "failed", "no such row"),
    ({"section": "By size", "figure": "Weight", "mustBe": 0}, "Weight", "failed", "no column"),
    ({"section": "By size", "figure": "Best", "mustBe": 7}, "Best", "failed",
     "in 1 of 2 rows Best is no number"),
    ({"section": "By days", "figure": "Orders", "mustBe": 0}, "Orders", "failed", "no section"),
    ({"section": "By size", "metric": "rowCount", "mustBeLessOrEqualTo": 2},
     "the number of rows in By size of exit is at most 2", "passed", "it is 2"),
    ({"section": "Nothing", "metric": "rowCount", "mustBe": 0}, "the number of", "passed", "is 0"),
    ({"section": "By size", "metric": "rowCount", "where": {"Size": "small"}, "mustBe": 2},
     "the number of rows in By size of exit, where Size is small, is 2", "failed", "it is 1"),
    ({"filter": "Size", "query": "sizes"}, "the filter Size of exit offers every value",
     "passed", "all of 2 values can be chosen"),
    ({"filter": "Size", "query": "more"}, "the filter", "failed", "2 of 3 values can't be chosen"),
    ({"filter": "Day", "query": "sizes"}, "the filter", "failed", "it has no filter Day"),
]  # fmt: skip
UNREADABLE: list[tuple[Any, str]] = [
    ("orders = 1", "names the `port`"),
    ({}, "needs a `section` with a `figure`"),
    ({"section": "By size", "mustBe": 1}, "needs a `section` with a `figure`"),
    ({"figure": "Orders", "mustBe": 1}, "needs a `section` with a `figure`"),
    ({**FIGURE, "metric": "rowCount", "mustBe": 1}, "needs a `section` with a `figure`"),
    ({"section": "By size", "metric": "marks", "mustBe": 1}, "there is rowCount"),
    (FIGURE, "exactly one operator"),
    ({**FIGURE, "mustBe": 1, "mustNotBe": 2}, "exactly one operator"),
    ({**FIGURE, "mustBe": 1, "query": "1"}, "has a `query`, which gives what it must be, or"),
    ({**FIGURE, "mustBe": "many"}, "wants a number"),
    ({**FIGURE, "mustBe": True}, "wants a number"),
    ({**FIGURE, "mustBeBetween": [2, 1]}, "the smaller first"),
    ({**FIGURE, "where": "small", "mustBe": 1}, "`implementation.where` gives columns"),
    ({**FIGURE, "where": {"Size": ["a", "b"]}, "mustBe": 1}, "`implementation.where` gives"),
    ({"section": 1, "figure": "Orders", "mustBe": 1}, "`implementation.section` is a text"),
    ({**FIGURE, "query": ""}, "`implementation.query` is a text"),
    ({"filter": "Size"}, "a rule on a `filter` has a `query`"),
    ({"filter": "Size", "query": "1", "mustBe": 1}, "a rule on a `filter` has a `query`"),
    ({**FIGURE, "filter": "Size", "query": "1"}, "a rule on a `filter` has a `query`"),
    ({**FIGURE, "mustbe": 1}, "`implementation.mustbe` is not known"),
    ({**FIGURE, "inputs": {}, "mustBe": 1}, "`implementation.inputs` is not known"),
]


def contract(folder: Path, implementation: Any, engine: str = "onnx", **more: Any) -> DataContract:
    clause = {"id": "good", "type": "custom", "engine": engine, "implementation": implementation}
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


def ask(rule: Rule) -> list[str]:
    """What a query's words stand for here."""
    if rule.params["query"] == "broken":
        raise MeshError("this query failed.")
    return ANSWERS[query_over(rule, "orders")]


@pytest.mark.parametrize("engine", ["report", "dashboard"])
@pytest.mark.parametrize(("implementation", "promised", "outcome", "found"), READ)
def test_a_rule_on_a_document_and_what_it_comes_to(
    implementation: dict[str, Any], promised: str, outcome: str, found: str, engine: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    (rule,) = port_rules(contract(tmp_path, at(implementation), engine))
    assert (rule.id, rule.severity, rule.unusable) == ("good", "error", None)
    assert rule.promised.startswith(promised)
    verdict = judged_as_read(rule, SECTIONS, CHOICES, ask)
    assert (verdict.outcome, found in verdict.found) == (outcome, True), verdict
    assert verdict.blocking == (outcome == "failed")


@pytest.mark.parametrize(("implementation", "said"), UNREADABLE)
def test_a_rule_on_a_document_that_cannot_be_understood_says_why(
    implementation: Any, said: str, tmp_path: Path
) -> None:
    (rule,) = port_rules(contract(tmp_path, at(implementation), "report"))
    assert said in (rule.unusable or "")
    assert judged_as_read(rule, SECTIONS, CHOICES, ask).outcome == "not_executable"


def test_a_rules_query_reads_the_product_by_its_name_or_as_others_do(tmp_path: Path) -> None:
    query = "select count(*) from {object} join ${table} using (a)"
    (rule,) = port_rules(contract(tmp_path, at({**FIGURE, "query": query}), "report"))
    assert rule.unusable is None
    assert query_over(rule, "orders") == "select count(*) from orders join orders using (a)"


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
