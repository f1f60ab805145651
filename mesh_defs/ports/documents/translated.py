"""A report's queries in a warehouse's own SQL, of the table that Looker reads there.

What has no translation that is known to be the same is refused, never passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from mesh_defs.ports.documents.queries import Wrong, qualified
from mesh_defs.ports.places import bigquery_table, postgres_view
from mesh_defs.ports.port import Target

# What Looker reads as its own: the end of a block, a reference, a template.
_LOOKERS = (";;", "${", "{{", "{%")


@dataclass(frozen=True)
class Warehouse:
    """Where Looker reads a product: in which SQL, and which table."""

    dialect: str
    table: exp.Table

    def sql(self, query: exp.Expression) -> str:
        """Raises Wrong."""
        try:
            text: str = query.sql(
                self.dialect, identify=True, pretty=True, unsupported_level=ErrorLevel.RAISE
            )
        except SqlglotError as error:
            raise Wrong(f"can't be asked at {self.dialect}: {error}") from None
        if said := next((mark for mark in _LOOKERS if mark in text), None):
            raise Wrong(f"has `{said}` in it, which Looker reads as its own")
        return text

    def column(self, name: str) -> str:
        """A column of the table that a view of Looker's is about."""
        return f"${{TABLE}}.{exp.to_identifier(name, quoted=True).sql(self.dialect)}"


def _postgres(target: Target) -> exp.Table:
    return exp.table_(postgres_view(target), db=target.product.domain, quoted=True)


def _bigquery(target: Target) -> exp.Table:
    project, dataset = target.server.get("project"), target.product.domain
    return exp.table_(bigquery_table(target), db=dataset, catalog=project, quoted=True)


_KINDS = {"postgres": _postgres, "bigquery": _bigquery}
KINDS = tuple(_KINDS)
"""The kinds of ports at which Looker can read."""


def warehouse(kind: str, target: Target) -> Warehouse:
    return Warehouse(kind, _KINDS[kind](target))


def named(names: Iterable[str]) -> dict[str, str]:
    """A name for each, of small letters, digits and underscores: no two of them are alike."""
    found: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "column"
        plain = plain if plain[0].isalpha() else f"c_{plain}"
        made, n = plain, 1
        while made in found.values():
            n += 1
            made = f"{plain}_{n}"
        found[name] = made
    return found


@dataclass(frozen=True)
class Translated:
    """A query for a warehouse; what each column is called there, in the query's order."""

    sql: str
    columns: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """What each is called in Looker."""
        return tuple(named(self.columns).values())


def translated(
    text: str,
    product: str,
    columns: Mapping[str, str],
    there: Warehouse,
    types: Mapping[str, str] | None = None,
) -> Translated:
    """A report's query over `product`, whose columns are given with their classifications. Rows
    have no order: what reads them there gives them one. Raises Wrong."""
    query, _ = qualified(text, product, columns, types or {})
    if not query.args.get("limit") and not query.args.get("offset"):
        query.set("order", None)
    for function in query.find_all(exp.Anonymous):
        raise Wrong(f"asks `{function.name}()`, which is not known to be the same there")
    for select in query.find_all(exp.Select):
        _spell_groups(select)
    called = _called(query, columns)
    gives = tuple(called[name] for name in query.named_selects)
    for identifier in query.find_all(exp.Identifier):
        identifier.set("this", called[identifier.name])
    for table in list(query.find_all(exp.Table)):
        if table.name == called.get(product.lower()) and not table.db:
            alias = table.alias or table.name
            table.replace(exp.alias_(there.table.copy(), alias, table=True))
    return Translated(there.sql(query), gives)


def _called(query: exp.Query, columns: Mapping[str, str]) -> dict[str, str]:
    """What each name of a query is in every warehouse: the product's columns as they are, whatever
    the query made up without signs that some have not."""
    written = {name.lower(): name for name in columns}
    others = dict.fromkeys(i.name for i in query.find_all(exp.Identifier) if i.name not in written)
    called = written | named(others)
    # Whose a column is, is said everywhere. Two of one name can meet only in what a SELECT gives.
    gives = ([called[name] for name in q.named_selects] for q in query.find_all(exp.Query))
    if any(len({*names}) < len(names) for names in gives):
        names = named([*written, *others])
        called = written | {other: names[other] for other in others}
    return called


def expression_of(
    logic: str, product: str, columns: Mapping[str, str], there: Warehouse
) -> tuple[exp.Expression, str]:
    """An aggregate over the product's columns, parsed, and in the warehouse's SQL as Looker puts it
    into a query of its own. Raises Wrong."""
    if not logic.strip():
        raise Wrong("does not say how it is made")
    query, _ = qualified(f"select {logic} as measure from {product}", product, columns, {})
    if not isinstance(query, exp.Select) or len(query.selects) != 1:
        raise Wrong("is not one expression")
    found = query.selects[0].unalias()
    for function in found.find_all(exp.Anonymous):
        raise Wrong(f"asks `{function.name}()`, which is not known to be the same there")
    if not found.find(exp.AggFunc) or found.find(exp.Query):
        raise Wrong("is no aggregate of the product's columns")
    written = {name.lower(): name for name in columns}
    sql = there.sql(found.transform(lambda node: _bare(node, written)))
    mark = exp.to_identifier(_TABLE, quoted=True).sql(there.dialect)
    return found, sql.replace(mark, "${TABLE}")


_TABLE = "this is the table"


def _bare(node: exp.Expression, written: Mapping[str, str]) -> exp.Expression:
    if isinstance(node, exp.Column):
        return exp.column(written[node.name], table=_TABLE, quoted=True)
    return node


def _spell_groups(select: exp.Select) -> None:
    """`GROUP BY ALL` in words that every engine has."""
    group = select.args.get("group")
    if not group or not group.args.get("all"):
        return
    plain = [s.unalias() for s in select.selects if not s.find(exp.AggFunc)]
    if any(s.find(exp.Window) for s in select.selects):
        raise Wrong("groups by all over a window: name what it groups by")
    by = [p.copy() for p in plain if p.find(exp.Column)]
    select.set("group", exp.Group(expressions=by) if by else None)
