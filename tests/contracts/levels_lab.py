"""Promises of service, a record of attempts, and a level measured from both. No test is here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from mesh_defs.contracts.levels.attempts import FAILED, PUBLISHED, UNCHANGED, Attempt
from mesh_defs.contracts.levels.seen import Seen
from mesh_defs.contracts.levels.standing import ServiceLevel, service_levels
from tests.contracts.contract_lab import one_object

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
DAY = 86400.0
COLUMNS = [
    {"name": "id", "logicalType": "integer"},
    {"name": "seen_at", "logicalType": "timestamp"},
]


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def published(at: datetime, newest: datetime | None = None, **more: Any) -> Attempt:
    oldest = more.pop("oldest", newest)
    times = {"t.seen_at": (oldest, newest)} if newest else {}
    return Attempt(at, PUBLISHED, times=times, **more)


def failed(at: datetime, **more: Any) -> Attempt:
    return Attempt(at, FAILED, **more)


def unchanged(at: datetime, **more: Any) -> Attempt:
    return Attempt(at, UNCHANGED, **more)


def level(name: str, value: Any, unit: str | None = None, **more: Any) -> dict[str, Any]:
    said = {"property": name, "value": value, "unit": unit, **more}
    return {k: v for k, v in said.items() if v is not None}


def measured(
    promise: dict[str, Any], attempts: list[Attempt], now: datetime = NOW, **more: Any
) -> ServiceLevel:
    contract = one_object(COLUMNS, slaProperties=[promise])
    (found,) = service_levels(contract.odcs, Seen(attempts, now, **more), {})
    return found


FRESH = level("freshness", 1, "d", element="t.seen_at")
LATE = level("latency", 6, "h", element="t.seen_at")
WAITED = level("latency", 1, "h")
DAILY = level("frequency", 1, "d")
KEPT = level("retention", 12, "m", element="t.seen_at")
SNAPSHOTS = level("retention", 1, "y")
READ = level("availability", 99, "percent")
FAST = level("throughput", 6000, "rows/min")
ERRORS = level("errorRate", 10, "percent")
FOUND = level("timeToDetect", 30, "m")
MENDED = level("timeToRepair", "PT4H")
