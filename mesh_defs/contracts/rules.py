"""A contract as rules: plain frozen data with stable ids; how a rule is checked lives in `kinds`.

A rule's id is the clause's own `id` where the author gave one, else it is derived from where the
clause stands: `carrier.enum`, `flight_id.required`, `purchases.rowCount`. Ids, and the check names
made from them, are unique within a contract.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    pass

SEVERITIES = ("error", "warning", "info")
PORT_KIND = "port"
"""The kind of a rule that is about no rows, but about what a port makes of them."""
PORT_ENGINES = {"dashboard": "dashboard", "onnx": "onnx", "report": "pdf"}
"""What such a clause calls its `engine`, and the type of port that it is about."""


class Unusable(ValueError):
    """A clause that cannot be checked as it is written."""


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
