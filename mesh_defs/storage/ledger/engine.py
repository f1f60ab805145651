"""The ledger's database: which one, how it is reached, its schema brought up to date.

SQLite in the state folder, or what MESH_LEDGER_URL says; its password is shown nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from mesh_defs.model import MeshError
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

VARIABLE = "MESH_LEDGER_URL"
VERSION_TABLE = "mesh_ledger_version"
NEWEST = "0002"
"""The last migration; a test holds that this is so."""
# How long a writer waits for another one, which takes milliseconds.
_PATIENCE = 60
_LOCK = 7_305_807_213  # PostgreSQL's advisory lock while the schema is made; any number will do
WRITES = {"mesh_writes": True}


class Unreachable(MeshError):
    """The ledger's database does not answer: nothing was decided, and nothing was refused."""


def place(state: State) -> URL:
    """Where the ledger is. Raises MeshError for what is no address of a database we know."""
    from sqlalchemy import URL, make_url
    from sqlalchemy.exc import ArgumentError

    given = os.environ.get(VARIABLE)
    if not given:
        return URL.create("sqlite", database=str(state.common / "ledger" / "ledger.db"))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        # Not quoted: whatever stands there may be a password.
        raise MeshError(f"{VARIABLE} is no address of a database. {_EXAMPLE}") from None
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url
    raise MeshError(f"{VARIABLE} names a database of the kind `{kind}`. {_EXAMPLE}")


_EXAMPLE = "Write `postgresql://user:password@host:5432/database`, or leave it out for SQLite."


def connect(url: URL) -> Engine:
    """An engine on an up-to-date schema. Raises MeshError where it can't be reached."""
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    lite = url.get_backend_name() == "sqlite"
    arguments: dict[str, Any] = {"timeout": _PATIENCE} if lite else {"connect_timeout": 10}
    # A writer that waited for another one has to see what that one wrote, and be overtaken.
    level: dict[str, Any] = {} if lite else {"isolation_level": "READ COMMITTED"}
    try:
        # No pool: a process that forks must not share a connection with its child.
        engine = create_engine(url, poolclass=NullPool, connect_args=arguments, **level)
    except ModuleNotFoundError:
        raise MeshError(
            "PostgreSQL's driver is not installed: `pip install 'mesh-defs[postgres]'`."
        ) from None
    if lite:
        _folder_of(Path(url.database or ""))
        event.listen(engine, "connect", _settings)
        event.listen(engine, "begin", _begin)
    with reached(url):
        _bring_up_to_date(engine)
    return engine


def _folder_of(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MeshError(f"There is no place for the ledger: {error}. Check MESH_HOME.") from None


@contextmanager
def reached(url: URL) -> Iterator[None]:
    """What a database says against it, as an error for people, without the password."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as error:
        said = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        if url.password:
            said = said.replace(str(url.password), "***")
        raise Unreachable(
            f"The ledger at {url.render_as_string(hide_password=True)} does not answer: {said}. "
            f"Check the database, or {VARIABLE}."
        ) from None


def _settings(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # we say ourselves when a transaction begins, below
    # A commit is on the disk when it returns, whatever is killed or unplugged then.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A writer that begins as a reader could be refused half-way, with nothing to wait for.
    writes = connection.get_execution_options().get("mesh_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(engine: Engine) -> None:
    if _version(engine) == NEWEST:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with _alone(engine) as connection:
        found = _version_of(connection)
        if found is not None and found > NEWEST:
            raise MeshError(
                f"The ledger's schema is {found}, and this mesh knows only {NEWEST}: it was "
                "written by a newer one. Upgrade mesh here, too."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One process at a time changes the schema."""
    if engine.dialect.name == "sqlite":
        path = str(engine.url.database)
        with FileLock(f"{path}.lock"):
            with engine.connect() as connection:
                _write_ahead(connection)
            with engine.connect().execution_options(**WRITES) as connection, connection.begin():
                yield connection
        return
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        yield connection


def _write_ahead(connection: Connection) -> None:
    """Readers and the writer don't wait for each other; the file remembers it."""
    raw = connection.connection.dbapi_connection
    assert raw
    raw.cursor().execute("PRAGMA journal_mode = WAL")


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return _version_of(connection)


def _version_of(connection: Connection) -> str | None:
    from sqlalchemy import inspect, text

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)
