"""Where a rule's values are in a table: a column, a field of a struct, the items of a list.

A spot is a place of the contract, found in the columns that the table has. Where a row has several
values (items of a list, keys of a map), a condition on a value becomes one on the row: at least one
value meets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from mesh_defs.contracts.clauses.properties import ITEMS, KEY, VALUE
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.wording import listing


class CannotCheck(Exception):
    """Why a rule cannot be checked on this table."""


@dataclass(frozen=True)
class Loop:
    """A list of a row, and the name that each of its items has below."""

    items: exp.Expression
    name: str

    @property
    def item(self) -> exp.Expression:
        return exp.column(self.name, quoted=True)


@dataclass(frozen=True)
class Spot:
    """One place in a table.

    `column` is what tests are built for. `within` is the object that the value is a field of: where
    that is null there is nothing to check.
    """

    column: Column
    within: exp.Expression | None = None
    loops: tuple[Loop, ...] = ()

    def in_row(self, condition: exp.Expression) -> exp.Expression:
        """A condition on the value as one on the row."""
        condition = self._inside(condition)
        for loop in reversed(self.loops):
            condition = exp.GT(
                this=exp.ArraySize(this=_filtered(loop, condition)), expression=exp.convert(0)
            )
        return condition

    def shown(self, condition: exp.Expression) -> exp.Expression:
        """What to show of a row for which the condition holds: the value, or the items at fault."""
        if not self.loops:
            return self.column.readable
        first, *deeper = self.loops
        inner = replace(self, loops=tuple(deeper)).in_row(condition)
        text = exp.cast(_filtered(first, inner), "text")
        return exp.alias_(text, self.column.name, quoted=True)

    def flat(self, relation: exp.Expression) -> exp.Expression:
        """A relation of all the values, in one column of the spot's name."""
        rows = relation.copy()
        for loop in self.loops:
            each = exp.alias_(exp.Anonymous(this="unnest", expressions=[loop.items.copy()]),
                              loop.name, quoted=True)  # fmt: skip
            rows = exp.select(each).from_(rows).subquery("unnested")
        query = exp.select(exp.alias_(self.column.sql, self.column.name, quoted=True)).from_(rows)
        if self.within is not None:
            query = query.where(exp.not_(self.within.copy().is_(exp.null())))
        return query.subquery("values")

    def _inside(self, condition: exp.Expression) -> exp.Expression:
        if self.within is None:
            return condition
        return exp.and_(exp.not_(self.within.copy().is_(exp.null())), condition)


def _filtered(loop: Loop, condition: exp.Expression) -> exp.Expression:
    name = exp.to_identifier(loop.name, quoted=True)
    return exp.ArrayFilter(
        this=loop.items.copy(), expression=exp.Lambda(this=condition.copy(), expressions=[name])
    )


def spots_of(rule: Rule, columns: Mapping[str, Column]) -> list[Spot]:
    """The rule's places in the table. Raises CannotCheck for one that is not there."""
    names = rule.params.get("columns", ())
    paths = rule.params.get("paths") or [()] * len(names)
    return spots_at(names, paths, columns)


def spots_at(
    names: Sequence[str], paths: Sequence[Sequence[str]], columns: Mapping[str, Column]
) -> list[Spot]:
    if missing := [n for n in names if n not in columns]:
        raise CannotCheck(f"there is no column {listing(missing)}")
    return [spot(columns[n], path) for n, path in zip(names, paths, strict=True)]


def spot(column: Column, path: Sequence[str]) -> Spot:
    """The place that a path leads to. Raises CannotCheck where the table has no such place."""
    found = Spot(column)
    for step in path:
        found = _step(found, step)
    return found


def _step(at: Spot, step: str) -> Spot:
    column = at.column
    if column.type is not None and column.type.this == exp.DataType.Type.JSON:
        raise CannotCheck(f"{column.name} is JSON: what is inside has no types of its own")
    if step.startswith("."):
        return _field(at, step[1:])
    if step == ITEMS:
        if not column.families & {"array"}:
            raise CannotCheck(f"{column.name} is {column.engine_type}, it has no items")
        return _each(at, column.sql, 0, "items")
    if not column.families & {"map"}:
        raise CannotCheck(f"{column.name} is {column.engine_type}, it is no map")
    function, place, name = {KEY: ("map_keys", 0, "key"), VALUE: ("map_values", 1, "value")}[step]
    return _each(at, exp.Anonymous(this=function, expressions=[column.sql]), place, name)


def _field(at: Spot, name: str) -> Spot:
    column = at.column
    if column.is_map or not column.families & {"object"}:
        raise CannotCheck(f"{column.name} is {column.engine_type}, it has no fields")
    fields = column.fields
    if name not in fields:
        raise CannotCheck(f"{column.name} has no field {name}")
    # In parentheses it is never taken for a column of a table of that name.
    value = exp.Dot(
        this=exp.Paren(this=column.sql), expression=exp.to_identifier(name, quoted=True)
    )
    found = column.inside(f"{column.name}.{name}", fields[name], value)
    return replace(at, column=found, within=column.sql)


def _each(at: Spot, items: exp.Expression, place: int, name: str) -> Spot:
    loop = Loop(items, f"item {len(at.loops) + 1}")
    inner = at.column.type.expressions if at.column.type is not None else ()
    if len(inner) <= place:
        raise CannotCheck(f"{at.column.name} is {at.column.engine_type}: nothing is said of inside")
    found = at.column.inside(f"{at.column.name}.{name}", inner[place], loop.item)
    return Spot(found, None, (*at.loops, loop))
