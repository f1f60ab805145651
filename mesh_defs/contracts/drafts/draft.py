"""A first contract for a table, from its profile: plain data and remarks; nothing is read here.

It states what every row of the table keeps: its author takes away what is only so by chance. Of
columns that seem to be about a person no value is told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.drafts.facts import ColumnFacts, Profile
from mesh_defs.contracts.drafts.guesses import names_a_thing, words_of
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.model import yaml_text
from mesh_defs.model.yaml_source import FieldPath

# A newest row that is older was not written by something that still runs.
STILL_FED = timedelta(days=30)
FLOW = ("logicalTypeOptions", "enum", "quality", "slaProperties", "members", "support", "items",
        "key", "value")  # fmt: skip
# The logical types that a column can have, the most exact first.
LOGICAL = ("integer", "number", "boolean", "date", "timestamp", "time", "map", "string", "object",
           "array")  # fmt: skip
NOT_YET = "To be described."


@dataclass
class Draft:
    """A contract as plain data, remarks by the field they stand at, and what was guessed."""

    data: dict[str, Any]
    as_of: datetime
    typed: bool
    remarks: dict[FieldPath, str] = field(default_factory=dict)
    guesses: list[dict[str, str]] = field(default_factory=list)

    def text(self, head: Iterable[str] = ()) -> str:
        lines = "".join(f"# {line}\n" for line in head)
        return lines + yaml_text.yaml_text(self.data, self.remarks, FLOW)

    def guess(self, name: str, path: FieldPath, said: str) -> None:
        self.remarks[path] = f"guessed: {said}"
        self.guesses.append({"property": name, "guess": said})


def draft(
    found: Profile, identity: Mapping[str, Any], as_of: datetime, typed: bool = True
) -> Draft:
    """`identity`: the fields that no table tells, `id` and `dataProduct` among them.

    `typed`: whether the columns' types are the table's own, and not read into a text file.
    """
    name = str(identity["dataProduct"])
    table: dict[str, Any] = {"name": name, "physicalType": "table", "description": NOT_YET}
    made = Draft({"apiVersion": "v3.2.0", "kind": "DataContract", **identity}, as_of, typed)
    made.data["schema"] = [table]
    kept = [f for f in found.columns if _logical(f.column.type)]
    called = names_of(f.name for f in kept)
    table["properties"] = [
        _property(made, found, facts, called[facts.name], ("schema", 0, "properties", i))
        for i, facts in enumerate(kept)
    ]
    if found.rows:
        table["quality"] = [
            {"id": "not_empty", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 0}
        ]
    if left := [f.column for f in found.columns if f not in kept]:
        table["customProperties"] = [{"property": "extraColumns", "value": "allow"}]
        said = ", ".join(f"{c.name} ({c.engine_type})" for c in left)
        made.remarks["schema", 0, "customProperties"] = f"ODCS has no type for {one_line(said)}"
    if level := _freshness(kept, as_of):
        facts, days = level
        element = f"{name}.{called[facts.name]}"
        made.data["slaProperties"] = [
            {"id": "fresh", "property": "freshness", "value": days, "unit": "d", "element": element}
        ]
        made.guess(
            called[facts.name], ("slaProperties",), f"{called[facts.name]} tells how fresh it is"
        )
    return made


def names_of(columns: Iterable[str]) -> dict[str, str]:
    """A name as the mesh writes it for each column, no two the same."""
    found: dict[str, str] = {}
    for column in columns:
        stem = column if _is_name(column) else "_".join(words_of(column))
        if not stem[:1].isalpha():
            stem = f"column_{stem}".rstrip("_")
        name = stem = stem[:60]
        number = 2
        while name in found.values():
            name, number = f"{stem}_{number}", number + 1
        found[column] = name
    return found


def _is_name(text: str) -> bool:
    return bool(re.fullmatch(r"[a-z][a-z0-9_]{0,62}", text))


def one_line(text: str) -> str:
    return " ".join(text.split())


# -- a column ----------------------------------------------------------------------------------


def _property(
    made: Draft, found: Profile, facts: ColumnFacts, name: str, path: FieldPath
) -> dict[str, Any]:
    column = facts.column
    given: dict[str, Any] = {"name": name}
    if name != facts.name:
        given["physicalName"] = facts.name
    given["description"] = NOT_YET
    typed = _typed(column.type)
    given["logicalType"] = typed.pop("logicalType")
    if made.typed and _is_simple(column):
        given["physicalType"] = column.engine_type.lower()
    if facts.name in found.key:
        given["primaryKey"] = True
        if len(found.key) > 1:
            given["primaryKeyPosition"] = found.key.index(facts.name) + 1
        if facts.name == found.key[0]:
            said = "identifies a row" if len(found.key) == 1 else "identify a row together"
            made.guess(name, (*path, "primaryKey"), f"{one_line(', '.join(found.key))} {said}")
    if found.rows and facts.filled == found.rows:
        given["required"] = True
    if facts.name in found.unique:
        given["unique"] = True
    if facts.personal:
        given["classification"] = "restricted"
        made.guess(name, (*path, "classification"), facts.personal)
    options = _options(facts, found, made.as_of)
    if facts.values:
        given["enum"] = [{"value": value} for value in facts.values]
    if facts.shape and facts.shape.said and options:
        made.remarks[*path, "logicalTypeOptions"] = facts.shape.said
    if stated := typed.pop("logicalTypeOptions", {}) | options:
        given["logicalTypeOptions"] = stated
    given |= typed
    if facts.values or {"minimum", "maximum", "maxLength"} & {*options}:
        what = "values" if facts.values else "bounds"
        given["description"] = f"{NOT_YET[:-1]}; the {what} are those observed."
    return given


def _options(facts: ColumnFacts, found: Profile, as_of: datetime) -> dict[str, Any]:
    if facts.shape and not facts.values:
        shape = facts.shape
        return {"format": shape.format} if shape.format else {"pattern": shape.pattern}
    if facts.lengths and not facts.values:
        return _lengths(*facts.lengths)
    # What is personal, and names of things, have no least or largest that means anything.
    if facts.personal or facts.name in found.unique or names_a_thing(facts.name):
        return {}
    families = facts.column.families
    low, high = facts.bounds
    options: dict[str, Any] = {}
    if "number" in families and high == high:  # what is not a number is in no range
        options = {"minimum": _number(low, up=False), "maximum": _number(high, up=True)}
    elif families & {"date", "timestamp"}:
        options = {"minimum": _moment(low, families), "maximum": _moment(high, families, up=True)}
    newest = _newest(facts)
    if facts.name in found.key or (newest and as_of - newest <= STILL_FED):
        options.pop("maximum", None)  # the next rows are bound to be larger
    return {name: value for name, value in options.items() if value is not None}


def _lengths(shortest: int, longest: int) -> dict[str, Any]:
    if shortest == longest:
        return {"minLength": shortest, "maxLength": longest}
    return {**({"minLength": 1} if shortest else {}), "maxLength": longest}


def _number(value: Any, up: bool) -> int | float | None:
    """The number as YAML can hold it; where it cannot, the next whole number outwards."""
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return _short(value) if math.isfinite(value) else None
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else (
        math.ceil(value) if up else math.floor(value)
    )  # fmt: skip


def _short(value: float) -> int | float:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _moment(text: Any, families: frozenset[str], up: bool = False) -> str | None:
    """A day or moment as ISO text; None for what is not of our calendar."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if "date" in families:
        return moment.date().isoformat()
    if up and re.search(r"\.\d{6}\d*[1-9]", str(text)):
        moment += timedelta(microseconds=1)
    return moment.isoformat()


# -- types -------------------------------------------------------------------------------------


def _logical(type_: exp.DataType | None) -> str | None:
    families = Column("", "", type_).families
    found = next((name for name in LOGICAL if name in families), None)
    return "string" if "binary" in families else found


def _is_simple(column: Column) -> bool:
    """Whether the engine's word for the type is short: no fields, items or labels in it."""
    return column.engine_type.isascii() and (
        "(" not in column.engine_type or "number" in column.families
    ) and not column.families & {"object", "array", "map"}  # fmt: skip


def _typed(type_: exp.DataType | None) -> dict[str, Any]:
    """A type and all that is inside of it, as ODCS says it."""
    logical = _logical(type_)
    assert type_ is not None and logical is not None
    if logical == "timestamp":
        zoned = Column("", "", type_).is_zoned
        return {"logicalType": logical, "logicalTypeOptions": {"timezone": zoned}}
    if "binary" in Column("", "", type_).families:
        return {"logicalType": logical, "logicalTypeOptions": {"format": "binary"}}
    inner = type_.expressions
    if logical == "object":
        fields = {f.name: f.kind for f in inner if isinstance(f, exp.ColumnDef)}
        if fields and all(_logical(kind) for kind in fields.values()):
            names = names_of(fields)
            properties = [
                {"name": names[n]} | ({"physicalName": n} if names[n] != n else {})
                | {"description": NOT_YET} | _typed(kind)
                for n, kind in fields.items()
            ]  # fmt: skip
            return {"logicalType": logical, "properties": properties}
    elif logical == "array" and len(inner) == 1 and _logical(inner[0]):
        return {"logicalType": logical, "items": _typed(inner[0])}
    elif logical == "map":
        key, value = (_typed(t) if _logical(t) else None for t in inner)
        if key and value:
            return {"logicalType": logical, "map": {"key": key, "value": value}}
        return {"logicalType": "object"}
    return {"logicalType": logical}


# -- freshness ---------------------------------------------------------------------------------


def _freshness(columns: Iterable[ColumnFacts], as_of: datetime) -> tuple[ColumnFacts, int] | None:
    """The column with the newest moment that is not long past, and its age in days, rounded up."""
    found = [
        ("timestamp" in facts.column.families, newest, facts)
        for facts in columns
        if not facts.personal
        and (newest := _newest(facts))
        and timedelta() <= as_of - newest <= STILL_FED
    ]
    if not found:
        return None
    _, moment, facts = max(found, key=lambda f: f[:2])
    # A quarter of a day to spare: the contract must still hold when its author has read it.
    return facts, 1 + int((as_of - moment + timedelta(hours=6)) / timedelta(days=1))


def _newest(facts: ColumnFacts) -> datetime | None:
    families = facts.column.families
    text = _moment(facts.bounds[1], families) if families & {"date", "timestamp"} else None
    moment = datetime.fromisoformat(text) if text else None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
