"""A contract as rules: plain frozen data with stable ids; how a rule is checked lives in `kinds`.

A rule's id is the clause's own `id` where the author gave one, else it is derived from where the
clause stands: `carrier.enum`, `flight_id.required`, `purchases.rowCount`. Ids, and the check names
made from them, are unique within a contract.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mesh_defs.model import DataContract

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True)
class Rule:
    """One checkable clause of a contract.

    `params` holds what the kind needs, as plain values: column names are the physical ones. A
    clause that cannot be checked carries the reason in `params["unusable"]`.
    """

    id: str
    object: str
    property: str | None
    kind: str
    severity: str
    promised: str
    params: Mapping[str, Any] = field(hash=False, default_factory=dict)

    @builtins.property  # the field `property` hides the short name here
    def unusable(self) -> str | None:
        """Why this clause can never be checked as it is written, or None."""
        return self.params.get("unusable")

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": self.object,
            "property": self.property,
            "kind": self.kind,
            "severity": self.severity,
            "promised": self.promised,
            "params": dict(self.params),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rule:
        return cls(**data)


@dataclass(frozen=True)
class Clause:
    """A rule on its way: it has the id its author gave, or the stem to derive one from."""

    rule: Rule
    own_id: str | None
    stem: str


def check_name(rule: Rule | str) -> str:
    """The rule's name as Dagster takes it: letters, digits and underscores."""
    text = rule if isinstance(rule, str) else rule.id
    return re.sub(r"[^A-Za-z0-9_]", "_", text.replace(".", "__"))


def rules_of(contract: DataContract) -> tuple[Rule, ...]:
    """Every rule of a contract, in the order of the file."""
    from mesh_defs.contracts.clauses import schema_clauses
    from mesh_defs.contracts.levels import service_level_clauses
    from mesh_defs.contracts.neighbours import neighbours_of
    from mesh_defs.contracts.variables import resolved

    odcs = resolved(contract.odcs)
    clauses: list[Clause] = []
    for schema_object in odcs.schema_ or []:
        clauses += schema_clauses(schema_object, odcs, neighbours_of(contract))
    clauses += service_level_clauses(odcs)
    return _named(clauses)


def _named(clauses: Iterable[Clause]) -> tuple[Rule, ...]:
    """Own ids are dealt out first, so that a derived id gives way and never the other way round."""
    clauses = list(clauses)
    taken: set[str] = set()
    ids: dict[int, str] = {}

    def take(index: int, *candidates: str) -> None:
        numbered = (f"{candidates[-1]}.{n}" for n in range(2, len(clauses) + 3))
        for candidate in (*candidates, *numbered):
            if check_name(candidate).lower() not in taken:
                taken.add(check_name(candidate).lower())
                ids[index] = candidate
                return

    for index, clause in enumerate(clauses):
        if own := clause.own_id:
            place = clause.rule.property or clause.rule.object
            take(index, own, f"{place}.{own}", f"{clause.rule.object}.{place}.{own}")
    for index, clause in enumerate(clauses):
        if not clause.own_id:
            take(index, clause.stem, f"{clause.rule.object}.{clause.stem}")
    return tuple(replace(clause.rule, id=ids[i]) for i, clause in enumerate(clauses))
