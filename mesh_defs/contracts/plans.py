"""How each kind of rule is measured: what it adds to the one scan, and what it makes of the answer.

`KINDS` is the doorway for new kinds: a function of (rule, bench) that gives a Plan. Aggregates of
all plans go into one query over the table; whatever needs more (keys, other tables, the owner's own
SQL) asks the engine in `judge`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mesh_defs.contracts import keys
from mesh_defs.contracts.columns import Column, stands_for
from mesh_defs.contracts.engine import Engine, EngineError
from mesh_defs.contracts.kinds import ROW_TESTS, CannotCheck, breaks, holds, the_columns
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.wording import listing, must, number, of_rows, rows, share, span


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
    examples: int = 3
    repeats: dict[frozenset[str], keys.Repeats] = field(default_factory=dict)


@dataclass(frozen=True)
class Judgement:
    """What a rule's answer comes to; `examples` where judging has already met some."""

    ok: bool
    failing: int | None
    found: str
    examples: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a rule needs from the scan, how its answer is judged, which rows are examples.

    `breaks` is true for the rows that break the rule; `examples` stands in for it where the judge
    finds most examples itself.
    """

    judge: Callable[[Sequence[Any]], Judgement]
    aggregates: tuple[exp.Expression, ...] = ()
    breaks: exp.Expression | None = None
    examples: exp.Expression | None = None


Planner = Callable[[Rule, Bench], Plan]
KINDS: dict[str, Planner] = {}


def kind(*names: str) -> Callable[[Planner], Planner]:
    def register(planner: Planner) -> Planner:
        KINDS.update(dict.fromkeys(names, planner))
        return planner

    return register


def counted(rule: Rule, bench: Bench, failing: int, singular: str, plural: str) -> Judgement:
    """A verdict on a number of broken rows, by the rule's operator or else its tolerance."""
    params = rule.params
    found = of_rows(failing, bench.rows, singular, plural)
    percent = 100 * failing / bench.rows if bench.rows else 0.0
    allowed = params.get("tolerance")
    unit = params["unit"] if "operator" in params else (allowed or {}).get("unit")
    if unit == "percent":
        found += f" ({share(failing, bench.rows)})"
    measured = percent if unit == "percent" else failing
    if "operator" in params:
        ok = holds(params["operator"], measured, params["value"])
    else:
        ok = measured <= (allowed["value"] if allowed else 0)
    return Judgement(ok, failing, found)


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


# -- other tables and the owner's own SQL --------------------------------------------------------


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
PLACEHOLDER = re.compile(r"[\"`]?(\$?)\{\s*([A-Za-z_]+)\s*\}[\"`]?")


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
        dollar, name = match.groups()
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
