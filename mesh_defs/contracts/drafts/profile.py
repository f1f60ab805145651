"""What a table holds, as plain data: a few rows, one scan, and its keys; nothing is judged here.

The few rows only propose what texts may look like. All that a contract will say is counted over
every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.drafts.facts import ColumnFacts, Profile
from mesh_defs.contracts.drafts.guesses import Shape, personal, shapes
from mesh_defs.contracts.drafts.key_search import find_keys
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import Engine
from mesh_defs.contracts.scan.kinds import does_not_match

FEW_ROWS = 2_000
FEW_LETTERS = 200
# An enumeration has at most so many values, and each stands for so many rows on average.
MOST_VALUES = 20
ROWS_A_VALUE = 10
# Distinct values are estimated first; estimates were up to a quarter off.
SLACK = 2
_SCALAR = {"integer", "number", "boolean", "date", "timestamp", "time", "string"}


def profile(engine: Engine, relation: exp.Expression) -> Profile:
    """Raises EngineError where the table cannot be read."""
    columns = list(engine.columns(relation).values())
    few = _few_rows(engine, relation, columns)
    proposed = {c.name: shapes(c.name, few[c.name]) for c in columns if c.name in few}
    rows, facts = _scan(engine, relation, columns, proposed)
    facts = [
        replace(f, personal=personal(f.name, f.column.families, few.get(f.name, ()))) for f in facts
    ]
    facts = _with_values(engine, relation, rows, facts)
    key, unique = find_keys(engine, relation, rows, facts)
    return Profile(rows, tuple(facts), key, unique)


def _few_rows(
    engine: Engine, relation: exp.Expression, columns: Sequence[Column]
) -> dict[str, list[str]]:
    """Texts of a few rows by column, but those that are not there."""
    texts = [c for c in columns if _is_text(c)]
    if not texts:
        return {}
    cut = (
        exp.alias_(exp.Left(this=c.text, expression=exp.convert(FEW_LETTERS)), f"v{i}")
        for i, c in enumerate(texts)
    )
    found = engine.rows(exp.select(*cut).from_(relation.copy()).limit(FEW_ROWS))
    return {
        c.name: [row[f"v{i}"] for row in found if row[f"v{i}"] is not None]
        for i, c in enumerate(texts)
    }


def _is_text(column: Column) -> bool:
    """Text that a person would read: not JSON, which stands for objects too."""
    return column.families == {"string"}


# -- the scan ----------------------------------------------------------------------------------

Answer = Callable[[ColumnFacts, list[Any]], ColumnFacts]


def _scan(
    engine: Engine,
    relation: exp.Expression,
    columns: Sequence[Column],
    proposed: dict[str, list[Shape]],
) -> tuple[int, list[ColumnFacts]]:
    asked: list[exp.Expression] = [exp.Count(this=exp.Star())]
    readers: list[tuple[int, list[tuple[int, int, Answer]]]] = []
    for column in columns:
        filled = _ask(asked, [exp.Count(this=column.sql)])
        parts = []
        for wanted, read in _questions(column, proposed.get(column.name, [])):
            start = _ask(asked, wanted)
            parts.append((start, start + len(wanted), read))
        readers.append((filled, parts))
    values = _answers(engine, relation, asked)
    facts = []
    for column, (filled, parts) in zip(columns, readers, strict=True):
        known = ColumnFacts(column, int(values[filled]))
        for start, end, read in parts:
            known = read(known, values[start:end])
        facts.append(known)
    return int(values[0]), facts


def _ask(asked: list[exp.Expression], wanted: Sequence[exp.Expression]) -> int:
    """Add questions; returns where the first answer will be."""
    asked.extend(wanted)
    return len(asked) - len(wanted)


def _answers(
    engine: Engine, relation: exp.Expression, asked: Iterable[exp.Expression]
) -> list[Any]:
    named = [exp.alias_(e, f"v{i}") for i, e in enumerate(asked)]
    return list(engine.rows(exp.select(*named).from_(relation.copy()))[0].values())


def _questions(
    column: Column, proposed: Sequence[Shape]
) -> Iterable[tuple[list[exp.Expression], Answer]]:
    """Aggregates over a column, and what their answers say about it."""
    if column.families & _SCALAR and "object" not in column.families:
        distinct = exp.ApproxDistinct(this=column.sql)
        yield [distinct], lambda f, a: replace(f, distinct=min(int(a[0]), f.filled))
    if column.families & {"number", "date", "timestamp"}:
        ends: list[exp.Expression] = [exp.Min(this=column.sql), exp.Max(this=column.sql)]
        if "number" not in column.families:
            ends = [exp.cast(end, "text") for end in ends]
        yield ends, lambda f, a: replace(f, bounds=(a[0], a[1]))
    if _is_text(column):
        length = exp.Length(this=column.text)
        yield (
            [exp.Min(this=length), exp.Max(this=length.copy())],
            lambda f, a: f if a[0] is None else replace(f, lengths=(int(a[0]), int(a[1]))),
        )
    for shape in proposed:
        broken = exp.CountIf(this=does_not_match(column, shape.pattern))

        def read(facts: ColumnFacts, answer: list[Any], shape: Shape = shape) -> ColumnFacts:
            return facts if facts.shape or answer[0] else replace(facts, shape=shape)

        yield [broken], read


def _with_values(
    engine: Engine, relation: exp.Expression, rows: int, facts: Sequence[ColumnFacts]
) -> list[ColumnFacts]:
    """The values of texts that have few of them; of nobody's data."""
    wanted = [
        f
        for f in facts
        if _is_text(f.column)
        and not f.personal
        and f.filled
        and f.distinct <= SLACK * MOST_VALUES
        and f.filled >= ROWS_A_VALUE * f.distinct / SLACK
        and (f.lengths or (0, 0))[1] <= FEW_LETTERS
    ]
    if not wanted:
        return list(facts)
    asked = [exp.ArrayAgg(this=exp.Distinct(expressions=[f.column.text])) for f in wanted]
    found = dict(zip((f.name for f in wanted), _answers(engine, relation, asked), strict=True))
    return [replace(f, values=_few(f, found[f.name])) if f.name in found else f for f in facts]


def _few(facts: ColumnFacts, values: Iterable[str | None]) -> tuple[str, ...]:
    there = sorted(v for v in values if v is not None)
    few = len(there) <= MOST_VALUES and len(there) * ROWS_A_VALUE <= facts.filled
    return tuple(there) if few else ()
