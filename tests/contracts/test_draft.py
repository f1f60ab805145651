"""A drafted contract holds on the table it was drafted from, and says what a reader would say."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh_defs.contracts.drafts.draft import Draft, draft, names_of
from mesh_defs.contracts.drafts.guesses import personal, shapes
from mesh_defs.contracts.drafts.profile import profile
from mesh_defs.contracts.scan.engine import relation
from mesh_defs.contracts.scan.engines import engine_for
from mesh_defs.model import DataContract, read_contract, read_yaml
from tests.contracts.contract_lab import NOW, audited, table

IDENTITY = {"id": "urn:t", "name": "T", "version": "1.0.0", "status": "draft", "dataProduct": "t"}


def drafted(connection: Any, typed: bool = True) -> Draft:
    found = profile(engine_for(connection), relation("t"))
    return draft(found, IDENTITY, NOW, typed)


def as_contract(made: Draft, folder: Path) -> DataContract:
    """What the file would be read as: it is valid ODCS, or MeshError is raised."""
    path = folder / "t.odcs.yaml"
    path.write_text(made.text(["Drafted."]), encoding="utf-8")
    return read_contract(read_yaml(path))


def properties(connection: Any) -> dict[str, dict[str, Any]]:
    return {p["name"]: p for p in drafted(connection).data["schema"][0]["properties"]}


# -- the law -----------------------------------------------------------------------------------

MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
RECENT = st.datetimes(dt.datetime(2017, 12, 20), dt.datetime(2018, 1, 3))
LETTERS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
HEX = st.integers(0, 2**64 - 1).map(lambda n: f"{n:016x}")
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5),
    "HUGEINT": st.integers(-(2**126), 2**126),
    "UTINYINT": st.integers(0, 255),
    "DOUBLE": st.floats() | st.integers(0, 3).map(float),
    "FLOAT": st.floats(width=32),
    "DECIMAL(18,4)": st.decimals(-(10**13), 10**13, places=4),
    "DECIMAL(38,10)": st.decimals(-(10**27), 10**27, places=10),
    "DECIMAL(9,0)": st.integers(-(10**8), 10**8).map(Decimal),
    "VARCHAR": LETTERS | HEX | st.sampled_from(["a", "b"]),
    "UUID": st.uuids().map(str),
    "ENUM('x', 'y')": st.sampled_from(["x", "y"]),
    "JSON": st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2).map(json.dumps),
    "BOOLEAN": st.booleans(),
    "DATE": MOMENTS.map(dt.datetime.date) | RECENT.map(dt.datetime.date),
    "TIMESTAMP": MOMENTS | RECENT,
    "TIMESTAMP_NS": RECENT.map(lambda m: f"{m.isoformat(' ', 'seconds')}.123456789"),
    "TIMESTAMPTZ": RECENT.map(lambda m: f"{m.isoformat(' ')}+02"),
    "TIME": st.times(),
    "INTEGER[]": st.lists(st.integers(0, 9), max_size=3),
    "STRUCT(a INTEGER, b VARCHAR)": st.fixed_dictionaries({"a": st.integers(0, 9), "b": LETTERS}),
    "MAP(VARCHAR, INTEGER)": st.dictionaries(LETTERS, st.integers(0, 9), max_size=2).map(
        lambda d: {"key": [*d], "value": [*d.values()]}
    ),
    "BLOB": st.binary(max_size=3),
    "STRUCT(b BLOB, t TIMESTAMP)[]": st.lists(
        st.fixed_dictionaries({"b": st.binary(max_size=2), "t": RECENT}), max_size=2
    ),
    "STRUCT(x INTERVAL)": st.just({"x": dt.timedelta(1)}),
    "MAP(DATE, DOUBLE[])": st.just({"key": [dt.date(2017, 1, 1)], "value": [[1.5]]}),
    "INTERVAL": st.timedeltas(dt.timedelta(-9), dt.timedelta(9)),
    "BIT": st.sampled_from(["101", "1"]),
}
NAMES = st.sampled_from(
    ["id", "day", "email", "Order Id", "orderId", "birth_date", "zip", "select", 'q"', "é", "a.b"]
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.lower))
    types = [draw(st.sampled_from([*COLUMNS])) for _ in names]
    cells = [COLUMNS[t] | st.none() if draw(st.booleans()) else COLUMNS[t] for t in types]
    rows = draw(st.lists(st.tuples(*cells), max_size=30))
    return dict(zip(names, types, strict=True)), rows * draw(st.sampled_from([1, 1, 12]))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(tables())
def test_a_draft_holds_on_its_own_table(
    tmp_path: Path, given_table: tuple[dict[str, str], list[tuple[Any, ...]]]
) -> None:
    connection = table(*given_table)
    of = as_contract(drafted(connection), tmp_path)
    found = audited(connection, of)
    assert [(v.rule.id, v.found) for v in found.verdicts if v.outcome != "passed"] == []
    assert "columns" in {v.rule.kind for v in found.verdicts}


# -- what is found -----------------------------------------------------------------------------


def texts(values: Sequence[str | None], times: int = 1) -> dict[str, Any]:
    rows = [(value,) for value in [*values] * times]
    return next(iter(properties(table({"c": "VARCHAR"}, rows)).values()))


SHAPES = [
    ([str(uuid.UUID(int=n)) for n in range(9)], {"format": "uuid"}),
    (["a@b.example", "c.d@e.example"], {"format": "email"}),
    (["10.0.0.1", "192.168.7.250"], {"format": "ipv4"}),
    (["https://a.example/x", "s3://b/c"], {"format": "uri"}),
    (["2017-01-01", "2018-12-31"], {"pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
    (["+4930123456", "+15551234567"], {"pattern": r"^\+[1-9][0-9]{6,14}$"}),
    (["DE", "FR", "PT"], {"pattern": "^[A-Z]{2}$"}),
    (["0123abcd", "ffff0000"], {"pattern": "^[0-9a-f]{8}$"}),
    (["00123", "99999"], {"pattern": "^[0-9]{5}$"}),
    (["7", "12345"], {"pattern": "^[0-9]+$"}),
    (["abc", "abd"], {"minLength": 3, "maxLength": 3}),
    (["a", "some more"], {"minLength": 1, "maxLength": 9}),
    (["", "some"], {"maxLength": 4}),
    (["a@b.example", "nobody"], {"minLength": 1, "maxLength": 11}),
    (["0123abcd", "0123abcg"], {"minLength": 8, "maxLength": 8}),
]


@pytest.mark.parametrize(("values", "options"), SHAPES, ids=lambda v: str(v)[:24])
def test_what_texts_look_like(values: list[str | None], options: dict[str, Any]) -> None:
    assert texts([*values, None])["logicalTypeOptions"] == options


def test_a_shape_must_hold_in_every_row_not_only_in_the_first_ones() -> None:
    values = [f"{n:08x}" for n in range(5000)]
    assert texts([*values])["logicalTypeOptions"] == {"pattern": "^[0-9a-f]{8}$"}
    assert texts([*values, "not hex!"])["logicalTypeOptions"] == {"minLength": 8, "maxLength": 8}


def test_few_values_that_come_again_are_an_enumeration() -> None:
    some = [f"kind {n}" for n in range(20)]
    assert texts(some, 10)["enum"] == [{"value": v} for v in sorted(some)]
    assert "enum" not in texts(some, 9)
    assert "enum" not in texts([*some, "one more"], 20)
    assert "enum" not in texts([None], 50)


def test_bounds_are_those_observed() -> None:
    day = dt.date(2016, 5, 1)
    rows = [(n, Decimal(n) / 3, n / 7, day, dt.datetime(2016, 5, n + 1), n) for n in range(9)]
    columns = {"lines": "INTEGER", "price": "DECIMAL(9,2)", "part": "DOUBLE", "week_start": "DATE",
               "closed": "TIMESTAMP", "shop_id": "INTEGER"}  # fmt: skip
    found = properties(table(columns, rows * 2))
    assert {n: p.get("logicalTypeOptions") for n, p in found.items()} == {
        "lines": {"minimum": 0, "maximum": 8},
        "price": {"minimum": 0, "maximum": 2.67},
        "part": {"minimum": 0, "maximum": 8 / 7},
        "week_start": {"minimum": "2016-05-01", "maximum": "2016-05-01"},
        "closed": {"timezone": False, "minimum": "2016-05-01T00:00:00",
                   "maximum": "2016-05-09T00:00:00"},
        "shop_id": None,
    }  # fmt: skip
    assert {n: p["description"] for n, p in found.items()}["lines"] == (
        "To be described; the bounds are those observed."
    )


def test_what_is_not_a_number_has_no_bounds() -> None:
    rows = [(0.5, 0.5), (float("nan"), float("inf"))]
    found = properties(table({"a": "DOUBLE", "b": "DOUBLE"}, rows))
    assert [p.get("logicalTypeOptions") for p in found.values()] == [None, {"minimum": 0.5}]


def test_what_yaml_cannot_hold_is_bounded_by_the_next_whole_number() -> None:
    rows = [(Decimal("-98765432109876543.21"),), (Decimal("12345678901234567.89"),)]
    found = properties(table({"c": "DECIMAL(38,2)"}, rows * 2))["c"]["logicalTypeOptions"]
    assert found == {"minimum": -98765432109876544, "maximum": 12345678901234568}


KEYS = [
    ({"amount": "INTEGER", "order_id": "INTEGER"}, lambda n: (n, n), ["order_id"]),
    ({"day": "DATE", "cents": "INTEGER"}, lambda n: (dt.date(2017, 1, 1 + n), n % 3), ["day"]),
    ({"shop_id": "INTEGER", "day": "DATE"},
     lambda n: (n % 5, dt.date(2017, 1, 1 + n // 5)), ["shop_id", "day"]),
    ({"a_id": "INTEGER", "b_id": "INTEGER", "c_id": "INTEGER"},
     lambda n: (n % 3, n // 3 % 3, n // 9), ["a_id", "b_id", "c_id"]),
    ({"a_id": "INTEGER", "b_id": "INTEGER"}, lambda n: (n % 3, n % 5), []),
    ({"weight": "DOUBLE", "kind": "VARCHAR"}, lambda n: (float(n), "k"), []),
    ({"maybe_id": "INTEGER", "kind": "VARCHAR"}, lambda n: (n or None, "k"), []),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "row", "key"), KEYS)
def test_the_key_that_is_found(columns: dict[str, str], row: Any, key: list[str]) -> None:
    found = properties(table(columns, [row(n) for n in range(27)]))
    parts = {n: p.get("primaryKeyPosition", 1) for n, p in found.items() if p.get("primaryKey")}
    assert parts == {name: n + 1 for n, name in enumerate(key)}


def test_that_nothing_repeats_is_promised_where_there_are_enough_rows() -> None:
    columns = {"order_id": "INTEGER", "receipt": "VARCHAR", "weight": "DOUBLE"}
    rows: list[tuple[Any, ...]] = [(n, f"r{n}", float(n)) for n in range(100)]
    assert {n: p.get("unique") for n, p in properties(table(columns, rows)).items()} == {
        "order_id": None, "receipt": True, "weight": None,
    }  # fmt: skip
    assert not [p for p in properties(table(columns, rows[:99])).values() if p.get("unique")]


FRESH = [
    ({"at": "TIMESTAMP"}, dt.datetime(2018, 1, 1, 20), ("t.at", 1)),
    ({"at": "TIMESTAMP"}, dt.datetime(2018, 1, 1, 2), ("t.at", 2)),
    ({"day": "DATE"}, dt.date(2017, 12, 30), ("t.day", 4)),
    ({"at": "TIMESTAMP"}, dt.datetime(2017, 11, 1), None),
    ({"at": "TIMESTAMP"}, dt.datetime(2018, 1, 2, 1), None),
    ({"birth_date": "DATE"}, dt.date(2018, 1, 1), None),
]


@pytest.mark.parametrize(("columns", "newest", "level"), FRESH)
def test_a_table_that_is_still_fed_promises_freshness(
    columns: dict[str, str], newest: Any, level: tuple[str, int] | None
) -> None:
    made = drafted(table(columns, [(newest,), (dt.date(2015, 1, 1),)]))
    levels = made.data.get("slaProperties", [])
    assert [(v["element"], v["value"]) for v in levels] == ([level] if level else [])
    if level:
        (column,) = made.data["schema"][0]["properties"]
        assert "maximum" not in column["logicalTypeOptions"]


PEOPLE = [
    ("customerEmail", "string", [], "an email address, by the column's name"),
    ("contact", "string", ["a@b.example"] * 9 + ["none"], "an email address, by the values"),
    ("contact", "string", ["a@b.example"] * 7 + ["none"] * 3, None),
    ("account", "string", ["DE89 3704 0044 0532 0130 00"], "a bank account, by the values"),
    ("account", "string", ["DE89 3704 0044 0532 0130 01"], None),
    ("ref", "string", ["4111 1111 1111 1111"], "a payment card, by the values"),
    ("ref", "string", ["4111 1111 1111 1112"], None),
    ("call", "string", ["+49 30 123456", "(030) 123-456"], "a phone number, by the values"),
    ("call", "string", ["2017-01-01"], None),
    ("host", "string", ["10.0.0.1"], "an IP address, by the values"),
    ("client_ip", "string", [], "an IP address, by the column's name"),
    ("ip_address", "string", [], "an IP address, by the column's name"),
    ("Last Name", "string", [], "a person's name, by the column's name"),
    ("product_name", "string", [], None),
    ("date_of_birth", "date", [], "a birth date, by the column's name"),
    ("birth_rate", "number", [], None),
    ("street_name", "string", [], "a postal address, by the column's name"),
    ("zip_code", "integer", [], "a postal address, by the column's name"),
    ("mobile", "boolean", [], None),
    ("mobile_app_version", "string", [], None),
    ("mailer_location", "string", [], None),
]


@pytest.mark.parametrize(("name", "family", "values", "said"), PEOPLE)
def test_what_seems_to_be_about_a_person(
    name: str, family: str, values: list[str], said: str | None
) -> None:
    assert personal(name, {family}, values) == said


def test_no_value_of_a_person_is_told() -> None:
    columns = {"surname": "VARCHAR", "birth_date": "DATE", "zip": "INTEGER"}
    rows = [("Nord", dt.date(1980, 2, 29), 12345), ("Sund", dt.date(1990, 1, 1), 54321)]
    made = drafted(table(columns, rows * 50))
    text = made.text()
    assert not [v for v in ("Nord", "Sund", "1980", "1990", "12345", "54321") if v in text]
    assert text.count("classification: restricted  # guessed: ") == 3
    assert [g["property"] for g in made.guesses] == ["surname", "birth_date", "zip"]


def test_nothing_is_proposed_where_there_is_nothing() -> None:
    assert shapes("c", []) == []
    made = drafted(table({"c": "VARCHAR", "n": "INTEGER", "d": "DATE"}, []))
    found = made.data["schema"][0]
    assert "quality" not in found
    assert {k for p in found["properties"] for k in p} == {
        "name", "description", "logicalType", "physicalType",
    }  # fmt: skip


def test_types_of_a_text_file_are_not_promised() -> None:
    made = drafted(table({"n": "INTEGER"}, [(1,)]), typed=False)
    assert "physicalType" not in made.data["schema"][0]["properties"][0]


def test_columns_get_names_of_the_mesh() -> None:
    columns = ["ok_1", "Order Id", "orderID", "order-id", "2nd", "", "é"]
    assert list(names_of(columns).values()) == [
        "ok_1", "order_id", "order_id_2", "order_id_3", "column_2nd", "column", "column_2",
    ]  # fmt: skip


def test_codes_that_the_name_tells_are_said_to_be_guessed() -> None:
    for name, values, said in (
        ("country", ["DE", "FR"], "countries as ISO 3166 writes them"),
        ("currency_code", ["EUR", "USD"], "currencies as ISO 4217 writes them"),
    ):
        (shape,) = shapes(name, values)
        assert shape.said == f"guessed: {said}"
    assert [s.said for s in shapes("state", ["TX", "NY"])] == [None]
