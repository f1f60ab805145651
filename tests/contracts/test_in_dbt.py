"""What sync would change: which words go where, and when there is nothing to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh_defs.contracts.in_dbt import (
    FLOW,
    columns_wanted,
    dbt_tests,
    same_words,
    step,
    strangers,
)
from mesh_defs.model import DataContract, read_contract, read_yaml
from mesh_defs.model.yaml_edit import Insert, Set, edited
from mesh_defs.model.yaml_source import parsed

HEAD = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "urn:t", "version": "1.0.0",
        "status": "active"}  # fmt: skip


def contract(folder: Path, properties: list[dict[str, Any]], **more: Any) -> DataContract:
    path = folder / "t.odcs.yaml"
    for prop in properties:
        prop.setdefault("logicalType", "string")
    schema = [{"name": "t", "properties": properties, **more}]
    path.write_text(yaml.safe_dump({**HEAD, "schema": schema}, sort_keys=False), encoding="utf-8")
    return read_contract(read_yaml(path))


def stepped(of: DataContract, entry: dict[str, Any], models: dict[str, str] | None = None) -> Any:
    return step(of, 0, columns_wanted(of, 0, models), entry, ("models", 0), set())


AT = ("models", 0, "columns")
CASES: list[tuple[dict[str, Any], dict[str, Any], list[Any], list[Any]]] = [
    # what the contract says of a column, what dbt says; edits of dbt's file, of the contract
    ({"description": "A."}, {"description": "A."}, [], []),
    ({"description": "A b."}, {"description": "A\n  b."}, [], []),
    ({"description": "A."}, {"description": "B."},
     [Set((*AT, 0, "description"), "A.", "name")], []),
    ({"description": "A."}, {}, [Set((*AT, 0, "description"), "A.", "name")], []),
    ({"description": "A."}, {"description": None},
     [Set((*AT, 0, "description"), "A.", "name")], []),
    ({}, {"description": "B."},
     [], [Set(("schema", 0, "properties", 0, "description"), "B.", "name")]),
    ({}, {}, [], []),
    ({"description": "A."}, {"description": "{{ doc('a') }}"}, [], []),
    ({}, {"description": "{{ doc('a') }}"}, [], []),
    ({"description": "A {% x"}, {"description": "B."}, [], []),
    ({"description": "A."}, {"name": "C", "description": "A."}, [], []),
    ({"description": "A.", "physicalType": "bigint"}, {"description": "A."}, [], []),
]  # fmt: skip


@pytest.mark.parametrize(("promised", "said", "dbt", "back"), CASES)
def test_whose_words_go_where(
    tmp_path: Path,
    promised: dict[str, Any],
    said: dict[str, Any],
    dbt: list[Any],
    back: list[Any],
) -> None:
    of = contract(tmp_path, [{"name": "c", **promised}])
    found = stepped(of, {"name": "t", "columns": [{"name": "c", **said}]})
    assert (found.dbt, found.contract) == (dbt, back)
    assert bool(found.left) == any("{" in str(w.get("description")) for w in (promised, said))


def test_of_the_model_as_a_whole_only_what_is_missing_is_told(tmp_path: Path) -> None:
    at, back = ("models", 0, "description"), ("schema", 0, "description")
    for promised, said, dbt, told in (
        ("A row.", "How.", [], []),
        ("A row.", None, [Set(at, "A row.", "name")], []),
        (None, "How.", [], [Set(back, "How.", "name")]),
    ):
        of = contract(tmp_path, [], **({"description": promised} if promised else {}))
        found = stepped(of, {"name": "t", "description": said})
        assert (found.dbt, found.contract) == (dbt, told)


def test_new_columns_come_after_those_before_them(tmp_path: Path) -> None:
    of = contract(tmp_path, [{"name": n, "description": f"{n}."} for n in "abcd"])
    entry = {"name": "t", "columns": [{"name": "x"}, {"name": "c", "description": "c."}]}
    found = stepped(of, entry).dbt
    items = {n: {"name": n, "description": f"{n}."} for n in "abd"}
    assert found == [
        Insert(AT, 0, items["a"]),
        Insert(AT, 1, items["b"]),
        Insert(AT, 4, items["d"]),
    ]
    empty = stepped(of, {"name": "t"}).dbt
    assert [(e.path, [c["name"] for c in e.value]) for e in empty] == [(AT, ["a", "b", "c", "d"])]


def test_physical_names_are_dbts_and_measures_are_no_columns(tmp_path: Path) -> None:
    of = contract(
        tmp_path,
        [{"name": "a", "physicalName": "A 1"},
         {"name": "m", "semanticType": "measure", "transformLogic": "sum(a)"}],
    )  # fmt: skip
    assert [w.name for w in columns_wanted(of, 0)] == ["A 1"]


@pytest.mark.parametrize("holder", [{"config": {"contract": {"enforced": True}}},
                                    {"contract": {"enforced": True}}])  # fmt: skip
def test_types_are_told_where_dbt_checks_them(tmp_path: Path, holder: dict[str, Any]) -> None:
    of = contract(tmp_path, [
        {"name": "a", "physicalType": "decimal(9,2)", "description": "A."},
        {"name": "b", "description": "B."},
    ])  # fmt: skip
    own = [{"name": "a", "description": "A."}, {"name": "b", "description": "B.", "data_type": "x"}]
    edit = Set((*AT, 0, "data_type"), "decimal(9,2)", "description")
    assert stepped(of, {"name": "t", "columns": own, **holder}).dbt == [edit]
    assert stepped(of, {"name": "t", "columns": own}).dbt == []
    own[0]["data_type"] = "DECIMAL(9,2)"
    assert stepped(of, {"name": "t", "columns": own, **holder}).dbt == []


def test_a_newer_version_has_the_say(tmp_path: Path) -> None:
    of = contract(tmp_path, [{"name": "a", "description": "Old."}, {"name": "b"}], description="R.")
    told = {"", "a"}
    found = step(of, 0, columns_wanted(of, 0), {"name": "t", "columns": [{"name": "a"}]},
                 ("models", 0), told)  # fmt: skip
    assert found.dbt == [Insert(AT, 1, {"name": "b"})]
    assert told == {"", "a", "b"}


def test_columns_that_nobody_promises_are_named() -> None:
    entry = {"columns": [{"name": "A"}, {"name": "x"}, "odd"]}
    assert [left.column for left in strangers(entry, {"", "a"})] == ["x"]


# -- tests -------------------------------------------------------------------------------------

KEY = {"name": "k", "primaryKey": True, "required": True}
KIND = {"name": "e", "enum": [{"value": "x"}, {"value": "y"}]}
ACCEPTED = {"accepted_values": {"arguments": {"values": ["x", "y"]}}}
SOFT = [{"property": "severity", "value": "warning"}]
TESTS: list[tuple[dict[str, Any], list[Any]]] = [
    ({"name": "c", "required": True}, ["not_null"]),
    ({"name": "c", "unique": True}, ["unique"]),
    ({"name": "c", "primaryKey": True}, ["not_null", "unique"]),
    ({"name": "c", "primaryKey": True, "required": True}, ["not_null", "unique"]),
    ({**KIND, "name": "c"}, [ACCEPTED]),
    ({"name": "c", "logicalType": "integer", "enum": [{"value": 1}]},
     [{"accepted_values": {"arguments": {"values": [1], "quote": False}}}]),
    ({"name": "c", "relationships": [{"to": "shop.days.day"}]},
     [{"relationships": {"arguments": {"to": "ref('days')", "field": "day"}}}]),
    ({"name": "c", "relationships": [{"to": "other.days.day"}]}, []),
    ({"name": "c", "required": True, "customProperties": SOFT}, []),
    ({"name": "c", "required": True,
      "customProperties": [{"property": "tolerance", "value": 3}]}, []),
    ({"name": "c", "logicalTypeOptions": {"maxLength": 3}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("prop", "tests"), TESTS)
def test_tests_of_rules_that_one_row_breaks(
    tmp_path: Path, prop: dict[str, Any], tests: list[Any]
) -> None:
    of = contract(tmp_path, [prop])
    assert dbt_tests(of, "t", {"shop.days": "days"}).get("c", []) == tests


def test_no_test_where_rows_are_set_aside(tmp_path: Path) -> None:
    said = [{"property": "onBreach", "value": {"required": "quarantine"}},
            {"property": "quarantineBudget", "value": 5}]  # fmt: skip
    of = contract(tmp_path, [{**KIND, "required": True}], customProperties=said)
    assert dbt_tests(of, "t", {}) == {"e": [ACCEPTED]}


HAVE: list[tuple[dict[str, Any], list[Any]]] = [
    ({}, [Set((*AT, 0, "data_tests"), ["not_null", ACCEPTED], "data_type")]),
    ({"data_tests": ["not_null", ACCEPTED]}, []),
    ({"tests": ["not_null"]}, [Insert((*AT, 0, "tests"), 1, ACCEPTED)]),
    ({"data_tests": [{"not_null": {"where": "x"}}, "mine"]},
     [Insert((*AT, 0, "data_tests"), 2, ACCEPTED)]),
    ({"data_tests": ["not_null", {"accepted_values": {"values": ["x"]}}]},
     [Set((*AT, 0, "data_tests", 1, "accepted_values", "values"), ["x", "y"])]),
    ({"data_tests": ["not_null", {"accepted_values": {"arguments": {"values": ["x"]}}}]},
     [Set((*AT, 0, "data_tests", 1, "accepted_values", "arguments", "values"), ["x", "y"])]),
]  # fmt: skip


@pytest.mark.parametrize(("own", "edits"), HAVE)
def test_tests_that_are_there_are_not_written_again(
    tmp_path: Path, own: dict[str, Any], edits: list[Any]
) -> None:
    of = contract(tmp_path, [{**KIND, "required": True}])
    entry = {"name": "t", "columns": [{"name": "e", **own}]}
    assert stepped(of, entry, {}).dbt == edits
    assert stepped(of, entry).dbt == []


# -- the law -----------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "B", "c", "d_1", "Odd name"])
SAID = st.sampled_from(["", "One.", "Two\nlines.", "It's: # odd", "word " * 30, "{{ doc('x') }}"])
COLUMNS = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"description": SAID}),
    max_size=4,
    unique_by=lambda c: c["name"].lower(),
)
PROPERTIES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={"description": SAID, "required": st.booleans(), "unique": st.just(True)},
    ),
    max_size=4,
    unique_by=lambda c: str(c["name"]).lower(),
)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(PROPERTIES, COLUMNS, st.booleans(), st.booleans())
def test_one_sync_is_enough_and_loses_nothing(
    tmp_path: Path,
    properties: list[dict[str, Any]],
    columns: list[dict[str, Any]],
    flow: bool,
    tests: bool,
) -> None:
    of = contract(tmp_path, properties)
    models: dict[str, str] | None = {} if tests else None
    entry = {"name": "t", "meta": {"owner": "me"}, "columns": columns}
    text = "# head\n" + yaml.safe_dump(
        {"models": [entry]}, sort_keys=False, default_flow_style=flow, width=10**6
    )
    found = stepped(of, entry, models)
    after = edited(text, found.dbt, "m.yml", FLOW)
    agreed = edited(of.path.read_text(encoding="utf-8"), found.contract, "c.yaml")
    of.path.write_text(agreed, encoding="utf-8")
    of = read_contract(read_yaml(of.path))
    (told,) = parsed(after)["models"]
    again = stepped(of, told, models)
    assert (again.dbt, again.contract) == ([], [])

    assert after.startswith("# head\n") and told["meta"] == {"owner": "me"}
    by_name = {c["name"].lower(): c for c in told["columns"] or []}
    assert {c["name"].lower() for c in [*properties, *columns]} == set(by_name)
    for want in columns_wanted(of, 0):
        words = by_name[want.name.lower()].get("description") or ""
        assert same_words(words, want.description) or "{{" in words + want.description
