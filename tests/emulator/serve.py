"""Runs the emulator of BigQuery in a folder, on a free port of loopback, until its input ends.

Run by the Python of the emulator's own environment. Prints its address. What is mended here: it
would download DuckDB's extensions, which are in its environment; it does not parse seconds with a
fraction (GoogleSQL's format element `%E*S`); it does not name the table that a job has created,
which dbt asks for; it takes a function in Python for SQL, and bytes in Parquet for text. And it
lets everybody read everything: here, whoever shows a principal as a token may read what the policy
of a table lets that principal read, and nothing else.
"""

from __future__ import annotations

import inspect
import re
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

    def with_extensions(
        database: str | Path = ":memory:", read_only: bool = False, config: Any = None
    ) -> duckdb.DuckDBPyConnection:
        settings = {"extension_directory": str(folder), **(config or {})}
        return connect(database, read_only, settings)

    duckdb.connect = with_extensions


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


def mend_python_functions() -> None:
    import pyarrow
    from local_bigquery.sql import js
    from sqlglot import exp

    entry_points: dict[str, str] = {}
    register, function = js.register, js._function

    def is_python(tree: Any) -> bool:
        language = tree.find(exp.LanguageProperty)
        return language is not None and language.name.lower() == "python"

    def is_function(tree: Any) -> bool:
        language = tree.find(exp.LanguageProperty)
        return language is not None and language.name.lower() in ("js", "python")

    def with_python(tree: Any) -> Any:
        if is_python(tree):
            options = {
                p.name: p.args["value"].name
                for p in tree.find_all(exp.Property)
                if type(p) is exp.Property
            }
            entry_points[tree.expression.name] = options["entry_point"]
        return register(tree)

    def in_either(names: Any, kinds: Any, body: str, returns: Any, signature: str) -> Any:
        if body not in entry_points:
            return function(names, kinds, body, returns, signature)
        known: dict[str, Any] = {}
        exec(body, known)
        entry = known[entry_points[body]]

        def call(*columns: Any) -> Any:
            rows = zip(*(c.to_pylist() for c in columns), strict=True)
            return pyarrow.array([entry(*row) for row in rows])

        kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
        call.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in names])  # type: ignore[attr-defined]
        return call

    js.is_udf, js.register, js._function = is_function, with_python, in_either


def mend_bytes_in_parquet() -> None:
    from local_bigquery.jobs import load

    projection, decoded = load._projection, load._decoded

    def as_they_are(config: Any, *args: Any) -> Any:
        load._decoded = (lambda e, *_: e) if config.sourceFormat == "PARQUET" else decoded
        try:
            return projection(config, *args)
        finally:
            load._decoded = decoded

    load._projection = as_they_are


def mend_access(app: Any) -> None:
    from local_bigquery.catalog import iam
    from starlette.responses import JSONResponse

    reading = re.compile(r".*/(projects/[^/]+/datasets/[^/]+/tables/[^/]+)(/data)?")
    roles = {"roles/bigquery.dataViewer", "roles/bigquery.dataEditor", "roles/bigquery.dataOwner"}

    def may(request: Any, principal: str) -> bool:
        asked = reading.fullmatch(request.url.path)
        if request.method != "GET" or asked is None:
            return False
        bindings = iam.get(asked[1]).bindings or []
        return any(b.role in roles and principal in (b.members or ()) for b in bindings)

    async def let_in(request: Any, call_next: Any) -> Any:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        # dbt can't show no token at all: what it shows in its stead is `none`.
        if shown not in ("", "none") and not may(request, shown):
            said = "Access Denied: the table, or it does not exist."
            error = {"code": 403, "message": said,
                     "errors": [{"reason": "accessDenied", "message": said}]}  # fmt: skip
            return JSONResponse({"error": error}, 403)
        return await call_next(request)

    app.middleware("http")(let_in)


def main(folder: Path) -> None:
    lay_out(folder / "extensions")
    mend_extensions(folder / "extensions")
    mend_fractions()
    mend_created_tables()
    mend_python_functions()
    mend_bytes_in_parquet()

    import uvicorn
    from local_bigquery import app
    from local_bigquery.settings import settings

    mend_access(app)
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
