"""Rows made up at random with a column of every type that goes to BigQuery. No test is here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection, DuckDBPyRelation
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlglot import exp

Columns = Mapping[str, tuple[str, st.SearchStrategy[Any]]]
Row = dict[str, Any]

_DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
_MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))
# What hides a text's end, its case, its accents and what is no letter at all.
_SIGNS = st.sampled_from('aAé"\\,()[]0 \t\n\x00ß€😀') | st.just("e\u0301")
_TEXTS = st.text(max_size=20) | st.lists(_SIGNS, max_size=8).map("".join)
# Half way between two numbers of 17 digits, where one may round either way.
_HALVES = st.builds(math.ldexp, st.integers(2**52, 2**53).map(lambda n: n | 1), st.integers(-60, 0))
_DOUBLES = st.floats() | _HALVES | st.sampled_from([0.0, -0.0, 5e-324, 0.1, 1e15, 1e17])


def _decimals(width: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**width - 1
    some = st.integers(-most, most) | st.integers(-20, 20).map(lambda n: n * 10 ** (scale // 2))
    # Made of digits: the context of arithmetic has 28 of them.
    return some.map(lambda n: Decimal((int(n < 0), tuple(map(int, str(abs(n)))), -scale)))


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def _structs(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(fields)


COLUMNS: Columns = {
    # In DuckDB's words; the values, as Python has them.
    "tiny": ("TINYINT", _maybe(st.integers(-128, 127))),
    "big": ("BIGINT", _maybe(st.integers(-(2**63), 2**63 - 1))),
    "sure": ("UINTEGER", st.integers(0, 2**32 - 1)),
    "flag": ("BOOLEAN", _maybe(st.booleans())),
    "cents": ("DECIMAL(10,2)", _maybe(_decimals(10, 2))),
    "share": ("DECIMAL(4,4)", _maybe(_decimals(4, 4))),
    "pieces": ("DECIMAL(18,0)", _maybe(_decimals(18, 0))),
    "exact": ("DECIMAL(30,12)", _maybe(_decimals(30, 12))),
    "real": ("FLOAT", _maybe(st.floats(width=32))),
    "double": ("DOUBLE", _maybe(_DOUBLES)),
    "te`xt": ("VARCHAR", _maybe(_TEXTS)),
    "bytes": ("BLOB", _maybe(st.binary(max_size=12))),
    "day": ("DATE", _maybe(_DAYS)),
    "at": ("TIMESTAMP", _maybe(_MOMENTS)),
    "moment": ("TIMESTAMPTZ", _maybe(_MOMENTS.map(lambda at: at.replace(tzinfo=UTC)))),
    "pair": ("STRUCT(a INTEGER, b VARCHAR, c STRUCT(d DOUBLE, e VARCHAR[]), f DECIMAL(5,2))",
             _maybe(_structs(
                 a=_maybe(st.integers(-9, 9)), b=_maybe(_TEXTS), f=_maybe(_decimals(5, 2)),
                 c=_maybe(_structs(d=_maybe(_DOUBLES), e=st.lists(_TEXTS, max_size=2)))))),
    "numbers": ("INTEGER[]", st.lists(st.integers(-99, 99), max_size=4)),
    "texts": ("VARCHAR[]", st.lists(_TEXTS, max_size=4)),
    "pairs": ("STRUCT(k VARCHAR, v DECIMAL(6,3), w DATE, x TIMESTAMP[])[]",
              st.lists(_structs(k=_maybe(_TEXTS), v=_maybe(_decimals(6, 3)), w=_maybe(_DAYS),
                                x=st.lists(_MOMENTS, max_size=2)), max_size=3)),
}  # fmt: skip
# What the emulator has no room for: it keeps 20 digits before the point, and 18 behind it.
WIDEST: Columns = {
    "widest": ("DECIMAL(38,0)", _maybe(_decimals(38, 0))),
    "finest": ("DECIMAL(38,38)", _maybe(_decimals(38, 38))),
    "middle": ("DECIMAL(38,9)", _maybe(_decimals(38, 9))),
}


def made_up(columns: Columns, many: int) -> list[Row]:
    """Rows as hypothesis thinks of them. They are for one table: an engine that answers slowly is
    asked once of all of them."""
    found: list[Row] = []

    @settings(max_examples=many, database=None, phases=[Phase.generate])
    @given(st.fixed_dictionaries({name: values for name, (_, values) in columns.items()}))
    def make(row: Row) -> None:
        found.append(row)

    make()
    return found


def table_of(
    connection: DuckDBPyConnection, columns: Columns, rows: Sequence[Row]
) -> DuckDBPyRelation:
    """A new table `made` of these rows."""
    said = ", ".join(
        f"{exp.to_identifier(name, quoted=True).sql('duckdb')} {kind}"
        for name, (kind, _) in columns.items()
    )
    connection.execute(f"CREATE OR REPLACE TABLE made ({said})")
    empty = connection.table("made").to_arrow_table()
    connection.register("rows", pa.Table.from_pylist(list(rows), empty.schema))
    connection.execute("INSERT INTO made SELECT * FROM rows")
    connection.unregister("rows")
    return connection.table("made")


def in_googlesql(kinds: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """These rows as a query that reads no table."""
    fields = ", ".join(f"{_name(name)} {_type(kind)}" for name, kind in kinds.items())
    values = ", ".join(
        f"({', '.join(_literal(row[name], kind) for name, kind in kinds.items())})" for row in rows
    )
    return f"SELECT * FROM UNNEST(ARRAY<STRUCT<{fields}>>[{values}])"


def _name(name: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql("bigquery"))


def _type(kind: Any) -> str:
    if kind.id == "list":
        return f"ARRAY<{_type(kind.children[0][1])}>"
    if kind.id == "struct":
        return f"STRUCT<{', '.join(f'{_name(n)} {_type(of)}' for n, of in kind.children)}>"
    if kind.id == "decimal":
        (_, width), (_, scale) = kind.children
        return "NUMERIC" if scale <= 9 and width - scale <= 29 else "BIGNUMERIC"
    return _TYPES.get(str(kind), "INT64")


def _literal(value: Any, kind: Any) -> str:
    if value is None:
        return f"CAST(NULL AS {_type(kind)})"
    if kind.id == "list":
        items = ", ".join(_literal(each, kind.children[0][1]) for each in value)
        return f"{_type(kind)}[{items}]"
    if kind.id == "struct":
        return f"{_type(kind)}({', '.join(_literal(value[n], of) for n, of in kind.children)})"
    said = _type(kind)
    if said == "STRING":
        return f"SAFE_CONVERT_BYTES_TO_STRING(FROM_HEX('{value.encode().hex()}'))"
    if said == "BYTES":
        return f"FROM_HEX('{value.hex()}')"
    if said in ("FLOAT64", "NUMERIC", "BIGNUMERIC"):
        return f"CAST('{value if said == 'FLOAT64' else format(value, 'f')}' AS {said})"
    return f"CAST('{value}' AS {said})"


_TYPES = {
    "BOOLEAN": "BOOL",
    "FLOAT": "FLOAT64",
    "DOUBLE": "FLOAT64",
    "VARCHAR": "STRING",
    "BLOB": "BYTES",
    "DATE": "DATE",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
