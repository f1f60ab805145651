"""What a contract's schema promises, clause by clause: columns, types, keys, values.

Quality, relationships and service levels are read in `quality`, `references` and `levels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.formats import INTEGER_FORMATS, STRING_FORMATS
from mesh_defs.contracts.rules import Clause, Rule
from mesh_defs.contracts.softening import custom, quarantine_of, severity_of, tolerance_of
from mesh_defs.contracts.wording import listing, number, tolerated

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        SchemaObject,
        SchemaProperty,
    )


def schema_clauses(schema_object: SchemaObject, odcs: OpenDataContractStandard) -> list[Clause]:
    """Every clause of one schema object."""
    from mesh_defs.contracts.quality import quality_clauses
    from mesh_defs.contracts.references import relationship_clauses

    found = [*_object_clauses(schema_object)]
    for prop in columns_of(schema_object):
        found += _property_clauses(schema_object, prop)
        found += quality_clauses(schema_object, prop)
        found += relationship_clauses(schema_object, prop, odcs)
    found += quality_clauses(schema_object, None)
    found += relationship_clauses(schema_object, None, odcs)
    return found


def columns_of(schema_object: SchemaObject) -> list[SchemaProperty]:
    """The properties that are columns: a measure is a formula, nothing is stored for it."""
    return [p for p in schema_object.properties or [] if p.semanticType != "measure"]


def column_of(prop: SchemaProperty) -> str:
    return prop.physicalName or prop.name or ""


def make(
    schema_object: SchemaObject,
    prop: SchemaProperty | None,
    kind: str,
    promised: str,
    *,
    elements: tuple[Any, ...] = (),
    own_id: str | None = None,
    stem: str | None = None,
    severity: str | None = None,
    description: str | None = None,
    **params: Any,
) -> Clause:
    """A clause with its severity and tolerance, softened by the elements nearest first."""
    elements = (*elements, *((prop,) if prop is not None else ()), schema_object)
    place = (prop.name if prop is not None else schema_object.name) or ""
    if "unusable" not in params:
        try:
            if tolerance := tolerance_of(elements, kind):
                params["tolerance"] = tolerance
                promised += f"; up to {tolerated(tolerance)} tolerated"
        except ValueError as wrong:
            params["unusable"] = str(wrong)
    if budget := quarantine_of(elements, kind, schema_object):
        params["quarantine"] = budget
        promised += f"; rows that break it go to quarantine, up to {tolerated(budget)}"
    if prop is not None:
        params.setdefault("columns", [column_of(prop)])
    if description:
        promised = f"{description.strip().rstrip('.')} ({promised})"
    rule = Rule(
        id="",
        object=schema_object.name or "",
        property=prop.name if prop is not None else None,
        kind=kind,
        severity=severity or severity_of(elements, kind),
        promised=promised,
        params=params,
    )
    return Clause(rule, own_id, f"{place}.{stem or kind}")


def _object_clauses(schema_object: SchemaObject) -> Iterator[Clause]:
    columns = columns_of(schema_object)
    names = [column_of(p) for p in columns]
    said = f"has the columns {listing(names)}" if names else "exists"
    yield make(schema_object, None, "columns", f"{schema_object.name} {said}", columns=names)
    if names and custom(schema_object, "extraColumns") != "allow":
        yield make(
            schema_object,
            None,
            "extraColumns",
            f"{schema_object.name} has no columns but the promised ones",
            columns=names,
        )
    key = sorted((p for p in columns if p.primaryKey), key=_key_position)
    if key:
        names = [column_of(p) for p in key]
        one = len(names) == 1
        said = f"{names[0]} identifies" if one else f"{listing(names)} together identify"
        never = "is never null" if one else "none of them is ever null"
        yield make(
            schema_object,
            None,
            "primaryKey",
            f"{said} one row of {schema_object.name}, and {never}",
            elements=tuple(key),
            columns=names,
        )


def _key_position(prop: SchemaProperty) -> int:
    position = prop.primaryKeyPosition
    return position if position is not None and position > 0 else 10**6


def _property_clauses(schema_object: SchemaObject, prop: SchemaProperty) -> Iterator[Clause]:
    def clause(kind: str, promised: str, **params: Any) -> Clause:
        return make(schema_object, prop, kind, promised, **params)

    name = prop.name
    options = prop.logicalTypeOptions or {}
    if prop.logicalType:
        zoned = options.get("timezone") if prop.logicalType == "timestamp" else None
        said = "" if zoned is None else f" with{'' if zoned else 'out'} a time zone"
        yield clause(
            "logicalType",
            f"{name} is of type {prop.logicalType}{said}",
            type=prop.logicalType,
            timezone=zoned,
            format=options.get("format"),
        )
    if prop.required:
        yield clause("required", f"{name} is never null")
    if prop.unique:
        yield clause("unique", f"no two rows have the same {name}")
    if prop.enum:
        values = [plain(v.value) for v in prop.enum]
        yield clause("enum", f"{name} is one of {listing(values)}", values=values)
    for option, value in options.items():
        if option in DESCRIPTIVE.get(prop.logicalType or "", ()):
            continue
        read = OPTIONS.get(option)
        if read is None:
            reason = (
                f"logicalTypeOptions.{option} is not known for {prop.logicalType or 'a column'}"
            )
            yield clause(option, f"{name}: {option} {value}", unusable=reason)
            continue
        promised, params = read(value)
        if option == "format":
            params["unusable"] = params.get("unusable") or _wrong_format(prop.logicalType, value)
            params = {k: v for k, v in params.items() if v is not None}
        yield clause(option, f"{name} {promised}", **params)
    if _has_inner_promises(prop):
        yield clause(
            "nested",
            f"the fields inside {name} are as described",
            severity="info",
            unusable="fields inside a column are not checked yet",
        )


def _has_inner_promises(prop: SchemaProperty) -> bool:
    return bool(prop.properties or prop.items or prop.map)


# What an option of these types says about display or meaning, not about the stored values. The
# time zone is part of the type.
DESCRIPTIVE = {
    "date": ("format",),
    "timestamp": ("format", "timezone", "defaultTimezone"),
    "time": ("format", "timezone", "defaultTimezone"),
    "vector": ("elementType", "distanceMetric", "embeddingModel", "embeddingModelVersion"),
}


def _number(words: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    def read(value: Any) -> tuple[str, dict[str, Any]]:
        return f"{words} {number(plain(value))}", {"value": plain(value)}

    return read


def _whole(words: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    def read(value: Any) -> tuple[str, dict[str, Any]]:
        promised, params = f"{words} {value}", {"value": value}
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            params["unusable"] = f"`{value}` is not a whole number"
        return promised, params

    return read


def _positive(words: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    def read(value: Any) -> tuple[str, dict[str, Any]]:
        promised, params = f"{words} {value}", {"value": value}
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            params["unusable"] = f"`{value}` is not a positive number"
        return promised, params

    return read


def _later(words: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    return lambda value: (words, {"value": value, "unusable": "this option is not checked yet"})


def _text(words: str) -> Callable[[Any], tuple[str, dict[str, Any]]]:
    return lambda value: (f"{words} {value}", {"value": str(value)})


OPTIONS: dict[str, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    "minLength": _whole("has a length of at least"),
    "maxLength": _whole("has a length of at most"),
    "pattern": _text("matches the pattern"),
    "format": _text("has the format"),
    "minimum": _number("is at least"),
    "maximum": _number("is at most"),
    "exclusiveMinimum": _number("is more than"),
    "exclusiveMaximum": _number("is less than"),
    "multipleOf": _positive("is a multiple of"),
    "minItems": _whole("has a number of items of at least"),
    "maxItems": _whole("has a number of items of at most"),
    "uniqueItems": _later("has no item twice"),
    "dimensions": _whole("has this many dimensions:"),
}


def _wrong_format(logical_type: str | None, value: Any) -> str | None:
    known = [*INTEGER_FORMATS] if logical_type == "integer" else [*STRING_FORMATS, "f32", "f64"]
    return None if value in known else f"format `{value}` is not checked ({listing(known, 20)} are)"


def plain(value: Any) -> Any:
    """A YAML value as plain data: dates and the like become ISO text."""
    return value.isoformat() if hasattr(value, "isoformat") else value
