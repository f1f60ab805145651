"""Kinds of rules that need more than the table: other products' rows, and the owner's own SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.clauses.variables import PLACEHOLDERS
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan import keys
from mesh_defs.contracts.scan.bench import Bench, Judgement, Plan, counted, kind, number_or_none
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import EngineError
from mesh_defs.contracts.scan.spots import CannotCheck, Spot, spots_at, spots_of
from mesh_defs.contracts.wording import listing, must, number
from mesh_defs.storage.bigquery.googlesql import with_lists


@kind("foreignKey")
def _foreign_key(rule: Rule, bench: Bench) -> Plan:
    spots = spots_of(rule, bench.columns)
    columns = [at.column for at in spots]
    target, others = _target(rule, bench)
    for own, other in zip(columns, others, strict=True):
        if not own.families & other.families:
            raise CannotCheck(
                f"{own.name} is {own.engine_type}, "
                f"{rule.params['reference']}.{other.name} is {other.engine_type}"
            )
    phrase = f"unknown {listing(c.name for c in columns)}"
    if any(at.loops for at in spots):
        return _values_exist(rule, bench, spots, others, target)
    orphan = _orphan(columns, others, target)

    def judge(_: Sequence[Any]) -> Judgement:
        failing = _count(bench, bench.relation, orphan)
        return counted(rule, bench, failing, f"has an {phrase}", f"have an {phrase}")

    return Plan(judge, breaks=orphan, examples=orphan, shown=tuple(c.readable for c in columns))


def _target(rule: Rule, bench: Bench) -> tuple[exp.Expression, list[Column]]:
    """The table that is referred to, and its columns. Raises CannotCheck where it is not there."""
    params = rule.params
    reference, names = params["reference"], list(params["to"])
    paths = [tuple(p) for p in params.get("to_paths") or [()] * len(names)]
    known = bench.relations if params["local"] else bench.references
    target = known.get(reference)
    if target is None and not params["local"] and reference.count(".") == 2:
        # domain.product.column.field, and not an object of that name.
        product, _, column = reference.rpartition(".")
        target = known.get(product)
        paths = [(f".{name}", *path) for name, path in zip(names, paths, strict=True)]
        names = [column] * len(names)
    if target is None:
        raise CannotCheck(f"{reference} is not at hand here")
    try:
        there = bench.engine.columns(target)
    except EngineError as error:
        raise CannotCheck(f"{reference} cannot be read: {error}") from error
    if missing := [name for name in names if name not in there]:
        raise CannotCheck(f"{reference} has no column {listing(missing)}")
    spots = spots_at(names, paths, there)
    if not any(at.loops for at in spots):
        return target, [at.column for at in spots]
    if len(spots) > 1:
        raise CannotCheck(f"several columns of {reference}, and one is inside a list or map")
    return spots[0].flat(target), [replace(spots[0].column, value=None)]


def _values_exist(
    rule: Rule,
    bench: Bench,
    spots: Sequence[Spot],
    others: Sequence[Column],
    target: exp.Expression,
) -> Plan:
    """References inside a list or map: each value is looked at on its own."""
    if len(spots) > 1:
        raise CannotCheck("a reference of several columns cannot be inside a list or map")
    relation, column = spots[0].flat(bench.relation), replace(spots[0].column, value=None)
    orphan = _orphan([column], others, target)

    def judge(_: Sequence[Any]) -> Judgement:
        failing, total = _count(bench, relation, orphan), _count(bench, relation)
        phrase = f"unknown {column.name}"
        judged = counted(rule, bench, failing, f"is an {phrase}", f"are an {phrase}", values=total)
        query = exp.select(column.readable).distinct().from_(relation.copy()).where(orphan.copy())
        return replace(judged, examples=tuple(bench.engine.rows(query.limit(bench.examples))))

    return Plan(judge)


def _count(bench: Bench, relation: exp.Expression, where: exp.Expression | None = None) -> int:
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "found")).from_(relation.copy())
    return int(bench.engine.rows(query.where(where.copy()) if where else query)[0]["found"])


def _orphan(
    columns: Sequence[Column], others: Sequence[Column], target: exp.Expression
) -> exp.Expression:
    """A row condition: the reference is whole and points at nothing."""
    filled = [exp.not_(c.sql.is_(exp.null())) for c in columns]
    wanted = exp.select(keys.as_one(others)).from_(target.copy())
    wanted = wanted.where(exp.not_(keys.some_null(others)))
    return exp.and_(*filled, exp.not_(keys.is_in(columns, wanted)))


PLACEHOLDER = re.compile(r"([\"`]?)(\$?)\{\s*([A-Za-z_]+)\s*\}\1")


@kind("sql")
def _sql(rule: Rule, bench: Bench) -> Plan:
    query = filled_query(rule, bench)

    def judge(_: Sequence[Any]) -> Judgement:
        answer = bench.engine.rows(query, most=2)
        if len(answer) != 1 or len(answer[0]) != 1:
            size = f"{len(answer)} rows" if len(answer) < 2 else "several rows"
            size = f"{len(answer[0])} columns" if len(answer) == 1 else size
            raise CannotCheck(f"the query must give one value, it gave {size}")
        (value,) = answer[0].values()
        value = float(value) if isinstance(value, Decimal) else value
        operator, wanted = rule.params["operator"], rule.params["value"]
        try:
            ok = holds(operator, value, wanted)
        except TypeError as error:
            raise CannotCheck(f"`{value}` is not to be compared with `{wanted}`") from error
        shown = "null" if value is None else number(value)
        found = f"the query gave {shown}, {must(operator, wanted)} promised"
        return Judgement(ok, None, found, measured=number_or_none(value))

    return Plan(judge)


def filled_query(rule: Rule, bench: Bench) -> str:
    """The owner's query with its placeholders filled in, in the engine's dialect.

    Raises CannotCheck unless it reads.
    """
    import sqlglot
    from sqlglot.errors import ErrorLevel, SqlglotError

    spoken, known = bench.engine.dialect, rule.params["dialects"]
    dialect = spoken if spoken in known or not known else known[0]
    names = {"table": bench.relation.sql(dialect), "column": None}
    if rule.property and rule.params.get("columns"):
        (at,) = spots_of(rule, bench.columns)
        names["column"] = None if at.loops else at.column.sql.sql(dialect)

    def fill(match: re.Match[str]) -> str:
        _, dollar, name = match.groups()
        value = names.get(PLACEHOLDERS.get(name, ""))
        if value is None and (dollar or name in PLACEHOLDERS):
            raise CannotCheck(f"nothing stands for the placeholder {match.group(0)} here")
        return match.group(0) if value is None else value

    text = PLACEHOLDER.sub(fill, rule.params["query"]).strip().rstrip(";")
    try:
        statements = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        said = str(error).partition("\n")[0]
        raise CannotCheck(f"the query is not {dialect} SQL: {said}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise CannotCheck("the query must be one SELECT")
    if dialect == spoken:
        return text
    try:
        query = statements[0]
        if spoken == "bigquery":
            query = with_lists(query, [n for n, c in bench.columns.items() if c.is_list])
        return str(query.sql(spoken, unsupported_level=ErrorLevel.RAISE))
    except SqlglotError as error:
        said = str(error).partition("\n")[0]
        reason = f"the query is {dialect} SQL, and not to be said in {spoken}: {said}"
        raise CannotCheck(reason) from error
