"""An ONNX model as whoever gets it runs it: its inputs and outputs, and what it says of rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.ports.models.estimators import HOW_TO_INSTALL
from mesh_defs.ports.models.frame import NUMBER, WORD, Columns, Frame

_TENSORS = {"tensor(float)": NUMBER, "tensor(string)": WORD}


@dataclass(frozen=True)
class Said:
    """What a model says of rows: a class each and the probabilities (rows x classes) of all; or a
    number each."""

    values: Any
    probabilities: Any = None


class Runner:
    """A model in memory. Raises MeshError for what is none."""

    def __init__(self, data: bytes) -> None:
        try:
            import onnxruntime as runtime
        except ImportError:
            raise MeshError(HOW_TO_INSTALL) from None
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = runtime.InferenceSession(
                data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise MeshError(f"It is no ONNX model: {type(error).__name__}.") from None

    @cached_property
    def inputs(self) -> dict[str, str]:
        """Of each input `number` or `string`."""
        return {i.name: _TENSORS.get(i.type, i.type) for i in self._session.get_inputs()}

    @cached_property
    def outputs(self) -> dict[str, str]:
        return {o.name: _TENSORS.get(o.type, o.type) for o in self._session.get_outputs()}

    @cached_property
    def told(self) -> dict[str, str]:
        """What the file says of itself."""
        return dict(self._session.get_modelmeta().custom_metadata_map)

    @property
    def classes(self) -> list[str]:
        """In the order of the probabilities; none for a regression."""
        return list(json.loads(self.told.get("classes", "[]")))

    @property
    def columns(self) -> Columns:
        return Columns.of(tuple(self.inputs), self.inputs)

    def say(self, frame: Frame) -> Said:
        columns = self.columns
        given = {c: frame.numbers[:, [n]] for n, c in enumerate(columns.numbers)}
        given |= {c: frame.words[:, [n]] for n, c in enumerate(columns.words)}
        values, *more = self._session.run(None, given)
        return Said(values.reshape(-1), more[0] if more else None)
