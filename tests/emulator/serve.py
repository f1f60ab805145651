"""Runs the emulator of BigQuery in a folder, on a free port of loopback, until its input ends.

Run by the Python of the emulator's own environment. Prints its address. What is mended here: it
would download DuckDB's extensions, which are in its environment; it does not parse seconds with a
fraction (GoogleSQL's format element `%E*S`); and it does not name the table that a job has created,
which dbt asks for.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb

EXTENSIONS = ("icu", "ducklake", "spatial")


def lay_out(folder: Path) -> None:
    """The extensions as DuckDB would have installed them."""
    with duckdb.connect() as connection:
        version, platform = connection.execute(
            "SELECT library_version, platform FROM pragma_version(), pragma_platform()"
        ).fetchall()[0]
    there = folder / version / platform
    there.mkdir(parents=True)
    for name in EXTENSIONS:
        package = Path(str(import_module(f"duckdb_extension_{name}").__file__)).parent
        for file in package.rglob("*.duckdb_extension"):
            (there / file.name).symlink_to(file)


def mend_extensions(folder: Path) -> None:
    connect = duckdb.connect

    def with_extensions(*args: Any, config: Any = None, **more: Any) -> Any:
        settings = {"extension_directory": str(folder), **(config or {})}
        return connect(*args, config=settings, **more)

    duckdb.connect = with_extensions  # type: ignore[assignment]


def mend_fractions() -> None:
    from local_bigquery.sql.rules import datetime

    rewrite = datetime._rewrite

    def with_fractions(node: Any) -> Any:
        form = node.args.get("format")
        if type(node).__name__ in ("ParseDatetime", "StrToTime") and "%E*S" in getattr(
            form, "name", ""
        ):
            form.set("this", form.name.replace("%E*S", "%S.%f"))
        return rewrite(node)

    datetime._rewrite = with_fractions


def mend_created_tables() -> None:
    from local_bigquery.jobs import query

    execute = query.execute

    def with_created_table(*args: Any, **more: Any) -> Any:
        statistics, children, destination = execute(*args, **more)
        created = (statistics.statementType or "").startswith("CREATE_TABLE")
        if destination is None and created:
            destination = statistics.ddlTargetTable
        return statistics, children, destination

    query.execute = with_created_table


def main(folder: Path) -> None:
    lay_out(folder / "extensions")
    mend_extensions(folder / "extensions")
    mend_fractions()
    mend_created_tables()

    import uvicorn
    from local_bigquery import app
    from local_bigquery.settings import settings

    settings.data_dir = folder / "data"
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        thread.join(0.01)
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.should_exit = True
    thread.join(5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
