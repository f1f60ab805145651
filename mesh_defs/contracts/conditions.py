"""Conditions on a product's rows: what one may say, checked word by word; not who says it.

A condition compares columns with values. It names no table, no file and no setting, asks no clock,
and computes nothing: what could fail on a value would tell about rows that nobody showed. Only a
comparison of two columns of different types still can, so whoever runs it shows it no hidden row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

_LONGEST = 10_000
_DEEPEST = 100
_WORDS = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.Tuple,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ,
    exp.Between, exp.In, exp.Is, exp.Like, exp.ILike, exp.StartsWith,
    exp.Null, exp.Boolean, exp.Literal, exp.Neg, exp.Column, exp.Identifier,
    exp.Lower, exp.Upper, exp.Length, exp.Coalesce, exp.Cast, exp.TryCast,
    exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_TYPES = {
    exp.DataType.Type[name]
    for name in (
        "BOOLEAN", "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL",
        "VARCHAR", "TEXT", "DATE", "TIMESTAMP", "TIMESTAMPNTZ", "TIMESTAMPTZ",
    )
}  # fmt: skip
_HELP = (
    "A condition compares columns with values: `day >= date '2024-05-01' and shop in ('a', 'b')`"
)
OPERATORS: Mapping[str, type[exp.Expression]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
    "like": exp.Like,
}  # fmt: skip
_TRIPLE = (
    'Write triples such as `["day", ">=", "2024-05-01"]`; operators are '
    f"{', '.join(OPERATORS)}, in, not in, is null, is not null"
)


class NoCondition(ValueError):
    """What somebody wrote is no condition; the message says why and what to write."""


def condition(text: str, columns: Collection[str], dialect: str = "duckdb") -> exp.Expression:
    """An SQL expression as a condition on these columns. Raises NoCondition."""
    if len(text) > _LONGEST:
        raise NoCondition(f"it is longer than {_LONGEST:,} characters")
    try:
        found = [s for s in parse(f"SELECT 1 WHERE {text}", read=dialect) if s is not None]
        select = found[0] if len(found) == 1 else None
        # A comment, a second clause or a `;` in the text would be more than the condition.
        where = select.args.pop("where", None) if isinstance(select, exp.Select) else None
        if where is None or select != exp.select("1"):
            raise NoCondition(f"it is not one condition. {_HELP}")
        return checked(where.this, columns)
    except SqlglotError:
        raise NoCondition(f"it can't be read as SQL. {_HELP}") from None
    except RecursionError:
        raise NoCondition("it is nested too deeply") from None


def triples(given: Sequence[Any], columns: Collection[str]) -> exp.Expression:
    """`[[column, operator, value], …]`, all of which must hold. Raises NoCondition."""
    if len(given) > _DEEPEST:
        raise NoCondition(f"there are more than {_DEEPEST} triples")
    made = [_triple(item) for item in given]
    return checked(exp.and_(*made, dialect="duckdb"), columns) if made else exp.true()


def _triple(item: Any) -> exp.Expression:
    if not isinstance(item, list | tuple) or len(item) not in (2, 3):
        raise NoCondition(f"`{item}` is no triple. {_TRIPLE}")
    name, word = item[0], " ".join(str(item[1]).lower().split())
    if not isinstance(name, str):
        raise NoCondition(f"`{name}` is no column's name. {_TRIPLE}")
    column = exp.column(name, quoted=True)
    if word in ("is null", "is not null") and len(item) == 2:
        null = exp.Is(this=column, expression=exp.null())
        return exp.Not(this=null) if "not" in word else null
    if word in ("in", "not in") and len(item) == 3 and isinstance(item[2], list | tuple):
        listed = exp.In(this=column, expressions=[_value(v) for v in item[2]] or [exp.null()])
        return exp.Not(this=listed) if "not" in word else listed
    if word in OPERATORS and len(item) == 3:
        return OPERATORS[word](this=column, expression=_value(item[2]))
    raise NoCondition(f"`{item[1]}` is no operator here. {_TRIPLE}")


def _value(value: Any) -> exp.Expression:
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(" ")), _moment(value))
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date", dialect="duckdb")
    if isinstance(value, str) and value.encode("utf-8", "replace").decode() != value:
        raise NoCondition(f"{value!r} has characters that are none")
    if isinstance(value, str | bool | int | float | Decimal):
        return exp.convert(value)
    raise NoCondition(f"`{value}` is no value to compare with. {_TRIPLE}")


def _moment(value: datetime) -> exp.DataType:
    return exp.DataType.build("timestamptz" if value.tzinfo else "timestamp", dialect="duckdb")


def checked(found: exp.Expression, columns: Collection[str]) -> exp.Expression:
    """The same condition with its columns spelt as they are. Raises NoCondition."""
    spelt = {name.casefold(): name for name in columns}
    for depth, node in _nodes(found):
        if depth > _DEEPEST:
            raise NoCondition("it is nested too deeply")
        if not isinstance(node, _WORDS) or node.args.get("query") or node.args.get("unnest"):
            raise NoCondition(f"`{_shown(node)}` can't be part of a condition. {_HELP}")
        if isinstance(node, exp.DataType) and (node.this not in _TYPES or node.args.get("nested")):
            raise NoCondition(f"`{_shown(node)}` is no type for a condition")
        if isinstance(node, exp.Column) and (
            len(node.parts) != 1 or node.name.casefold() not in spelt
        ):
            known = ", ".join(f"`{name}`" for name in sorted(columns)) or "none"
            raise NoCondition(f"there is no column `{_shown(node)}`. Columns: {known}")

    def harmless(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            return exp.column(spelt[node.name.casefold()], quoted=True)
        if type(node) is exp.Cast and not isinstance(node.this, exp.Literal):
            # What can't be cast is NULL: an error would tell what the value was.
            return exp.TryCast(this=node.this.copy(), to=node.to)
        return node

    return found.copy().transform(harmless)


def _nodes(root: exp.Expression) -> list[tuple[int, exp.Expression]]:
    found, waiting = [], [(0, root)]
    while waiting:
        depth, node = waiting.pop()
        found.append((depth, node))
        waiting += [(depth + 1, child) for child in node.iter_expressions()]
    return found


def _shown(node: exp.Expression) -> str:
    text = node.sql("duckdb")
    return text if len(text) <= 60 else f"{text[:57]}…"
