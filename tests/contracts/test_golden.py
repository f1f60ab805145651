"""A folder of contracts that has every clause: each with its data, and the verdicts it comes to.

`MESH_GOLDEN=write` writes the verdicts anew; read what changed before you believe it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mesh_defs.contracts.audit import Audit, audit
from mesh_defs.contracts.clauses.options import OPTIONS
from mesh_defs.contracts.clauses.quality import METRICS
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.bench import KINDS, Bench, Judgement, Plan
from mesh_defs.contracts.wording import OPERATORS
from mesh_defs.model import DataContract, read_contract, read_yaml
from tests.contracts.contract_lab import NOW

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if folder.is_dir())


@cache
def contract(case: str) -> DataContract:
    return read_contract(read_yaml(GOLDEN / case / "contract.odcs.yaml"))


def audited(case: str) -> Audit:
    of = contract(case)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute((GOLDEN / case / "data.sql").read_text(encoding="utf-8"))
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
        ).fetchall()
        own = {o.name or "" for o in of.objects} & {name for _, name in tables}
        others = [f"{schema}.{name}" for schema, name in tables if schema != "main"]
        return audit(
            connection,
            {name: name for name in own},
            of,
            references={name: name for name in others},
            as_of=NOW,
        )


def lines(found: Audit) -> list[str]:
    """A line a verdict: outcome, severity if it is not error, rule, what was found, examples."""
    said = []
    for v in found.verdicts:
        soft = "" if v.rule.severity == "error" else f" ({v.rule.severity})"
        said.append(f"{v.outcome}{soft} | {v.rule.id} | {v.found}")
        said += [f"    {json.dumps(e, ensure_ascii=False)}" for e in v.examples]
    return said


@pytest.mark.parametrize("case", CASES)
def test_verdicts_are_those_that_were_read_and_believed(case: str) -> None:
    path, found = GOLDEN / case / "verdicts.txt", lines(audited(case))
    if os.environ.get("MESH_GOLDEN") == "write":
        path.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert found == path.read_text(encoding="utf-8").splitlines()


@cache
def every() -> dict[str, Audit]:
    return {case: audited(case) for case in CASES}


def test_every_kind_passes_somewhere_and_fails_somewhere() -> None:
    outcomes = defaultdict(set)
    for found in every().values():
        for verdict in found.verdicts:
            outcomes[verdict.rule.kind].add(verdict.outcome)
    assert {k for k in KINDS if not {"passed", "failed"} <= outcomes[k]} == set()


def test_every_metric_operator_unit_and_option_is_there() -> None:
    qualities: list[dict[str, Any]] = []
    options: set[tuple[str, str]] = set()
    severities = set()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(item)
        if isinstance(value, dict):
            qualities.extend(value.get("quality") or ())
            for name in value.get("logicalTypeOptions") or ():
                options.add((value["logicalType"], name))
            for item in value.values():
                walk(item)

    for case in CASES:
        walk(contract(case).source.data["schema"])
    severities = {q.get("severity") for q in qualities}
    assert {"warning", "info"} <= severities
    assert {q.get("metric") for q in qualities} >= set(METRICS)
    assert {name for q in qualities for name in q} >= set(OPERATORS)
    assert {q.get("unit") for q in qualities} >= {None, "rows", "percent"}
    assert {q.get("type") for q in qualities} >= {None, "library", "sql", "custom", "text"}
    wanted = {(t, o) for t in OPTIONS for o in OPTIONS[t]}
    # The same tests, of other types.
    same = {(t, o) for t in ("integer", "number") for o in OPTIONS[t]}
    same |= {(t, o) for t in ("date", "timestamp", "time") for o in OPTIONS[t]}
    assert wanted - options - same == set()
    assert {o for _, o in same} <= {o for _, o in options}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_that_is_not_executed_is_noticed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If somebody broke a kind so that it always holds, or is always skipped, a verdict changes."""
    cases = [c for c in CASES if any(v.rule.kind == kind for v in every()[c].verdicts)]
    known = {
        case: (GOLDEN / case / "verdicts.txt").read_text("utf-8").splitlines() for case in cases
    }
    planner = KINDS[kind]

    def always_holds(rule: Rule, bench: Bench) -> Plan:
        return replace(planner(rule, bench), judge=lambda _: Judgement(True, 0, ""))

    monkeypatch.setitem(KINDS, kind, always_holds)
    assert any(lines(audited(case)) != known[case] for case in cases)
    if kind == "freshness":
        return  # the times of a table are read with it
    monkeypatch.delitem(KINDS, kind)
    assert any(lines(audited(case)) != known[case] for case in cases)
