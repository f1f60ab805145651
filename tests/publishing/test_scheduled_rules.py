"""A rule with a schedule of its own, from publication to publication."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mesh_defs.model import Mesh
from mesh_defs.publishing.publish import Outcome, last_attempt
from tests.publishing.test_quarantine import DAY, GOOD, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path)
    found.schema["quality"] = [
        {"id": "some", "metric": "rowCount", "mustBeGreaterThan": 1, "schedule": "0 20 * * *"}
    ]
    return found


def verdict(outcome: Outcome) -> Any:
    assert outcome.audit
    return next(v for v in outcome.audit.verdicts if v.rule.id == "some")


def set_back(shop: Shop, by: timedelta) -> None:
    """What is remembered, as if it had been longer ago."""
    from mesh_defs.storage.state import read_json, write_json

    path = shop.state.audit(Mesh.read(shop.root).product("shop.orders").ref)
    data = read_json(path)
    at = datetime.fromisoformat(data["checks"]["some"]["at"]) - by
    data["checks"]["some"]["at"] = at.isoformat()
    write_json(path, data)


def test_it_waits_once_it_held_and_is_checked_when_its_time_came(shop: Shop) -> None:
    assert verdict(shop.publish(GOOD)).outcome == "passed"
    waits = shop.publish([(1, DAY, 1)])
    assert waits.status == "published"
    assert verdict(waits).outcome == "not_executable"
    assert verdict(waits).found.startswith("not due before ")
    attempt = last_attempt(shop.state, Mesh.read(shop.root).product("shop.orders"))
    assert attempt and attempt["checks"]["some"]["outcome"] == "passed"
    set_back(shop, timedelta(days=1))
    assert verdict(shop.publish([(1, DAY, 1)])).outcome == "failed"


def test_once_it_failed_it_is_checked_until_it_holds(shop: Shop) -> None:
    first = shop.publish([(1, DAY, 1)])
    assert (first.status, verdict(first).outcome) == ("failed", "failed")
    assert shop.publish([(2, DAY, 1)]).status == "failed"
    assert verdict(shop.publish(GOOD)).outcome == "passed"
