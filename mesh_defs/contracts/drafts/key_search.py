"""Which columns identify a row: found by estimates and a few rows, proven on all of them.

Exact tests are the costly ones (`keys`), so few are made. A key of columns that were not tried is
not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.contracts.drafts.guesses import names_a_thing
from mesh_defs.contracts.scan import keys
from mesh_defs.contracts.scan.engine import Engine

if TYPE_CHECKING:
    from mesh_defs.contracts.drafts.facts import ColumnFacts

LARGEST_KEY = 3
# How many columns are looked at, and how many tests of each size are made on all rows.
MOST_PARTS = 8
MOST_TESTS = 6
SAMPLE = 20_000
# Estimates of distinct values were up to a quarter off.
SLACK = 2
# Longer texts that differ in length are prose.
SHORT = 32
# Below so many rows, that nothing repeats says nothing.
TELLING = 100


def find_keys(
    engine: Engine, relation: exp.Expression, rows: int, facts: Sequence[ColumnFacts]
) -> tuple[tuple[str, ...], frozenset[str]]:
    """The columns of the smallest key found, and the single columns that repeat nothing."""
    if rows < 2:
        return (), frozenset()
    search = _Search(engine, relation, rows)
    able = sorted((f for f in facts if _can_be_part(f)), key=_rank)
    key: tuple[str, ...] = ()
    unique: set[str] = set()
    for one in [f for f in able if f.distinct * SLACK >= f.filled >= 2][:MOST_TESTS]:
        to_promise = rows >= TELLING and _worth_promising(one)
        to_call = not key and one.filled == rows
        if (to_promise or to_call) and search.is_key([one]):
            if to_call:
                key = (one.name,)
            else:
                unique.add(one.name)
    if key:
        return key, frozenset(unique)
    parts = [f for f in able if f.filled == rows and f.distinct > 1][:MOST_PARTS]
    for size in range(2, LARGEST_KEY + 1):
        tried = [
            list(c)
            for c in combinations(parts, size)
            if prod(f.distinct for f in c) * SLACK >= rows
        ]
        for found in search.promising(tried)[:MOST_TESTS]:
            if search.is_key(found):
                names = {f.name for f in found}
                return tuple(f.name for f in facts if f.name in names), frozenset(unique)
    return (), frozenset(unique)


def _can_be_part(facts: ColumnFacts) -> bool:
    """Whether a row could be called by it: not by amounts, and not by long texts."""
    families = facts.column.families
    if families == {"string"}:
        return (facts.lengths or (0, 0))[1] <= 64 or facts.shape is not None
    return bool(families & {"integer", "date", "timestamp"}) and "array" not in families


def _rank(facts: ColumnFacts) -> int:
    """Names of things first, then days, then texts, then whole numbers, and moments last."""
    if names_a_thing(facts.name):
        return 0
    families = facts.column.families
    order = ("date", "string", "integer", "timestamp")
    return 1 + next(i for i, family in enumerate(order) if family in families)


def _worth_promising(facts: ColumnFacts) -> bool:
    """Whether that nothing repeats could be meant: not of what people write at length."""
    shortest, longest = facts.lengths or (0, 0)
    like_a_code = facts.shape is not None or shortest == longest or longest <= SHORT
    return "integer" in facts.column.families or (
        facts.column.families == {"string"} and like_a_code
    )


class _Search:
    def __init__(self, engine: Engine, relation: exp.Expression, rows: int) -> None:
        self.engine = engine
        self.relation = relation
        self.rows = rows

    def is_key(self, facts: Sequence[ColumnFacts]) -> bool:
        """Whether no two rows have the same, exactly; rows with a null are left out."""
        columns = tuple(f.column for f in facts)
        filled = min(f.filled for f in facts)
        key = keys.Key(self.engine, self.relation, columns, filled, filled < self.rows)
        whole = {c.name for c in keys.with_ends(columns, self.engine.dialect)}
        ends = {f.name: (int(f.bounds[0]), int(f.bounds[1])) for f in facts if f.name in whole}
        return not keys.repeats(key, ends, 1).rows

    def promising(self, tried: list[list[ColumnFacts]]) -> list[list[ColumnFacts]]:
        """Those that repeat nothing in a few rows, and not much by an estimate over all."""
        names = list(dict.fromkeys(f.column.name for facts in tried for f in facts))
        if not tried:
            return []
        few = exp.select(*(exp.column(n, quoted=True) for n in names))
        few = few.from_(self.relation.copy()).limit(SAMPLE)
        left = list(self._kept(tried, few.subquery("few"), exact=True))
        return list(self._kept(left, self.relation, exact=False)) if left else []

    def _kept(
        self, tried: list[list[ColumnFacts]], relation: exp.Expression, exact: bool
    ) -> Iterator[list[ColumnFacts]]:
        asked = [exp.alias_(exp.Count(this=exp.Star()), "rows", quoted=True)]
        for i, facts in enumerate(tried):
            together = keys.as_one([f.column for f in facts])
            distinct = exp.Distinct(expressions=[together])
            count = exp.Count(this=distinct) if exact else exp.ApproxDistinct(this=together)
            asked.append(exp.alias_(count, f"v{i}"))
        answer = self.engine.rows(exp.select(*asked).from_(relation.copy()))[0]
        for i, facts in enumerate(tried):
            if answer[f"v{i}"] * (1 if exact else SLACK) >= answer["rows"]:
                yield facts
