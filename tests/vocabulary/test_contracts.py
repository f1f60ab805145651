"""The contracts beside the examples say what they are meant to, of what the examples build."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from mesh_defs.contracts.clauses.softening import quarantine_of
from tests.contracts.contract_lab import contract, verdicts
from tests.vocabulary.words import PROJECT, Project

CONTRACTS = {
    path.name.removesuffix(".odcs.yaml"): path
    for path in sorted((PROJECT / "examples").glob("*.odcs.yaml"))
}
# Rules that do not hold; all others do.
BROKEN = {
    "completed": {"few_weeks_are_missing"},
    "completeness": {"completeness.minimum"},
    "flag_outliers": {"quantity_is_outlier.enum"},
    "structured": {"unparsed.maxItems"},
}


@pytest.mark.parametrize("name", CONTRACTS)
def test_it_rules_on_its_example(name: str, words: Project, built: dict[str, Any]) -> None:
    assert f"model.{name}" in built
    of = contract(CONTRACTS[name].read_text(encoding="utf-8"))
    with duckdb.connect(words.environment["MESH_WORKSHOP"]) as connection:
        found = verdicts(connection, of)
    assert {v.outcome for v in found.values()} <= {"passed", "failed"}
    assert {rule for rule, v in found.items() if v.outcome == "failed"} == BROKEN[name]


def test_outliers_go_to_quarantine() -> None:
    of = contract(CONTRACTS["flag_outliers"].read_text(encoding="utf-8")).odcs.schema_[0]
    flag = next(p for p in of.properties if p.name == "quantity_is_outlier")
    assert quarantine_of([flag, of], "enum", of) == {"unit": "percent", "value": 20.0}
