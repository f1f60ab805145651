"""What `logicalTypeOptions` promise about values: each option's words and its value, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mesh_defs.contracts.clauses.properties import Place
from mesh_defs.contracts.scan.formats import FLOAT_FORMATS, INTEGER_FORMATS, STRING_FORMATS
from mesh_defs.contracts.scan.moments import TEMPORAL, written
from mesh_defs.contracts.wording import listing, number

Promise = tuple[str, dict[str, Any]]
"""(what is promised, without its subject; what the kind needs)"""
Reader = Callable[[Any], Promise]


def option_promises(place: Place) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each option that speaks about values: (kind, what is promised, params)."""
    logical = place.prop.logicalType or ""
    options = place.prop.logicalTypeOptions or {}
    known = OPTIONS.get(logical, ANY)
    silent = DESCRIPTIVE.get(logical, ())
    for option, value in options.items():
        if option in silent or (option in FLAGS and value is False):
            continue
        if option == "format" and value in SILENT_FORMATS:
            continue
        if option == "defaultTimezone" and not _wrong_zone(value):
            continue
        read = known.get(option)
        if read is None:
            reason = f"logicalTypeOptions.{option} is not known for {logical or 'a column'}"
            yield option, f": {option} {value}", {"unusable": reason}
            continue
        promised, params = read(value)
        yield KINDS.get(option, option), f" {promised}", params | time_params(place)


def time_params(place: Place) -> dict[str, Any]:
    """What rules about moments need besides: how they are written, and their default time zone.

    Raises nothing: a format or zone that cannot be read is the business of its own rule.
    """
    logical = place.prop.logicalType or ""
    options = place.prop.logicalTypeOptions or {}
    if logical not in TEMPORAL:
        return {}
    found: dict[str, Any] = {}
    if options.get("format"):
        with suppress(ValueError):
            found["written"] = {"as": logical, **written(str(options["format"]), logical).to_json()}
    zone = options.get("defaultTimezone")
    if zone and not _wrong_zone(zone):
        found["zone"] = zone
    return found


def plain(value: Any) -> Any:
    """A YAML value as plain data: dates and the like become ISO text."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _number(words: str) -> Reader:
    return lambda value: (f"{words} {number(plain(value))}", {"value": plain(value)})


def _whole(words: str) -> Reader:
    def read(value: Any) -> Promise:
        promised, params = f"{words} {value}", {"value": value}
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            params["unusable"] = f"`{value}` is not a whole number"
        return promised, params

    return read


def _multiple(value: Any) -> Promise:
    promised, params = f"is a multiple of {value}", {"value": value}
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        params["unusable"] = f"`{value}` is not a positive number"
    return promised, params


def _pattern(value: Any) -> Promise:
    return f"matches the pattern {value}", {"value": str(value)}


def _format(known: tuple[str, ...]) -> Reader:
    def read(value: Any) -> Promise:
        params: dict[str, Any] = {"value": str(value)}
        if value not in known:
            params["unusable"] = f"format `{value}` is not checked ({listing(known, 20)} are)"
        return f"has the format {value}", params

    return read


def _written(logical_type: str) -> Reader:
    def read(value: Any) -> Promise:
        params: dict[str, Any] = {"value": str(value)}
        try:
            written(str(value), logical_type)
        except ValueError as wrong:
            params["unusable"] = str(wrong)
        return f"is written as {value}", params

    return read


def _zone(value: Any) -> Promise:
    said = f"is of the time zone {value} where it names none"
    return said, {"value": value, "unusable": _wrong_zone(value)}


def _wrong_zone(value: Any) -> str | None:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return f"`{value}` is no time zone, such as Europe/Paris"
    return None


def _names(value: Any) -> Promise:
    params = {"value": value}
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        params["unusable"] = f"`{value}` is not a list of names"
        return f"has the properties {value}", params
    return f"has the properties {listing(value)}", params


def _flag(words: str) -> Reader:
    return lambda value: (words, {"value": value})


_BOUNDS = {
    "minimum": _number("is at least"),
    "maximum": _number("is at most"),
    "exclusiveMinimum": _number("is more than"),
    "exclusiveMaximum": _number("is less than"),
}
_NUMBERS = {**_BOUNDS, "multipleOf": _multiple}
OPTIONS: dict[str, dict[str, Reader]] = {
    "string": {
        "minLength": _whole("has a length of at least"),
        "maxLength": _whole("has a length of at most"),
        "pattern": _pattern,
        "format": _format((*STRING_FORMATS,)),
    },
    "integer": {**_NUMBERS, "format": _format((*INTEGER_FORMATS,))},
    "number": {**_NUMBERS, "format": _format((*FLOAT_FORMATS, *INTEGER_FORMATS))},
    **{t: {**_BOUNDS, "format": _written(t), "defaultTimezone": _zone} for t in TEMPORAL},
    "object": {
        "minProperties": _whole("has a number of properties of at least"),
        "maxProperties": _whole("has a number of properties of at most"),
        "required": _names,
    },
    "array": {
        "minItems": _whole("has a number of items of at least"),
        "maxItems": _whole("has a number of items of at most"),
        "uniqueItems": _flag("has no item twice"),
    },
    "vector": {
        "dimensions": _whole("has this many dimensions:"),
        "elementType": lambda value: (f"has elements of type {value}", {"value": value}),
        "normalized": _flag("has the length 1"),
    },
    "boolean": {},
    "map": {},
}
# Of a column whose type nobody says.
ANY = {
    **{name: read for readers in OPTIONS.values() for name, read in readers.items()},
    "format": _format((*STRING_FORMATS, *INTEGER_FORMATS, *FLOAT_FORMATS)),
}
# An option whose name is another clause's already.
KINDS = {"required": "requiredProperties"}
FLAGS = ("uniqueItems", "normalized")
# What an option says about display or meaning, not about values. A time zone is part of the type.
DESCRIPTIVE = {
    "timestamp": ("timezone",),
    "time": ("timezone",),
    "vector": ("distanceMetric", "embeddingModel", "embeddingModelVersion"),
}
SILENT_FORMATS = ("password",)
