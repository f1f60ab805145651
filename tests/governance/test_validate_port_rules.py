"""`mesh validate` of rules on ports: on one that is not there, or that shows no such thing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.governance.room import ORDERS, Room
from tests.ports.model_lab import SAID, TRAINING

REPORT = "domains/shop/reports/orders.{}.yaml"
SECTION = {
    "title": "Days",
    "query": 'select day as "Day", count(*) as n from orders group by all',
}


@pytest.fixture
def ported(mesh: Room) -> Room:
    """A mesh in which `shop.orders` has a model, a report and a dashboard."""
    declared = {"title": "Sold", "sections": [SECTION]}
    mesh.with_port("exit", "onnx", TRAINING, SAID)
    mesh.with_port("paper", "pdf", REPORT.format("paper"), declared)
    return mesh.with_port(
        "board", "dashboard", REPORT.format("board"), {**declared, "filters": ["Day"]}
    )


def ruled(room: Room, engine: str, implementation: dict[str, Any]) -> Room:
    data = yaml.safe_load((room.root / ORDERS).read_text())
    clause = {"id": "good", "type": "custom", "engine": engine, "implementation": implementation}
    data["schema"][0].setdefault("quality", []).append(clause)
    return room.write(ORDERS, yaml.safe_dump(data, sort_keys=False))


COUNT = "select count(*) from {object}"
DAYS = {"port": "paper", "section": "Days"}
FILTER = {"port": "board", "filter": "Day"}


@pytest.mark.parametrize(
    ("engine", "implementation"),
    [
        ("onnx", {"port": "exit", "metric": "mae", "mustBeLessThan": 5}),
        ("report", {**DAYS, "figure": "n", "query": COUNT}),
        ("report", {**DAYS, "figure": "n", "where": {"Day": "2024-05-01"}, "mustBe": 2}),
        ("dashboard", {**FILTER, "query": "select distinct day from {object}"}),
        ("dashboard", {**DAYS, "port": "board", "metric": "rowCount", "mustBeLessThan": 400}),
    ],
)
def test_a_rule_that_can_be_judged(
    ported: Room, engine: str, implementation: dict[str, Any]
) -> None:
    assert ruled(ported, engine, implementation).findings() == []


WRONG = [
    # (engine, implementation, the field where it is found, its line, what is said)
    ("onnx", {"port": "orders", "metric": "mae", "mustBe": 0}, "port", "port: orders",
     "no port `orders` of the type `onnx`"),
    ("onnx", {"port": "paper", "metric": "mae", "mustBe": 0}, "port", "port: paper", "has `exit`"),
    ("onnx", {"port": "exit", "metric": "auc", "mustBe": 1}, "metric", "metric: auc",
     "has no `auc`"),
    ("onnx", {"port": "exit", "metric": "mae"}, "", "- id: good", "exactly one operator"),
    ("report", {**DAYS, "port": "board", "figure": "n", "mustBe": 1}, "port", "port: board",
     "of the type `pdf`"),
    ("dashboard", {**DAYS, "figure": "n", "mustBe": 1}, "port", "port: paper", "has `board`"),
    ("report", {**DAYS, "section": "Weeks", "figure": "n", "mustBe": 1}, "section",
     "section: Weeks", "has `Days`"),
    ("report", {**DAYS, "figure": "N", "mustBe": 1}, "figure", "figure: N", "has `Day`, `n`"),
    ("report", {**DAYS, "figure": "n", "where": {"day": 1}, "mustBe": 1}, "where.day", "day: 1",
     "shows no `day`"),
    ("dashboard", {**FILTER, "filter": "n", "query": COUNT}, "filter", "filter: n", "has `Day`"),
    ("report", {"port": "paper", "filter": "Day", "query": COUNT}, "filter", "filter: Day",
     "has none"),
    ("report", {**DAYS, "figure": "n", "query": "select count(weight) from {object}"}, "query",
     "query: select count(weight)", "asks for what the product has not"),
    ("report", {**DAYS, "figure": "n", "query": "select count(*) from days"}, "query",
     "query: select count(*)", "reads `days`"),
    ("report", {**DAYS, "figure": "n", "query": "select day, cents from {object}"}, "query",
     "query: select day", "gives 2 columns"),
    ("report", {**DAYS, "figure": "n"}, "", "- id: good", "exactly one operator"),
]  # fmt: skip


@pytest.mark.parametrize(("engine", "implementation", "field", "line", "said"), WRONG)
def test_a_rule_on_what_is_not_there(
    ported: Room, engine: str, implementation: dict[str, Any], field: str, line: str, said: str
) -> None:
    place = "schema[0].quality[1]" + (f".implementation.{field}" if field else "")
    ruled(ported, engine, implementation).only(ORDERS, line, place, said)


def test_what_is_wrong_with_the_report_is_said_once(ported: Room) -> None:
    ruled(ported, "report", {**DAYS, "figure": "n", "query": COUNT})
    ported.edit(REPORT.format("paper"), "from orders", "from order").only(
        REPORT.format("paper"), "query:", "sections[0].query", "reads `order`"
    )
