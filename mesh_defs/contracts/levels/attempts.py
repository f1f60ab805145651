"""What is recorded of an attempt to publish, as plain data; written and read by others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PUBLISHED, UNCHANGED, FAILED = "published", "unchanged", "failed"

Times = Mapping[str, tuple[datetime, datetime]]
"""Column, as a level's `element` writes it (`object.column`) → its oldest and newest value."""


@dataclass(frozen=True)
class Attempt:
    """One attempt: when it ended, what it came to, and what it was made from.

    `snapshot` is what stood afterwards, and `readable` whether what stood before could be read.
    `arrived` is when the newest of its inputs came; `as_of` is the time it was judged against,
    where that is not its own.
    """

    at: datetime
    status: str
    run_id: str = ""
    snapshot: int | None = None
    rows: int | None = None
    rules_failed: tuple[str, ...] = ()
    seconds: float = 0.0
    readable: bool | None = None
    arrived: datetime | None = None
    as_of: datetime | None = None
    times: Times = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "at": self.at.isoformat(),
            "status": self.status,
            "run_id": self.run_id,
            "snapshot": self.snapshot,
            "rows": self.rows,
            "rules_failed": list(self.rules_failed),
            "seconds": self.seconds,
            "readable": self.readable,
            "arrived": self.arrived.isoformat() if self.arrived else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "times": {name: [t.isoformat() for t in ends] for name, ends in self.times.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attempt:
        """Raises KeyError, TypeError or ValueError for data that no attempt has written."""
        ends = {n: [datetime.fromisoformat(t) for t in of] for n, of in data["times"].items()}
        return cls(
            at=datetime.fromisoformat(data["at"]),
            status=data["status"],
            run_id=data["run_id"],
            snapshot=data["snapshot"],
            rows=data["rows"],
            rules_failed=tuple(data["rules_failed"]),
            seconds=data["seconds"],
            readable=data["readable"],
            arrived=_moment(data["arrived"]),
            as_of=_moment(data["as_of"]),
            times={name: (oldest, newest) for name, (oldest, newest) in ends.items()},
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
