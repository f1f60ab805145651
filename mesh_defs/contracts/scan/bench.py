"""The doorway for kinds of rules: a kind is a function of (rule, bench) that gives a Plan.

Aggregates of all plans go into one query over the table. Whatever needs more (keys, other tables,
the owner's own SQL) asks the engine in `judge`. Register a kind with `@kind("name")`; the kinds
themselves are in `plans` and `beyond`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.levels.attempts import Times
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import Engine
from mesh_defs.contracts.scan.keys import Repeats
from mesh_defs.contracts.wording import of_rows, share


@dataclass
class Bench:
    """One table under audit: the engine, the table, and what may be asked about it."""

    engine: Engine
    object: str
    relation: exp.Expression
    columns: Mapping[str, Column]
    relations: Mapping[str, exp.Expression]
    references: Mapping[str, exp.Expression]
    as_of: datetime
    rows: int = 0
    times: Times = field(default_factory=dict)
    examples: int = 3
    repeats: dict[frozenset[str], Repeats] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What a rule's answer comes to; `examples` where judging has already met some.

    `measured` is the number that was held against the promise, where it was one.
    """

    ok: bool
    failing: int | None
    found: str
    examples: tuple[dict[str, Any], ...] = ()
    measured: float | None = None


@dataclass(frozen=True)
class Plan:
    """What a rule needs from the scan, how its answer is judged, which rows are examples.

    `breaks` is true for the rows that break the rule; `examples` stands in for it where the judge
    finds most examples itself. `shown` is what to show of a row beside its key.
    """

    judge: Callable[[Sequence[Any]], Judgement]
    aggregates: tuple[exp.Expression, ...] = ()
    breaks: exp.Expression | None = None
    examples: exp.Expression | None = None
    shown: tuple[exp.Expression, ...] = ()


Planner = Callable[[Rule, Bench], Plan]
KINDS: dict[str, Planner] = {}


def kind(*names: str) -> Callable[[Planner], Planner]:
    def register(planner: Planner) -> Planner:
        KINDS.update(dict.fromkeys(names, planner))
        return planner

    return register


def number_or_none(value: Any) -> float | None:
    """A value as a number that can be plotted, if it is one."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and math.isfinite(value) else None


def counted(
    rule: Rule, bench: Bench, failing: int, singular: str, plural: str, values: int | None = None
) -> Judgement:
    """A verdict on a number of broken rows, by the rule's operator or else its tolerance.

    `values`: how many there are, where values inside of rows were counted instead.
    """
    params = rule.params
    total = bench.rows if values is None else values
    found = of_rows(failing, total, singular, plural, *(() if values is None else ("value",)))
    percent = 100 * failing / total if total else 0.0
    allowed = params.get("tolerance")
    unit = params["unit"] if "operator" in params else (allowed or {}).get("unit")
    if unit == "percent":
        found += f" ({share(failing, total)})"
    measured = percent if unit == "percent" else failing
    if "operator" in params:
        ok = holds(params["operator"], measured, params["value"])
    else:
        ok = measured <= (allowed["value"] if allowed else 0)
    return Judgement(ok, failing, found, measured=measured)
