"""`mesh validate` of models: files that nobody reads, and what is wrong in one that is read."""

from __future__ import annotations

import pytest

from tests.governance.room import Room
from tests.ports.model_lab import SAID, TRAINING

STRAY = "domains/shop/models/orders.elsewhere.yaml"


@pytest.fixture
def model(mesh: Room) -> Room:
    """A mesh in which `shop.orders` has a model at the port `exit`."""
    return mesh.with_port("exit", "onnx", TRAINING, SAID)


def test_a_model_that_can_be_trained(model: Room) -> None:
    assert model.findings() == []


def test_what_nobody_reads(model: Room) -> None:
    model.write(STRAY, "title: x\n").only(STRAY, 0, "", "nobody reads this file")


def test_what_is_wrong_in_it_is_found_with_its_port(model: Room) -> None:
    model.edit(TRAINING, "- order_id", "- weight").only(
        TRAINING, "- weight", "features[0]", "no column `weight`"
    )
