"""A contract's properties and where their values lie: columns, and what is inside of columns.

A place is a column and the way into it: `.street` is a field, `[]` each item of a list, `{key}` and
`{value}` those of a map. What is promised about a place is read in `clauses`; how it is reached in
a table is `spots`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject, SchemaProperty

CLUSTERING = "clustering"
ITEMS, KEY, VALUE = "[]", "{key}", "{value}"
# What is classified otherwise is withheld: a verdict has more readers than its table.
SHOWN_CLASS = "public"


@dataclass(frozen=True)
class Place:
    """A property, its name as rules are called (`address.street`, `tags.items`), and its way."""

    prop: SchemaProperty
    name: str
    column: str
    path: tuple[str, ...] = ()
    above: tuple[Place, ...] = ()

    @property
    def elements(self) -> tuple[SchemaProperty, ...]:
        """The property and those around it, the nearest first."""
        return (self.prop, *(place.prop for place in self.above))

    @property
    def physical(self) -> str:
        """The name by the table's own names."""
        words = {ITEMS: ".items", KEY: ".key", VALUE: ".value"}
        return self.column + "".join(words.get(step, step) for step in self.path)

    @property
    def is_single(self) -> bool:
        """Whether each row has one value here."""
        return all(step.startswith(".") for step in self.path)

    def inner(self) -> Iterator[Place]:
        """The places directly inside."""
        prop, above = self.prop, (self, *self.above)
        for field in prop.properties or []:
            if field.semanticType != "measure":
                step = f".{column_of(field)}"
                name = f"{self.name}.{field.name}"
                yield Place(field, name, self.column, (*self.path, step), above)
        if prop.items:
            path = (*self.path, ITEMS)
            yield Place(prop.items, f"{self.name}.items", self.column, path, above)
        for step, name, of in (
            (KEY, "key", prop.map.key if prop.map else None),
            (VALUE, "value", prop.map.value if prop.map else None),
        ):
            if of:
                yield Place(of, f"{self.name}.{name}", self.column, (*self.path, step), above)


def columns_of(schema_object: SchemaObject) -> list[SchemaProperty]:
    """The properties that are columns: a measure is a formula, nothing is stored for it."""
    return [p for p in schema_object.properties or [] if p.semanticType != "measure"]


def column_of(prop: SchemaProperty) -> str:
    return prop.physicalName or prop.name or ""


def column_places(schema_object: SchemaObject) -> list[Place]:
    return [Place(p, p.name or "", column_of(p)) for p in columns_of(schema_object)]


def places_of(schema_object: SchemaObject) -> Iterator[Place]:
    """Every place of an object: each column, followed by what is inside of it."""
    for place in column_places(schema_object):
        yield from _with_inner(place)


def _with_inner(place: Place) -> Iterator[Place]:
    yield place
    for inner in place.inner():
        yield from _with_inner(inner)


def place_named(schema_object: SchemaObject, steps: list[str]) -> Place:
    """The place that a reference's steps name, by names or ids. Raises ValueError if none."""
    around = column_places(schema_object)
    found: Place | None = None
    for step in steps:
        found = next((p for p in around if step in (p.prop.name, p.prop.id)), None)
        if found is None:
            raise ValueError(f"{schema_object.name} has no property {'.'.join(steps)}")
        around = list(found.inner())
    if found is None:
        raise ValueError(f"a property of {schema_object.name} is not named")
    return found


def withheld_classes(schema_object: SchemaObject) -> dict[str, str]:
    """Names of places and columns whose values are not shown → what they are classified as."""
    found: dict[str, str] = {}
    for place in places_of(schema_object):
        if said := _class_of(place):
            found |= {place.name: said, place.physical: said}
    return found


def _class_of(place: Place) -> str | None:
    """What the place, else what it lies in, else what lies in it is classified as."""
    around = [p.classification for p in place.elements]
    inside = [p.prop.classification for p in _with_inner(place)]
    for said in (*around, *inside):
        if said and said.lower() != SHOWN_CLASS:
            return said
    return None


def clustering_of(schema_object: SchemaObject) -> tuple[str, ...]:
    """The columns, by the table's own names, that an object's rows shall be near in: `clustering`,
    for which ODCS has no word. One that is not there is left as it was written."""
    customs = schema_object.customProperties or []
    said = next((c.value for c in customs if c.property == CLUSTERING), None)
    names = {prop.name: column_of(prop) for prop in columns_of(schema_object)}
    listed = said if isinstance(said, list) else [said] if said else []
    return tuple(names.get(name, str(name)) for name in listed)
