"""`physicalType` in the words of many systems, and whether a column is of such a type.

Names are read by sqlglot: in the dialects of the contract's servers where they have one, else as
DuckDB, Delta (Spark) and BigQuery call them, the first that knows the name. Parquet's own names are
added. The order of a struct's fields does not count.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

_T = exp.DataType.Type
ANYWHERE = ("duckdb", "spark", "bigquery", "postgres", "snowflake", "tsql", "mysql")
# Parquet's names, and names that mean several things where no server says which.
PARQUET = {
    "UTF8": ("VARCHAR",),
    "BYTE_ARRAY": ("VARCHAR", "BLOB"),
    "FIXED_LEN_BYTE_ARRAY": ("BLOB", "UUID", "DECIMAL"),
    "INT96": ("TIMESTAMP", "TIMESTAMPTZ"),
    "TIMESTAMP_MILLIS": ("TIMESTAMP", "TIMESTAMPTZ"),
    "TIMESTAMP_MICROS": ("TIMESTAMP", "TIMESTAMPTZ"),
    "TIMESTAMP": ("TIMESTAMP", "TIMESTAMPTZ"),
}
# Types that differ in name only. What is left keeps its own name.
_TEXTS = frozenset({*exp.DataType.TEXT_TYPES})
_SAME = {
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys((_T.TIMESTAMP, _T.TIMESTAMPNTZ, _T.DATETIME, _T.DATETIME2), "moment"),
    **dict.fromkeys((_T.TIMESTAMPTZ, _T.TIMESTAMPLTZ), "moment with zone"),
    **dict.fromkeys((_T.DECIMAL, _T.BIGDECIMAL), "decimal"),
    **dict.fromkeys((_T.VARBINARY, _T.BINARY, _T.BLOB), "bytes"),
    **dict.fromkeys((_T.INT, _T.MEDIUMINT), "int"),
    **dict.fromkeys((_T.ARRAY, _T.LIST), "list"),
    **dict.fromkeys((_T.JSON, _T.JSONB), "json"),
}
_PRECISE = frozenset({_T.TIMESTAMP_S, _T.TIMESTAMP_MS, _T.TIMESTAMP_NS})


def readings(text: str, dialects: Sequence[str]) -> list[exp.DataType]:
    """What a type's name can mean; nothing if nobody knows it."""
    if not dialects and (known := PARQUET.get(text.strip().upper())):
        return [exp.DataType.build(name, dialect="duckdb") for name in known]
    if dialects:
        return [found for d in dialects if (found := _read(text, d)) is not None]
    return next(([found] for d in ANYWHERE if (found := _read(text, d)) is not None), [])


def _read(text: str, dialect: str) -> exp.DataType | None:
    from sqlglot.errors import SqlglotError

    try:
        found = exp.DataType.build(text, dialect=dialect, udt=False)
    except SqlglotError:
        return None
    for part in found.find_all(exp.DataType):
        if part.this in (_T.STRUCT,) and any(
            isinstance(e, exp.Identifier) for e in part.expressions
        ):
            return None  # `struct<a:int>`, half understood
        if part.this == _T.DECIMAL and "(" not in text:
            part.set("expressions", [])  # a dialect's default size was not promised
        if dialect == "bigquery" and part.this in (_T.INT, _T.SMALLINT, _T.TINYINT):
            part.set("this", _T.BIGINT)  # BigQuery has one integer, by many names
    return found


def is_of(promised: exp.DataType, there: exp.DataType) -> bool:
    """Whether a column's type is the promised one, sizes and inner types where they are said."""
    if _name(promised) != _name(there) and not _keeps(promised, there):
        return False
    if promised.this == _T.STRUCT:
        wanted, found = dict(_fields(promised)), dict(_fields(there))
        if wanted and wanted.keys() != found.keys():
            return False
        return all(is_of(wanted[n], found[n]) for n in wanted)
    if promised.this in (_T.ARRAY, _T.LIST, _T.MAP):
        inner = list(zip(_inner(promised), _inner(there), strict=False))
        size = promised.args.get("values") or []
        same_size = not size or size == there.args.get("values")
        return all(is_of(a, b) for a, b in inner) and bool(same_size)
    sizes = [e.name for e in promised.expressions]
    if _name(promised) == "decimal" and sizes:
        return bool([*sizes, "0"][:2] == [*(e.name for e in there.expressions), "0"][:2])
    return True


def unsized(promised: exp.DataType, there: exp.DataType) -> tuple[int, int] | None:
    """The digits, and those after the point, of a promised decimal whose column says neither:
    BigQuery gives a query's columns no sizes."""
    if _name(promised) != "decimal" or _name(there) != "decimal" or there.expressions:
        return None
    digits, places = [*(int(e.name) for e in promised.expressions), 0, 0][:2]
    return (digits, places) if digits else None


def _name(type_: exp.DataType) -> object:
    return _SAME.get(type_.this, type_.this)


def _keeps(promised: exp.DataType, there: exp.DataType) -> bool:
    """Types of an engine that hold just what the promised one does."""
    if _name(promised) == "text":
        return there.this in (_T.ENUM,)
    return _name(promised) == "moment" and there.this in _PRECISE


def _inner(type_: exp.DataType) -> list[exp.DataType]:
    return [e for e in type_.expressions if isinstance(e, exp.DataType)]


def _fields(type_: exp.DataType) -> Iterator[tuple[str, exp.DataType]]:
    for field in type_.expressions:
        if isinstance(field, exp.ColumnDef) and isinstance(field.kind, exp.DataType):
            yield field.name, field.kind
