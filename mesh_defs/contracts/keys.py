"""Counting rows that repeat a key: exactly, in one pass a key, with bounded memory.

Counting distinct hashes would be cheaper by a little and wrong by a little. A grouping lets the
engine spill what does not fit; a dense integer key needs no grouping at all, only one bit a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.columns import INTEGERS, Column
from mesh_defs.contracts.engine import Engine

# A bitmap of 2^29 bits is 64 MiB, and each thread of the engine fills its own.
LARGEST_BITMAP = 2**29
BITS_A_ROW = 64


def some_null(columns: Sequence[Column]) -> exp.Expression:
    return exp.or_(*(c.sql.is_(exp.null()) for c in columns))


def may_be_dense(columns: Sequence[Column], dialect: str) -> bool:
    """Whether it pays to ask for the smallest and largest value in the scan."""
    only = columns[0].type if len(columns) == 1 else None
    return dialect == "duckdb" and only is not None and only.this in INTEGERS


def repeated(
    engine: Engine,
    relation: exp.Expression,
    columns: Sequence[Column],
    rows: int,
    low: Any = None,
    high: Any = None,
) -> int:
    """How many rows repeat the key of another, of `rows` rows without a null in the key."""
    if rows < 2:
        return 0
    if low is not None and high - low < min(LARGEST_BITMAP, max(BITS_A_ROW * rows, 2**20)):
        return rows - _distinct_by_bitmap(engine, relation, columns[0], low, high)
    groups = _groups(relation, columns).subquery("keys")
    total = exp.Sum(this=exp.column("n", quoted=True))
    query = exp.select(
        exp.alias_(exp.Sub(this=total, expression=exp.Count(this=exp.Star())), "surplus")
    ).from_(groups)
    return int(engine.rows(query)[0]["surplus"] or 0)


def _groups(relation: exp.Expression, columns: Sequence[Column]) -> exp.Select:
    return (
        exp.select(exp.alias_(exp.Count(this=exp.Star()), "n", quoted=True))
        .from_(relation.copy())
        .where(exp.not_(some_null(columns)))
        .group_by(*(c.sql for c in columns))
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.convert(1)))
    )


def _distinct_by_bitmap(
    engine: Engine, relation: exp.Expression, column: Column, low: int, high: int
) -> int:
    from_zero = exp.cast(
        exp.Sub(this=exp.cast(column.sql, "int128"), expression=exp.Literal.number(str(low))),
        "bigint",
    )
    bits = exp.func("bitstring_agg", from_zero, exp.convert(0), exp.Literal.number(str(high - low)))
    query = exp.select(exp.alias_(exp.func("bit_count", bits), "found")).from_(relation.copy())
    return int(engine.rows(query)[0]["found"] or 0)


def repeated_keys(
    relation: exp.Expression, columns: Sequence[Column], shown: Sequence[exp.Expression]
) -> exp.Select:
    """The keys that occur more than once, the most repeated first."""
    return (
        _groups(relation, columns)
        .select(*shown, append=True)
        .order_by(exp.Ordered(this=exp.column("n", quoted=True), desc=True))
        .order_by(*(c.sql for c in columns))
    )


def has_repeated_key(relation: exp.Expression, columns: Sequence[Column]) -> exp.Expression:
    """A row condition: another row has the same key."""
    inner = _groups(relation, columns).select(as_one(columns), append=False)
    return is_in(columns, inner)


def is_in(columns: Sequence[Column], found: exp.Select) -> exp.Expression:
    return exp.In(this=as_one(columns), query=found.subquery())


def as_one(columns: Sequence[Column]) -> exp.Expression:
    """The columns as one value that can be looked up in a subquery."""
    found = [c.sql for c in columns]
    return found[0] if len(found) == 1 else exp.Tuple(expressions=found)
