"""A report's queries: what they may ask, and why not; plain SQL, no engine.

A query reads the one product and nothing else, gives the same answer whenever it is asked of the
same snapshot, and shows no identifier.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

HIDDEN = "restricted"
_OTHER_EACH_TIME = {
    "random", "rand", "uuid", "gen_random_uuid", "now", "today", "get_current_time",
    "transaction_timestamp", "current_localtime", "current_localtimestamp", "nextval",
    "setseed", "current_setting", "getenv", "getvariable",
}  # fmt: skip
_CLOCKS = (
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime,
    exp.Rand, exp.Uuid,
)  # fmt: skip


class Wrong(Exception):
    """What keeps a query from being asked, in words for whoever wrote it."""


def query_of(text: str, product: str, columns: Mapping[str, str]) -> exp.Query:
    """A query over `product`, whose columns are given with their classifications. Rows come in its
    own order, and those that are alike in it by their columns.

    Raises Wrong.
    """
    query, names = _checked(text, product, columns)
    if any(_is_all(ordered) for ordered in query.find_all(exp.Ordered)):
        return query
    if not isinstance(query, exp.Select):
        query = exp.select("*").from_(query.subquery("given"))
    return query.order_by(*(exp.Literal.number(n) for n in range(1, len(names) + 1)))


def _is_all(ordered: exp.Ordered) -> bool:
    """`ORDER BY ALL`, after which nothing is left to be put in order."""
    return isinstance(ordered.this, exp.Var) and ordered.this.name.upper() == "ALL"


def shown_columns(text: str, product: str, columns: Mapping[str, str]) -> list[str]:
    """The names of what a query gives. Raises Wrong."""
    return _checked(text, product, columns)[1]


def qualified(
    text: str, product: str, columns: Mapping[str, str], types: Mapping[str, str]
) -> tuple[exp.Query, list[str]]:
    """A query in which every column says whose it is, with DuckDB's types as far as they are known;
    and the names of what it gives. Raises Wrong."""
    query, names = _checked(text, product, columns)
    said = {name.lower(): types.get(name, "text") for name in columns}
    full = _full(query, product, said)
    typed = annotate_types(full, schema={product: said}, dialect="duckdb") if types else full
    return typed, names


def _checked(text: str, product: str, columns: Mapping[str, str]) -> tuple[exp.Query, list[str]]:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        found = [s for s in parse(text, read="duckdb") if s is not None]
    except SqlglotError as error:
        raise Wrong(f"can't be read: {str(error).splitlines()[0].rstrip('.')}") from None
    except RecursionError:
        raise Wrong("is nested too deeply to be read") from None
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        raise Wrong("is not one query: SELECT … FROM the product")
    query = found[0]
    if said := next(_refused(query, product), None):
        raise Wrong(said)
    full = _full(query, product, {name.lower(): "text" for name in columns})
    if said := next(_told(full, columns), None):
        raise Wrong(said)
    # Qualified names are small letters; what is written is what people are shown.
    written = {name.lower(): name for name in columns}
    written |= {a.alias.lower(): a.alias for a in query.find_all(exp.Alias)}
    names = [written.get(name, name) for name in full.named_selects]
    if len({n.lower() for n in names}) != len(names) or "" in names:
        raise Wrong("gives two columns of one name, or one of none: name each with `as`")
    return query, names


def _full(query: exp.Query, product: str, types: Mapping[str, str]) -> exp.Query:
    try:
        found = qualify(
            query.copy(), dialect="duckdb", schema={product: dict(types)}, identify=False,
            quote_identifiers=False,
        )  # fmt: skip
    except SqlglotError as error:
        raise Wrong(f"asks for what the product has not: {str(error).splitlines()[0]}") from None
    assert isinstance(found, exp.Query)
    return found


def _refused(query: exp.Expression, product: str) -> Iterator[str]:
    inside = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    if product.lower() in inside:
        yield f"has a WITH that is called `{product}`, as the product is"
    read = False
    for table in query.find_all(exp.Table):
        name = ".".join(part.name for part in table.parts).lower()
        if not isinstance(table.this, exp.Identifier):
            yield f"reads `{table.sql('duckdb')}`, where only `{product}` can be read"
        elif name == product.lower():
            read = True
        elif name not in inside:
            yield f"reads `{name}`, where only `{product}` can be read"
    if not read:
        yield f"does not read `{product}`"
    for function in query.find_all(exp.Func):
        name = (function.name if isinstance(function, exp.Anonymous) else "").lower()
        if isinstance(function, _CLOCKS) or name in _OTHER_EACH_TIME:
            yield (
                f"asks `{function.sql('duckdb')}`, which is another thing each time: a snapshot's "
                "report is always the same"
            )


def _told(query: exp.Expression, columns: Mapping[str, str]) -> Iterator[str]:
    """Columns that tell who somebody is can be counted, and nothing else."""
    hidden = {n.lower() for n, said in columns.items() if said.lower() == HIDDEN}
    for column in query.find_all(exp.Column):
        if column.name.lower() in hidden and not column.find_ancestor(
            exp.Count, exp.ApproxDistinct
        ):
            yield f"shows `{column.name}`, which is {HIDDEN}: it can only be counted"
