"""PostgreSQL databases that products are delivered to: how one is reached, and what it refuses.

The ledger's database is not here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage.servers import Address

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

_PATIENCE = 10


@contextmanager
def connected(address: Address) -> Iterator[Connection[Any]]:
    """A connection on which nothing is committed unless it is said.

    What the server refuses while it is open is raised as MeshError, without the password.
    """
    try:
        import psycopg
    except ModuleNotFoundError:
        raise MeshError(
            "PostgreSQL's driver is not installed: `pip install 'mesh-defs[postgres]'`."
        ) from None
    try:
        psycopg.conninfo.conninfo_to_dict(address.url)
    except psycopg.ProgrammingError:  # its message quotes what may be a password
        raise MeshError(
            f"{address.variable} can't be read. "
            "Write `postgresql://user:password@host:5432/database`."
        ) from None
    try:
        connection = psycopg.connect(
            address.url, connect_timeout=_PATIENCE, application_name="mesh"
        )
        try:
            connection.execute(
                "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = hex"
            )
            connection.execute("SET extra_float_digits = 1; SET search_path = pg_catalog")
            connection.commit()
            yield connection
        finally:
            connection.close()
    except psycopg.Error as error:
        raise MeshError(f"{place_of(address)}: {address.hide(_said(error))}") from None


def place_of(address: Address) -> str:
    """`postgresql://host:5432/database`: the address as anybody may see it."""
    try:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        return address.variable
    try:
        told = conninfo_to_dict(address.url)
    except ProgrammingError:
        return address.variable
    host, database = told.get("host") or "localhost", told.get("dbname") or told.get("user") or ""
    return f"postgresql://{unquote(str(host))}:{told.get('port') or 5432}/{database}"


def run(
    connection: Connection[Any], statement: str, values: Sequence[object] = ()
) -> Cursor[tuple[Any, ...]]:
    """One statement. Its identifiers are quoted already; values are handed over beside it."""
    return connection.execute(statement.encode(), values or None)


def identifier(*names: str) -> str:
    """A name, or a qualified one, in quotes."""
    return ".".join(exp.to_identifier(name, quoted=True).sql("postgres") for name in names)


def literal(text: str) -> str:
    """A text in a statement that takes no values beside it."""
    from psycopg import sql

    return str(sql.Literal(text).as_string(None))


def _said(error: Exception) -> str:
    """The server's first sentence. What follows it may quote a row, and so may the first one where
    a value is what is wrong."""
    diagnosis = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None)
    said = said or (str(error).strip().splitlines() or [type(error).__name__])[0]
    if str(getattr(error, "sqlstate", "")).startswith("22"):
        said = re.sub(r'"[^"]*"', '"…"', said)
    return str(said)
