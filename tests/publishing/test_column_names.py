"""What a contract calls a column, what the table calls it, and what is no column at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.publishing.test_quarantine import GOOD, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """`cents` is called `amount` in the contract, and a measure is computed from it."""
    found = Shop(tmp_path)
    (cents,) = (p for p in found.schema["properties"] if p["name"] == "cents")
    cents |= {"name": "amount", "physicalName": "cents"}
    measure = {
        "name": "turnover",
        "logicalType": "number",
        "semanticType": "measure",
        "transformLogic": "sum(cents)",
    }
    found.schema["properties"].append({**measure, "description": "What was paid in all."})
    return found


def test_it_is_published_as_the_table_calls_it(shop: Shop) -> None:
    outcome = shop.publish(GOOD)
    assert outcome.status == "published"
    assert shop.published == GOOD
    assert outcome.sample.splitlines()[0] == "| order_id | day | cents |"
    assert outcome.sample.splitlines()[2].endswith("| ••• |")  # it is classified by that name, too
