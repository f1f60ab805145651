"""`mesh validate` of models: files that nobody reads, and rules on a model that is not there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.governance.room import ORDERS, ORDERS_ODPS, Room
from tests.ports.model_lab import SAID, TRAINING

STRAY = "domains/shop/models/orders.elsewhere.yaml"


@pytest.fixture
def model(mesh: Room) -> Room:
    """A mesh in which `shop.orders` has a model at the port `exit`."""
    path = mesh.root / ORDERS_ODPS
    data = yaml.safe_load(path.read_text())
    data["outputPorts"].append({**data["outputPorts"][0], "name": "exit", "type": "onnx"})
    mesh.write(ORDERS_ODPS, yaml.safe_dump(data, sort_keys=False))
    return mesh.write(TRAINING, yaml.safe_dump(SAID, sort_keys=False))


def ruled(room: Room, **implementation: Any) -> Room:
    data = yaml.safe_load((room.root / ORDERS).read_text())
    clause = {"id": "good", "type": "custom", "engine": "onnx", "implementation": implementation}
    data["schema"][0].setdefault("quality", []).append(clause)
    return room.write(ORDERS, yaml.safe_dump(data, sort_keys=False))


def test_a_model_that_can_be_trained(model: Room) -> None:
    assert ruled(model, port="exit", metric="mae", mustBeLessThan=5).findings() == []


def test_what_nobody_reads(model: Room) -> None:
    model.write(STRAY, "title: x\n").only(STRAY, 0, "", "nobody reads this file")


def test_what_is_wrong_in_it_is_found_with_its_port(model: Room) -> None:
    model.edit(TRAINING, "- order_id", "- weight").only(
        TRAINING, "- weight", "features[0]", "no column `weight`"
    )


@pytest.mark.parametrize(
    ("implementation", "field", "line", "said"),
    [
        ({"port": "orders", "metric": "mae", "mustBe": 0}, "port", "port: orders", "no port"),
        ({"port": "exit", "metric": "auc", "mustBe": 1}, "metric", "metric: auc", "has no `auc`"),
        ({"port": "exit", "metric": "mae"}, "", "- id: good", "exactly one operator"),
    ],
)
def test_a_rule_on_what_is_not_there(
    model: Room, implementation: dict[str, Any], field: str, line: str, said: str
) -> None:
    place = "schema[0].quality[1]" + (f".implementation.{field}" if field else "")
    ruled(model, **implementation).only(ORDERS, line, place, said)
