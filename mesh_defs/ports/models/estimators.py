"""What can learn here, and its parameters; how it is fitted, and made an ONNX model.

Every kind that is here is in the parity test: what is exported has to say what scikit-learn says.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.model.training import FEWEST, Estimator, Training
from mesh_defs.ports.models.frame import Columns, Frame

HOW_TO_INSTALL = "What trains models is not installed: `pip install 'mesh-defs[models]'`."
PROBABILITIES = "probabilities"
OPSET = 18
TASKS = {
    "logistic_regression": ("classification",),
    "linear_regression": ("regression",),
    "random_forest": ("classification", "regression"),
    "hist_gradient_boosting": ("classification", "regression"),
}
PARAMETERS = {
    "logistic_regression": ("l2",),
    "linear_regression": ("l2",),
    "random_forest": ("trees", "max_depth", "max_leaf_nodes", "min_samples_leaf"),
    "hist_gradient_boosting": (
        "iterations", "learning_rate", "l2", "max_depth", "max_leaf_nodes", "min_samples_leaf",
    ),
}  # fmt: skip
_CALLED = {"trees": "n_estimators", "iterations": "max_iter", "l2": "l2_regularization"}


def fitted(training: Training, columns: Columns, learnt: Frame) -> Any:
    """A pipeline that has learnt. One thread: sums depend on the order, and so would the model.

    Numbers that are missing are the median. Only linear estimators get scaled numbers: a scaler
    before a tree moves its thresholds by a bit of 32, and rows to the other side of them.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    from threadpoolctl import threadpool_limits

    steps: list[Any] = [("fill", SimpleImputer(strategy="median", keep_empty_features=True))]
    if training.estimator.kind.endswith("regression"):
        steps.append(("scale", StandardScaler()))
    first = len(columns.numbers)
    parts: list[Any] = []
    if columns.numbers:
        parts.append(("numbers", Pipeline(steps), list(range(first))))
    if columns.words:
        encoder = OneHotEncoder(
            categories=common_words(learnt), handle_unknown="ignore", sparse_output=False
        )
        parts.append(("words", encoder, list(range(first, first + len(columns.words)))))
    pipeline = Pipeline(
        [("columns", ColumnTransformer(parts)), ("estimator", _estimator(training))]
    )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return pipeline.fit(learnt.all, learnt.target)
        except ConvergenceWarning:
            raise MeshError("It did not converge: take other features, or more `l2`.") from None


def exported(pipeline: Any, training: Training, columns: Columns, name: str) -> bytes:
    """The pipeline as ONNX: an input a feature, each of one column. The same for the same."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    one = [None, 1]
    inputs: list[Any] = [(c, FloatTensorType(one)) for c in columns.numbers]
    inputs += [(c, StringTensorType(one)) for c in columns.words]
    outputs: list[Any] = [(training.target, FloatTensorType(one))]
    options, classes = None, list[str]()
    if training.task == "classification":
        classes = [str(c) for c in pipeline.classes_]
        outputs = [
            (training.target, StringTensorType([None])),
            (PROBABILITIES, FloatTensorType([None, len(classes)])),
        ]
        options = {id(pipeline): {"zipmap": False}}
    model = convert_sklearn(
        pipeline, name, inputs, options=options, target_opset=OPSET, final_types=outputs
    )
    return _written(model, {"classes": json.dumps(classes)})


def labelled(data: bytes, told: Mapping[str, str]) -> bytes:
    """A model that says more of itself: its card goes wherever it goes."""
    import onnx

    return _written(onnx.load_model_from_string(data), told)


def _written(model: Any, told: Mapping[str, str]) -> bytes:
    for key, value in sorted(told.items()):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def common_words(learnt: Frame) -> list[list[str]]:
    """Of each feature the words that the model knows: those that five rows have, no single one's.

    One that it does not know is none of them.
    """
    import numpy as np

    found = []
    for n in range(learnt.words.shape[1]):
        values, counts = np.unique(learnt.words[:, n].astype(str), return_counts=True)
        found.append([str(v) for v in values[counts >= FEWEST]] or [""])
    return found


def _estimator(training: Training) -> Any:
    from sklearn import ensemble, linear_model

    said, telling = training.estimator, training.task == "classification"
    if said.kind == "logistic_regression":
        c = 1.0 if said.l2 is None else 1 / said.l2 if said.l2 else float("inf")
        return linear_model.LogisticRegression(C=c, max_iter=1000)
    if said.kind == "linear_regression":
        return linear_model.Ridge(said.l2) if said.l2 else linear_model.LinearRegression()
    kinds = {
        ("random_forest", True): ensemble.RandomForestClassifier,
        ("random_forest", False): ensemble.RandomForestRegressor,
        ("hist_gradient_boosting", True): ensemble.HistGradientBoostingClassifier,
        ("hist_gradient_boosting", False): ensemble.HistGradientBoostingRegressor,
    }
    given = {"min_samples_leaf": FEWEST, **_given(said), "random_state": training.seed}
    if said.kind == "hist_gradient_boosting":
        given["early_stopping"] = False  # it would hold rows out once more
        given.setdefault("max_leaf_nodes", 31)
        given["min_samples_leaf"] = said.min_samples_leaf or 20
    return kinds[said.kind, telling](**given)


def _given(said: Estimator) -> dict[str, Any]:
    found = said.model_dump(exclude={"kind"}, exclude_none=True)
    return {_CALLED.get(name, name): value for name, value in found.items()}
