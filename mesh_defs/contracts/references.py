"""What a contract promises about other products' rows: its relationships, read into clauses.

A reference is written `object.column` within the contract, `domain.product.column` (or
`domain.product.object.column`) into another contract, or in ODCS's fully qualified form
`…/domains/<domain>/contracts/<product>.odcs.yaml#/schema/<object>/properties/<column>`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses import column_of, columns_of, make
from mesh_defs.contracts.rules import Clause
from mesh_defs.contracts.wording import listing

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        SchemaObject,
        SchemaProperty,
    )

CONTRACT_FILE = re.compile(r"(?:^|/)([A-Za-z0-9_\-]+)/contracts/([A-Za-z0-9_\-]+)\.odcs\.ya?ml$")


def relationship_clauses(
    schema_object: SchemaObject, prop: SchemaProperty | None, odcs: OpenDataContractStandard
) -> list[Clause]:
    holder = schema_object if prop is None else prop
    found = []
    for relationship in holder.relationships or []:
        params: dict[str, Any] = {}
        to = _several(relationship.to)
        try:
            own = [column_of(prop)] if prop is not None else _own(schema_object, relationship.from_)
            params = {"columns": own, **_target(to, odcs)}
            if len(params["columns"]) != len(params["to"]):
                raise ValueError("`from` and `to` name a different number of columns")
            promised = f"every {' and '.join(own)} exists in {params['reference']}"
        except ValueError as wrong:
            params["unusable"] = str(wrong)
            promised = f"{(prop or schema_object).name} refers to {listing(to) or 'nothing'}"
        found.append(
            make(
                schema_object,
                prop,
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


def _own(schema_object: SchemaObject, written: str | list[str] | None) -> list[str]:
    """The columns of this object that `from` names."""
    columns = []
    for text in _several(written):
        name = text.split("/")[-1] if "/" in text else text.removeprefix(f"{schema_object.name}.")
        found = [p for p in columns_of(schema_object) if name in (p.name, p.id)]
        if not found:
            raise ValueError(f"`from: {text}` is no column of {schema_object.name}")
        columns.append(column_of(found[0]))
    if not columns:
        raise ValueError("a relationship on an object needs `from`")
    return columns


def _target(written: list[str], odcs: OpenDataContractStandard) -> dict[str, Any]:
    """Where the reference points: another contract's product, or an object of this contract."""
    targets = [_parse(text, odcs) for text in written]
    if not targets:
        raise ValueError("a relationship needs `to`")
    if len({(reference, local) for reference, local, _ in targets}) > 1:
        raise ValueError(f"`to` points at more than one product: {listing(written)}")
    reference, local, _ = targets[0]
    return {"reference": reference, "local": local, "to": [column for *_, column in targets]}


def _parse(text: str, odcs: OpenDataContractStandard) -> tuple[str, bool, str]:
    """(reference or object name, whether it is an object of this contract, column)."""
    file, anchor, path = text.rpartition("#")
    if anchor or "/" in path:
        return _qualified(text, file, path.strip("/").split("/"), odcs)
    parts = text.split(".")
    own = {o.name: o for o in odcs.schema_ or []}
    if len(parts) == 2 and parts[0] in own:
        return parts[0], True, column_named(own[parts[0]], parts[1])
    if len(parts) in (3, 4) and parts[0] not in own:
        return ".".join(parts[:-1]), False, parts[-1]
    if len(parts) == 2:
        raise ValueError(
            f"`{text}`: this contract has no object {parts[0]}; "
            "another contract's column is written domain.product.column"
        )
    raise ValueError(f"`{text}` is not domain.product.column")


def _qualified(
    text: str, file: str, steps: list[str], odcs: OpenDataContractStandard
) -> tuple[str, bool, str]:
    if len(steps) != 4 or steps[0] != "schema" or steps[2] != "properties":
        raise ValueError(f"`{text}` is not schema/<object>/properties/<column>")
    name, column = steps[1], steps[3]
    if file:
        place = CONTRACT_FILE.search(file)
        if not place:
            raise ValueError(f"`{file}` is not <domain>/contracts/<product>.odcs.yaml")
        domain, product = place.groups()
        return f"{domain}.{product}" + ("" if name == product else f".{name}"), False, column
    for candidate in odcs.schema_ or []:
        if name in (candidate.id, candidate.name):
            return candidate.name or "", True, column_named(candidate, column)
    raise ValueError(f"`{text}`: this contract has no object {name}")


def column_named(schema_object: SchemaObject, name: str) -> str:
    for prop in columns_of(schema_object):
        if name in (prop.name, prop.id):
            return column_of(prop)
    raise ValueError(f"{schema_object.name} has no property {name}")
