"""Types that a contract names: physicalType in many systems' words, and how moments are written."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mesh_defs.contracts.clauses.options import time_params
from mesh_defs.contracts.clauses.properties import column_places
from mesh_defs.contracts.scan.moments import written
from tests.contracts.contract_lab import contract, one_object, table, verdicts

SAME = {
    "VARCHAR": ["varchar", "TEXT", "STRING", "string", "character varying(20)", "UTF8",
                "BYTE_ARRAY", "nvarchar(10)"],
    "INTEGER": ["int", "INT32", "integer", "int4"],
    "BIGINT": ["bigint", "INT64", "long"],
    "SMALLINT": ["short", "smallint"],
    "DOUBLE": ["double", "FLOAT64", "double precision"],
    "FLOAT": ["float", "real"],
    "DECIMAL(12,2)": ["decimal(12,2)", "NUMERIC(12, 2)", "decimal", "number(12,2)"],
    "BOOLEAN": ["bool", "BOOLEAN"],
    "DATE": ["date"],
    "TIMESTAMP": ["timestamp", "datetime", "timestamp_ntz", "TIMESTAMP_MICROS"],
    "TIMESTAMP WITH TIME ZONE": ["timestamptz", "timestamp", "TIMESTAMP WITH TIME ZONE", "INT96"],
    "TIMESTAMP_NS": ["timestamp", "timestamp_ns"],
    "BLOB": ["blob", "bytea", "BYTES", "BYTE_ARRAY"],
    "UUID": ["uuid"],
    "ENUM('a')": ["varchar"],
    "INTEGER[]": ["INTEGER[]", "array<int>", "ARRAY<INT32>", "array"],
    "INTEGER[3]": ["INTEGER[3]", "array<int>"],
    "STRUCT(a VARCHAR, b INTEGER)": ["struct<a:string,b:int>", "STRUCT(b INT, a TEXT)",
                                     "STRUCT<a STRING, b INT32>", "struct"],
    "MAP(VARCHAR, STRUCT(a INTEGER))": ["map<string,struct<a:int>>", "MAP<STRING, STRUCT>"],
}  # fmt: skip
OTHER = {
    "VARCHAR": ["int", "date", "BYTES", "uuid"],
    "INTEGER": ["bigint", "long", "INT64", "decimal(10,0)", "double"],
    "DOUBLE": ["float", "decimal"],
    "DECIMAL(12,2)": ["decimal(12,3)", "decimal(10,2)", "double"],
    "TIMESTAMP": ["timestamptz", "date", "timestamp_ns"],
    "TIMESTAMP WITH TIME ZONE": ["timestamp_ntz", "datetime"],
    "INTEGER[]": ["array<bigint>", "int", "INTEGER[3]"],
    "STRUCT(a VARCHAR, b INTEGER)": ["struct<a:string>", "struct<a:string,b:bigint>",
                                     "struct<a:string,b:int,c:int>"],
    "MAP(VARCHAR, STRUCT(a INTEGER))": ["map<string,struct<b:int>>", "map<int,struct>"],
}  # fmt: skip


def physical(promised: str, there: str, **more: Any) -> Any:
    schema = [{"name": "t", "properties": [{"name": "x", "physicalType": promised}]}]
    of = contract({"schema": schema, **more})
    return verdicts(table({"x": there}, []), of)["x.physicalType"]


@pytest.mark.parametrize(("there", "promised"), [(t, p) for t in SAME for p in SAME[t]])
def test_a_type_by_any_of_its_names(there: str, promised: str) -> None:
    found = physical(promised, there)
    assert found.outcome == "passed", found.found


@pytest.mark.parametrize(("there", "promised"), [(t, p) for t in OTHER for p in OTHER[t]])
def test_another_type_fails(there: str, promised: str) -> None:
    found = physical(promised, there)
    assert found.outcome == "failed", found.found


@pytest.mark.parametrize("promised", ["super", "some words", "table"])
def test_a_type_that_nobody_knows_is_named(promised: str) -> None:
    found = physical(promised, "VARCHAR")
    assert found.outcome == "not_executable"
    assert found.found == f"`{promised}` is no type that is known here"


@pytest.mark.parametrize(
    ("server", "promised", "there", "outcome"),
    [
        ("bigquery", "INTEGER", "BIGINT", "passed"),
        ("bigquery", "INTEGER", "INTEGER", "failed"),
        ("bigquery", "TIMESTAMP", "TIMESTAMP", "failed"),
        ("bigquery", "TIMESTAMP", "TIMESTAMPTZ", "passed"),
        ("bigquery", "DATETIME", "TIMESTAMP", "passed"),
        ("databricks", "timestamp", "TIMESTAMPTZ", "passed"),
        ("postgres", "float", "DOUBLE", "passed"),
        ("postgres", "timestamp", "TIMESTAMPTZ", "failed"),
        ("sqlserver", "datetime2", "TIMESTAMP", "passed"),
        ("local", "timestamp", "TIMESTAMPTZ", "passed"),
    ],
)
def test_a_server_says_whose_word_a_type_is(
    server: str, promised: str, there: str, outcome: str
) -> None:
    found = physical(promised, there, servers=[{"server": "s", "type": server}])
    assert found.outcome == outcome, found.found


def test_an_element_type_of_a_vector() -> None:
    def of(element: str, there: str) -> Any:
        options = {"dimensions": 2, "elementType": element}
        prop = {"name": "x", "logicalType": "vector", "logicalTypeOptions": options}
        return verdicts(table({"x": there}, []), one_object([prop]))["x.elementType"].outcome

    assert of("float32", "FLOAT[2]") == of("float64", "DOUBLE[]") == of("uint8", "UTINYINT[]")
    assert of("float32", "FLOAT[]") == "passed"
    assert of("float32", "DOUBLE[2]") == "failed"
    assert of("bfloat16", "FLOAT[2]") == of("float32", "VARCHAR") == "not_executable"


FORMATS = [
    ("yyyy-MM-dd", "date", "2024-03-10", ["2024-3-10", "24-03-10", " 2024-03-10"]),
    ("d.M.yy", "date", "1.12.24", ["01.12.2024"]),
    ("dd MMM yyyy", "date", "10 Mar 2024", ["10 Marc 2024", "10 03 2024"]),
    ("EEEE, d MMMM yyyy", "date", "Sunday, 10 March 2024", ["10 March 2024"]),
    ("yyyy-MM-ddTHH:mm:ssZ", "timestamp", "2024-03-10T14:22:35+10:00", ["2024-03-10T14:22:35"]),
    ("yyyy-MM-dd'T'HH:mm:ssX", "timestamp", "2024-03-10T14:22:35Z", ["2024-03-10 14:22:35Z"]),
    ("YYYY-MM-DDTHH:mm:ss.SSSZ", "timestamp", "2024-03-10T14:22:35.123Z", ["2024-03-10T14:22:35Z"]),
    ("yyyy-MM-dd HH:mm:ss.SSSSSSSSS", "timestamp", "2024-03-10 14:22:35.123456789", []),
    ("yyyyMMddHHmm", "timestamp", "202403101422", ["20240310142"]),
    ("h:mm a", "time", "2:05 PM", ["14:05"]),
    ("HH 'o''clock'", "time", "14 o'clock", ["14 oclock"]),
    ("100% HH", "time", "100% 14", []),
]  # fmt: skip


@pytest.mark.parametrize(("form", "logical", "good", "bad"), FORMATS)
def test_a_text_is_written_as_promised(form: str, logical: str, good: str, bad: list[str]) -> None:
    options = {"format": form}
    of = one_object([{"name": "x", "logicalType": logical, "logicalTypeOptions": options}])
    found = verdicts(table({"x": "VARCHAR"}, [(good,), (None,)]), of)
    assert {v.outcome for v in found.values()} == {"passed"}, found["x.format"]
    found = verdicts(table({"x": "VARCHAR"}, [(good,), *((b,) for b in bad)]), of)
    assert found["x.format"].failing == len(bad)


@pytest.mark.parametrize("form", ["yyyy-MM-dd[ HH:mm]", "qqqq", "GG yyyy", "yyyy 'open", "kk:mm"])
def test_a_format_that_is_not_read_says_so(form: str) -> None:
    with pytest.raises(ValueError, match="format"):
        written(form, "timestamp")


def test_a_moment_as_text_has_a_time_zone_if_its_format_has() -> None:
    for form, zoned, outcome in (
        ("yyyy-MM-dd HH:mmX", True, "passed"),
        ("yyyy-MM-dd HH:mm", True, "failed"),
        ("yyyy-MM-dd HH:mmX", False, "failed"),
    ):
        options = {"format": form, "timezone": zoned}
        of = one_object([{"name": "x", "logicalType": "timestamp", "logicalTypeOptions": options}])
        assert verdicts(table({"x": "VARCHAR"}, []), of)["x.logicalType"].outcome == outcome


def test_a_text_without_a_format_is_no_moment() -> None:
    of = one_object([{"name": "x", "logicalType": "timestamp"}])
    assert verdicts(table({"x": "VARCHAR"}, []), of)["x.logicalType"].outcome == "failed"


def test_a_native_moment_is_in_no_format() -> None:
    options = {"format": "dd/MM/yyyy"}
    of = one_object([{"name": "x", "logicalType": "date", "logicalTypeOptions": options}])
    found = verdicts(table({"x": "DATE"}, [("2024-01-31",)]), of)
    assert {v.outcome for v in found.values()} == {"passed"}


def test_freshness_of_a_text_and_of_a_local_time() -> None:
    for type_, options, at in (
        ("VARCHAR", {"format": "dd/MM/yyyy HH:mm"}, "01/01/2018 23:30"),
        ("TIMESTAMP", {"defaultTimezone": "America/New_York"}, "2018-01-01 18:30"),
    ):
        level = {"property": "freshness", "value": 1, "unit": "h", "element": "t.x"}
        of = one_object(
            [{"name": "x", "logicalType": "timestamp", "logicalTypeOptions": options}],
            slaProperties=[level],
        )
        found = verdicts(table({"x": type_}, [(at,)]), of)["x.freshness"]
        assert found.found == "the newest is of 2018-01-01 23:30 UTC, 30 min old"


def test_patterns_of_formats_are_patterns() -> None:
    for form, logical, good, _ in FORMATS:
        options = {"format": form}
        of = one_object([{"name": "x", "logicalType": logical, "logicalTypeOptions": options}])
        (place,) = column_places(of.odcs.schema_[0])
        assert re.match(time_params(place)["written"]["pattern"], good)
