"""The lab of models: what an order costs, learnt from its number, from which it follows.

What a reader sees is what the model says of each order, asked with ONNX's own runtime.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from mesh_defs.ports.port import Audited
from tests.ports.document_labs import ShelvedLab
from tests.ports.lab import Row

_PORT = "mesh_defs.ports.models.model_port"
_SHELF = "mesh_defs.storage.shelf"
TRAINING = "domains/shop/models/orders.exit.yaml"
SAID: dict[str, Any] = {
    "title": "What an order costs",
    "purpose": "To be tested.",
    "limitations": "Knows nothing but the number.",
    "task": "regression",
    "features": ["order_id"],
    "target": "cents",
    "split": {"by": "order_id", "share": 0.3},
    "seed": 2,  # of three orders, and of five, one or two are held out
    "estimator": {"kind": "linear_regression"},
}


class OnnxLab(ShelvedLab):
    kind = "onnx"
    shown = ("order_id", "cents")
    wrong = "says something else than scikit-learn"
    daily = "ModelPort._prove"
    crashes = (
        (_PORT, "fitted"),
        (_PORT, "exported"),
        (_PORT, "ModelPort._prove"),
        (_SHELF, "Shelf.put"),
        (_SHELF, "Shelf.show"),
        (_SHELF, "Shelf.sweep"),
        ("mesh_defs.publishing.delivery", "_write"),
    )

    def build(self) -> None:
        super().build()
        self.train()

    def train(self, **said: Any) -> None:
        path = self.root / TRAINING
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({**SAID, **said}, sort_keys=False))

    def rule(self, id: str, **said: Any) -> None:
        """A rule of the contract on the port's model."""
        clause = {
            "id": id, "type": "custom", "engine": "onnx",
            "implementation": {"port": self.port, **said},
        }  # fmt: skip
        self.change(lambda data: data["schema"][0].setdefault("quality", []).append(clause))

    @property
    def card(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path.parent / "card.json").read_text())
        return found

    def rows(self) -> list[Row]:
        import numpy as np
        import onnxruntime

        # One file and its card: the folder they are in never changes.
        folder = self.path.parent.resolve()
        data = json.loads((folder / "card.json").read_text())["data"]
        model = onnxruntime.InferenceSession(folder / self.path.name)
        numbers = np.arange(1, data["learnt"] + data["held_out"] + 1, dtype=np.float32)
        (said,) = model.run(["cents"], {"order_id": numbers.reshape(-1, 1)})
        return [(int(n), round(float(c), 2)) for n, c in zip(numbers, said[:, 0], strict=True)]

    def columns(self) -> list[str]:
        import onnx

        graph = onnx.load(self.path).graph
        return [value.name for value in (*graph.input, *graph.output)]

    def tamper(self) -> None:
        """The same model with another coefficient."""
        import onnx

        model = onnx.load(self.path)
        (found,) = (
            attribute
            for node in model.graph.node
            for attribute in node.attribute
            if attribute.name == "coefficients"
        )
        found.floats[0] *= 1.01
        onnx.save(model, self.path)

    def corrupt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from mesh_defs.ports.models import model_port
        from mesh_defs.ports.models.measures import differences
        from mesh_defs.ports.models.runner import Runner, Said

        class Wrong:
            def __init__(self, runner: Runner) -> None:
                self.runner = runner

            def say(self, frame: Any) -> Said:
                return Said(self.runner.say(frame).values + 1)

        def wrong(pipeline: Any, frame: Any, runner: Runner) -> tuple[int, float]:
            return differences(pipeline, frame, Wrong(runner))  # type: ignore[arg-type]

        monkeypatch.setattr(model_port, "differences", wrong)

    def publish(self, sql: str) -> Audited:
        self.made = super().publish(sql)
        return self.made
