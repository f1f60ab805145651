"""What a reader asks of one product, as a query over its files; pure, and always through sqlglot.

The agreement's narrowing comes first: a condition of the reader's is only ever put to rows that
the reader may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.conditions import NoCondition, condition, triples
from mesh_defs.contracts.roles import Narrowing
from mesh_defs.model import MeshError

_ALL = 2**62  # more rows than there are, and a number to an engine
Where = str | Sequence[Any] | None
"""A condition in SQL, or `[[column, operator, value], …]`."""


@dataclass(frozen=True)
class Asked:
    """Which columns, which rows, how many of them, from which on."""

    columns: tuple[str, ...] | None = None
    where: Where = None
    limit: int | None = None
    offset: int = 0


@dataclass(frozen=True)
class Plan:
    query: exp.Select
    columns: tuple[str, ...]


def readable_columns(there: Sequence[str], narrowing: Narrowing) -> list[str]:
    """Of the columns that a snapshot has, those that may be read."""
    return [c for c in there if narrowing.columns is None or c in narrowing.columns]


def plan(rows: exp.Expression, there: Sequence[str], narrowing: Narrowing, asked: Asked) -> Plan:
    """The query over a snapshot's rows, which have the columns `there`.

    Raises MeshError for a column that may not be read, as if it were not there, and for what is no
    condition.
    """
    may = readable_columns(there, narrowing)
    spelt = {name.casefold(): name for name in may}
    wanted = may if asked.columns is None else list(dict.fromkeys(asked.columns))
    if missing := [c for c in wanted if c.casefold() not in spelt]:
        raise MeshError(f"There is no column {_listed(missing)}. Columns: {_listed(may)}.")
    if not wanted:
        raise MeshError(f"No column was asked for. Columns: {_listed(may)}.")
    chosen = tuple(spelt[c.casefold()] for c in wanted)
    query = exp.select(*(exp.column(c, quoted=True) for c in chosen)).from_(rows)
    visible = _visible(there, narrowing)
    own = _condition(asked.where, may)
    if visible is not None:
        query = query.where(visible.copy())
        if own is not None:
            # AND promises no order. CASE does: no hidden row can make the reader's condition fail.
            own = exp.case().when(visible.copy(), own).else_(exp.false())
    if own is not None:
        query = query.where(own)
    if asked.limit is not None:
        query = query.limit(_count(asked.limit, "limit"))
    if asked.offset:
        query = query.offset(_count(asked.offset, "offset"))
    return Plan(query, chosen)


def _visible(there: Sequence[str], narrowing: Narrowing) -> exp.Expression | None:
    if narrowing.rows is None:
        return None
    if not {c.name for c in narrowing.rows.find_all(exp.Column)} <= set(there):
        raise MeshError("This snapshot has no such columns as decide which rows you may read.")
    return narrowing.rows


def _condition(where: Where, may: Sequence[str]) -> exp.Expression | None:
    if where is None:
        return None
    try:
        return condition(where, may) if isinstance(where, str) else triples(where, may)
    except NoCondition as error:
        raise MeshError(f"This is no condition on rows: {error}.") from None


def _count(given: int, name: str) -> int:
    if given < 0:
        raise MeshError(f"`{name}` is a number from 0 on, not {given}.")
    return min(given, _ALL)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
