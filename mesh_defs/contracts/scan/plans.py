"""Kinds of rules that one table's rows answer: one by one, its keys, its totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan import containers as _containers  # noqa: F401  it registers its tests
from mesh_defs.contracts.scan import keys
from mesh_defs.contracts.scan.bench import Bench, Judgement, Plan, counted, kind
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.kinds import ROW_TESTS, breaks, broken, measured_as
from mesh_defs.contracts.scan.spots import CannotCheck, Spot, spots_of
from mesh_defs.contracts.wording import listing, of_rows, rows, span

# -- row by row ----------------------------------------------------------------------------------


@kind(*ROW_TESTS)
def _rows(rule: Rule, bench: Bench) -> Plan:
    spots = spots_of(rule, bench.columns)
    condition = breaks(rule, spots)
    test = ROW_TESTS[rule.kind]
    return Plan(
        lambda values: counted(rule, bench, int(values[0] or 0), test.singular, test.plural),
        aggregates=(exp.CountIf(this=condition),),
        breaks=condition,
        examples=condition,
        shown=tuple(at.shown(broken(rule, at.column)) for at in spots),
    )


# -- keys ----------------------------------------------------------------------------------------


@kind("unique", "primaryKey", "duplicateValues")
def _key(rule: Rule, bench: Bench) -> Plan:
    spots = spots_of(rule, bench.columns)
    if any(at.loops for at in spots):
        return _key_of_values(rule, bench, spots)
    columns = [at.column for at in spots]
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
        shown=tuple(c.readable for c in columns),
    )


def _repeats(bench: Bench, columns: Sequence[Column], empty: int, ends: keys.Ends) -> keys.Repeats:
    names = frozenset(c.name for c in columns)
    if names not in bench.repeats:
        # A key that holds a unique column is unique: no need to look.
        known = any(part <= names and not n.rows for part, n in bench.repeats.items())
        relation = bench.relation
        if any(c.value is not None for c in columns):
            named = (exp.alias_(c.sql, c.name, quoted=True) for c in columns)
            relation = exp.select(*named).from_(relation.copy()).subquery("keys")
        plain = tuple(replace(c, value=None) for c in columns)
        key = keys.Key(bench.engine, relation, plain, bench.rows - empty, bool(empty))
        bench.repeats[names] = keys.Repeats(0) if known else keys.repeats(key, ends, bench.examples)
    return bench.repeats[names]


def _key_of_values(rule: Rule, bench: Bench, spots: Sequence[Spot]) -> Plan:
    """A key inside a list or map: all its values in the table are looked at, each on its own."""
    if len(spots) > 1:
        raise CannotCheck("a key of several columns cannot be inside a list or map")
    (at,) = spots
    relation, column = at.flat(bench.relation), replace(at.column, value=None)

    def judge(_: Sequence[Any]) -> Judgement:
        every, nulls = exp.Count(this=exp.Star()), exp.CountIf(this=keys.some_null([column]))
        asked = exp.select(exp.alias_(every, "every"), exp.alias_(nulls, "nulls")).from_(relation)
        counts = bench.engine.rows(asked)[0]
        total, empty = int(counts["every"]), int(counts["nulls"] or 0)
        key = keys.Key(bench.engine, relation, (column,), total - empty, bool(empty))
        repeats = keys.repeats(key, {}, bench.examples)
        phrase = f"another {column.name}"
        judged = counted(
            rule, bench, repeats.rows, f"repeats {phrase}", f"repeat {phrase}", values=total
        )
        return replace(judged, examples=repeats.examples)

    return Plan(judge)


# -- the table as a whole ------------------------------------------------------------------------


@kind("rowCount")
def _row_count(rule: Rule, bench: Bench) -> Plan:
    def judge(_: Sequence[Any]) -> Judgement:
        ok = holds(rule.params["operator"], bench.rows, rule.params["value"])
        return Judgement(ok, None, rows(bench.rows), measured=bench.rows)

    return Plan(judge)


@kind("freshness")
def _freshness(rule: Rule, bench: Bench) -> Plan:
    (at,) = spots_of(rule, bench.columns)
    if at.loops:
        raise CannotCheck(f"{at.column.name} is inside a list or map")
    column = measured_as(rule, at.column)
    if not column.families & {"timestamp", "date"}:
        raise CannotCheck(f"{column.name} is {column.engine_type}: it tells no time")
    as_of = bench.as_of if bench.as_of.tzinfo else bench.as_of.replace(tzinfo=UTC)
    zone = UTC if column.is_zoned else ZoneInfo(rule.params.get("zone", "UTC"))

    def judge(values: Sequence[Any]) -> Judgement:
        if values[0] is None:
            return Judgement(False, None, f"there is no {column.name} at all")
        newest = datetime.fromtimestamp(values[0] / 1_000_000, UTC)
        newest = newest.replace(tzinfo=zone).astimezone(UTC)
        age = (as_of - newest).total_seconds()
        found = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC, {span(age)} old"
        return Judgement(age <= rule.params["seconds"], None, found, measured=age)

    # A moment without a time zone is of the default one, and a date is its first moment.
    return Plan(judge, aggregates=(exp.UnixMicros(this=exp.Max(this=column.sql)),))
