"""Kinds of rules that need more than the table: other products' rows, and the owner's own SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mesh_defs.contracts import keys
from mesh_defs.contracts.bench import Bench, Judgement, Plan, counted, kind
from mesh_defs.contracts.columns import Column
from mesh_defs.contracts.engine import EngineError
from mesh_defs.contracts.kinds import CannotCheck, the_columns
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.wording import listing, must, number


@kind("foreignKey")
def _foreign_key(rule: Rule, bench: Bench) -> Plan:
    params = rule.params
    columns = the_columns(rule, bench.columns)
    target = (bench.relations if params["local"] else bench.references).get(params["reference"])
    if target is None:
        raise CannotCheck(f"{params['reference']} is not at hand here")
    try:
        there = bench.engine.columns(target)
    except EngineError as error:
        raise CannotCheck(f"{params['reference']} cannot be read: {error}") from error
    if missing := [c for c in params["to"] if c not in there]:
        raise CannotCheck(f"{params['reference']} has no column {listing(missing)}")
    others = [there[c] for c in params["to"]]
    for own, other in zip(columns, others, strict=True):
        if not own.families & other.families:
            raise CannotCheck(
                f"{own.name} is {own.engine_type}, "
                f"{params['reference']}.{other.name} is {other.engine_type}"
            )
    orphan = _orphan(columns, others, target)

    def judge(_: Sequence[Any]) -> Judgement:
        query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "orphans")).from_(bench.relation)
        failing = int(bench.engine.rows(query.where(orphan))[0]["orphans"])
        phrase = f"unknown {listing(c.name for c in columns)}"
        return counted(rule, bench, failing, f"has an {phrase}", f"have an {phrase}")

    return Plan(judge, breaks=orphan, examples=orphan)


def _orphan(
    columns: Sequence[Column], others: Sequence[Column], target: exp.Expression
) -> exp.Expression:
    """A row condition: the reference is whole and points at nothing."""
    filled = [exp.not_(c.sql.is_(exp.null())) for c in columns]
    wanted = exp.select(keys.as_one(others)).from_(target.copy())
    wanted = wanted.where(exp.not_(keys.some_null(others)))
    return exp.and_(*filled, exp.not_(keys.is_in(columns, wanted)))


PLACEHOLDERS = {
    **dict.fromkeys(("object", "table", "model"), "table"),
    **dict.fromkeys(("property", "column", "field"), "column"),
}
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
        return Judgement(ok, None, f"the query gave {shown}, {must(operator, wanted)} promised")

    return Plan(judge)


def filled_query(rule: Rule, bench: Bench) -> str:
    """The owner's query with its placeholders filled in. Raises CannotCheck unless it reads."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    dialect = bench.engine.dialect
    column = next(iter(rule.params.get("columns", ())), None) if rule.property else None
    names = {
        "table": bench.relation.sql(dialect),
        "column": exp.to_identifier(column, quoted=True).sql(dialect) if column else None,
    }

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
    return text
