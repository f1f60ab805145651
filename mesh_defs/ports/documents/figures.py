"""The figures of a report: what its queries give over one snapshot, and as they are printed.

A document is proven against the printed form: what is read back from it has to be every figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import DataContract, MeshError
from mesh_defs.model.report import Section
from mesh_defs.ports.documents.queries import Wrong, query_of
from mesh_defs.storage import workshop
from mesh_defs.storage.scratch import lock_down, scratch
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

NOTHING = "–"  # noqa: RUF001
MOST_ROWS = 500
_NUMBERS = {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint",
            "uinteger", "ubigint", "uhugeint", "float", "double", "decimal"}  # fmt: skip
_TIMES = {"date", "timestamp"}


@dataclass(frozen=True)
class Figures:
    """A section's rows."""

    section: Section
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    """Of each column: `number`, `time` or `text`."""
    rows: tuple[tuple[Any, ...], ...]
    types: tuple[str, ...] = ()
    """DuckDB's."""

    @property
    def printed(self) -> Printed:
        return Printed(
            self.section.title, self.columns, tuple(tuple(map(print_of, row)) for row in self.rows)
        )

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The rows as JSON can hold them."""
        return [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Printed:
    """A section's table as people see it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def classified(contract: DataContract) -> dict[str, str]:
    """The columns of a product, each with its classification."""
    return {
        p.physicalName or p.name or "": p.classification or ""
        for p in contract.objects[0].properties or []
        if p.semanticType != "measure"
    }


def figures_of(
    state: State,
    sections: Sequence[Section],
    product: str,
    columns: Mapping[str, str],
    files: Sequence[str],
) -> tuple[Figures, ...]:
    """Ask every query of a snapshot, where nothing else can be read. Raises MeshError.

    `columns` are the contract's; a snapshot may have fewer, or more.
    """
    with scratch(state) as connection:
        workshop.mount(connection, "main", product, files)
        connection.execute("SET threads = 1")  # sums of floating point numbers depend on the order
        lock_down(connection, files)
        view = exp.select("*").from_(workshop.table(product)).sql("duckdb")
        there = {name: columns.get(name, "") for name in connection.sql(view).columns}
        return tuple(_asked(connection, s, product, there) for s in sections)


def differences(wanted: Sequence[Printed], found: Sequence[Printed]) -> list[str]:
    """What a document does not show as the snapshot has it, in words and without values."""
    if [s.title for s in wanted] != [s.title for s in found]:
        return [f"it has {len(found)} sections, where {len(wanted)} were declared, or others"]
    wrong = []
    for mine, there in zip(wanted, found, strict=True):
        if mine.columns != there.columns:
            wrong.append(f"in `{mine.title}`: other columns")
            continue
        if odd := sum(len(row) != len(mine.columns) for row in there.rows):
            wrong.append(f"in `{mine.title}`: {odd:,} rows that are not whole")
            continue
        if len(mine.rows) != len(there.rows):
            counts = f"{len(there.rows):,} rows, where {len(mine.rows):,} were published"
            wrong.append(f"in `{mine.title}`: {counts}")
            continue
        # A report's rows are few and their order counts: they are compared, not hashed.
        wrong += [
            f"in `{mine.title}`: column `{name}` has other values"
            for i, name in enumerate(mine.columns)
            if any(a[i] != b[i] for a, b in zip(mine.rows, there.rows, strict=True))
        ]
    return wrong


def print_of(value: Any) -> str:
    """A value as people read it; nothing is rounded."""
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal | float):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.isoformat(" ", timespec="seconds")
    return " ".join(str(value).split())


def _asked(
    connection: DuckDBPyConnection, section: Section, product: str, columns: Mapping[str, str]
) -> Figures:
    import duckdb

    try:
        query = query_of(section.query, product, columns)
        found = connection.execute(query.limit(MOST_ROWS + 1).sql("duckdb"))
        rows = found.fetchall()
    except Wrong as wrong:
        raise MeshError(f"The query of `{section.title}` {wrong}.") from None
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        said = str(error).splitlines()[0]
        raise MeshError(f"The query of `{section.title}` can't be asked: {said}") from None
    except duckdb.Error as error:
        # Only the kind of error: the engine's words may quote a row.
        said = type(error).__name__
        raise MeshError(f"The query of `{section.title}` failed: {said}.") from None
    if len(rows) > MOST_ROWS:
        raise MeshError(
            f"The query of `{section.title}` gives more than {MOST_ROWS} rows: people are shown "
            "figures, and read rows at the product's other ports."
        )
    names = tuple(str(d[0]) for d in found.description or ())
    kinds = tuple(_kind(str(d[0]), str(d[1]), section) for d in found.description or ())
    types = tuple(str(d[1]).lower() for d in found.description or ())
    return Figures(section, names, kinds, tuple(tuple(row) for row in rows), types)


def _kind(column: str, type: str, section: Section) -> str:
    base = type.lower().partition("(")[0].partition(" ")[0]
    if type.endswith("]") or base in ("struct", "map", "union", "blob", "bit"):
        raise MeshError(f"In `{section.title}`, `{column}` is {type}, which can't be printed.")
    if base in _NUMBERS:
        return "number"
    return "time" if base in _TIMES or base.startswith("timestamp") else "text"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
