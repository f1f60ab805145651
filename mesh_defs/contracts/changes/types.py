"""Physical types of two versions: the same in other words, wider, narrower, or another type."""

from __future__ import annotations

import logging
from typing import Any

_INTEGERS = ("TINYINT", "SMALLINT", "INT", "BIGINT", "INT128")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINT", "UBIGINT", "UINT128")
_FLOATS = ("FLOAT", "DOUBLE")
_TEXTS = ("CHAR", "NCHAR", "VARCHAR", "NVARCHAR", "TEXT", "BPCHAR", "NAME")
_DECIMALS = ("DECIMAL", "BIGDECIMAL")
_UNBOUNDED = 10**9


def compared_types(old: str, new: str) -> str:
    """`spelled`, `wider`, `narrower` or `changed`, for people who read the column."""
    try:
        left, right = _read(old), _read(new)
    except Exception:  # a parser of types meets whatever people write
        return "spelled" if _loose(old) == _loose(new) else "changed"
    if left == right:
        return "spelled"
    if left[0] != right[0] or left[0] == "other":
        return "changed"
    sizes = list(zip(left[1], right[1], strict=True))
    if all(a <= b for a, b in sizes):
        return "wider"
    return "narrower"


def _read(text: str) -> tuple[str, tuple[Any, ...]]:
    """(family, sizes): a type has room for another's values if none of its sizes is smaller."""
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    try:
        kind = exp.DataType.build(text)  # DuckDB's own dialect forgets lengths
    except SqlglotError:
        kind = exp.DataType.build(text, dialect="duckdb")
    name = kind.this.value if hasattr(kind.this, "value") else str(kind.this)
    given = [int(e.name) for e in kind.expressions if str(e.name).isdigit()]
    for family, names in (("integer", _INTEGERS), ("unsigned", _UNSIGNED), ("float", _FLOATS)):
        if name in names:
            return family, (names.index(name),)
    if name in _TEXTS:
        return "text", (given[0] if given else _UNBOUNDED,)
    if name in _DECIMALS:
        precision, scale = (*given, *(18, 3)[len(given) :])[:2] if given else (18, 3)
        if len(given) == 1:
            scale = 0
        return "decimal", (precision - scale, scale)
    return "other", (kind.sql().upper(),)


def _loose(text: str) -> str:
    return "".join(text.lower().split())
