"""Changes of objects and columns: what is there, under which name, and what is promised of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mesh_defs.contracts.changes.change import NOTHING, Both, Change, Element, canonical
from mesh_defs.contracts.changes.limits import limits
from mesh_defs.contracts.changes.pairing import (
    by,
    columns_alike,
    objects_alike,
    own_id,
    paired,
    stored_name,
)
from mesh_defs.contracts.changes.quality import quality
from mesh_defs.contracts.changes.softness import KNOWN, custom, is_soft, softness
from mesh_defs.contracts.changes.terms import classification, customs
from mesh_defs.contracts.clauses.properties import CLUSTERING

_WORDS = {
    "id", "description", "businessName", "synonyms", "authoritativeDefinitions", "tags",
    "transformSourceObjects", "transformDescription", "examples", "criticalDataElement", "context",
}  # fmt: skip
_OBJECT_FIELDS = {
    "physicalName": "object.stored",
    "physicalType": "object.stored",
    "logicalType": "object.stored",
    "dataGranularityDescription": "object.grain",
}
_COLUMN_FIELDS = {
    "transformLogic": "column.meaning",
    "encryptedName": "column.meaning",
    "partitioned": "column.partition",
    "partitionKeyPosition": "column.partition",
}
# What is compared clause by clause, and not as a field.
_CLAUSES = {
    "name", "properties", "items", "map", "quality", "relationships", "customProperties", "enum",
    "logicalType", "logicalTypeOptions", "physicalType", "physicalName", "primaryKey",
    "primaryKeyPosition", "required", "unique", "classification", "deprecated", "semanticType",
}  # fmt: skip
_KNOWN = (*KNOWN, "extraColumns", CLUSTERING)


def objects(contract: Both) -> Iterator[Change]:
    """Changes of everything under `schema`."""
    keys = (own_id, by("name"), by("physicalName"))
    for was, now in paired(*contract.value("schema"), keys, objects_alike):
        names = [str((e or {}).get("name")) for e in (was or now, now or was)]
        found = contract.below(was, now, names[0], names[1], object=names[0])
        if was is None or now is None:
            yield found.change("object.added" if was is None else "object.removed")
        else:
            yield from _object(found)


def _object(both: Both) -> Iterator[Change]:
    if both.differ("name"):
        yield both.change("object.renamed", "", *both.value("name"))
    for field in sorted(({*both.old, *both.new} - _CLAUSES) | set(_OBJECT_FIELDS)):
        if both.differ(field):
            words = "words.changed" if field in _WORDS else "other.changed"
            yield both.field(_OBJECT_FIELDS.get(field, words), field)
    yield from _deprecated(both)
    was, now = (str(custom(e, "extraColumns")) == "allow" for e in (both.old, both.new))
    if was != now:
        yield both.change("extraColumns.allowed" if now else "extraColumns.refused", "extraColumns")
    near = [custom(e, CLUSTERING) for e in (both.old, both.new)]
    if near[0] != near[1]:
        yield both.change("object.clustering", CLUSTERING, *near)
    yield from _columns(both, both.value("properties"), top=True)
    yield from _key(both)
    yield from _relationships(both)
    yield from quality(both)
    yield from customs(both, _KNOWN)
    for kind in ("columns", *(() if was or now else ("extraColumns",))):
        yield from softness(both, kind, kind)


def _columns(holder: Both, lists: tuple[Any, Any], top: bool = False) -> Iterator[Change]:
    old, new = (list(properties or ()) for properties in lists)
    pairs = paired(old, new, (own_id, by("name"), _stored), columns_alike)
    for was, now in pairs:
        names = [str((e or {}).get("name")) for e in (was or now, now or was)]
        own = (stored_name(was or now or NOTHING),) if top else holder.columns
        column = holder.below(was, now, names[0], names[1], columns=own)
        if was is None:
            yield column.change("column.added", new=_brief(now))
        elif now is None:
            yield column.change("column.removed", old=_brief(was))
        else:
            yield from _renamed(column)
            yield from _column(column)
    at = {id(column): i for i, column in enumerate(new)}
    order = [at[id(now)] for was, now in pairs if was is not None and now is not None]
    if order != sorted(order):
        yield holder.change("column.order", "properties")


def _stored(element: Element) -> str:
    return stored_name(element).lower()


def _brief(column: Element | None) -> str:
    return str((column or {}).get("physicalType") or (column or {}).get("logicalType") or "")


def _renamed(column: Both) -> Iterator[Change]:
    was, now = stored_name(column.old), stored_name(column.new)
    if was.lower() != now.lower():
        yield column.change("column.renamed", "", was, now)
    elif column.differ("name") or was != now:
        yield column.field("column.title", "name")


def _column(column: Both) -> Iterator[Change]:
    """Changes of one column, or of a field inside of one."""
    yield from limits(column)
    for field in ("required", "unique"):
        if column.differ(field):
            given = bool(column.new.get(field))
            soft = not given and is_soft(column, field)
            yield column.field(f"{field}.{'added' if given else 'removed'}", field, soft=soft)
    yield from classification(column)
    yield from _deprecated(column)
    if column.differ("semanticType"):
        roles = [e.get("semanticType") or "column" for e in (column.old, column.new)]
        if roles[0] != roles[1]:
            stored = "column.stored" if "measure" in roles else "column.meaning"
            yield column.change(stored, "semanticType", *roles)
    for field in sorted({*column.old, *column.new} - _CLAUSES):
        if column.differ(field):
            words = "words.changed" if field in _WORDS else "other.changed"
            yield column.field(_COLUMN_FIELDS.get(field, words), field)
    yield from _inner(column)
    yield from _relationships(column)
    yield from quality(column)
    yield from customs(column, _KNOWN)
    for kind in _promised(column.old) & _promised(column.new):
        yield from softness(column, kind, kind)


def _promised(column: Element) -> set[str]:
    """The kinds of clauses that a column has by itself."""
    fields = {f for f in ("logicalType", "required", "unique", "enum") if column.get(f)}
    options = column.get("logicalTypeOptions") or {}
    return fields | {str(o) for o in options if o not in ("timezone", "defaultTimezone")}


def _inner(column: Both) -> Iterator[Change]:
    """Fields of a struct, items of a list, keys and values of a map."""
    if column.old.get("properties") or column.new.get("properties"):
        yield from _columns(column, column.value("properties"))
    old, new = (e.get("map") or NOTHING for e in (column.old, column.new))
    inner: list[tuple[str, Any, Any]] = [
        ("items", *column.value("items")),
        ("map.key", old.get("key"), new.get("key")),
        ("map.value", old.get("value"), new.get("value")),
    ]
    for name, was, now in inner:
        inside = column.below(was, now, name, name)
        if was and now:
            yield from _column(inside)
        elif was or now:
            yield inside.change(
                "column.added" if now else "type.removed", "", _brief(was), _brief(now)
            )


def _deprecated(both: Both) -> Iterator[Change]:
    if both.differ("deprecated"):
        stated = bool(both.new.get("deprecated"))
        yield both.field(f"deprecated.{'stated' if stated else 'withdrawn'}", "deprecated")


def _key(both: Both) -> Iterator[Change]:
    keys = _key_of(both.old), _key_of(both.new)
    was, now = (tuple(stored_name(column) for column in key) for key in keys)
    # Columns are the same ones, whatever they are called now.
    before = {id(n): stored_name(o) for o, n in _pairs_of(both) if o is not None and n is not None}
    known = [before.get(id(column)) for column in keys[1]]
    soft = is_soft(both, "primaryKey", keys)
    touched = tuple(dict.fromkeys([*was, *(name for name in known if name)]))
    if not was and now:
        yield both.change("primaryKey.added", "primaryKey", None, now, columns=touched)
    elif was and not now:
        yield both.change("primaryKey.removed", "primaryKey", was, None, columns=was, soft=soft)
    elif set(was) != set(known):
        yield both.change("primaryKey.changed", "primaryKey", was, now, columns=touched, soft=soft)
    elif list(was) != known:
        yield both.change("primaryKey.order", "primaryKey", was, now, columns=was)
    if was and now:
        yield from softness(both, "primaryKey", "primaryKey", nearer=keys)


def _pairs_of(both: Both) -> Any:
    lists = both.value("properties")
    return paired(*lists, (own_id, by("name"), _stored), columns_alike)


def _key_of(element: Element) -> list[Element]:
    key = [p for p in element.get("properties") or () if p.get("primaryKey")]

    def position(column: Element) -> int:
        at = column.get("primaryKeyPosition")
        return at if isinstance(at, int) and at > 0 else 10**6

    return sorted(key, key=position)


def _relationships(holder: Both) -> Iterator[Change]:
    for was, now in paired(*holder.value("relationships"), (own_id, _ends)):
        names = [f"relationships.{_to(e)}" for e in (was or now, now or was)]
        one = holder.below(was, now, *names)
        soft = is_soft(one, "foreignKey")
        if was is None:
            yield one.change("relationship.added", new=_to(now))
        elif now is None:
            yield one.change("relationship.removed", old=_to(was), soft=soft)
        else:
            for field in ("from", "to", "type"):
                if one.differ(field):
                    yield one.field("relationship.changed", field, soft=soft)
            if one.differ("id"):
                yield one.field("words.changed", "id")
            yield from customs(one, _KNOWN)
            yield from softness(one, "foreignKey")


def _to(relationship: Element | None) -> str:
    to = (relationship or {}).get("to")
    return ",".join(map(str, to)) if isinstance(to, list) else str(to)


def _ends(relationship: Element) -> str:
    return canonical([relationship.get("from"), relationship.get("to")])
