"""Checking a table against its contract: one scan an object, one verdict a rule.

How a rule is measured is in `plans`, `beyond` and `kinds`. What becomes of a table that fails is
not decided here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.contracts.clauses.properties import column_places, withheld_classes
from mesh_defs.contracts.clauses.reading import audited_rules
from mesh_defs.contracts.levels.promises import clocks_of
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan import beyond as _beyond  # noqa: F401  it registers its kinds
from mesh_defs.contracts.scan import expectations as _expectations  # noqa: F401
from mesh_defs.contracts.scan import plans as _plans  # noqa: F401
from mesh_defs.contracts.scan import shape as _shape  # noqa: F401
from mesh_defs.contracts.scan.bench import KINDS, Bench, Plan
from mesh_defs.contracts.scan.clocks import clock_plans, times_of
from mesh_defs.contracts.scan.engine import Engine, EngineError, relation
from mesh_defs.contracts.scan.engines import engine_for
from mesh_defs.contracts.scan.spots import CannotCheck
from mesh_defs.contracts.verdicts import FAILED, NOT_EXECUTABLE, PASSED, Audit, Verdict

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject

    from mesh_defs.model import DataContract

__all__ = ["Audit", "Verdict", "audit"]

NO_SCHEMA = "the contract has no schema"


def audit(
    connection: Any,
    relations: Mapping[str, str | exp.Expression],
    contract: DataContract,
    *,
    references: Mapping[str, str | exp.Expression],
    as_of: datetime,
    examples: int = 3,
    waiting: Mapping[str, str] | None = None,
) -> Audit:
    """Check the tables (`relations`: object name → table) against the contract.

    `references` gives the tables of other products that the contract refers to, by
    `domain.product`. Freshness is judged against `as_of`. Rules that are `waiting` (id → what is
    said instead) are not checked.
    """
    started = time.perf_counter()
    engine = engine_for(connection)
    tables = {name: relation(named) for name, named in relations.items()}
    others = {name: relation(named) for name, named in references.items()}
    found: dict[str, Verdict] = {}
    rows = 0
    rules, clocks = audited_rules(contract), clocks_of(contract.odcs)
    times: dict[str, tuple[datetime, datetime]] = {}
    for rule in rules:
        if said := (waiting or {}).get(rule.id):
            found[rule.id] = Verdict(rule, NOT_EXECUTABLE, None, said)
    for schema_object in contract.odcs.schema_ or []:
        own = [r for r in rules if r.object == schema_object.name and r.id not in found]
        table = tables.get(schema_object.name or "")
        bench = bench_of(engine, schema_object, table, tables, others, as_of, examples)
        if isinstance(bench, str):
            found |= {r.id: _absent(r, bench) for r in own}
            continue
        try:
            found |= _audit_table(bench, own, schema_object, examples, clocks)
        except EngineError as error:
            unreadable = f"{bench.relation.sql(engine.dialect)} cannot be read: {error}"
            found |= {r.id: _absent(r, unreadable) for r in own}
            continue
        rows += bench.rows
        times |= bench.times
    verdicts = tuple(
        found.get(r.id) or Verdict(r, NOT_EXECUTABLE, None, r.unusable or NO_SCHEMA) for r in rules
    )
    return Audit(rows, verdicts, round(time.perf_counter() - started, 3), times)


def bench_of(
    engine: Engine,
    schema_object: SchemaObject,
    table: exp.Expression | None,
    tables: Mapping[str, exp.Expression],
    references: Mapping[str, exp.Expression],
    as_of: datetime,
    examples: int,
) -> Bench | str:
    """The table made ready, or why it cannot be."""
    name = schema_object.name or ""
    if table is None:
        return f"there is no table for {name}"
    try:
        columns = engine.columns(table)
    except EngineError as error:
        return f"{table.sql(engine.dialect)} cannot be read: {error}"
    return Bench(engine, name, table, columns, tables, references, as_of, examples=examples)


def _absent(rule: Rule, reason: str) -> Verdict:
    """Without the table the promise that it is there is broken; nothing else can be said."""
    outcome = FAILED if rule.kind == "columns" else NOT_EXECUTABLE
    return Verdict(rule, outcome, None, rule.unusable or reason)


def _audit_table(
    bench: Bench,
    rules: Sequence[Rule],
    schema_object: SchemaObject,
    examples: int,
    clocks: Mapping[str, Rule],
) -> dict[str, Verdict]:
    plans: dict[str, Plan] = {}
    reasons: dict[str, str] = {}
    for rule in rules:
        try:
            plans[rule.id] = plan_of(rule, bench)
        except CannotCheck as reason:
            reasons[rule.id] = str(reason)
    dials = clock_plans(clocks, bench)
    answers, refused = _scan(bench, plans | dials)
    bench.times = times_of(dials, answers, bench.as_of)
    reasons |= refused
    found = {
        r.id: Verdict(r, NOT_EXECUTABLE, None, reasons[r.id]) for r in rules if r.id in reasons
    }
    # Keys of few columns first: what they prove saves looking at the wider ones.
    for rule in sorted(rules, key=lambda r: len(r.params.get("columns", ()))):
        if rule.id not in found:
            plan, answer = plans[rule.id], answers.get(rule.id, ())
            found[rule.id] = _verdict(bench, rule, plan, answer, schema_object, examples)
    return found


def plan_of(rule: Rule, bench: Bench) -> Plan:
    if rule.unusable:
        raise CannotCheck(rule.unusable)
    if rule.kind not in KINDS:
        raise CannotCheck(f"no engine checks rules of kind {rule.kind}")
    return KINDS[rule.kind](rule, bench)


def _scan(
    bench: Bench, plans: Mapping[str, Plan]
) -> tuple[dict[str, tuple[Any, ...]], dict[str, str]]:
    """The one query: (answers, reasons why not) by rule id. Sets the number of rows."""
    wanted = [(id_, e) for id_, plan in plans.items() for e in plan.aggregates]
    counting = [exp.alias_(exp.Count(this=exp.Star()), "rows", quoted=True)]
    try:
        values = _ask(bench, [*counting, *_aliased(wanted)])
        refused: dict[str, str] = {}
    except EngineError:
        values, refused = _scan_apart(bench, counting, plans)
    bench.rows = int(values["rows"])
    answers: dict[str, tuple[Any, ...]] = {}
    for index, (id_, _) in enumerate(wanted):
        if id_ not in refused:
            answers[id_] = (*answers.get(id_, ()), values[f"v{index}"])
    return answers, refused


def _aliased(wanted: Sequence[tuple[str, exp.Expression]]) -> list[exp.Expression]:
    # The same aggregate asked for twice is computed once by the engine.
    return [exp.alias_(e.copy(), f"v{i}", quoted=True) for i, (_, e) in enumerate(wanted)]


def _ask(bench: Bench, selected: Iterable[exp.Expression]) -> dict[str, Any]:
    return bench.engine.rows(exp.select(*selected).from_(bench.relation.copy()))[0]


def _scan_apart(
    bench: Bench, counting: Sequence[exp.Expression], plans: Mapping[str, Plan]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The scan again, rule by rule, because the engine refused at least one of them."""
    values = _ask(bench, counting)
    refused: dict[str, str] = {}
    index = 0
    for id_, plan in plans.items():
        names = [f"v{index + i}" for i in range(len(plan.aggregates))]
        index += len(names)
        if not names:
            continue
        asked = zip(plan.aggregates, names, strict=True)
        try:
            values |= _ask(bench, [exp.alias_(e.copy(), n, quoted=True) for e, n in asked])
        except EngineError as error:
            refused[id_] = str(error)
    return values, refused


def _verdict(
    bench: Bench,
    rule: Rule,
    plan: Plan,
    answer: Sequence[Any],
    schema_object: SchemaObject,
    examples: int,
) -> Verdict:
    try:
        judged = plan.judge(answer)
    except (CannotCheck, EngineError) as reason:
        return Verdict(rule, NOT_EXECUTABLE, None, str(reason))
    if judged.ok:
        return Verdict(rule, PASSED, judged.failing, judged.found, measured=judged.measured)
    own = tuple(judged.examples)
    if plan.examples is not None and judged.failing and len(own) < examples:
        own += _rows_that(bench, plan, plan.examples, schema_object, examples - len(own))
    shown = tuple(fit_to_show(row, schema_object) for row in own[:examples])
    return Verdict(rule, FAILED, judged.failing, judged.found, shown, measured=judged.measured)


def _rows_that(
    bench: Bench, plan: Plan, condition: exp.Expression, schema_object: SchemaObject, most: int
) -> tuple[dict[str, Any], ...]:
    """A few rows under a condition: their key and what the rule is about, nothing else."""
    key = [p.column for p in column_places(schema_object) if p.prop.primaryKey]
    columns = {n: bench.columns[n].readable for n in key if n in bench.columns}
    columns |= {shown.alias_or_name: shown for shown in plan.shown}
    query = exp.select(*columns.values()).from_(bench.relation.copy())
    try:
        return tuple(bench.engine.rows(query.where(condition.copy()).limit(most)))
    except EngineError:
        return ()  # a value that cannot be shown as text; the count stands


def fit_to_show(row: Mapping[str, Any], schema_object: SchemaObject) -> dict[str, Any]:
    """The row as plain data, without the values that are classified."""
    withheld = withheld_classes(schema_object)
    return {
        name: f"(withheld: {withheld[name]})" if name in withheld else _plain(value)
        for name, value in row.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    return value if value is None or isinstance(value, bool | int | float) else str(value)
