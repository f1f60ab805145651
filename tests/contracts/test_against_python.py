"""Differential: generated contracts on generated tables, against verdicts worked out in Python."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.contracts.by_hand import judged
from tests.contracts.contract_lab import add_table, contract, table, verdicts
from tests.contracts.generated import TYPES, Made, made

SHAPE = ("columns", "extraColumns", "logicalType")


def ours(case: Made) -> dict[str, Any]:
    names = list(case.properties)
    rows = [tuple(row[n] for n in names) for row in case.rows]
    connection = table({n: TYPES[n] for n in names}, rows)
    add_table(connection, {"id": "INTEGER"}, [(n,) for n in case.there], "there")
    found = verdicts(connection, contract(case.contract))
    return {id_: v for id_, v in found.items() if v.rule.kind not in SHAPE}


WIDE = [HealthCheck.too_slow, HealthCheck.data_too_large]


def agree(case: Made) -> None:
    found, wanted = ours(case), judged(case)
    assert found.keys() == wanted.keys()
    for id_, (holds, failing) in wanted.items():
        verdict = found[id_]
        said = ("passed" if holds else "failed", failing)
        assert (verdict.outcome, verdict.failing) == said, (id_, verdict.rule.params, verdict.found)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=WIDE)
@given(made())
def test_each_verdict_is_what_python_works_out(case: Made) -> None:
    agree(case)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, suppress_health_check=WIDE)
@given(made())
def test_each_verdict_of_many_more(case: Made) -> None:
    agree(case)
