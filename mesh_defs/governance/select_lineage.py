"""One query's column lineage: where each output column's value comes from. No cache, no files.

An origin is a column whose values enter the formula of the output column: also a window's
partition and order, an aggregate's filter, and every column of a subquery that stands inside the
formula. Columns that only choose rows (where, join conditions, group by) are no origin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

Table = tuple[str, str]
Origin = tuple[str, str, str]
Shapes = Mapping[Table, Mapping[str, str]]

DIALECT = "duckdb"
HOME_SCHEMA = "main"
"""Where a table without a schema lies: the models' own."""

Node = tuple[int, int]  # a scope, by the id of its expression, and the position of a column


class NotUnderstood(Exception):
    """The columns of this query can't be told from its text."""


def tables_in(tree: exp.Expression) -> set[Table]:
    """Every table a query names, whatever its database; CTEs may be among them."""
    return {
        ((t.db or HOME_SCHEMA).lower(), t.name.lower()) for t in tree.find_all(exp.Table) if t.name
    }


def parsed(sql: str, dialect: str = DIALECT) -> exp.Expression:
    tree: exp.Expression = parse_one(sql, dialect=dialect)
    return tree


class Reading:
    """A query that is qualified once; each output column is then looked up in its scopes."""

    def __init__(self, tree: exp.Expression, shapes: Shapes, dialect: str = DIALECT) -> None:
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        self._spelled = {
            (s.lower(), t.lower()): ((s, t), {c.lower(): c for c in columns})
            for (s, t), columns in shapes.items()
        }
        known: dict[str, dict[str, dict[str, str]]] = {}
        for (schema, table), columns in shapes.items():
            known.setdefault(schema, {})[table] = dict(columns)
        qualified = qualify(
            tree,
            dialect=dialect,
            db=HOME_SCHEMA,
            schema=MappingSchema(known, dialect=dialect),
            validate_qualify_columns=False,
        )
        while isinstance(qualified, exp.Subquery):
            qualified = qualified.this
        root = build_scope(qualified)
        if root is None:
            raise NotUnderstood(f"{type(qualified).__name__} is no query")
        self._root, self._dialect = root, dialect
        self._scopes: dict[int, Scope] = {id(s.expression): s for s in root.traverse()}
        self._names: dict[int, list[str]] = {}
        self._edges: dict[Node, tuple[set[Origin], set[Node], bool]] = {}

    def columns(self) -> list[tuple[str, set[Origin] | None]]:
        """Output columns in order, with their origins; None where they can't be told."""
        names = self._outputs(self._root)
        start = id(self._root.expression)
        return [(name, self._reach((start, i))) for i, name in enumerate(names)]

    def _reach(self, start: Node) -> set[Origin] | None:
        """All tables' columns that can be reached; a recursive CTE is a circle in this graph."""
        origins: set[Origin] = set()
        seen = {start}
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node not in self._edges:
                self._edges[node] = self._below(node)
            found, following, clear = self._edges[node]
            if not clear:
                return None
            origins |= found
            waiting += following - seen
            seen |= following
        return origins

    # -- what a scope puts out

    def _outputs(self, scope: Scope) -> list[str]:
        key = id(scope.expression)
        if key not in self._names:
            self._names[key] = self._told(scope)
        return self._names[key]

    def _told(self, scope: Scope) -> list[str]:
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            left, right = (self._outputs(s) for s in scope.set_operation_scopes)
            if _by_name(expression):
                left = left + [name for name in right if name not in left]
            return left
        if not isinstance(expression, exp.Select):
            raise NotUnderstood(f"{type(expression).__name__} is no select")
        for item in expression.selects:
            if item.unalias().unnest().is_star or item.find(exp.Columns):
                raise NotUnderstood(f"`{item.sql(self._dialect)}` could not be expanded")
        return [item.alias_or_name.lower() for item in expression.selects]

    def _below(self, node: Node) -> tuple[set[Origin], set[Node], bool]:
        """One column's next steps: (tables' columns, other scopes' columns, all of them known)."""
        scope, position = self._scopes[node[0]], node[1]
        expression = scope.expression
        steps = Steps()
        if isinstance(expression, exp.SetOperation):
            name = self._outputs(scope)[position]
            for branch in scope.set_operation_scopes:
                if not _by_name(expression):
                    steps.nodes.add((id(branch.expression), position))
                elif name in (names := self._outputs(branch)):
                    steps.nodes.add((id(branch.expression), names.index(name)))
        else:
            item = expression.selects[position]
            self._follow_all(item, scope, steps)
            for window in item.find_all(exp.Window):
                for named in expression.args.get("windows") or ():
                    if window.alias and named.name.lower() == window.alias.lower():
                        self._follow_all(named, scope, steps)
        return steps.origins, steps.nodes, steps.clear

    # -- what an expression refers to

    def _follow_all(self, expression: exp.Expression, scope: Scope, steps: Steps) -> None:
        """Every reference in an expression. What a FROM holds is reached through its columns."""

        def elsewhere(part: exp.Expression) -> bool:
            return part is not expression and _is_elsewhere(part)

        for part in expression.walk(prune=elsewhere):
            if elsewhere(part):
                continue
            inside = self._scope_of(part, scope)
            if isinstance(part, exp.TableColumn):
                self._follow_bare(part.name.lower(), inside, steps, local=False)
            elif isinstance(part, exp.Column) and isinstance(part.this, exp.Star):
                if part.table:
                    self._follow_row(part.table.lower(), inside, steps)
            elif isinstance(part, exp.Column) and part.table:
                self._follow(part.table.lower(), part.name.lower(), inside, steps)
            elif isinstance(part, exp.Column):
                local = part.find_ancestor(exp.Lambda, exp.Comprehension) is not None
                self._follow_bare(part.name.lower(), inside, steps, local)
            elif isinstance(part, exp.Dot) and not isinstance(part.parent, exp.Dot):
                self._follow_method(part, inside, steps)

    def _scope_of(self, part: exp.Expression, default: Scope) -> Scope:
        query = part.find_ancestor(exp.Select, exp.SetOperation)
        return self._scopes.get(id(query), default)

    def _follow_method(self, dot: exp.Dot, scope: Scope, steps: Steps) -> None:
        """`v.trim(w)` is parsed as a function in a schema `v`, its names left as they are: those
        that are columns here are followed.
        """
        first: Any = dot
        while isinstance(first, exp.Dot):
            first = first.this
        if not isinstance(first, exp.Identifier):
            return
        after = first.parent.expression
        if isinstance(after, exp.Identifier):
            alias, name = first.name.lower(), after.name.lower()
            if name in (self._columns_of(alias, scope) or ()):
                self._follow(alias, name, scope, steps)
        holders = [self._columns_of(alias, scope) or () for alias in _aliases(scope)]
        for part in dot.find_all(exp.Identifier):
            field = isinstance(part.parent, exp.Dot) and part.arg_key == "expression"
            if not field and any(part.name.lower() in columns for columns in holders):
                self._follow_bare(part.name.lower(), scope, steps, local=False)

    def _follow_bare(self, name: str, scope: Scope, steps: Steps, local: bool) -> None:
        """A name without a table: a column that qualifying missed, a whole row, a variable."""
        here: Scope | None = scope
        while here is not None:
            known = {alias: self._columns_of(alias, here) for alias in _aliases(here)}
            holders = [a for a, columns in known.items() if columns is not None and name in columns]
            open_ended = [a for a, columns in known.items() if columns is None]
            if holders or (len(open_ended) == 1 and name not in known and not local):
                self._follow((holders or open_ended)[0], name, here, steps)
                return
            if name in known:
                self._follow_row(name, here, steps)
                return
            here = here.parent
        steps.clear = steps.clear and local

    def _follow_row(self, alias: str, scope: Scope, steps: Steps) -> None:
        source = scope.sources.get(alias)
        if isinstance(source, Scope) and source.is_udtf:
            self._enter(source, "", scope, steps)
            return
        columns = self._columns_of(alias, scope)
        for column in columns or ():
            self._follow(alias, column, scope, steps)
        steps.clear = steps.clear and columns is not None

    def _follow(self, alias: str, column: str, scope: Scope, steps: Steps) -> None:
        """A column of what stands under an alias, here or in a query around this one."""
        here: Scope | None = scope
        while here is not None:
            if alias in here.sources:
                self._enter(here.sources[alias], column, here, steps)
                return
            for pivot in here.pivots:
                if pivot.alias.lower() == alias:
                    self._enter_pivot(pivot, column, here, steps)
                    return
            here = here.parent
        steps.clear = False

    def _enter(self, source: Any, column: str, scope: Scope, steps: Steps) -> None:
        if isinstance(source, Scope):
            source = self._whole(source)
            if source.is_udtf:
                inner = source.sources.get("")
                if isinstance(inner, Scope):
                    self._enter(inner, column, source, steps)
                else:
                    self._follow_all(source.expression, source, steps)
                return
            names = self._outputs(source)
            if column in names:
                steps.nodes.add((id(source.expression), names.index(column)))
            else:
                steps.clear = False
        elif not isinstance(source.this, exp.Identifier):
            self._follow_all(source.this, scope, steps)  # a table function: its arguments
        else:
            steps.origins.add(self._origin(source, column))

    def _enter_pivot(self, pivot: Any, column: str, scope: Scope, steps: Steps) -> None:
        """What a pivot makes comes from every column it names; the rest passes through."""
        base = scope.sources.get(pivot.parent.alias_or_name)
        names = {c.name.lower() for c in pivot.find_all(exp.Column)}
        wanted = [column] if column in self._known_columns(base) - names else sorted(names)
        for name in wanted:
            self._enter(base, name, scope, steps)

    def _whole(self, scope: Scope) -> Scope:
        """A recursive CTE's name leads to its first branch only: take the whole of it."""
        outer = scope.expression.parent
        while isinstance(outer, exp.Subquery):
            outer = outer.parent
        if isinstance(outer, exp.SetOperation) and isinstance(outer.parent, exp.CTE):
            return self._scopes.get(id(outer), scope)
        return scope

    # -- what a source holds

    def _columns_of(self, alias: str, scope: Scope) -> Sequence[str] | None:
        """The column names under an alias; None when they aren't known."""
        source = scope.sources.get(alias)
        if isinstance(source, Scope):
            if source.is_udtf:
                return [c.lower() for c in source.expression.alias_column_names] or None
            return self._outputs(source)
        known = self._known_columns(source)
        return sorted(known) if known else None

    def _known_columns(self, source: Any) -> set[str]:
        if isinstance(source, Scope):
            return set(self._outputs(source))
        if not isinstance(source, exp.Table):
            return set()
        return set(self._spelled.get(_key(source), (None, {}))[1])

    def _origin(self, table: exp.Table, column: str) -> Origin:
        key = _key(table)
        names = [c.name.lower() for c in (table.args.get("alias") or exp.TableAlias()).columns]
        (schema, name), columns = self._spelled.get(key, (key, {}))
        if column in names and names.index(column) < len(columns):
            return schema, name, list(columns.values())[names.index(column)]
        return schema, name, columns.get(column, column)


class Steps:
    def __init__(self) -> None:
        self.origins: set[Origin] = set()
        self.nodes: set[Node] = set()
        self.clear = True


def _key(table: exp.Table) -> Table:
    return (table.db or HOME_SCHEMA).lower(), table.name.lower()


def _by_name(expression: exp.Expression) -> bool:
    return bool(expression.args.get("by_name"))


def _aliases(scope: Scope) -> Iterator[str]:
    """What a query's own FROM names; CTEs that it does not read are no source of it."""
    yield from (alias for alias in scope.selected_sources if alias)


def _is_elsewhere(part: exp.Expression) -> bool:
    """Whether a part of an expression has no say in its value, or is reached in another way."""
    if isinstance(part, exp.With):
        return True
    if isinstance(part, exp.Subquery | exp.Table | exp.Lateral | exp.Unnest):
        return isinstance(part.parent, exp.From | exp.Join | exp.Lateral)
    # What `exists (select … from …)` selects does not matter.
    query = part.parent
    return (
        part.arg_key == "expressions"
        and isinstance(query, exp.Select)
        and isinstance(query.parent, exp.Exists)
    )
