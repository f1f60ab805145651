"""The Python functions of a dbt project, known to a connection of DuckDB.

A function is what dbt calls one: a file of its name in the project's `functions/`, described in a
YAML file beside it, with GoogleSQL's types. BigQuery keeps such a function itself; DuckDB forgets
it with the connection, so each connection is told anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from sqlglot import exp

from mesh_defs.model import MeshError

# What a connection knows a function by. dbt gives it its own name, in the workshop, as a macro.
PREFIX = "mesh_python_"
# dbt puts a function's file through Jinja, and gives the outcome to BigQuery.
_JINJA = re.compile("{[{%#]")


def add_functions(connection: Any, folder: Path) -> None:
    """Make the folder's Python functions known. Raises MeshError for one that cannot be."""
    for path, function in _described(folder):
        connection.create_function(
            PREFIX + path.stem,
            _entry_point(path, function),
            [_type(path, a.get("data_type")) for a in function.get("arguments", [])],
            _type(path, (function.get("returns") or {}).get("data_type")),
            null_handling="special",  # as in BigQuery: null is an argument like others
        )


def _described(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for described in sorted(folder.glob("*.yml")):
        data = yaml.safe_load(described.read_text(encoding="utf-8")) or {}
        for function in data.get("functions") or []:
            path = folder / f"{function['name']}.py"
            if path.is_file():
                yield path, function


def _entry_point(path: Path, function: dict[str, Any]) -> Callable[..., Any]:
    name = (function.get("config") or {}).get("entry_point")
    if sign := _JINJA.search(path.read_text(encoding="utf-8")):
        raise MeshError(
            f"{path} has `{sign[0]}`: on BigQuery it is what Jinja makes of it, here it stays."
            " Write it in another way, such as with something between the two signs."
        )
    known: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), known)
    except Exception as error:
        raise MeshError(f"{path} cannot be read: {type(error).__name__}: {error}") from error
    found: Callable[..., Any] | None = known.get(str(name))
    if not callable(found):
        raise MeshError(f"{path} has no function `{name}`, which its `entry_point` names.")
    return found


def _type(path: Path, said: str | None) -> str:
    from sqlglot.errors import SqlglotError

    try:
        return str(exp.DataType.build(said or "", dialect="bigquery").sql("duckdb"))
    except (SqlglotError, ValueError):
        raise MeshError(f"{path}: `{said}` is no type of GoogleSQL (`data_type`).") from None
