"""What an engine's column types mean in the contract's terms; no rule and no query is here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

_T = exp.DataType.Type
INTEGERS = frozenset({*exp.DataType.INTEGER_TYPES}) - {_T.BIT}  # a string of bits in DuckDB
FLOATS = frozenset({_T.FLOAT, _T.DOUBLE})
DECIMALS = frozenset({_T.DECIMAL, _T.BIGDECIMAL})
TEXTS = frozenset({*exp.DataType.TEXT_TYPES, _T.UUID, _T.ENUM, _T.JSON})
WHOLES = frozenset({_T.JSON, _T.ARRAY, _T.STRUCT})  # of others: BigQuery casts none to text
ZONED = frozenset({_T.TIMESTAMPTZ, _T.TIMESTAMPLTZ, _T.TIMETZ})
TIMESTAMPS = frozenset(
    {_T.TIMESTAMP, _T.TIMESTAMP_S, _T.TIMESTAMP_MS, _T.TIMESTAMP_NS, _T.TIMESTAMPNTZ, _T.DATETIME}
)


_AS_DUCKDB_SAYS = {"TEXT": "VARCHAR", "INT": "INTEGER"}


@dataclass(frozen=True)
class Column:
    """A column as the engine has it, or a value inside of one, which `value` gives."""

    name: str
    engine_type: str
    type: exp.DataType | None
    dialect: str = "duckdb"
    value: exp.Expression | None = None

    @classmethod
    def read(cls, name: str, engine_type: str, dialect: str) -> Column:
        from sqlglot.errors import SqlglotError

        try:
            parsed = exp.DataType.build(engine_type, dialect=dialect)
        except SqlglotError:
            parsed = None  # a type newer than sqlglot: it has no family, and says so in verdicts
        return cls(name, engine_type, parsed, dialect)

    def inside(self, name: str, type_: exp.DataType, value: exp.Expression) -> Column:
        """A value inside of this one."""
        said = re.sub(r"\b(TEXT|INT)\b", lambda m: _AS_DUCKDB_SAYS[m[0]], type_.sql(self.dialect))
        return Column(name, said, type_, self.dialect, value)

    @property
    def sql(self) -> exp.Expression:
        return exp.column(self.name, quoted=True) if self.value is None else self.value.copy()

    @property
    def fields(self) -> dict[str, exp.DataType]:
        """The fields of a struct and their types."""
        inner = self.type.expressions if self.type is not None else ()
        return {f.name: f.kind for f in inner if isinstance(f, exp.ColumnDef) and f.kind}

    @property
    def text(self) -> exp.Expression:
        """The column as text; no cast where it is text already, so that the engine can be quick."""
        return self.sql if self.type is not None and self.type.this == _T.TEXT else self._cast

    @property
    def readable(self) -> exp.Expression:
        """The column as a value that can be shown: numbers, booleans, and text for the rest."""
        if self.families & {"integer", "number", "boolean"}:
            return self.sql if self.value is None else exp.alias_(self.sql, self.name, quoted=True)
        return exp.alias_(self.text, self.name, quoted=True)

    @property
    def _cast(self) -> exp.Expression:
        if self.dialect == "bigquery" and self.type is not None and self.type.this in WHOLES:
            return exp.Anonymous(this="TO_JSON_STRING", expressions=[self.sql])
        return exp.cast(self.sql, "text")

    @property
    def is_plain(self) -> bool:
        """Whether a value that was read can be written back as a literal of the same type."""
        return self.type is not None and self.type.this in {*INTEGERS, _T.TEXT}

    @property
    def is_float(self) -> bool:
        return self.type is not None and self.type.this in FLOATS

    @property
    def is_map(self) -> bool:
        return self.type is not None and self.type.this == _T.MAP

    @property
    def is_list(self) -> bool:
        return self.type is not None and self.type.this in (_T.ARRAY, _T.LIST)

    @property
    def is_json(self) -> bool:
        return self.type is not None and self.type.this == _T.JSON

    @property
    def is_zoned(self) -> bool:
        return self.type is not None and self.type.this in ZONED

    @property
    def families(self) -> frozenset[str]:
        return families_of(self.type)


def families_of(type_: exp.DataType | None) -> frozenset[str]:
    """The logical types that a column of this type can stand for."""
    if type_ is None:
        return frozenset()
    this = type_.this
    if this in INTEGERS:
        return frozenset({"integer", "number"})
    if this in DECIMALS:
        whole = len(type_.expressions) == 2 and type_.expressions[1].name == "0"
        return frozenset({"number", "integer"} if whole else {"number"})
    if this in FLOATS:
        return frozenset({"number"})
    if this in TEXTS:
        return frozenset({"string", "object", "array"} if this == _T.JSON else {"string"})
    if this in (_T.TIME, _T.TIMETZ):
        return frozenset({"time"})
    if this in ZONED | TIMESTAMPS:
        return frozenset({"timestamp"})
    if this in (_T.ARRAY, _T.LIST):
        inner = type_.expressions[0] if type_.expressions else None
        number = inner is not None and "number" in families_of(inner)
        return frozenset({"array", "vector"} if number else {"array"})
    return frozenset(OTHERS.get(this, ()))


OTHERS: dict[Any, tuple[str, ...]] = {
    _T.BOOLEAN: ("boolean",),
    _T.DATE: ("date",),
    _T.STRUCT: ("object",),
    _T.MAP: ("map", "object"),
    _T.VARBINARY: ("binary",),
    _T.BINARY: ("binary",),
}


def stands_for(column: Column, logical_type: str, options: dict[str, Any]) -> bool:
    """Whether the column holds what the contract calls this type."""
    if logical_type == "string" and options.get("format") in ("binary", "byte"):
        return bool(column.families & {"string", "binary"})
    zoned, written = options.get("timezone"), options.get("written")
    if written and "string" in column.families:  # a moment as text, in a format that is promised
        return zoned is None or bool(written["zoned"]) == bool(zoned)
    if zoned is not None and column.is_zoned != bool(zoned):
        return False
    return logical_type in column.families
