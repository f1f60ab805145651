"""What an audit asks of BigQuery, as text; that it means the same, `test_on_bigquery` holds."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from mesh_defs.contracts.audit import audit
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import EngineError
from mesh_defs.storage.bigquery.googlesql import NoSuchWord, in_googlesql
from tests.contracts.contract_lab import NOW, one_object


class Notebook:
    """An engine with one table, which writes down what it is asked and finds nothing wrong."""

    dialect = "bigquery"

    def __init__(self, **types: str) -> None:
        self.types = types
        self.asked: list[str] = []

    def columns(self, relation: exp.Expression) -> dict[str, Column]:
        return {name: Column.read(name, type_, self.dialect) for name, type_ in self.types.items()}

    def rows(self, query: str | exp.Expression, most: int | None = None) -> list[dict[str, Any]]:
        try:
            text = query if isinstance(query, str) else in_googlesql(query)[0]
        except NoSuchWord as error:
            raise EngineError(str(error)) from error
        self.asked.append(text)
        (names,) = [sqlglot.parse_one(text, dialect="bigquery").named_selects]
        return [dict.fromkeys(names, 0)]

    def frame(self, query: exp.Expression) -> Any:
        raise AssertionError(query)


def options(**promised: Any) -> dict[str, Any]:
    return {"logicalTypeOptions": promised}


STRINGS = {"logicalType": "array", "items": {"logicalType": "string"}}
SAID = [
    ("ARRAY<STRING>", {**STRINGS, **options(minItems=1)}, "ARRAY_LENGTH(`c`) < 1"),
    ("ARRAY<STRING>", {**STRINGS, **options(uniqueItems=True)},
     "ARRAY(SELECT DISTINCT TO_JSON_STRING(item) FROM UNNEST(`c`) AS item WHERE NOT item IS NULL)"),
    ("ARRAY<STRING>", {"logicalType": "array", "items": {"logicalType": "string", "enum": [
        {"value": "a"}]}},
     "ARRAY(SELECT `item 1` FROM UNNEST(`c`) AS `item 1` WHERE NOT `item 1` IN ('a'))"),
    ("NUMERIC", {"logicalType": "number", **options(multipleOf=0.05)},
     "MOD(`c`, CAST('0.05' AS NUMERIC)) <> 0"),
    ("INT64", {"logicalType": "integer", **options(format="u64")},
     "`c` BETWEEN 0 AND CAST('18446744073709551615' AS NUMERIC)"),
    ("FLOAT64", {"logicalType": "number", **options(minimum=0)},
     "`c` < CAST('0' AS FLOAT64) OR IS_NAN(`c`)"),
    ("STRING", {"logicalType": "string", **options(pattern=r"^\d'$")},
     r"NOT REGEXP_CONTAINS(`c`, '^\\d\'$')"),
    ("STRING", {"logicalType": "date", **options(format="d.MM.yyyy")},
     r"SAFE.PARSE_DATETIME('%d.%m.%Y', `c`)"),
    ("STRING", {"logicalType": "timestamp", **options(format="yyyy-MM-dd HH:mm:ss.SSSZ")},
     "SAFE.PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%E*S%Ez', "),
    ("JSON", {"logicalType": "object", **options(required=["a"])},
     "NOT 'a' IN UNNEST(JSON_KEYS(`c`, 1))"),
    ("STRUCT<a STRING>", {"logicalType": "object", "properties": [
        {"name": "a", "logicalType": "string", "required": True}]},
     "NOT `c` IS NULL AND ((`c`).`a`) IS NULL"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "prop", "said"), SAID, ids=[said for *_, said in SAID])
def test_a_promise_in_googlesql(type_: str, prop: dict[str, Any], said: str) -> None:
    book = Notebook(c=type_)
    found = audit(book, {"t": "t"}, one_object([{"name": "c", **prop}]), references={}, as_of=NOW)
    assert said in book.asked[0], found.verdicts


def test_a_moment_is_told_in_utc() -> None:
    book = Notebook(day="DATE")
    level = {"property": "freshness", "value": 1, "unit": "d", "element": "t.day"}
    of = one_object([{"name": "day", "logicalType": "date"}], slaProperties=[level])
    audit(book, {"t": "t"}, of, references={}, as_of=NOW)
    assert "UNIX_MICROS(CAST(MAX(`day`) AS TIMESTAMP))" in book.asked[0]


def test_a_value_inside_a_list_has_a_name_that_bigquery_takes() -> None:
    book = Notebook(lines="ARRAY<STRUCT<article INT64>>")
    article = {"name": "article", "logicalType": "integer", "unique": True}
    items = {"logicalType": "object", "properties": [article]}
    of = one_object([{"name": "lines", "logicalType": "array", "items": items}])
    audit(book, {"t": "t"}, of, references={}, as_of=NOW)
    flat = next(q for q in book.asked if "unnested" in q)
    assert "FROM `t` CROSS JOIN UNNEST(`lines`) AS `item 1`" in flat
    assert "(`item 1`).`article` AS `lines:items:article`" in flat


def test_what_has_no_words_is_not_executable() -> None:
    of = one_object([{"name": "c", "logicalType": "timestamp",
                      **options(format="ss:SSS yyyy-MM-dd")}])  # fmt: skip
    found = audit(Notebook(c="STRING"), {"t": "t"}, of, references={}, as_of=NOW)
    (verdict,) = [v for v in found.verdicts if v.rule.kind == "format"]
    assert verdict.outcome == "not_executable"
    assert "BigQuery does not read fractions of a second" in verdict.found
