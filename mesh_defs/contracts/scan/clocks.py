"""Columns that service levels tell the time by: their oldest and newest value, in the audit's scan.

A clock is read as freshness reads its column, so that both mean the same by a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.levels.attempts import Times
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.bench import KINDS, Bench, Plan
from mesh_defs.contracts.scan.spots import CannotCheck

# What the scan calls a clock begins with it, and no rule's id does.
_KEY = "\0"


def clock_plans(clocks: Mapping[str, Rule], bench: Bench) -> dict[str, Plan]:
    """What the scan is asked for the clocks of one table; one that cannot be read asks nothing."""
    plans = {}
    for element, rule in clocks.items():
        if rule.object != bench.object or rule.unusable:
            continue
        try:
            plan = KINDS[rule.kind](rule, bench)
        except CannotCheck:
            continue  # its own rules say so
        newest = plan.aggregates[0]
        plans[f"{_KEY}{element}"] = Plan(plan.judge, aggregates=(newest.transform(_least), newest))
    return plans


def times_of(
    plans: Mapping[str, Plan], answers: Mapping[str, Sequence[Any]], as_of: datetime
) -> Times:
    """What the clocks show; a column without a value shows nothing."""
    now = as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    found = {}
    for key, plan in plans.items():
        try:
            ages = [plan.judge((answer,)).measured for answer in answers.get(key, ())]
            ends = [now - timedelta(seconds=age) for age in ages if age is not None]
        except (ValueError, OverflowError):
            continue  # years that no calendar has
        if len(ends) == 2:
            found[key.removeprefix(_KEY)] = (ends[0], ends[1])
    return found


def _least(node: exp.Expression) -> exp.Expression:
    return exp.Min(this=node.this) if isinstance(node, exp.Max) else node
