"""What DuckDB and BigQuery both make of the same rows: one query for each, and the same answer.
Nothing is asked here, and what an answer proves is not said here.

A value becomes a text that both engines write alike, and the text a number: the first 60 bits of
its MD5. Such numbers are added up, so the order of the rows does not matter. Every column type that
`types` carries has such a text; what stands side by side here is the same in the two dialects.

| type | its text |
|---|---|
| integers, booleans, texts | themselves |
| decimals | their digits without zeros at the end |
| floats | 17 significant digits, which no other double has; `nan`, `inf`, `-inf`; both zeros `0` |
| bytes | two hexadecimal digits each |
| dates, timestamps | days or microseconds since 1970 |
| structs, lists | their parts in their order, texts in quotes; a part that is null is nothing |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

_LISTS = ("list", "array")
# 15 hexadecimal digits are an INT64 whatever they are. NUMERIC adds up 10^10 of them and more.
_DIGITS = 15


@dataclass(frozen=True)
class _Said:
    """An expression in the words of each engine."""

    here: str  # DuckDB
    there: str  # GoogleSQL

    def put(self, here: str, there: str) -> _Said:
        """It, where `{}` is."""
        return _Said(here.replace("{}", self.here), there.replace("{}", self.there))


def summed_here(kinds: Mapping[str, Any], rows: exp.Expression) -> str:
    """DuckDB's query: one row, which has the number of rows, a checksum over whole rows, and of
    each column, in their order, a checksum and the number of nulls."""
    values = {name: _column(name).here for name in kinds}
    hashes = [f"left(md5({text.here}), {_DIGITS})" for text in _texts(kinds)]
    inner = [f"{hashed} AS h{i}" for i, hashed in enumerate(hashes)]
    inner += [f"{value} IS NULL AS n{i}" for i, value in enumerate(values.values())]
    whole = " || ".join(f"coalesce(h{i}, '-')" for i in range(len(kinds)))
    asked = ["count(*)", _added_here(f"left(md5({whole}), {_DIGITS})")]
    for i in range(len(kinds)):
        asked += [_added_here(f"h{i}"), f"count(*) FILTER (n{i})"]
    return f"SELECT {', '.join(asked)} FROM (SELECT {', '.join(inner)} FROM {rows.sql('duckdb')})"


def summed_there(kinds: Mapping[str, Any], rows: exp.Expression) -> str:
    """BigQuery's query for the same: one scan of the rows."""
    hashes = [f"SUBSTR(TO_HEX(MD5({text.there})), 1, {_DIGITS})" for text in _texts(kinds)]
    inner = [f"{hashed} AS h{i}" for i, hashed in enumerate(hashes)]
    inner += [f"{_column(name).there} IS NULL AS n{i}" for i, name in enumerate(kinds)]
    whole = ", ".join(f"COALESCE(h{i}, '-')" for i in range(len(kinds)))
    asked = ["COUNT(*)", _added_there(f"SUBSTR(TO_HEX(MD5(CONCAT({whole}))), 1, {_DIGITS})")]
    for i in range(len(kinds)):
        asked += [_added_there(f"h{i}"), f"COUNTIF(n{i})"]
    named = ", ".join(f"{each} AS a{i}" for i, each in enumerate(asked))
    return f"SELECT {named} FROM (SELECT {', '.join(inner)} FROM {rows.sql('bigquery')} AS {_ROW})"


_ROW = "mesh_row"


def _column(name: str) -> _Said:
    column = exp.to_identifier(name, quoted=True)
    return _Said(column.sql("duckdb"), f"{_ROW}.{column.sql('bigquery')}")


def _texts(kinds: Mapping[str, Any]) -> list[_Said]:
    return [_text(_column(name), kind) for name, kind in kinds.items()]


def _added_here(digits: str) -> str:
    return f"coalesce(sum(CAST('0x' || {digits} AS BIGINT)), 0)"


def _added_there(digits: str) -> str:
    number = f"CAST(CAST(CONCAT('0x', {digits}) AS INT64) AS NUMERIC)"
    return f"COALESCE(SUM({number}), NUMERIC '0')"


def _text(value: _Said, kind: Any, depth: int = 0) -> _Said:
    """What it is written as; null for null."""
    if kind.id in _LISTS:
        each = f"e{depth}"
        part = _part(_Said(each, each), kind.children[0][1], depth + 1)
        here = f"list_transform({value.here}, lambda {each}: {part.here} || ',')"
        there = (
            f"ARRAY(SELECT CONCAT({part.there}, ',') FROM UNNEST({value.there}) AS {each} "
            f"WITH OFFSET AS o{depth} ORDER BY o{depth})"
        )
        return _Said(here, there).put(
            "'[' || array_to_string({}, '') || ']'", "CONCAT('[', ARRAY_TO_STRING({}, ''), ']')"
        )
    if kind.id == "struct":
        parts = []
        for name, of in kind.children:
            field = exp.to_identifier(name, quoted=True)
            inner = _Said(
                f"({value.here}).{field.sql('duckdb')}", f"{value.there}.{field.sql('bigquery')}"
            )
            parts.append(_part(inner, of, depth))
        here = " || ',' || ".join(part.here for part in parts)
        there = ", ',', ".join(part.there for part in parts)
        return _Said(
            f"CASE WHEN {value.here} IS NOT NULL THEN '(' || {here} || ')' END",
            f"CASE WHEN {value.there} IS NOT NULL THEN CONCAT('(', {there}, ')') END",
        )
    if kind.id == "decimal":
        return _decimal(value, *(int(size) for _, size in kind.children))
    return value.put(*_SCALARS.get(str(kind), _PLAIN))


def _part(value: _Said, kind: Any, depth: int) -> _Said:
    """A text as a part of another: what is in it ends nothing there."""
    text = _text(value, kind, depth)
    if str(kind) == "VARCHAR":
        text = text.put(
            "'\"' || replace({}, '\"', '\"\"') || '\"'",
            "CONCAT('\"', REPLACE({}, '\"', '\"\"'), '\"')",
        )
    return text.put("coalesce({}, '')", "COALESCE({}, '')")


def _decimal(value: _Said, width: int, scale: int) -> _Said:
    """DuckDB writes as many digits behind the point as the type has, and none before it where the
    type has none; BigQuery writes those that there are, and 0 before it."""
    text = value.put(*_PLAIN)
    if width == scale:
        text = text.put("replace({}, '.', '0.')", "{}")
    return text.put(
        "rtrim(rtrim({}, '0'), '.')" if scale else "{}",
        "CASE WHEN STRPOS({}, '.') > 0 THEN RTRIM(RTRIM({}, '0'), '.') ELSE {} END",
    )


_PLAIN = ("CAST({} AS VARCHAR)", "CAST({} AS STRING)")
_MOMENT = "CAST(epoch_us({}) AS VARCHAR)"
_FLOAT = (
    "CASE WHEN {} = 0 THEN '0' WHEN isnan({}) THEN 'nan' WHEN isinf({}) THEN "
    "CASE WHEN {} > 0 THEN 'inf' ELSE '-inf' END ELSE printf('%.16e', CAST({} AS DOUBLE)) END",
    "CASE WHEN {} = 0 THEN '0' WHEN IS_NAN({}) THEN 'nan' WHEN IS_INF({}) THEN "
    "CASE WHEN {} > 0 THEN 'inf' ELSE '-inf' END ELSE FORMAT('%.16e', {}) END",
)
# What begins in 1970 is told without a time zone, since a project may have one of its own.
_SCALARS = {
    "VARCHAR": ("{}", "{}"),
    "BLOB": ("lower(hex({}))", "TO_HEX({})"),
    "FLOAT": _FLOAT,
    "DOUBLE": _FLOAT,
    "DATE": ("CAST(date_diff('day', DATE '1970-01-01', {}) AS VARCHAR)",
             "CAST(UNIX_DATE({}) AS STRING)"),
    "TIMESTAMP": (_MOMENT, "CAST(DATETIME_DIFF({}, DATETIME '1970-01-01 00:00:00', MICROSECOND) "
                           "AS STRING)"),
    "TIMESTAMP WITH TIME ZONE": (_MOMENT, "CAST(UNIX_MICROS({}) AS STRING)"),
}  # fmt: skip
