"""Contracts and tables made up at random, for two judges to look at; nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

TYPES = {
    "n": "BIGINT",
    "k": "INTEGER",
    "x": "DOUBLE",
    "m": "DECIMAL(9,2)",
    "s": "VARCHAR",
    "d": "DATE",
    "t": "TIMESTAMP",
    "b": "BOOLEAN",
    "l": "INTEGER[]",
    "o": "STRUCT(a INTEGER, c VARCHAR)",
}
LOGICAL = {
    "n": "integer", "k": "integer", "x": "number", "m": "number", "s": "string", "d": "date",
    "t": "timestamp", "b": "boolean", "l": "array", "o": "object",
}  # fmt: skip
# What both a RE2 and Python read alike.
PATTERNS = ["^a", "b$", "^[a-c]+$", "a.c", "^$", "[0-9]", "^(a|bb)$"]
TEXTS = ["", "a", "b", "ab", "abc", "ä", "A", "a b", "bb", "12", "N/A"]
DAY = date(2017, 1, 1)


@dataclass(frozen=True)
class Made:
    """A contract as plain data, the rows of its table `t`, and the ids in the table `there`."""

    contract: dict[str, Any]
    rows: list[dict[str, Any]]
    there: list[int | None]

    @property
    def properties(self) -> dict[str, dict[str, Any]]:
        return {p["name"]: p for p in self.contract["schema"][0]["properties"]}


def maybe(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


small = st.integers(-3, 6)
texts = st.sampled_from(TEXTS)
days = st.integers(0, 5).map(lambda n: DAY + timedelta(days=n))
moments = st.integers(0, 72).map(lambda n: datetime(2017, 1, 1) + timedelta(hours=n))
tenths = st.integers(-30, 60).map(lambda n: n / 10)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "n": st.one_of(small, st.integers(-200, 300)),
    "k": small,
    "x": tenths,
    "m": st.integers(-300, 600).map(lambda n: Decimal(n) / 100),
    "s": texts,
    "d": days,
    "t": moments,
    "b": st.booleans(),
    "l": st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=4),
    "o": st.fixed_dictionaries(
        {"a": st.one_of(st.none(), small), "c": st.one_of(st.none(), texts)}
    ),
}


def bounds(values: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    names = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    return dict.fromkeys(names, values)


lengths = {"minLength": st.integers(0, 3), "maxLength": st.integers(0, 3)}
OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "n": maybe(**bounds(small), multipleOf=st.integers(1, 4),
               format=st.sampled_from(["i8", "u8", "i16"])),
    "k": maybe(**bounds(small), multipleOf=st.integers(1, 4)),
    "x": maybe(**bounds(tenths), multipleOf=st.sampled_from([0.1, 0.5, 2])),
    "m": maybe(**bounds(tenths), multipleOf=st.sampled_from([0.01, 0.05, 0.5])),
    "s": maybe(**lengths, pattern=st.sampled_from(PATTERNS)),
    "d": maybe(**bounds(days.map(date.isoformat))),
    "t": maybe(**bounds(moments.map(lambda at: f"{at.isoformat()}Z"))),
    "b": st.just({}),
    "l": maybe(minItems=st.integers(0, 3), maxItems=st.integers(0, 3), uniqueItems=st.booleans()),
    "o": st.just({}),
}  # fmt: skip
ENUMS: dict[str, st.SearchStrategy[Any]] = {
    "n": small, "k": small, "s": texts, "b": st.booleans(), "d": days.map(date.isoformat),
}  # fmt: skip


@st.composite
def operators(draw: st.DrawFn, most: int) -> dict[str, Any]:
    name = draw(st.sampled_from([
        "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan",
        "mustBeLessOrEqualTo", "mustBeBetween", "mustNotBeBetween"]))  # fmt: skip
    if name.endswith("Between"):
        low = draw(st.integers(0, most - 1))
        return {name: [low, draw(st.integers(low + 1, most))]}
    return {name: draw(st.integers(0, most))}


@st.composite
def metrics(draw: st.DrawFn, column: str | None) -> dict[str, Any]:
    """A library metric of a column; of the table if there is none."""
    if column is None:
        if draw(st.booleans()):
            return {"metric": "rowCount", **draw(operators(8))}
        named = draw(st.lists(st.sampled_from("nks"), min_size=1, max_size=3, unique=True))
        found = {"metric": "duplicateValues", "arguments": {"properties": named}}
    else:
        kinds = ["nullValues", "duplicateValues", "missingValues"]
        kinds += ["invalidValues"] if column in ENUMS else []
        found = {"metric": draw(st.sampled_from(kinds))}
        values = ENUMS.get(column, st.nothing())
        if found["metric"] == "missingValues":
            listed = draw(st.lists(values, max_size=2)) if column in ENUMS else []
            found["arguments"] = {"missingValues": [None, *listed]}
        if found["metric"] == "invalidValues":
            found["arguments"] = {"validValues": draw(st.lists(values, min_size=1, max_size=4))}
            if column == "s" and draw(st.booleans()):
                found["arguments"] = {"pattern": draw(st.sampled_from(PATTERNS))}
    percent = draw(st.booleans())
    return {
        **found,
        **({"unit": "percent"} if percent else {}),
        **draw(operators(100 if percent else 4)),
    }


@st.composite
def properties(draw: st.DrawFn, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "logicalType": LOGICAL[name]}
    if options := draw(OPTIONS[name]):
        found["logicalTypeOptions"] = options
    if draw(st.integers(0, 3)) == 0:
        found["required"] = True
    if name not in "lo" and draw(st.integers(0, 4)) == 0:
        found["unique"] = True
    if name in ENUMS and draw(st.integers(0, 2)) == 0:
        values = draw(st.lists(ENUMS[name], min_size=1, max_size=4, unique=True))
        found["enum"] = [{"value": v} for v in values]
    if name not in "lo":
        found["quality"] = draw(st.lists(metrics(name), max_size=2))
    if name == "l":
        item = draw(maybe(minimum=st.integers(0, 3)))
        found["items"] = {"logicalType": "integer", "logicalTypeOptions": item}
        found["items"]["required"] = draw(st.booleans())
    if name == "o":
        a = {"name": "a", "logicalType": "integer", "required": draw(st.booleans()),
             "logicalTypeOptions": draw(maybe(minimum=small))}  # fmt: skip
        c = {"name": "c", "logicalType": "string", "logicalTypeOptions": draw(maybe(**lengths))}
        found["properties"] = [a, c]
    return found


@st.composite
def made(draw: st.DrawFn) -> Made:
    names = [n for n in TYPES if n in "nks" or draw(st.booleans())]
    columns = [draw(properties(name)) for name in names]
    for name in draw(st.sampled_from([(), ("n",), ("n", "s"), ("k", "n", "s")])):
        next(c for c in columns if c["name"] == name)["primaryKey"] = True
    if draw(st.booleans()):
        (k,) = (c for c in columns if c["name"] == "k")
        k["relationships"] = [{"to": "there.id"}]
    for column in columns:
        for i, quality in enumerate(column.get("quality", ())):
            quality["id"] = f"{column['name']}_{i}"
    table: dict[str, Any] = {
        "name": "t",
        "properties": columns,
        "quality": draw(st.lists(metrics(None), max_size=2)),
    }
    for i, quality in enumerate(table["quality"]):
        quality["id"] = f"table_{i}"
    there = {"name": "there", "properties": [{"name": "id", "logicalType": "integer"}]}
    nullable = {n: st.one_of(st.none(), VALUES[n], VALUES[n], VALUES[n]) for n in names}
    rows = draw(st.lists(st.fixed_dictionaries(nullable), max_size=8))
    ids = draw(st.lists(st.one_of(st.none(), small), max_size=6))
    return Made({"schema": [table, there]}, rows, ids)
