"""Which columns of its inputs a domain's models use, told from their SQL; nothing is run here.

Used is a column that SQL names anywhere: in a formula, a join, a condition, an order. A column that
only passes through `select *` is used if somebody further down uses it. So a column that is not
used can go, and no model fails.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from mesh_defs.governance.select_lineage import (
    HOME_SCHEMA,
    Node,
    NotUnderstood,
    Origin,
    Reading,
    Steps,
    Table,
    parsed,
    tables_in,
)

_SAID = "said"  # the mark of a column that stands in the SQL, and did not come out of a star
# Clauses whose tables and columns are followed in their own way.
_APART = {"with_", "from_", "joins", "laterals", "expressions", "pivots"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Query:
    """A model, or a test: its SQL as the engine gets it, and the tables it is known to read."""

    sql: str | None
    reads: tuple[Table, ...] = ()
    adds: tuple[str, ...] = ()
    """Columns that its table has beside those of the SQL, such as a snapshot's."""


@dataclass
class Use:
    """What a domain uses of one table."""

    columns: dict[str, set[str]] = field(default_factory=dict)
    """Column (in small letters) → the models, tests and products that use it."""
    unclear: set[str] = field(default_factory=set)
    """Models that could not be read: they may use any column."""
    readers: set[str] = field(default_factory=set)
    """Every model that reads the table itself."""

    def of(self, columns: Iterable[str]) -> dict[str, list[str]]:
        """Which of some columns are used, and by what; by whatever is unclear, all are."""
        found = {c: sorted(self.columns.get(c.lower(), set()) | self.unclear) for c in columns}
        return {column: users for column, users in found.items() if users}


def used(
    queries: Mapping[str, Query],
    shapes: Mapping[Table, Iterable[str]],
    needed: Iterable[tuple[Origin, str]] = (),
) -> dict[Table, Use]:
    """What queries use of every table that none of them makes.

    `shapes` are the columns of those tables; `needed` are columns, also of models, that somebody
    needs beside all SQL, with who that is: a published product.
    """
    known: dict[Table, list[str]] = {_lower(t): [*columns] for t, columns in shapes.items()}
    found: dict[Table, Use] = {}
    passed: dict[str, dict[str, set[Origin]]] = {}
    wanted = list(needed)
    trees = {name: _tree(query) for name, query in queries.items()}
    for name in _order(trees):
        query, (tree, reads) = queries[name], trees[name]
        for read in reads:
            found.setdefault(read, Use()).readers.add(name)
        try:
            if tree is None:
                raise NotUnderstood("it is no SQL")
            said, passed[name.lower()], outputs = _read(tree, reads, known)
        except Exception as error:  # whatever a parser does with SQL it does not know
            _log.debug("columns of %s are unclear: %s: %s", name, type(error).__name__, error)
            for read in reads:
                found[read].unclear.add(name)
            continue
        known[HOME_SCHEMA, name.lower()] = [*outputs, *query.adds]
        wanted += [(origin, name) for origin in said]
    for (schema, table, column), user in _through(wanted, passed):
        found.setdefault((schema, table), Use()).columns.setdefault(column, set()).add(user)
    made = {(HOME_SCHEMA, name.lower()) for name in queries}
    return {table: use for table, use in found.items() if table not in made}


def _through(
    wanted: Iterable[tuple[Origin, str]], passed: Mapping[str, Mapping[str, set[Origin]]]
) -> Iterator[tuple[Origin, str]]:
    """Uses, and those of the columns behind them that a star only passed on."""
    waiting, seen = list(wanted), set[tuple[Origin, str]]()
    while waiting:
        (schema, table, column), user = waiting.pop()
        origin = (schema.lower(), table.lower(), column.lower())
        if (origin, user) in seen:
            continue
        seen.add((origin, user))
        yield origin, user
        if origin[0] == HOME_SCHEMA:
            waiting += [(above, user) for above in passed.get(origin[1], {}).get(origin[2], ())]


def _tree(query: Query) -> tuple[exp.Expression | None, set[Table]]:
    """A query read, and every table it reads as far as anybody knows."""
    reads = {_lower(table) for table in query.reads}
    try:
        tree = parsed(query.sql) if query.sql else None
    except Exception:  # the same as for SQL that cannot be understood
        tree = None
    if tree is None:
        return None, reads
    inside = {(HOME_SCHEMA, cte.alias.lower()) for cte in tree.find_all(exp.CTE)}
    return tree, reads | (tables_in(tree) - inside)


def _order(trees: Mapping[str, tuple[Any, set[Table]]]) -> list[str]:
    """Every query after those whose tables it reads."""
    names = {(HOME_SCHEMA, name.lower()): name for name in trees}
    graph = {
        name: sorted(names[t] for t in reads if t in names and names[t] != name)
        for name, (_, reads) in sorted(trees.items())
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(graph)


def _lower(table: Table) -> Table:
    return table[0].lower(), table[1].lower()


def _read(
    tree: exp.Expression, reads: Iterable[Table], known: Mapping[Table, list[str]]
) -> tuple[set[Origin], dict[str, set[Origin]], list[str]]:
    """(columns the SQL uses, output column → the columns a star passes to it, output columns)."""
    shapes = {t: dict.fromkeys(known[t], "unknown") for t in reads if t in known}
    reading = _Said(tree, shapes)
    uses = reading.uses()
    for name in reading.excluded:  # `* exclude (x)` fails where there is no x
        uses |= {(*t, name) for t, columns in shapes.items() if name in map(str.lower, columns)}
    return uses, reading.passed(), reading.outputs()


class _Said(Reading):
    """A query in which what is written and what came out of a star are told apart."""

    def __init__(self, tree: exp.Expression, shapes: Mapping[Table, Mapping[str, str]]) -> None:
        for column in tree.find_all(exp.Column):
            if not column.is_star:
                column.meta[_SAID] = True
        self.excluded = {
            part.unalias().name.lower()
            for star in tree.find_all(exp.Star)
            for key in ("except_", "rename")
            for part in star.args.get(key) or ()
        }
        super().__init__(tree, shapes)

    def outputs(self) -> list[str]:
        return self._outputs(self._root)

    def uses(self) -> set[Origin]:
        """Every column of a table that the SQL needs."""
        steps = Steps()
        for scope in self._scopes.values():
            for part in self._written(scope):
                self._follow_all(part, scope, steps)
        if not steps.clear:
            raise NotUnderstood("some columns could not be found")
        return steps.origins | self._behind(steps.nodes)

    def passed(self) -> dict[str, set[Origin]]:
        """Each output column that only came out of a star, with the columns it is."""
        start = id(self._root.expression)
        found = {
            name: self._behind({(start, i)}) for i, name in enumerate(self._outputs(self._root))
        }
        return {name: origins for name, origins in found.items() if origins}

    def _behind(self, nodes: Iterable[Node]) -> set[Origin]:
        """The tables' columns that stars pass to columns of a query's parts."""
        origins: set[Origin] = set()
        waiting, seen = list(nodes), set[Node]()
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            expression = self._scopes[node[0]].expression
            if isinstance(expression, exp.Select) and not _from_star(expression.selects[node[1]]):
                continue  # it stands there: what it needs is counted with the rest
            below, following, clear = self._below(node)
            if not clear:
                raise NotUnderstood("some columns could not be found")
            origins |= below
            waiting += following
        return origins

    def _written(self, scope: Scope) -> Iterator[exp.Expression]:
        """The parts of a query that name columns, but for what stars bring."""
        expression: Any = scope.expression
        if scope.is_udtf:
            yield expression
            return
        if not isinstance(expression, exp.Select | exp.SetOperation):
            return
        for key, value in expression.args.items():
            if key not in _APART and key not in ("this", "expression"):
                parts = value if isinstance(value, list) else [value]
                yield from (part for part in parts if isinstance(part, exp.Expression))
        if not isinstance(expression, exp.Select):
            return
        # Rows are told apart by every column, so all of them count.
        whole = bool(expression.args.get("distinct")) or _in_distinct_set(expression)
        yield from (item for item in expression.selects if whole or not _from_star(item))
        for join in expression.args.get("joins") or ():
            if on := join.args.get("on"):
                yield on
        for pivot in scope.pivots:
            yield from pivot.find_all(exp.Column)

    def _follow_bare(self, name: str, scope: Scope, steps: Steps, local: bool) -> None:
        """`order by total` may name a column of the query itself, which is counted already."""
        own = Steps()
        super()._follow_bare(name, scope, own, local)
        expression = scope.expression
        if not own.clear and isinstance(expression, exp.Select):
            own.clear = name == "all" or name in self._outputs(scope)
        steps.origins |= own.origins
        steps.nodes |= own.nodes
        steps.clear = steps.clear and own.clear


def _from_star(item: exp.Expression) -> bool:
    """Whether an output column came out of a star. `using` may have merged two into one."""
    columns = list(item.find_all(exp.Column))
    return bool(columns) and not any(column.meta.get(_SAID) for column in columns)


def _in_distinct_set(expression: exp.Expression) -> bool:
    above = expression.parent
    while isinstance(above, exp.SetOperation | exp.Subquery):
        if isinstance(above, exp.SetOperation) and above.args.get("distinct"):
            return True
        above = above.parent
    return False
