"""Laws of the words about structure: a row in is a row out, parsed or with the reason why not."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.engines import Engine
from tests.vocabulary.words import Project, answer

T = "api.Relation.create(database=target.database, schema=target.schema, identifier='t')"
ABSENT = object()
TYPES = {"id": "INTEGER", "payload": "VARCHAR"}
FIELDS = (
    "{'n': {'type': 'integer', 'required': true}, 'd': 'date', 'm': 'decimal(6, 2)', 's': 'text'}"
)
scalars = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 1.25, 0.333])
    | st.sampled_from(["", "7", " 7 ", "7.0", "0.10", "yes", "2017-01-31", "2017-02-30", "x'y"])
)  # fmt: skip
values = st.just(ABSENT) | scalars | st.lists(scalars, max_size=2)
documents = st.fixed_dictionaries({"n": values, "d": values, "m": values, "s": values})


def text_of(document: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in document.items() if v is not ABSENT})


def read(value: Any, as_: Any) -> tuple[Any, bool]:
    """What a value is as a type, and whether it had to be given up."""
    if value is ABSENT or value is None:
        return None, False
    if isinstance(value, list):
        return None, True
    text = json.dumps(value) if not isinstance(value, str) else value
    if as_ is str:
        return text, False
    try:
        found = as_(text.strip())
    except (ValueError, ArithmeticError):
        return None, True
    return found, False


def whole(text: str) -> int:
    if not text.lstrip("+-").isdigit():
        raise ValueError(text)
    return int(text)


def money(text: str) -> Decimal:
    found = Decimal(text)
    if "e" in text.lower() or found != found.quantize(Decimal("0.01")):
        raise ValueError(text)
    return found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(documents | st.sampled_from(["{", "", None, "[1]"]), max_size=6))
def test_every_value_is_parsed_or_named(words: Project, rows: list[Any]) -> None:
    sql = words.sql("{{ structured('t', 'payload', fields=" + FIELDS + ", keep=['id']) }}")
    texts = [text_of(row) if isinstance(row, dict) else row for row in rows]
    found = sorted(answer(sql, t=(TYPES, list(enumerate(texts)))))
    assert [row[0] for row in found] == list(range(len(rows))), "rows in = parsed + unparsed"
    for row, (_, *parsed, unparsed) in zip(rows, found, strict=True):
        named = {said.split(":")[0] for said in unparsed}
        if row == "[1]":
            assert unparsed == ["payload: is no object", "n: is missing"]
        elif not isinstance(row, dict):
            assert named == ({"payload"} if row is not None else set())
            assert parsed == [None] * 4
        else:
            readers = {"n": whole, "d": date.fromisoformat, "m": money, "s": str}
            expected = {k: read(row[k], as_) for k, as_ in readers.items()}
            assert parsed == [value for value, _ in expected.values()]
            missing = {"n"} if row["n"] is ABSENT or row["n"] is None else set()
            assert named == {k for k, (_, gave_up) in expected.items() if gave_up} | missing


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.lists(st.lists(scalars, max_size=4) | st.sampled_from(["{", None, 1, {}]), max_size=5)
)
def test_every_item_has_its_position(words: Project, rows: list[Any]) -> None:
    sql = words.sql(
        "{{ unnested('t', 'payload', '$.items', fields={'v': {'type': 'text', 'path': '$'}},"
        " keep=['id']) }}"
    )
    texts = [r if r is None or r == "{" else json.dumps({"items": r}) for r in rows]
    found = answer(sql, t=(TYPES, list(enumerate(texts))))
    for id_, row in enumerate(rows):
        mine = sorted((r for r in found if r[0] == id_), key=str)
        if isinstance(row, list):
            assert [r[1] for r in mine] == list(range(1, len(row) + 1))
            assert [r[2] for r in mine] == [read(v, str)[0] for v in row]
            assert all(r[3] == [] for r in mine)
        elif row is None:
            assert not mine
        else:
            ((_, position, value, unparsed),) = mine
            assert (position, value) == (None, None) and len(unparsed) == 1


def test_a_model_s_own_columns_are_a_declaration(engine: Engine) -> None:
    payload = """'{"household": 900, "placed_on": "2017-01-02"}'"""
    engine.put("app_orders", [{"order_id": "1", "payload": payload}])
    engine.run("structured_by_columns")
    found = engine.query("select * from {schema}.structured_by_columns")
    assert found == [(1, 900, date(2017, 1, 2), [])]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("structured('t', 'p', ['a'])", "structured(): fields is ['a']; expected each field with"),
        ("structured('t', 'p')", "no column of inline_query has a data_type; expected each field"),
        ("structured('t', 'p', {'a': 'txt'})", "a type is txt; expected text, integer, bigint"),
        (
            "structured('t', 'p', {'a': {'kind': 'text'}})",
            "expected a type, or a mapping of `type`",
        ),
        ("unnested('t', 'p', '$.a', {})", "unnested(): fields is {}; expected each field with its"),
        ("structured('t', 'p', {'Id': 'text'}, keep=['id'])",
         "structured(): field Id is a column of the relation that stays; expected another name,"
         " with its place in `path`: {'Id_said': {'type': 'text', 'path': '$.Id'}}; or the"),
        ("structured('t', 'p', {'unparsed': 'text'})", "field unparsed is a column of its own al"),
        ("unnested('t', 'p', '$.a', {'n': 'text'}, position='N')", "unnested(): field n is a col"),
    ],
)  # fmt: skip
def test_wrong_declarations(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)


@pytest.mark.slow
def test_a_field_is_not_called_as_a_column_that_stays(engine: Engine) -> None:
    engine.put("t", [{"id": "1", "payload": """'{"id": 2}'"""}])
    call = "structured(" + T + ", 'payload', {'id': 'integer'}"
    assert "field id is a column of the relation that stays" in engine.project.refusal(call + ")")
    found = engine.query(engine.project.sql("{{ " + call + ", keep=[]) }}"))
    assert found == [(2, [])]


def test_where_no_object_is_nothing_is_empty_in_silence(engine: Engine) -> None:
    """A text in a text, a list for an object, a number that has no parts."""
    fields = "{'paid': {'type': 'integer', 'path': '$.payment.paid'}, \"o'c\": 'text'}"
    texts = {
        '{"payment": {"paid": 5}, "o\'\'c": "x"}': (5, []),
        '{"payment": 7}': (None, ["payload: has no object at $.payment"]),
        '{"payment": [{"paid": 5}]}': (None, ["payload: has no object at $.payment"]),
        '{"payment": null}': (None, []),
        "{}": (None, []),
        "null": (None, []),
        '"{\\"payment\\": {\\"paid\\": 5}}"': (None, ["payload: is no object"]),
        "[5]": (None, ["payload: is no object"]),
    }
    on_bigquery = engine.schema != "main"
    for payload, expected in texts.items():
        raw = payload.replace("''", "'")
        text = f"r'''{raw}'''" if on_bigquery else f"'{payload}'"
        engine.put("t", [{"payload": text}])
        arguments = T + ", 'payload', fields=" + fields
        found = engine.query(engine.project.sql("{{ structured(" + arguments + ", keep=[]) }}"))
        assert [(row[0], row[2]) for row in found] == [expected], payload
    engine.put("t", [{"payload": """'{"lines": [5, {"a": 1}, null]}'"""}])
    arguments = T + ", 'payload', '$.lines', fields={'a': 'integer'}, keep=[]"
    found = engine.query(engine.project.sql("{{ unnested(" + arguments + ") }}"))
    no = ["payload: has no object at $.lines[]"]
    assert sorted(found) == [(1, None, no), (2, 1, []), (3, None, [])]
    whole = T + ", 'payload', '$.lines', fields={'a': 'integer'}"
    found = engine.query(engine.project.sql("{{ unnested(" + whole + ") }}"))
    ((payload,),) = engine.query("select payload from {schema}.t")
    assert sorted(row[1:] for row in found) == [(1, None, no), (2, 1, []), (3, None, [])]
    assert {row[0] for row in found} == {payload}, "without `keep`, each column, and none of ours"


def test_a_decimal_has_its_digits_on_both_engines(engine: Engine) -> None:
    texts = [
        ("decimal(4, 2)", "12.3400", True), ("decimal(4, 2)", "0012.34", True),
        ("decimal(4, 2)", "123.40", False), ("decimal(4, 2)", "-12.345", False),
        ("decimal(2, 2)", "0.12", True), ("decimal(2, 2)", "1.12", False),
    ]  # fmt: skip
    payload = ", ".join(f'"m{i}": "{text}"' for i, (_, text, _) in enumerate(texts))
    engine.put("t", [{"payload": f"'{{{payload}}}'"}])
    fields = {f"m{i}": type_ for i, (type_, _, _) in enumerate(texts)}
    arguments = T + f", 'payload', fields={fields}, keep=[]"
    ((*_, unparsed),) = engine.query(engine.project.sql("{{ structured(" + arguments + ") }}"))
    assert unparsed == [
        f"m{i}: {text} is no {type_}" for i, (type_, text, fits) in enumerate(texts) if not fits
    ]


def test_a_decimal_has_all_its_places(words: Project) -> None:
    sql = words.sql("select {{ decimal('n', 6, 2) }} from t")
    found = answer(sql, t=({"n": "DECIMAL(9, 4)"}, [("0.125",), ("-1.255",), (None,)]))
    assert found == [(Decimal("0.13"),), (Decimal("-1.26"),), (None,)]
