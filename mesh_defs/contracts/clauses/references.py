"""What a contract promises about other rows than its own: its relationships, read into clauses.

A reference is written `object.column` within the contract, `domain.product.column` (or
`domain.product.object.column`) into another contract, or in ODCS's fully qualified form,
`schema/<object>/properties/<column>` with names or ids, after `<file>#` for another contract. A
field inside a column is one step more: `object.column.field`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.neighbours import Neighbours
from mesh_defs.contracts.clauses.properties import Place, place_named
from mesh_defs.contracts.clauses.schema import at, make
from mesh_defs.contracts.rules import Clause
from mesh_defs.contracts.wording import listing

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

CONTRACT_FILE = re.compile(r"(?:^|/)([A-Za-z0-9_\-]+)/contracts/([A-Za-z0-9_\-]+)\.odcs\.ya?ml$")


@dataclass(frozen=True)
class Target:
    """Where one reference points: an object of this contract or another one, and the way in it."""

    reference: str
    local: bool
    column: str
    path: tuple[str, ...] = ()


def relationship_clauses(
    schema_object: SchemaObject,
    where: Place | None,
    odcs: OpenDataContractStandard,
    neighbours: Neighbours,
) -> list[Clause]:
    holder = where.prop if where else schema_object
    found = []
    for relationship in holder.relationships or []:
        params: dict[str, Any] = {}
        to = _several(relationship.to)
        try:
            own = [where] if where else _own(schema_object, relationship.from_, odcs)
            params = {**at(*own), **_target(to, odcs, neighbours)}
            if len(own) != len(params["to"]):
                raise ValueError("`from` and `to` name a different number of columns")
            promised = f"every {' and '.join(p.name for p in own)} exists in {params['reference']}"
        except ValueError as wrong:
            params["unusable"] = str(wrong)
            name = where.name if where else schema_object.name
            promised = f"{name} refers to {listing(to) or 'nothing'}"
        found.append(
            make(
                schema_object,
                where,
                "foreignKey",
                promised,
                elements=(relationship,),
                own_id=relationship.id,
                **params,
            )
        )
    return found


def _several(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _own(
    schema_object: SchemaObject, written: str | list[str] | None, odcs: OpenDataContractStandard
) -> list[Place]:
    """The places of this object that `from` names."""
    places = []
    for text in _several(written):
        if "/" in text:
            name, *steps = _steps(text.lstrip("#/"), text)
        else:
            name, _, rest = text.partition(".")
            steps = rest.split(".") if rest else []
            if name != schema_object.name:  # a column alone is understood, too
                name, steps = schema_object.name or "", text.split(".")
        if name not in (schema_object.name, schema_object.id):
            raise ValueError(f"`from: {text}` is no column of {schema_object.name}")
        try:
            places.append(place_named(schema_object, steps))
        except ValueError:
            raise ValueError(f"`from: {text}` is no column of {schema_object.name}") from None
    if not places:
        raise ValueError("a relationship on an object needs `from`")
    return places


def _target(
    written: list[str], odcs: OpenDataContractStandard, neighbours: Neighbours
) -> dict[str, Any]:
    """Where the reference points: another contract's product, or an object of this contract."""
    targets = [_parse(text, odcs, neighbours) for text in written]
    if not targets:
        raise ValueError("a relationship needs `to`")
    if len({(target.reference, target.local) for target in targets}) > 1:
        raise ValueError(f"`to` points at more than one product: {listing(written)}")
    first = targets[0]
    found = {
        "reference": first.reference,
        "local": first.local,
        "to": [target.column for target in targets],
    }
    if any(target.path for target in targets):
        found["to_paths"] = [list(target.path) for target in targets]
    return found


def _parse(text: str, odcs: OpenDataContractStandard, neighbours: Neighbours) -> Target:
    file, anchor, path = text.rpartition("#")
    if anchor or "/" in path:
        inside = path.lstrip("/")
        name, *steps = _steps(inside, text) if "/" in inside else inside.split(".")
        return _in_file(file, name, steps, neighbours) if file else _local(text, name, steps, odcs)
    name, *steps = text.split(".")
    own = {o.name for o in odcs.schema_ or []}
    if name in own:
        return _local(text, name, steps, odcs)
    if len(steps) in (2, 3):
        reference = ".".join((name, *steps[:-1]))
        return Target(reference, False, _stored(name, steps, neighbours))
    if len(steps) == 1:
        raise ValueError(
            f"`{text}`: this contract has no object {name}; "
            "another contract's column is written domain.product.column"
        )
    raise ValueError(f"`{text}` is not domain.product.column")


def _stored(domain: str, steps: list[str], neighbours: Neighbours) -> str:
    """What the table of `domain.product[.object].column` calls the column, if that can be read."""
    product, *within, column = steps
    objects = neighbours(f"{domain}/contracts/{product}.odcs.yaml")
    for found in objects:
        if found.name == (within[0] if within else product) or (not within and found is objects[0]):
            try:
                return place_named(found, [column]).column
            except ValueError:
                break  # it may be called as the table calls it
    return column


def _steps(path: str, text: str) -> list[str]:
    """`schema/a/properties/b/properties/c` as a, b, c."""
    words = path.split("/")
    if len(words) < 4 or words[0] != "schema" or {*words[2::2]} != {"properties"} or len(words) % 2:
        raise ValueError(f"`{text}` is not schema/<object>/properties/<column>")
    return words[1::2]


def _local(text: str, name: str, steps: list[str], odcs: OpenDataContractStandard) -> Target:
    for candidate in odcs.schema_ or []:
        if name in (candidate.id, candidate.name):
            place = place_named(candidate, steps)
            return Target(candidate.name or "", True, place.column, place.path)
    raise ValueError(f"`{text}`: this contract has no object {name}")


def _in_file(file: str, name: str, steps: list[str], neighbours: Neighbours) -> Target:
    """Names or ids of another contract, taken for names where that contract cannot be read."""
    if not steps:
        raise ValueError(f"`{file}#{name}` names no column")
    column, path = steps[0], tuple(f".{step}" for step in steps[1:])
    objects = neighbours(file)
    found = next((o for o in objects if name in (o.id, o.name)), None)
    if found:
        place = place_named(found, steps)
        name, column, path = found.name or name, place.column, place.path
    elif objects:
        raise ValueError(f"`{file}` has no object {name}")
    match = CONTRACT_FILE.search(file)
    if match:
        domain, product = match.groups()
        first = name == product or (bool(objects) and objects[0] is found)
        return Target(f"{domain}.{product}" + ("" if first else f".{name}"), False, column, path)
    return Target(f"{file}#{name}", False, column, path)
