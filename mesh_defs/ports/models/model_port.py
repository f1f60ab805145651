"""The model port: trained on a snapshot, measured, exported as ONNX, judged, proven, then shown.

<state folder>/models/growth/household_months/v1/<port>/latest/<product>.<port>.onnx
                                                              …/card.json, card.md
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.model.training import Trained, read_training
from mesh_defs.ports.models.card import card_of, markdown_of
from mesh_defs.ports.models.drift import baseline_of
from mesh_defs.ports.models.estimators import HOW_TO_INSTALL, exported, fitted, labelled
from mesh_defs.ports.models.features import columns_of
from mesh_defs.ports.models.frame import Frame, frames_of
from mesh_defs.ports.models.measures import differences, measured
from mesh_defs.ports.models.runner import Runner
from mesh_defs.ports.port import Audited, Measured
from mesh_defs.ports.shelved import Made, Shelved
from mesh_defs.storage.state import State, read_json

CARD, CARD_TEXT = "card.json", "card.md"


class ModelPort(Shelved):
    suffix = ".onnx"
    media = "application/octet-stream"

    def place(self, state: State) -> Path:
        return state.models(self.product.line, self.product.contract.major)

    @property
    def digest(self) -> str:
        return self._declared.digest

    def make(self, audited: Audited) -> Made:
        """Raises MeshError where it cannot be trained, and where it breaks a rule."""
        training = self._declared.training
        columns = columns_of(self.product, training)
        try:
            import onnxruntime  # noqa: F401
            import skl2onnx  # noqa: F401
            import sklearn  # noqa: F401
        except ImportError:
            raise MeshError(HOW_TO_INSTALL) from None
        learnt, kept = frames_of(self.state, training, columns, audited.files)
        pipeline = fitted(training, columns, learnt)
        data = exported(pipeline, training, columns, f"{audited.product}.{self.port}")
        runner = Runner(data)
        metrics = measured(training, learnt, kept, runner.say(kept), runner.classes)
        verdicts = audited.held(self.port, Measured(metrics, runner.inputs, runner.outputs))
        whole = kept.and_also(learnt)
        apart = differences(pipeline, whole, runner)[1]
        figures = {
            "rows": {"learnt": len(learnt), "held_out": len(kept)},
            "inputs": runner.inputs, "outputs": runner.outputs, "classes": runner.classes,
            "metrics": metrics, "parity": {"rows": len(whole), "largest": round(apart, 9)},
            "drift": baseline_of(columns, learnt),
        }  # fmt: skip
        card = card_of(self.product, self.port, training, audited, figures, verdicts)
        said = json.dumps(card, indent=1, ensure_ascii=False)
        data = labelled(data, {"card": said})
        files = {
            self.file: data,
            CARD: said.encode(),
            CARD_TEXT: markdown_of(card).encode(),
        }
        return Made(files, lambda folder: self._prove(folder, data, card, pipeline, whole))

    def _prove(
        self, folder: Path, data: bytes, card: dict[str, Any], pipeline: Any, rows: Frame
    ) -> None:
        """The written model is loaded as whoever gets it would load it, and asked of every row;
        the same bytes alone would say nothing of the export."""
        wrong = []
        runner = Runner((folder / self.file).read_bytes())
        if (runner.inputs, runner.outputs) != (Runner(data).inputs, Runner(data).outputs):
            wrong.append("it takes, or gives, something else")
        elif runner.told != Runner(data).told:
            wrong.append("its card in it has other figures")
        else:
            apart, largest = differences(pipeline, rows, runner)
            if apart:
                wrong.append(
                    f"of {apart:,} of {len(rows):,} rows it says something else than scikit-learn, "
                    f"by up to {largest:.3g}"
                )
        if read_json(folder / CARD) != json.loads(json.dumps(card)):
            wrong.append("its card has other figures")
        if wrong:
            raise MeshError(f"It is not what was trained: {'; '.join(wrong)}.")

    @cached_property
    def _declared(self) -> Trained:
        return read_training(self.product, self.port)
