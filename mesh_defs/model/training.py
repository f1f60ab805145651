"""What a model is trained from and how: `domains/<domain>/models/<product>.<port>.yaml`; no engine.

Whether the product has what it names is decided in `ports.models`. What the model has to be good
for is a promise, and stands in the contract.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.report import root_of
from mesh_defs.model.room import DataProduct
from mesh_defs.model.shape import Shape, parse
from mesh_defs.model.yaml_source import YamlSource, read_yaml

FOLDER = "models"
Text = Annotated[str, Field(min_length=1)]
FEWEST = 5
"""What fewer rows than this have in common is not learnt: it would be somebody's own."""


class Split(Shape):
    """Which rows the model never sees in training, and is measured on: a share of the values of
    `by`, told by their hash, or the rows in which `by` is not before a day."""

    by: Text
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    since: date | None = None


class Estimator(Shape):
    """What learns. Which of the parameters it has is in `PARAMETERS`; where one is left out, it is
    scikit-learn's own."""

    kind: Literal[
        "logistic_regression", "linear_regression", "random_forest", "hist_gradient_boosting"
    ]
    l2: Annotated[float, Field(ge=0)] | None = None
    trees: Annotated[int, Field(ge=1, le=500)] | None = None
    iterations: Annotated[int, Field(ge=1, le=1000)] | None = None
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    max_depth: Annotated[int, Field(ge=1, le=32)] | None = None
    max_leaf_nodes: Annotated[int, Field(ge=2, le=255)] | None = None
    min_samples_leaf: Annotated[int, Field(ge=FEWEST)] | None = None


class Training(Shape):
    """`baseline` is a column that is what one would guess without a model; where none is said, it
    is the commonest value, or the mean."""

    title: Text
    purpose: Text
    limitations: Text
    licence: Text | None = None
    task: Literal["classification", "regression"]
    features: Annotated[tuple[Text, ...], Field(min_length=1)]
    target: Text
    baseline: Text | None = None
    split: Split
    estimator: Estimator
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


@dataclass(frozen=True)
class Trained:
    """A training as its file declares it."""

    training: Training
    source: YamlSource

    @property
    def digest(self) -> str:
        """Another one for everything that could make another model."""
        return hashlib.sha256(self.training.model_dump_json().encode()).hexdigest()[:16]


def training_path(product: DataProduct, port: str) -> Path:
    folder = product.source.path.parent.parent / FOLDER
    return folder / f"{product.line.product}.{port}.yaml"


def read_training(product: DataProduct, port: str) -> Trained:
    """Raises MeshError with findings, also where there is no file."""
    path, root = training_path(product, port), root_of(product)
    if not path.is_file():
        raise MeshError(
            Finding(
                path.resolve().relative_to(root).as_posix(), 0, "",
                f"is missing: it says how the model of the port `{port}` of `{product.line}` is "
                "trained",
                "Write it: features, target, split and estimator.",
            )
        )  # fmt: skip
    source = read_yaml(path, root)
    return Trained(parse(Training, source), source)
