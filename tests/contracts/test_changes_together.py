"""Changes that no row of one clause tells: keys of several columns, renames, limits that are one,
what goes to quarantine; and a product's ports.

Those of a clause alone are in the golden table (`test_changes`).
"""

from __future__ import annotations

from typing import Any

import pytest

from mesh_defs.contracts.changes import Level, compare, descriptor_diff
from mesh_defs.model.product import Descriptor
from tests.contracts.changes_lab import WARN, Data, changes, column, custom, obj, options


def test_what_was_only_warned_about_is_risky_to_take_back() -> None:
    (change,) = changes(column(required=True, **WARN), column(**WARN))
    assert (change.kind, change.level) == ("required.removed", Level.RISKY)
    assert "only warned" in change.why


def test_a_cut_is_a_cut_whatever_its_severity() -> None:
    said = {"logicalType": "string", **WARN}
    old, new = (column(logicalTypeOptions={"maxLength": n}, **said) for n in (320, 100))
    assert changes(old, new)[0].level is Level.BREAKING


def test_an_exclusive_limit_and_an_inclusive_one_are_one_bound() -> None:
    strict = options("integer", exclusiveMinimum=0)
    assert {c.kind for c in changes(options("integer", minimum=0), strict)} == {"values.tightened"}
    assert {c.kind for c in changes(strict, options("integer", minimum=0))} == {"values.loosened"}
    beside = options("integer", minimum=0, exclusiveMinimum=0)
    assert {c.kind for c in changes(strict, beside)} == {"words.changed"}


def test_key_of_several_columns() -> None:
    def key(*names: str) -> Data:
        listed = [
            {"name": n, "primaryKey": n in names or None,
             "primaryKeyPosition": names.index(n) + 1 if n in names else None}
            for n in ("a", "b", "c")
        ]  # fmt: skip
        return obj(properties=[{k: v for k, v in p.items() if v is not None} for p in listed])

    (wider,) = changes(key("a"), key("a", "b"))
    assert (wider.kind, wider.columns) == ("primaryKey.changed", ("a", "b"))
    assert [c.kind for c in changes(key("a", "b"), key("b", "a"))] == ["primaryKey.order"]


def test_renamed_key_is_the_same_key() -> None:
    old = column(id="k", primaryKey=True)
    new = obj(properties=[{"name": "d", "id": "k", "primaryKey": True}])
    (change,) = changes(old, new)
    assert (change.kind, change.element, change.renamed_to) == ("column.renamed", "t.c", "t.d")


def test_names_swapped_between_columns_are_two_renames() -> None:
    old = obj(properties=[{"id": "1", "name": "a"}, {"id": "2", "name": "b"}])
    new = obj(properties=[{"id": "1", "name": "b"}, {"id": "2", "name": "a"}])
    found = changes(old, new)
    assert [(c.element, c.renamed_to) for c in found] == [("t.a", "t.b"), ("t.b", "t.a")]


def test_columns_that_are_alike_but_not_alone_are_no_rename() -> None:
    said = {"description": "An amount of money.", "logicalType": "number"}
    old = obj(properties=[{"name": "x", **said}])
    new = obj(properties=[{"name": "y", **said}, {"name": "z", **said}])
    assert {c.kind for c in changes(old, new)} == {"column.removed", "column.added"}


def test_change_of_a_renamed_column_has_both_addresses() -> None:
    old = column(id="k", required=True)
    new = obj(properties=[{"name": "d", "id": "k"}])
    change = next(c for c in changes(old, new) if c.kind == "required.removed")
    assert (change.element, change.renamed_to) == ("t.c.required", "t.d.required")
    assert change.columns == ("c",)


def test_rows_that_go_to_quarantine() -> None:
    def held(budget: str) -> Data:
        one = {"name": "c", "required": True, "customProperties": custom("onBreach", "quarantine")}
        return obj(properties=[one], customProperties=custom("quarantineBudget", budget))

    blocked = column(required=True)
    assert [c.kind for c in changes(blocked, held("1%"))] == ["quarantine.grown"]
    assert [c.kind for c in changes(held("1%"), held("2%"))] == ["quarantine.grown"]
    assert [c.kind for c in changes(held("2%"), held("1%"))] == ["quarantine.shrunk"]
    assert [c.kind for c in changes(held("1%"), blocked)] == ["quarantine.shrunk"]


def test_what_nobody_knows_is_not_passed_over() -> None:
    (change,) = compare(column(), column(newInTheStandard=1))
    assert (change.kind, change.level) == ("other.changed", Level.RISKY)


PORT = {"name": "p", "type": "delta", "version": "1.0.0", "contractId": "urn:c"}


def descriptor(*ports: Data, **more: Any) -> Descriptor:
    head = {"apiVersion": "v1.1.0", "kind": "DataProduct", "id": "urn:p", "name": "p",
            "version": "1.0.0", "status": "active", "domain": "d"}  # fmt: skip
    return Descriptor.model_validate({**head, "outputPorts": ports, **more})


@pytest.mark.parametrize(
    ("port", "more", "kind"),
    [
        ({**PORT, "type": "parquet"}, {}, "port.type"),
        ({**PORT, "name": "q"}, {}, "port.renamed"),
        ({**PORT, "contractId": "urn:e"}, {}, "port.contract"),
        ({**PORT, "version": "1.1.0"}, {}, ""),
        ({**PORT, "description": "Here."}, {}, "words.changed"),
        (PORT, {"status": "deprecated"}, "status.deprecated"),
        (PORT, {"inputPorts": [{"name": "i", "version": "1", "contractId": "c"}]},
         "lineage.changed"),
    ],
)  # fmt: skip
def test_descriptor(port: Data, more: Data, kind: str) -> None:
    found = descriptor_diff(descriptor(PORT), descriptor(port, **more))
    assert [c.kind for c in found] == ([kind] if kind else [])


def test_ports_that_come_and_go() -> None:
    other = {**PORT, "name": "q", "type": "parquet"}
    one, two = descriptor(PORT), descriptor(PORT, other)
    assert [c.kind for c in descriptor_diff(one, two)] == ["port.added"]
    (gone,) = descriptor_diff(two, one)
    assert (gone.kind, gone.level, gone.element) == (
        "port.removed",
        Level.BREAKING,
        "outputPorts.q",
    )
