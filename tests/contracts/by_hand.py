"""Verdicts worked out in plain Python, value by value: an independent judge without any SQL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from tests.contracts.generated import Made

LIMITS = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767)}
Found = dict[str, tuple[bool, int | None]]
"""Rule id → whether it holds, and how many rows break it."""


def judged(made: Made) -> Found:
    found: Found = {}
    table = made.contract["schema"][0]
    for name, prop in made.properties.items():
        column = [row[name] for row in made.rows]
        found |= _of_column(name, prop, column, made)
    key = [p["name"] for p in table["properties"] if p.get("primaryKey")]
    if key:
        keys = [tuple(row[k] for k in key) for row in made.rows]
        whole = [k for k in keys if None not in k]
        failing = len(keys) - len(whole) + _repeats(whole)
        found["t.primaryKey"] = (failing == 0, failing)
    for quality in table.get("quality", ()):
        if quality["metric"] == "rowCount":
            found[quality["id"]] = (_holds(quality, len(made.rows)), None)
        else:
            names = quality["arguments"]["properties"]
            tuples = [tuple(row[n] for n in names) for row in made.rows]
            failing = _repeats([t for t in tuples if None not in t])
            found[quality["id"]] = _measured(quality, failing, len(made.rows))
    return found


def _of_column(name: str, prop: dict[str, Any], column: list[Any], made: Made) -> Found:
    found: Found = {}
    filled = [v for v in column if v is not None]

    def rule(kind: str, failing: int, place: str = name) -> None:
        found[f"{place}.{kind}"] = (failing == 0, failing)

    if prop.get("required"):
        rule("required", column.count(None))
    if prop.get("unique"):
        rule("unique", _repeats(filled))
    if "enum" in prop:
        allowed = [_value(v["value"]) for v in prop["enum"]]
        rule("enum", sum(_plain(v) not in allowed for v in filled))
    for option, value in (prop.get("logicalTypeOptions") or {}).items():
        if value is not False:
            rule(option, sum(_breaks(option, value, v) for v in filled))
    for quality in prop.get("quality", ()):
        failing = _metric(quality, column)
        found[quality["id"]] = _measured(quality, failing, len(column))
    if prop.get("relationships"):
        rule("foreignKey", sum(v not in made.there for v in filled))
    if "items" in prop:
        for kind, breaks in _inner(prop["items"]):
            rule(kind, sum(any(breaks(v) for v in items) for items in filled), f"{name}.items")
    for field in prop.get("properties", ()):
        for kind, breaks in _inner(field):
            failing = sum(breaks(o[field["name"]]) for o in filled)
            rule(kind, failing, f"{name}.{field['name']}")
    return found


def _inner(prop: dict[str, Any]) -> Iterable[tuple[str, Callable[[Any], bool]]]:
    if prop.get("required"):
        yield "required", lambda v: v is None
    for option, value in prop["logicalTypeOptions"].items():
        yield option, partial(_breaks_if_there, option, value)


def _breaks_if_there(option: str, wanted: Any, value: Any) -> bool:
    return value is not None and _breaks(option, wanted, value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _value(value: Any) -> Any:
    return value


def _breaks(option: str, wanted: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        wanted = datetime.fromisoformat(wanted.removesuffix("Z"))
    elif isinstance(value, date):
        wanted = date.fromisoformat(wanted)
    elif isinstance(value, Decimal):
        wanted = Decimal(str(wanted))
    tests: dict[str, Callable[[], bool]] = {
        "minimum": lambda: value < wanted,
        "maximum": lambda: value > wanted,
        "exclusiveMinimum": lambda: value <= wanted,
        "exclusiveMaximum": lambda: value >= wanted,
        "multipleOf": lambda: Decimal(str(value)) % Decimal(str(wanted)) != 0,
        "minLength": lambda: len(value) < wanted,
        "maxLength": lambda: len(value) > wanted,
        "pattern": lambda: re.search(wanted.replace("$", r"\Z"), value) is None,
        "format": lambda: not LIMITS[wanted][0] <= value <= LIMITS[wanted][1],
        "minItems": lambda: len(value) < wanted,
        "maxItems": lambda: len(value) > wanted,
        "uniqueItems": lambda: len(set(value)) < len(value),
    }
    return tests[option]()


def _repeats(values: list[Any]) -> int:
    return sum(count - 1 for count in Counter(values).values())


def _metric(quality: dict[str, Any], column: list[Any]) -> int:
    arguments = quality.get("arguments", {})
    if quality["metric"] == "nullValues":
        return column.count(None)
    if quality["metric"] == "missingValues":
        return sum(v is None or _plain(v) in arguments["missingValues"] for v in column)
    filled = [v for v in column if v is not None]
    if quality["metric"] == "duplicateValues":
        return _repeats(filled)
    if "pattern" in arguments:
        return sum(_breaks("pattern", arguments["pattern"], v) for v in filled)
    return sum(_plain(v) not in arguments["validValues"] for v in filled)


def _measured(quality: dict[str, Any], failing: int, rows: int) -> tuple[bool, int]:
    measured: float = failing
    if quality.get("unit") == "percent":
        measured = 100 * failing / rows if rows else 0
    return _holds(quality, measured), failing


def _holds(quality: dict[str, Any], measured: float) -> bool:
    for name, wanted in quality.items():
        match name:
            case "mustBe":
                return bool(measured == wanted)
            case "mustNotBe":
                return bool(measured != wanted)
            case "mustBeGreaterThan":
                return bool(measured > wanted)
            case "mustBeGreaterOrEqualTo":
                return bool(measured >= wanted)
            case "mustBeLessThan":
                return bool(measured < wanted)
            case "mustBeLessOrEqualTo":
                return bool(measured <= wanted)
            case "mustBeBetween":
                return bool(wanted[0] <= measured <= wanted[1])
            case "mustNotBeBetween":
                return not wanted[0] <= measured <= wanted[1]
    raise AssertionError(quality)
