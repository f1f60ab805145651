"""What DuckDB's types are in PostgreSQL, and how values go there and come back. No connection here.

Values travel as text. What has an inside (lists, structs, maps) becomes jsonb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mesh_defs.model import MeshError

_SAME = {
    "boolean": "boolean",
    "tinyint": "smallint",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "varchar": "text",
    "date": "date",
    "timestamp": "timestamp without time zone",
    "timestamp with time zone": "timestamp with time zone",
    "blob": "bytea",
}
# DuckDB reads the numbers in JSON as doubles, and they keep so many digits.
_DIGITS = 15
_INSIDE = ("list", "array", "struct", "map")


@dataclass(frozen=True)
class Kept:
    """A column on both sides: its type in PostgreSQL, as its catalog writes it, and DuckDB's SQL
    for the text that goes there and for the value that comes back from it."""

    name: str
    type: str
    out: str
    back: str


def kept(name: str, kind: Any) -> Kept:
    """Raises MeshError for a type whose values would not be the same there."""
    column = exp.column(name, quoted=True).sql("duckdb")
    text = str(kind)
    if kind.id in _INSIDE:
        if _has_long_decimal(kind):
            raise MeshError(
                f"Column `{name}` has a decimal of more than {_DIGITS} digits inside, which can't "
                "be proven to come back from jsonb. Give it a column of its own."
            )
        return Kept(name, "jsonb", f"to_json({column})", f"CAST(CAST({column} AS JSON) AS {text})")
    if kind.id == "decimal":
        (_, width), (_, scale) = kind.children
        return Kept(name, f"numeric({width},{scale})", column, f"CAST({column} AS {text})")
    if text == "BLOB":
        return Kept(name, "bytea", f"'\\x' || hex({column})", f"unhex(substr({column}, 3))")
    if (there := _SAME.get(text.lower())) is None:
        raise MeshError(f"PostgreSQL has no type for column `{name}`, which is {text}.")
    return Kept(name, there, column, f"CAST({column} AS {text})")


def _has_long_decimal(kind: Any) -> bool:
    if kind.id == "decimal":
        return int(kind.children[0][1]) > _DIGITS
    if kind.id not in _INSIDE:
        return False
    children = kind.children[:1] if kind.id in ("list", "array") else kind.children
    return any(_has_long_decimal(inner) for _, inner in children)
