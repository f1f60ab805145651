"""What a contract's schema promises, clause by clause: columns, types, keys, values.

Quality, relationships and service levels are read in `quality`, `references` and `levels`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.options import option_promises, plain, time_params
from mesh_defs.contracts.clauses.properties import Place, column_of, column_places, places_of
from mesh_defs.contracts.clauses.softening import (
    ABOUT_OTHER_VALUES,
    custom,
    quarantine_of,
    severity_of,
    tolerance_of,
)
from mesh_defs.contracts.clauses.type_names import length_of
from mesh_defs.contracts.clauses.variables import unset
from mesh_defs.contracts.rules import PORT_KIND, Clause, Rule
from mesh_defs.contracts.wording import listing, tolerated

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject


def make(
    schema_object: SchemaObject,
    place: Place | None,
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
    elements = (*elements, *(place.elements if place else ()), schema_object)
    params = {name: value for name, value in params.items() if (name, value) != ("unusable", None)}
    if missing := unset(params):
        params["unusable"] = f"the variable {missing} is not set"
    if place is not None and "columns" not in params:
        params |= at(place)
    if "unusable" not in params and kind != PORT_KIND:  # no rows to tolerate
        try:
            if tolerance := tolerance_of(elements, kind):
                params["tolerance"] = tolerance
                promised += f"; up to {tolerated(tolerance)} tolerated"
        except ValueError as wrong:  # one slip must not switch off every rule of its element
            promised += f"; {wrong}, so nothing is tolerated"
    if _names_rows(kind, params) and (budget := quarantine_of(elements, kind, schema_object)):
        params["quarantine"] = budget
        promised += f"; rows that break it go to quarantine, up to {tolerated(budget)}"
    if description:
        promised = f"{description.strip().rstrip('.')} ({promised})"
    rule = Rule(
        id="",
        object=schema_object.name or "",
        property=place.name if place else None,
        kind=kind,
        severity=severity or severity_of(elements, kind),
        promised=promised,
        params=params,
    )
    name = place.name if place else schema_object.name or ""
    return Clause(rule, own_id, f"{name}.{stem or kind}")


def _names_rows(kind: str, params: Mapping[str, Any]) -> bool:
    """Whether a rule of a kind that points at rows does so as it is written here."""
    if kind in ABOUT_OTHER_VALUES:
        return all(step.startswith(".") for path in params.get("paths", ()) for step in path)
    return kind != "physicalType" or params.get("length") is not None


def at(*places: Place) -> dict[str, Any]:
    """Where a rule's values lie, as its params say it: the columns, and the ways into them."""
    found: dict[str, Any] = {"columns": [p.column for p in places]}
    if any(p.path for p in places):
        found["paths"] = [list(p.path) for p in places]
    return found


def object_clauses(schema_object: SchemaObject) -> Iterator[Clause]:
    names = [p.column for p in column_places(schema_object)]
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
    key = [p for p in places_of(schema_object) if p.prop.primaryKey and p.is_single]
    if key:
        key.sort(key=_key_position)
        names = [p.name if p.path else p.column for p in key]
        one = len(names) == 1
        said = f"{names[0]} identifies" if one else f"{listing(names)} together identify"
        never = "is never null" if one else "none of them is ever null"
        yield make(
            schema_object,
            None,
            "primaryKey",
            f"{said} one row of {schema_object.name}, and {never}",
            elements=tuple(p.prop for p in key),
            **at(*key),
        )


def _key_position(place: Place) -> int:
    position = place.prop.primaryKeyPosition
    return position if position is not None and position > 0 else 10**6


def place_clauses(
    schema_object: SchemaObject, place: Place, dialects: list[str]
) -> Iterator[Clause]:
    def clause(kind: str, promised: str, **params: Any) -> Clause:
        return make(schema_object, place, kind, promised, **params)

    name, prop = place.name, place.prop
    options = prop.logicalTypeOptions or {}
    if prop.logicalType:
        zoned = options.get("timezone") if prop.logicalType in ("timestamp", "time") else None
        said = "" if zoned is None else f" with{'' if zoned else 'out'} a time zone"
        yield clause(
            "logicalType",
            f"{name} is of type {prop.logicalType}{said}",
            type=prop.logicalType,
            timezone=zoned,
            format=options.get("format"),
            **time_params(place),
        )
    if prop.physicalType:
        yield clause(
            "physicalType",
            f"{name} is stored as {prop.physicalType}",
            type=prop.physicalType,
            length=length_of(prop.physicalType),
            dialects=dialects,
        )
    if prop.primaryKey and not place.is_single:
        reason = "a key inside a list or map is not checked; `unique` and `required` are"
        yield clause("primaryKey", f"{name} identifies one item", unusable=reason)
    if prop.required:
        yield clause("required", f"{name} is never null")
    if prop.unique:
        which = "rows have" if place.is_single else "values are"
        yield clause("unique", f"no two {which} the same {name}")
    if prop.enum:
        values = [plain(v.value) for v in prop.enum]
        yield clause("enum", f"{name} is one of {listing(values)}", values=values)
    for kind, promised, params in option_promises(place):
        yield clause(kind, f"{name}{promised}", **params)
    yield from _fields(schema_object, place)


def _fields(schema_object: SchemaObject, place: Place) -> Iterator[Clause]:
    """An object inside a column has the promised fields, and no others unless they are allowed."""
    fields = [column_of(p) for p in place.prop.properties or [] if p.semanticType != "measure"]
    if not fields:
        return
    said = f"{place.name} has the fields {listing(fields)}"
    yield make(schema_object, place, "columns", said, fields=fields)
    policies = [custom(e, "extraColumns") for e in (*place.elements, schema_object)]
    if next((p for p in policies if p is not None), None) != "allow":
        said = f"{place.name} has no fields but the promised ones"
        yield make(schema_object, place, "extraColumns", said, fields=fields)
