"""Laws of comparing contracts, over generated contracts and generated edits of them."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mesh_defs.contracts.changes import Change, compare
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.softening import POINTS_AT_ROWS
from mesh_defs.contracts.rules import Rule
from tests.contracts.contract_lab import contract

Data = dict[str, Any]

NAMES = ("alpha", "beta", "gamma", "delta")
TYPES = ("string", "integer", "number", "date", "timestamp", "array")
small = st.integers(0, 4)
severity = st.sampled_from(["error", "warning", "info"])


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def said(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Data]:
    """A mapping that leaves out what is None."""
    made = st.fixed_dictionaries(fields)
    return made.map(lambda d: {k: v for k, v in d.items() if v is not None})


OPTIONS: dict[str, st.SearchStrategy[Data]] = {
    "string": said(
        minLength=maybe(small),
        maxLength=maybe(small),
        pattern=maybe(st.sampled_from(["a", "b"])),
        format=maybe(st.sampled_from(["uuid", "email"])),
    ),
    "integer": said(
        minimum=maybe(small),
        exclusiveMinimum=maybe(small),
        maximum=maybe(small),
        exclusiveMaximum=maybe(small),
        multipleOf=maybe(st.integers(1, 4)),
        format=maybe(st.sampled_from(["i32", "i64", "u8"])),
    ),
    "number": said(minimum=maybe(small), maximum=maybe(small)),
    "date": said(minimum=maybe(st.sampled_from(["2024-01-01", "2025-01-01"]))),
    "timestamp": said(timezone=maybe(st.booleans())),
    "array": said(minItems=maybe(small), maxItems=maybe(small), uniqueItems=maybe(st.booleans())),
}

CUSTOMS: list[Data] = [
    {"property": "severity", "value": "warning"},
    {"property": "severity", "value": {"required": "info"}},
    {"property": "tolerance", "value": 2},
    {"property": "tolerance", "value": "1%"},
    {"property": "extraColumns", "value": "allow"},
]
customs = st.lists(st.sampled_from(CUSTOMS), max_size=2, unique_by=lambda item: item["property"])
missing = st.lists(st.sampled_from("xyz"), unique=True).map(lambda v: {"missingValues": v})
metrics = said(
    id=maybe(st.sampled_from(["one", "two"])),
    type=st.just("library"),
    metric=st.sampled_from(["nullValues", "duplicateValues"]),
    severity=maybe(severity),
    unit=maybe(st.sampled_from(["rows", "percent"])),
) | said(type=st.just("library"), metric=st.just("missingValues"), arguments=missing)
numbers = st.sampled_from(["mustBe", "mustNotBe", "mustBeLessThan", "mustBeGreaterOrEqualTo"])
rules = st.tuples(metrics, numbers, small).map(lambda r: {**r[0], r[1]: r[2]})
queries = st.tuples(st.sampled_from(["select 1", "select count(*) from {object}"]), small).map(
    lambda q: {"type": "sql", "query": q[0], "mustBe": q[1]}
)


@st.composite
def columns(draw: st.DrawFn, kind: str = "") -> Data:
    kind = kind or draw(st.sampled_from(TYPES))
    return draw(
        said(
            id=maybe(st.sampled_from(NAMES)),
            name=st.sampled_from(NAMES),
            description=maybe(st.sampled_from(["What was paid.", "When it was."])),
            logicalType=maybe(st.just(kind)),
            logicalTypeOptions=maybe(OPTIONS[kind]),
            required=maybe(st.booleans()),
            unique=maybe(st.booleans()),
            primaryKey=maybe(st.booleans()),
            enum=maybe(
                st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True).map(
                    lambda values: [{"value": v} for v in values]
                )
            ),
            quality=maybe(st.lists(rules, max_size=2)),
            customProperties=maybe(customs),
        )
    )


def unique_names(listed: list[Data]) -> list[Data]:
    found = {c["name"]: c for c in listed}
    seen: set[str] = set()
    for one in found.values():
        if one.get("id") in seen:
            del one["id"]
        seen.add(one.get("id", ""))
    return list(found.values())


objects = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["t", "u"]),
        "properties": st.lists(columns(), min_size=1, max_size=4).map(unique_names),
        "quality": st.lists(queries, max_size=2),
        "customProperties": customs,
    }
)
levels = st.fixed_dictionaries(
    {
        "property": st.sampled_from(["freshness", "retention"]),
        "value": small,
        "unit": st.sampled_from(["d", "h", "m"]),
        "element": st.just("t.alpha"),
    }
)
contracts: st.SearchStrategy[Data] = st.fixed_dictionaries(
    {
        "schema": st.lists(objects, max_size=2, unique_by=lambda o: o["name"]),
        "slaProperties": st.lists(levels, max_size=2),
    }
)


def plain(data: Data) -> Data:
    found: Data = contract(data).odcs.model_dump(by_alias=True, exclude_none=True)
    return found


def promised(data: Data) -> list[tuple[str, str | None, str, str, str]]:
    """What an audit would check. The order of rules, and what they are called, does not matter."""
    found = [(r.object, r.property, r.kind, r.severity, sorted_values(r)) for r in _rules(data)]
    return sorted(found, key=repr)


def _rules(data: Data) -> tuple[Rule, ...]:
    return rules_of(contract(data))


def sorted_values(rule: Rule) -> str:
    params = dict(rule.params)
    if rule.kind not in POINTS_AT_ROWS or "operator" in params:
        params.pop("tolerance", None)  # nothing asks for it
    for name in ("values", "columns"):
        if isinstance(params.get(name), list):
            params[name] = sorted(map(str, params[name]))
    return repr(sorted(params.items()))


def addresses(changes: tuple[Change, ...]) -> set[frozenset[str]]:
    return {frozenset({c.element, c.renamed_to or c.element}) for c in changes}


@given(contracts)
def test_nothing_changed_between_a_contract_and_itself(data: Data) -> None:
    assert compare(plain(data), plain(copy.deepcopy(data))) == ()


@given(contracts, contracts)
def test_there_and_back_name_the_same_elements(old: Data, new: Data) -> None:
    there, back = compare(plain(old), plain(new)), compare(plain(new), plain(old))
    assert addresses(there) == addresses(back)


def edited(draw: Any, element: Data, other: Data) -> Data:
    """The element with one field, or one option of its type, as another one has it."""
    fields = sorted({*element, *other} - {"name"})
    assume(fields)
    field = draw(st.sampled_from(fields))
    value = other.get(field)
    if field == "logicalTypeOptions" and value and element.get(field):
        value = edited(draw, element[field], value)
    made = {**element, field: value}
    return {k: v for k, v in made.items() if v is not None}


@st.composite
def edits(draw: st.DrawFn) -> tuple[Data, Data]:
    """A contract, and the same with one clause of a column, an object or a level changed."""
    old = draw(contracts.filter(lambda c: c["schema"]))
    new = copy.deepcopy(old)
    holder = new["schema"][0]
    part = draw(st.sampled_from(["column", "column", "object", "level"]))
    if part == "column":
        listed = holder["properties"]
        i = draw(st.integers(0, len(listed) - 1))
        kind = str(listed[i].get("logicalType") or "")
        listed[i] = edited(draw, listed[i], draw(columns(kind)))
        holder["properties"] = unique_names(listed)
    elif part == "object":
        new["schema"][0] = edited(draw, holder, draw(objects))
    else:
        new["slaProperties"] = draw(st.lists(levels, max_size=2))
    return old, new


@settings(max_examples=250)
@given(edits())
def test_any_change_of_what_is_checked_is_a_change(versions: tuple[Data, Data]) -> None:
    """What would be audited differently is told."""
    old, new = versions
    if promised(old) != promised(new):
        assert compare(plain(old), plain(new))
