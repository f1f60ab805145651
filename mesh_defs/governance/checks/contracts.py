"""Checks of contracts: where they belong, what every one of them says, what they refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.levels.amounts import level_name
from mesh_defs.contracts.levels.freshness import AUDITED
from mesh_defs.contracts.rules import Rule
from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import Sight
from mesh_defs.model import DataContract, DataProduct, Finding, ProductRef
from mesh_defs.model.names import NAME, NAME_RULE
from mesh_defs.model.period import Period

# Kinds of rules whose authors know that nobody runs them.
_BY_PEOPLE = {"text", "custom"}

FieldPath = tuple[str | int, ...]


def belonging(sight: Sight) -> Iterator[Finding]:
    for product in sight.products.values():
        contract = product.contract
        for field, said, expected, what in (
            ("domain", contract.odcs.domain, product.ref.domain, "the domain's folder"),
            ("dataProduct", contract.odcs.dataProduct, product.line.product, "the contract's file"),
        ):
            if said != expected:
                got = f", got `{said}`" if said else ""
                yield contract.source.finding(
                    (field,),
                    f"expected `{expected}`, as {what} is called{got}",
                    f"Write `{field}: {expected}`.",
                )


def essentials(sight: Sight) -> Iterator[Finding]:
    """Who is behind a contract, where to ask, and what the product is for."""
    for product in sight.products.values():
        source, data = product.contract.source, product.contract.source.data
        if not data.get("team"):
            yield source.finding(("team",), "nobody stands behind this contract", "Add `team`.")
        if not data.get("support"):
            yield source.finding(
                ("support",), "nobody says where to ask about this product", "Add `support`."
            )
        if not _text((data.get("description") or {}).get("purpose")):
            yield source.finding(
                ("description", "purpose"), "required, and missing", "Say what the data is for."
            )


def descriptions(sight: Sight) -> Iterator[Finding]:
    for product in sight.products.values():
        for path, column in _columns(product.contract, nested=True):
            if not _text(column.get("description")):
                yield product.contract.source.finding(
                    (*path, "description"),
                    f"the column `{column.get('name')}` is not described",
                    "Say what it means.",
                )


def names(sight: Sight) -> Iterator[Finding]:
    """Objects and columns are called as everything in the mesh is, and each has its own name."""
    for product in sight.products.values():
        source = product.contract.source
        seen: dict[FieldPath, str] = {}
        for path, named in [*_objects(product.contract), *_columns(product.contract)]:
            name = str(named.get("name"))
            if not NAME.match(name):
                yield source.finding(
                    (*path, "name"), f"expected {NAME_RULE}, got `{name}`", "Rename it."
                )
            key = (*path[:-1], name.lower())
            if key in seen:
                yield source.finding(
                    (*path, "name"), f"`{name}` stands here twice", "Give each its own name."
                )
            seen[key] = name


def notice(sight: Sight) -> Iterator[Finding]:
    for product in sight.products.values():
        given = product.contract.source.data.get("customProperties")
        for i, item in enumerate(given or ()):
            if item.get("property") in _PERIODS and not _is_period(item.get("value")):
                yield product.contract.source.finding(
                    ("customProperties", i, "value"),
                    f"expected a period in days, weeks or months, got `{item.get('value')}`",
                    "Write it as ISO 8601 does: `P30D`, `P6W`, `P3M`.",
                )


_PERIODS = ("noticePeriod", "reassessmentPeriod")


def _is_period(value: Any) -> bool:
    try:
        Period.parse(str(value))
    except ValueError:
        return False
    return True


def references(sight: Sight) -> Iterator[Finding]:
    """What a contract refers to is there, and its domain may read it."""
    for product in sight.products.values():
        contract = product.contract
        rules: dict[tuple[str, str | None], list[Rule]] = defaultdict(list)
        for rule in rules_of(contract):
            if rule.kind == "foreignKey":
                rules[rule.object, rule.property].append(rule)
        for path, place in _places(contract).items():
            for i, rule in enumerate(rules[place]):
                if problem := _reference(sight, product, rule):
                    yield contract.source.finding((*path, "relationships", i, "to"), *problem)


def _reference(sight: Sight, product: DataProduct, rule: Rule) -> tuple[str, str] | None:
    """What is wrong with a reference, and what to do."""
    if rule.unusable:
        return rule.unusable, "Write `domain.product.column`."
    if rule.params["local"]:
        return None
    given = str(rule.params["reference"])
    domain, _, rest = given.partition(".")
    product_name, _, object_name = rest.partition(".")
    try:
        ref = ProductRef.parse(f"{domain}.{product_name}")
    except ValueError as error:
        return str(error), "Write `domain.product.column`."
    room = sight.mesh.rooms[product.ref.domain]
    target = sight.products.get(room.provider(ref)) if room.domain else sight.products.get(ref)
    if target is None:
        if sight.unreadable(ref):
            return None
        return f"there is no product `{ref}`", f"Products: {listed(map(str, sight.products))}."
    objects = {o.name or "": o for o in target.contract.objects}
    found = objects.get(object_name or ref.product)
    if found is None:
        return f"`{ref}` has no object `{object_name or ref.product}`", f"It has {listed(objects)}."
    columns = {p.name or "" for p in found.properties or ()}
    columns |= {p.physicalName for p in found.properties or () if p.physicalName}
    if missing := [c for c in rule.params["to"] if c not in columns]:
        return f"`{ref}` has no column {listed(missing)}", f"It has {listed(columns)}."
    if ref.domain != room.name and room.domain and ref not in room.domain.inputs:
        shown = sight.shown(room.folder / "domain.yaml")
        return (
            f"`{ref}` is no declared input of `{room.name}`, so nobody could check this",
            f"Declare it in {shown} under `inputs`, with its purpose.",
        )
    return None


def unusable(sight: Sight) -> Iterator[Finding]:
    """A rule that could never be checked as it is written, though somebody meant it to be."""
    for product in sight.products.values():
        contract = product.contract
        where = places_of_rules(contract)
        for index, rule in enumerate(rules_of(contract)):
            if rule.unusable and rule.kind not in _BY_PEOPLE and rule.kind != "foreignKey":
                yield contract.source.finding(
                    where[index],
                    f"the rule `{rule.id}` can't be checked: {rule.unusable}",
                    "Mend it, or say it in words (`type: text`).",
                )


def one_object(sight: Sight) -> Iterator[Finding]:
    """A product publishes one table: what else a contract describes would not be there to read."""
    for product in sight.products.values():
        for path, found in [*_objects(product.contract)][1:]:
            yield product.contract.source.finding(
                (*path, "name"),
                f"`{found.get('name')}` would be checked, but never published: "
                "a product of a mesh is one object",
                "Give it a contract and a descriptor of its own.",
            )


def places_of_rules(contract: DataContract) -> list[FieldPath]:
    """Where each rule of a contract stands in its file, in the order of the rules."""
    data = contract.source.data
    levels = [
        ("slaProperties", i)
        for i, level in enumerate(contract.odcs.slaProperties or ())
        if level_name(level.property) in AUDITED
        for _ in (level.element or contract.odcs.slaDefaultElement or "").split(",")
    ]
    places = _places(contract)
    paths = {place: path for path, place in places.items()}
    own: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    found: list[FieldPath] = []
    for rule in rules_of(contract):
        if rule.kind in AUDITED:
            found.append(levels.pop(0))
            continue
        place = (rule.object, rule.property)
        path = paths.get(place, ("schema",))
        option = "required" if rule.kind == "requiredProperties" else rule.kind
        options = _at(data, path).get("logicalTypeOptions") or {}
        own[place].append(len(found))
        found.append((*path, "logicalTypeOptions", option) if option in options else path)
    # The rules of a place end with those of its quality clauses and relationships, in their order.
    for place, indexes in own.items():
        element = _at(data, paths[place]) if place in paths else {}
        last = [
            (*paths[place], field, i)
            for field in ("quality", "relationships")
            for i in range(len(element.get(field) or ()))
        ]
        for index, path in zip(indexes[len(indexes) - len(last) :], last, strict=True):
            found[index] = path
    return found


def _at(data: Any, path: FieldPath) -> Any:
    for step in path:
        data = data[step]
    return data if isinstance(data, Mapping) else {}


def _places(contract: DataContract) -> dict[FieldPath, tuple[str, str | None]]:
    """Where each object and each place stands, as (object, the name rules have for it or None)."""
    found: dict[FieldPath, tuple[str, str | None]] = {}
    for path, schema_object in _objects(contract):
        name = str(schema_object.get("name"))
        found[path] = (name, None)
        found |= {below: (name, place) for below, place in _inside(path, schema_object, "")}
    return found


def _inside(
    path: FieldPath, holder: Mapping[str, Any], above: str
) -> Iterator[tuple[FieldPath, str]]:
    """Every place in a holder: its properties, its items, its map's key and value."""
    inner: list[tuple[FieldPath, Any, str]] = [
        ((*path, "properties", i), column, str(column.get("name")))
        for i, column in enumerate(holder.get("properties") or ())
    ]
    inner.append(((*path, "items"), holder.get("items"), "items"))
    inner += [
        ((*path, "map", side), (holder.get("map") or {}).get(side), side)
        for side in ("key", "value")
    ]
    for below, found, name in inner:
        if found:
            place = f"{above}.{name}" if above else name
            yield below, place
            yield from _inside(below, found, place)


def _objects(contract: DataContract) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    for i, found in enumerate(contract.source.data.get("schema") or ()):
        yield ("schema", i), found


def _columns(
    contract: DataContract, nested: bool = False
) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    for path, found in _objects(contract):
        yield from _properties(path, found, nested)


def _properties(
    path: FieldPath, holder: Mapping[str, Any], nested: bool
) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    for i, column in enumerate(holder.get("properties") or ()):
        below = (*path, "properties", i)
        yield below, column
        if nested:
            yield from _properties(below, column, nested)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
