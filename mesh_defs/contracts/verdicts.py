"""What an audit says: one verdict a rule, and them all together, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mesh_defs.contracts.levels.attempts import Times
from mesh_defs.contracts.rules import Rule

PASSED, FAILED, NOT_EXECUTABLE = "passed", "failed", "not_executable"


@dataclass(frozen=True)
class Verdict:
    """What the audit says about one rule. `failing` is a number of rows where rows are counted.

    `measured` is the number that the promise was held against, where it is one: rows, a percentage,
    an age in seconds, what the owner's query gave.

    `quarantined` is the number of rows that broke the rule and are not among the audited ones any
    more: the verdict on those that are left can be `passed`.
    """

    rule: Rule
    outcome: str
    failing: int | None
    found: str
    examples: tuple[dict[str, Any], ...] = ()
    quarantined: int = 0
    measured: float | None = None

    @property
    def blocking(self) -> bool:
        return self.outcome == FAILED and self.rule.severity == "error"

    @property
    def counts_rows(self) -> bool:
        """Whether `measured` says no more than `failing`: a number of rows, no percentage."""
        params = self.rule.params
        units = (params.get("unit"), (params.get("tolerance") or {}).get("unit"))
        return self.failing is not None and "percent" not in units

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule.to_json(),
            "outcome": self.outcome,
            "failing": self.failing,
            "found": self.found,
            "examples": list(self.examples),
            "quarantined": self.quarantined,
            "measured": self.measured,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Verdict:
        return cls(
            Rule.from_json(data["rule"]),
            data["outcome"],
            data["failing"],
            data["found"],
            tuple(data["examples"]),
            data.get("quarantined", 0),
            data.get("measured"),
        )


@dataclass(frozen=True)
class Audit:
    """All verdicts on one candidate; `times` are those of the columns that service levels name."""

    rows: int
    verdicts: tuple[Verdict, ...]
    seconds: float
    times: Times = field(default_factory=dict)

    def _count(self, outcome: str) -> int:
        return sum(v.outcome == outcome for v in self.verdicts)

    @property
    def passed(self) -> int:
        return self._count(PASSED)

    @property
    def failed(self) -> int:
        return self._count(FAILED)

    @property
    def not_executable(self) -> int:
        return self._count(NOT_EXECUTABLE)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that forbid a publication."""
        return tuple(v for v in self.verdicts if v.blocking)

    @property
    def holds(self) -> bool:
        return not self.blocking

    def to_json(self) -> dict[str, Any]:
        verdicts = [v.to_json() for v in self.verdicts]
        return {"rows": self.rows, "verdicts": verdicts, "seconds": self.seconds}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Audit:
        verdicts = tuple(Verdict.from_json(v) for v in data["verdicts"])
        return cls(data["rows"], verdicts, data["seconds"])
