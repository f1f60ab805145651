"""What a column may hold: its type, the options of its type, its list of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mesh_defs.contracts.changes.change import NOTHING, Both, Change, canonical, same
from mesh_defs.contracts.changes.softness import is_soft
from mesh_defs.contracts.changes.types import compared_types

_ROOM = ("maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum")
_UPPER = ("maximum", "exclusiveMaximum")
_LEAST = ("minLength", "minItems", "minProperties")
_VECTOR = ("dimensions", "elementType", "distanceMetric", "embeddingModel", "embeddingModelVersion")
_FORMATS = {
    **{f"i{bits}": ("i", bits) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": ("u", bits) for bits in (8, 16, 32, 64, 128)},
    **{f"f{bits}": ("f", bits) for bits in (32, 64)},
}


def limits(column: Both) -> Iterator[Change]:
    """Changes of what a column may hold."""
    yield from _logical_type(column)
    yield from _physical_type(column)
    yield from _enum(column)
    old, new = (options or NOTHING for options in column.value("logicalTypeOptions"))
    options = column.below(old, new, "", "")
    yield from _bounds(options, _LOWER, smaller_is_looser=True)
    yield from _bounds(options, _UPPER, smaller_is_looser=False)
    for name in sorted({*old, *new} - {*_LOWER, *_UPPER}):
        if name in ("timezone", "defaultTimezone"):
            if (old.get(name), new.get(name)) != (None, None) and old.get(name) != new.get(name):
                yield options.field("timezone.changed", name)
        elif options.differ(name):
            yield from _OPTIONS.get(name, _unknown)(options, name)


def _logical_type(column: Both) -> Iterator[Change]:
    if column.differ("logicalType"):
        yield column.field(_appeared(column, "logicalType", "type"), "logicalType")


def _appeared(both: Both, field: str, stem: str) -> str:
    """`….added`, `….removed` or `….changed`."""
    old, new = both.value(field)
    return f"{stem}.{'added' if old is None else 'removed' if new is None else 'changed'}"


def _physical_type(column: Both) -> Iterator[Change]:
    if not column.differ("physicalType"):
        return
    kind = _appeared(column, "physicalType", "physicalType")
    if kind.endswith("changed"):
        kind = f"physicalType.{compared_types(*map(str, column.value('physicalType')))}"
    yield column.field(kind, "physicalType")


def _enum(column: Both) -> Iterator[Change]:
    old, new = column.value("enum")
    soft = is_soft(column, "enum")
    if not old or not new:
        if old:
            yield column.change("enum.removed", "enum", _values(old), None, soft=soft)
        elif new:
            yield column.change("enum.added", "enum", None, _values(new))
        return
    olds = {canonical(v.get("value")): v for v in old}
    news = {canonical(v.get("value")): v for v in new}
    for value in olds:
        if value not in news:
            yield column.change("enum.value_removed", "enum", olds[value].get("value"), None)
        elif not same(olds[value], news[value]):
            yield column.change("enum.words", "enum", olds[value], news[value])
    for value in news:
        if value not in olds:
            added = news[value].get("value")
            yield column.change("enum.value_added", "enum", None, added, soft=soft)


def _values(enum: Any) -> list[Any]:
    return [v.get("value") for v in enum]


def _bounds(options: Both, fields: tuple[str, str], smaller_is_looser: bool) -> Iterator[Change]:
    """An inclusive and an exclusive limit together make one bound: either may be written."""
    changed = [f for f in fields if options.differ(f)]
    if not changed:
        return
    old, new = (_tightest(e, fields, smaller_is_looser) for e in (options.old, options.new))
    order = _order(old, new)
    if order == 0:
        kind = "values.changed"
        if old == new:
            kind = "words.changed"  # `minimum: 0` beside `exclusiveMinimum: 5` says nothing
    else:
        looser = order is not None and (order < 0) == smaller_is_looser
        kind = "values.changed" if order is None else f"values.{_direction(looser)}"
        if old is None or new is None:
            kind = f"values.{_direction(new is None)}"
    for field in changed:
        yield options.field(kind, field, soft=is_soft(options, field))


def _direction(looser: bool) -> str:
    return "loosened" if looser else "tightened"


def _tightest(options: Any, fields: tuple[str, str], largest: bool) -> tuple[Any, int] | None:
    """(value, how much beyond it) of the bound that counts; None where there is none."""
    beyond = 1 if largest else -1
    said = [(options[f], i * beyond) for i, f in enumerate(fields) if options.get(f) is not None]
    try:
        return (max if largest else min)(said) if said else None
    except TypeError:
        return said[0]


def _order(old: tuple[Any, int] | None, new: tuple[Any, int] | None) -> int | None:
    """Whether the new bound is smaller (-1), larger (1) or the same (0); None if none can tell."""
    try:
        return (new > old) - (new < old)  # type: ignore[operator]
    except TypeError:
        return None


def _room(options: Both, name: str) -> Iterator[Change]:
    old, new = options.value(name)
    if old is None or new is None:
        kind = "room.added" if old is None else "room.removed"
    else:
        order = _order((old, 0), (new, 0))
        kind = "values.changed" if order is None else f"room.{'raised' if order > 0 else 'lowered'}"
    # Softness cannot mend what was cut.
    soft = kind in ("room.removed", "values.changed") and is_soft(options, name)
    yield options.field(kind, name, soft=soft)


def _least(options: Both, name: str) -> Iterator[Change]:
    old, new = options.value(name)
    order = _order((old or 0, 0), (new or 0, 0))
    kind = "values.changed" if order is None else f"values.{_direction(order < 0)}"
    if order == 0:
        kind = "words.changed"
    yield options.field(kind, name, soft=is_soft(options, name))


def _pattern(options: Both, name: str) -> Iterator[Change]:
    old, new = options.value(name)
    kind = "values.changed" if old and new else f"values.{_direction(not new)}"
    yield options.field(kind, name, soft=is_soft(options, name))


def _multiple(options: Both, name: str) -> Iterator[Change]:
    old, new = options.value(name)
    if old and new:
        kind = "values.changed"
        if _divides(old, new):
            kind = "values.tightened"
        elif _divides(new, old):
            kind = "values.loosened"
    else:
        kind = f"values.{_direction(not new)}"
    yield options.field(kind, name, soft=is_soft(options, name))


def _divides(small: Any, large: Any) -> bool:
    from decimal import Decimal, InvalidOperation

    try:
        return Decimal(str(large)) % Decimal(str(small)) == 0
    except (InvalidOperation, ZeroDivisionError):
        return False


def _format(options: Both, name: str) -> Iterator[Change]:
    old, new = options.value(name)
    soft = is_soft(options, name)
    kind = "format.added" if old is None else "format.changed"
    if old in _FORMATS and new in _FORMATS:
        (family, bits), (other, more) = _FORMATS[old], _FORMATS[new]
        wider = more > bits and (family == other or (family, other) == ("u", "i"))
        narrower = bits > more and (family == other or (other, family) == ("u", "i"))
        kind = "format.wider" if wider else "format.narrower" if narrower else "format.changed"
        soft = False
    yield options.field(kind, name, soft=soft)


def _flag(options: Both, name: str) -> Iterator[Change]:
    promised = bool(options.new.get(name))
    kind = "unique.added" if promised else "unique.removed"
    yield options.field(kind, name, soft=not promised and is_soft(options, name))


def _inner_required(options: Both, name: str) -> Iterator[Change]:
    old, new = (set(map(str, names or ())) for names in options.value(name))
    if old - new:
        yield options.change("required.removed", name, sorted(old - new), None)
    if new - old:
        yield options.change("required.added", name, None, sorted(new - old))


def _vector(options: Both, name: str) -> Iterator[Change]:
    yield options.field("vector.changed", name)


def _unknown(options: Both, name: str) -> Iterator[Change]:
    yield options.field("other.changed", name)


_OPTIONS: dict[str, Callable[[Both, str], Iterator[Change]]] = {
    **dict.fromkeys(_ROOM, _room),
    **dict.fromkeys(_LEAST, _least),
    **dict.fromkeys(_VECTOR, _vector),
    "pattern": _pattern,
    "multipleOf": _multiple,
    "format": _format,
    "uniqueItems": _flag,
    "required": _inner_required,
}
