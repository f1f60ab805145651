"""Kinds of rules that one table answers: its shape, its rows, its keys, its totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from mesh_defs.contracts import keys
from mesh_defs.contracts.bench import Bench, Judgement, Plan, counted, kind
from mesh_defs.contracts.columns import Column, stands_for
from mesh_defs.contracts.kinds import ROW_TESTS, CannotCheck, breaks, the_columns
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.wording import listing, of_rows, rows, span

# -- the table's shape ---------------------------------------------------------------------------


@kind("columns")
def _columns(rule: Rule, bench: Bench) -> Plan:
    missing = [c for c in rule.params["columns"] if c not in bench.columns]
    others = {c.lower(): c for c in bench.columns}
    said = [f"{c} (there is `{others[c.lower()]}`)" if c.lower() in others else c for c in missing]
    promised = len(rule.params["columns"])
    found = f"missing: {listing(said)}" if missing else f"all {promised} are there"
    return Plan(lambda _: Judgement(not missing, None, found))


@kind("extraColumns")
def _extra_columns(rule: Rule, bench: Bench) -> Plan:
    extra = [c for c in bench.columns if c not in rule.params["columns"]]
    found = f"not promised: {listing(extra)}" if extra else "no others"
    return Plan(lambda _: Judgement(not extra, None, found))


@kind("logicalType")
def _logical_type(rule: Rule, bench: Bench) -> Plan:
    (column,) = the_columns(rule, bench.columns)
    ok = stands_for(column, rule.params["type"], dict(rule.params))
    return Plan(lambda _: Judgement(ok, None, f"the column is {column.engine_type}"))


# -- row by row ----------------------------------------------------------------------------------


@kind(*ROW_TESTS)
def _rows(rule: Rule, bench: Bench) -> Plan:
    condition = breaks(rule, bench.columns)
    test = ROW_TESTS[rule.kind]
    return Plan(
        lambda values: counted(rule, bench, int(values[0] or 0), test.singular, test.plural),
        aggregates=(exp.CountIf(this=condition),),
        breaks=condition,
        examples=condition,
    )


# -- keys ----------------------------------------------------------------------------------------


@kind("unique", "primaryKey", "duplicateValues")
def _key(rule: Rule, bench: Bench) -> Plan:
    columns = the_columns(rule, bench.columns)
    nulls = keys.some_null(columns)
    is_key = rule.kind == "primaryKey"
    measured = keys.with_ends(columns, bench.engine.dialect)
    ends = (f(this=c.sql) for c in measured for f in (exp.Min, exp.Max))
    names = listing(c.name for c in columns)

    def judge(values: Sequence[Any]) -> Judgement:
        empty, *found = values
        empty = int(empty or 0)
        pairs = zip(measured, found[::2], found[1::2], strict=True)
        repeats = _repeats(bench, columns, empty, {c.name: (a, b) for c, a, b in pairs})
        failing = repeats.rows + (empty if is_key else 0)
        phrase = f"another row's {names}"
        judged = counted(rule, bench, failing, f"repeats {phrase}", f"repeat {phrase}")
        if is_key and empty:
            said = of_rows(empty, bench.rows, "has no whole key", "have no whole key")
            more = of_rows(repeats.rows, bench.rows, f"repeats {phrase}", f"repeat {phrase}")
            judged = replace(judged, found=f"{said}, {more}" if repeats.rows else said)
        return replace(judged, examples=repeats.examples)

    repeated = keys.has_repeated_key(bench.relation, columns)
    return Plan(
        judge,
        aggregates=(exp.CountIf(this=nulls), *ends),
        breaks=exp.or_(nulls.copy(), repeated) if is_key else repeated,
        examples=nulls.copy() if is_key else None,
    )


def _repeats(bench: Bench, columns: Sequence[Column], empty: int, ends: keys.Ends) -> keys.Repeats:
    names = frozenset(c.name for c in columns)
    if names not in bench.repeats:
        # A key that holds a unique column is unique: no need to look.
        known = any(part <= names and not n.rows for part, n in bench.repeats.items())
        key = keys.Key(
            bench.engine, bench.relation, tuple(columns), bench.rows - empty, bool(empty)
        )
        bench.repeats[names] = keys.Repeats(0) if known else keys.repeats(key, ends, bench.examples)
    return bench.repeats[names]


# -- the table as a whole ------------------------------------------------------------------------


@kind("rowCount")
def _row_count(rule: Rule, bench: Bench) -> Plan:
    def judge(_: Sequence[Any]) -> Judgement:
        ok = holds(rule.params["operator"], bench.rows, rule.params["value"])
        return Judgement(ok, None, rows(bench.rows))

    return Plan(judge)


@kind("freshness")
def _freshness(rule: Rule, bench: Bench) -> Plan:
    (column,) = the_columns(rule, bench.columns)
    if not column.families & {"timestamp", "date"}:
        raise CannotCheck(f"{column.name} is {column.engine_type}: it tells no time")
    as_of = bench.as_of if bench.as_of.tzinfo else bench.as_of.replace(tzinfo=UTC)

    def judge(values: Sequence[Any]) -> Judgement:
        if values[0] is None:
            return Judgement(False, None, f"there is no {column.name} at all")
        newest = datetime.fromtimestamp(values[0] / 1_000_000, UTC)
        age = (as_of - newest).total_seconds()
        found = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC, {span(age)} old"
        return Judgement(age <= rule.params["seconds"], None, found)

    # A moment without a time zone is UTC, and a date is its first moment.
    return Plan(judge, aggregates=(exp.UnixMicros(this=exp.Max(this=column.sql)),))
