"""Which table a contract's object is tested on, from what was typed; nothing is opened here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mesh_defs.storage.relations import Relation

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaObject

    from mesh_defs.contracts.rules import Rule
    from mesh_defs.model import DataContract

DATED = ("date", "timestamp", "time")


def relations_of(
    contract: DataContract, rules: Iterable[Rule], on: Sequence[str]
) -> dict[str, Relation]:
    """`[OBJECT=]RELATION`, each once, by the name of the object or of the other contract.

    Raises MeshError for a name that the contract does not have, or a table without a name where
    there are several.
    """
    from mesh_defs.model import MeshError

    objects = {o.name or "": o for o in contract.objects}
    if not objects:
        raise MeshError(
            f"`{contract.source.shown}` has no schema object, so no table can be checked against "
            "it. Describe one under `schema`, or draft it: `mesh contract init RELATION`."
        )
    others = {str(r.params["reference"]) for r in rules if not r.params.get("local", True)}
    found: dict[str, Relation] = {}
    for text in on:
        name, equals, place = text.partition("=")
        if not equals or name not in {*objects, *others}:
            if len(objects) != 1:
                known = ", ".join(f"--on {n}=RELATION" for n in [*objects, *sorted(others)])
                raise MeshError(f"`{text}`: say which object it is: {known}.")
            (name,), place = objects, text
        if name in found:
            raise MeshError(f"`{name}` is given twice: `{found[name].place}` and `{place}`.")
        of = objects.get(name)
        found[name] = Relation(place, _texts(of) if of else frozenset())
    return found


def _texts(schema_object: SchemaObject) -> frozenset[str]:
    """The columns that a file without types must not turn into something else: what the contract
    calls a string, and moments that are written in a format of their own."""
    from mesh_defs.contracts.clauses.properties import column_of, columns_of

    return frozenset(
        column_of(p)
        for p in columns_of(schema_object)
        if p.logicalType == "string"
        or (p.logicalType in DATED and (p.logicalTypeOptions or {}).get("format"))
    )
