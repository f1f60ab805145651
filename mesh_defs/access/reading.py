"""Reading published products with SQL: exactly the snapshots a query names, and nothing else.

Who may read what is decided before a product is handed to `reader`; nothing is decided here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from mesh_defs.model import DataProduct, Mesh, MeshError, ProductRef
from mesh_defs.ports import delta
from mesh_defs.storage import workshop
from mesh_defs.storage.scratch import lock_down, scratch
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ONE_QUERY = "Write one query: SELECT, WITH, FROM or VALUES."
_BATCH = 2048


@dataclass(frozen=True)
class Column:
    name: str
    type: str


@dataclass(frozen=True)
class Answer:
    """A query's rows as they come, and the snapshots they were read from."""

    columns: Sequence[Column]
    rows: Iterator[tuple[Any, ...]]
    snapshots: Mapping[ProductRef, Snapshot]


@contextmanager
def answer(mesh: Mesh, state: State, sql: str) -> Iterator[Answer]:
    """Run one query over published products, each at its newest snapshot.

    Raises MeshError for anything but one query, for a name that is no published product, and for
    what the engine refuses.
    """
    _engine_reads(sql)
    products = [_known(mesh, name) for name in named_products(sql)]
    snapshots = {p.ref: _published(state, p) for p in products}
    with reader(state, snapshots) as connection:
        with _refusals():
            _one_select(connection, sql)
            cursor = connection.execute(sql)
        columns = [Column(str(d[0]), str(d[1])) for d in cursor.description or ()]
        yield Answer(columns, _rows(cursor), snapshots)


@contextmanager
def reader(state: State, snapshots: Mapping[ProductRef, Snapshot]) -> Iterator[DuckDBPyConnection]:
    """A locked connection in which these snapshots are views, by their products' names."""
    with scratch(state) as connection:
        for ref, snapshot in snapshots.items():
            workshop.mount(connection, ref.domain, ref.product, snapshot.files)
        lock_down(connection, [f for s in snapshots.values() for f in s.files])
        yield connection


def named_products(sql: str) -> list[str]:
    """The tables a query reads, as `domain.product`. Raises MeshError if it is not one query."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused here anyway
    try:
        statements = [s for s in parse(sql, read="duckdb") if s is not None]
    except SqlglotError as error:
        raise MeshError(f"This SQL can't be read: {_sentence(error)} {_ONE_QUERY}") from None
    if len(statements) != 1:
        raise MeshError(f"Expected one query, got {len(statements)}. {_ONE_QUERY}")
    statement = statements[0]
    if isinstance(statement, exp.Show):
        raise MeshError("`mesh list` shows what there is to query.")
    if not isinstance(statement, exp.Query | exp.Values | exp.Describe | exp.Summarize):
        verb = statement.name if isinstance(statement, exp.Command) else statement.key
        raise MeshError(f"Products can only be read, and {verb.upper()} is no query. {_ONE_QUERY}")
    named_inside = {cte.alias.lower() for cte in statement.find_all(exp.CTE)}
    found: dict[str, None] = {}
    for table in statement.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a function such as range(10); the connection allows it no file
        name = ".".join(part.name for part in table.parts).lower()
        if name not in named_inside:
            found[name] = None
    return list(found)


def _known(mesh: Mesh, name: str) -> DataProduct:
    try:
        ref = ProductRef.parse(name)
    except ValueError:
        alike = [str(r) for r in mesh.products if r.product == name.rpartition(".")[2]]
        hint = f" Did you mean {_listed(alike)}?" if alike else f" {_there_is(mesh)}"
        raise MeshError(
            f"`{name}` is no product. Name products as `domain.product`.{hint}"
        ) from None
    room = mesh.rooms.get(ref.domain)
    if room is None or (not room.findings and ref.product not in room.products):
        raise MeshError(f"There is no product `{name}`. {_there_is(mesh)}")
    return mesh.product(name)


def _published(state: State, product: DataProduct) -> Snapshot:
    found = delta.published(state, product)
    if found is None:
        raise MeshError(
            f"`{product}` was never published. Publish it: `mesh run {product.ref.domain}`."
        )
    return found


def _engine_reads(sql: str) -> None:
    """Raises MeshError with the engine's own words where SQL is no SQL to it."""
    import duckdb

    with _refusals(), duckdb.connect() as connection:
        connection.extract_statements(sql)


def _one_select(connection: DuckDBPyConnection, sql: str) -> None:
    """The engine, too, must see one query, whatever the other parser saw."""
    import duckdb

    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise MeshError(f"This is not one query to the engine. {_ONE_QUERY}")


def _rows(cursor: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with _refusals():
        while batch := cursor.fetchmany(_BATCH):
            yield from batch


@contextmanager
def _refusals() -> Iterator[None]:
    """What the engine says against a query, as an error for whoever wrote it."""
    import duckdb

    try:
        yield
    except duckdb.PermissionException as error:
        raise MeshError(
            f"{_sentence(error)} A query reads published products and nothing else."
        ) from None
    except duckdb.Error as error:
        raise MeshError(str(error).strip()) from None


def _sentence(error: Exception) -> str:
    said = str(error).strip().splitlines()[0].rstrip(".")
    return f"{said}."


def _there_is(mesh: Mesh) -> str:
    return f"Products: {_listed(str(ref) for ref in mesh.products)}."


def _listed(names: Any) -> str:
    return ", ".join(f"`{n}`" for n in sorted(names)) or "none yet"
