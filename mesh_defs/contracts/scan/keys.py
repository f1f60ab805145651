"""Counting rows that repeat a key: exactly, in one pass a key, with bounded memory.

Counting distinct hashes would be cheaper by a little and wrong by a little. Three tactics:

- `bitmap`: integer columns whose values are dense need no grouping, only one bit a key.
- `bits`: a key with one integer column of small range (week, weekday, line number) is grouped by
  its other columns, and the small one becomes a bit in a 64-bit mask. On 20.9 million rows of
  (article, store, week) that is 3.2 million groups in place of 20.9 million.
- `groups`: everything else; the engine spills what does not fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.scan.columns import INTEGERS, Column
from mesh_defs.contracts.scan.engine import Engine

# A bitmap of 2^29 bits is 64 MiB, and each thread of the engine fills its own.
LARGEST_BITMAP = 2**29
BITS_A_ROW = 64
MASK_BITS = 64
WIDE = frozenset({exp.DataType.Type.UBIGINT, exp.DataType.Type.INT128, exp.DataType.Type.UINT128})
# Names that a table's own columns will not have.
COUNT, EXPECTED, SURPLUS = "rows with this key", "rows expected", "surplus rows"

Ends = Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Key:
    """A key of a table that is to be checked: `rows` of its rows have no null in it."""

    engine: Engine
    relation: exp.Expression
    columns: tuple[Column, ...]
    rows: int
    has_nulls: bool

    def select(self, *expressions: exp.Expression) -> exp.Select:
        query = exp.select(*expressions).from_(self.relation.copy())
        return query.where(exp.not_(some_null(self.columns))) if self.has_nulls else query


@dataclass(frozen=True)
class Repeats:
    """How many rows repeat the key of another row, and some of the keys that occur twice."""

    rows: int
    examples: tuple[dict[str, Any], ...] = ()


def some_null(columns: Sequence[Column]) -> exp.Expression:
    return exp.or_(*(c.sql.is_(exp.null()) for c in columns))


def with_ends(columns: Sequence[Column], dialect: str) -> list[Column]:
    """The columns whose smallest and largest value help to choose a tactic."""
    if dialect != "duckdb":
        return []
    return [c for c in columns if c.type is not None and c.type.this in INTEGERS]


def repeats(key: Key, ends: Ends, most: int) -> Repeats:
    """Exactly how many rows repeat a key. `ends`: smallest and largest value of integer columns."""
    if key.rows < 2:
        return Repeats(0)
    sizes = {name: high - low + 1 for name, (low, high) in ends.items()}
    small = max((n for n in sizes if sizes[n] <= MASK_BITS), key=lambda n: sizes[n], default=None)
    dense = min(LARGEST_BITMAP, max(BITS_A_ROW * key.rows, 2**20))
    is_dense = len(sizes) == len(key.columns) and prod(sizes.values()) < dense
    if is_dense and key.rows == _distinct(key, ends):
        return Repeats(0)
    if small is not None and len(key.columns) > 1:
        return _by_bits(key, small, ends[small][0], most)
    return _by_groups(key, most)


def _integer(column: Column) -> exp.Expression:
    wide = column.type is not None and column.type.this in WIDE
    return exp.cast(column.sql, "int128" if wide else "bigint")


def _from(low: int, column: Column) -> exp.Expression:
    return exp.Paren(this=exp.Sub(this=_integer(column), expression=exp.Literal.number(str(low))))


def _distinct(key: Key, ends: Ends) -> int:
    """How many different keys there are: each has a bit of its own."""
    place: exp.Expression = exp.convert(0)
    bits = 1
    for column in key.columns:
        low, high = ends[column.name]
        step = exp.Literal.number(str(bits))
        apart = exp.cast(_from(low, column), "bigint")
        place = exp.Add(this=place, expression=exp.Mul(this=apart, expression=step))
        bits *= high - low + 1
    last = exp.Literal.number(str(bits - 1))
    found = exp.func("bit_count", exp.func("bitstring_agg", place, exp.convert(0), last))
    query = key.select(exp.alias_(found, "found"))
    return int(key.engine.rows(query)[0]["found"] or 0)


def _by_bits(key: Key, small: str, low: int, most: int) -> Repeats:
    """Group by the other columns: a group with more rows than bits set holds a repeated key."""
    others = tuple(c for c in key.columns if c.name != small)
    (column,) = (c for c in key.columns if c.name == small)
    mask = exp.DataType.Type.UBIGINT
    bit = exp.BitwiseLeftShift(
        this=exp.cast(exp.convert(1), mask), expression=exp.cast(_from(low, column), mask)
    )
    bits = exp.func("bit_count", exp.func("bit_or", bit))
    found = _worst(key, others, bits, most)
    if not found:
        return Repeats(0)
    # The few groups that were named are looked at once more, for the keys themselves.
    plain = [c for c in others if c.is_plain]
    rows = key.select(exp.Star())
    if plain:
        same = (exp.and_(*(c.sql.eq(exp.convert(row[c.name])) for c in plain)) for row in found)
        rows = rows.where(exp.or_(*same))
    inside = replace(key, relation=rows.subquery("repeated"), has_nulls=False)
    return Repeats(int(found[0][SURPLUS]), _by_groups(inside, most).examples)


def _by_groups(key: Key, most: int) -> Repeats:
    found = _worst(key, key.columns, exp.convert(1), most)
    if not found:
        return Repeats(0)
    surplus = int(found[0][SURPLUS])
    return Repeats(surplus, tuple(_without_surplus(row) for row in found[:most]))


def _without_surplus(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != SURPLUS}


def _worst(
    key: Key, by: Sequence[Column], expected: exp.Expression, most: int
) -> list[dict[str, Any]]:
    """The groups with more rows than expected, the largest first, and the surplus of them all."""
    count = exp.Count(this=exp.Star())
    groups = (
        key.select(*(c.sql for c in by))
        .select(exp.alias_(count, COUNT, quoted=True), exp.alias_(expected, EXPECTED, quoted=True))
        .group_by(*(c.sql for c in by))
        .having(exp.GT(this=count.copy(), expression=expected.copy()))
    )
    rows, wanted = exp.column(COUNT, quoted=True), exp.column(EXPECTED, quoted=True)
    surplus = exp.Sum(this=exp.Sub(this=rows.copy(), expression=wanted))
    query = (
        exp.select(*(c.readable for c in by), rows)
        .select(exp.alias_(exp.Window(this=surplus), SURPLUS, quoted=True))
        .from_(groups.subquery("repeated"))
        .order_by(exp.Ordered(this=rows.copy(), desc=True), *(c.sql for c in by))
        .limit(max(most, 1))
    )
    return key.engine.rows(query)


def has_repeated_key(relation: exp.Expression, columns: Sequence[Column]) -> exp.Expression:
    """A row condition: another row has the same key."""
    inner = (
        exp.select(as_one(columns))
        .from_(relation.copy())
        .where(exp.not_(some_null(columns)))
        .group_by(*(c.sql for c in columns))
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.convert(1)))
    )
    return is_in(columns, inner)


def as_one(columns: Sequence[Column]) -> exp.Expression:
    """The columns as one value that can be looked up in a subquery."""
    found: list[exp.Expression] = [c.sql for c in columns]
    return found[0] if len(found) == 1 else exp.Tuple(expressions=found)


def is_in(columns: Sequence[Column], found: exp.Select) -> exp.Expression:
    return exp.In(this=as_one(columns), query=found.subquery())
