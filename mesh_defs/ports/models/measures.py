"""How good a model is on what it has never seen, and whether its export says what it says."""

from __future__ import annotations

import math
from typing import Any

from mesh_defs.model.training import Training
from mesh_defs.ports.models.frame import Frame
from mesh_defs.ports.models.runner import Runner, Said

METRICS = {
    "classification": {
        "accuracy": "the share of rows whose class is told right",
        "balanced_accuracy": "the mean of that share over the classes",
        "auc": "the area under the ROC curve, the mean over each class against the others",
        "log_loss": "the mean of -ln of the probability that the right class was given",
        "baseline_accuracy": "the accuracy of what one would guess without a model",
        "gain": "accuracy less baseline_accuracy",
    },
    "regression": {
        "r2": "the share of the variance that is explained",
        "mae": "the mean absolute error",
        "rmse": "the root of the mean squared error",
        "baseline_mae": "the mae of what one would guess without a model",
        "gain": "baseline_mae less mae",
    },
}
"""What a contract can rule on. One that held-out rows cannot give, such as the auc of one class, is
not measured, and breaks a rule on it."""
TOLERANCE = 1e-5
"""How far what was exported may be from scikit-learn: a probability by this much; a number by this
share of the largest one."""


def measured(training: Training, learnt: Frame, kept: Frame, said: Said, classes: Any) -> Any:
    """The figures of held-out rows, by name."""
    found = _told(learnt, kept, said, classes) if classes else _estimated(learnt, kept, said)
    return {n: round(float(v), 6) for n, v in found.items() if math.isfinite(v)}


def _told(learnt: Frame, kept: Frame, said: Said, classes: list[str]) -> dict[str, float]:
    """A class that was not learnt is never told right; auc and log_loss leave its rows out."""
    import numpy as np
    from sklearn import metrics

    names, counts = np.unique(learnt.target, return_counts=True)
    guess = names[counts.argmax()] if kept.baseline is None else kept.baseline
    right = said.values == kept.target
    found = {
        "accuracy": right.mean(),
        "balanced_accuracy": np.mean([right[kept.target == c].mean() for c in {*kept.target}]),
        "baseline_accuracy": (kept.target == guess).mean(),
    }
    found["gain"] = found["accuracy"] - found["baseline_accuracy"]
    known = np.isin(kept.target, classes)
    truth, given = kept.target[known], said.probabilities[known].astype(np.float64)
    if len(truth):
        chances = given / given.sum(axis=1, keepdims=True)
        found["log_loss"] = metrics.log_loss(truth, chances, labels=classes)
    if len({*truth}) == len(classes):
        areas = [metrics.roc_auc_score(truth == c, given[:, n]) for n, c in enumerate(classes)]
        found["auc"] = float(np.mean(areas))
    return found


def _estimated(learnt: Frame, kept: Frame, said: Said) -> dict[str, float]:
    import numpy as np

    truth, values = kept.target, said.values.astype(np.float64)
    guess = kept.baseline
    if guess is None:
        guess = np.full(len(truth), learnt.target.mean())
    guess = np.where(np.isnan(guess), learnt.target.mean(), guess)
    errors, spread = values - truth, truth - truth.mean()
    found = {
        "mae": np.abs(errors).mean(),
        "rmse": math.sqrt((errors**2).mean()),
        "baseline_mae": np.abs(guess - truth).mean(),
    }
    if (total := (spread**2).sum()) > 0:
        found["r2"] = 1 - (errors**2).sum() / total
    found["gain"] = found["baseline_mae"] - found["mae"]
    return found


def differences(pipeline: Any, frame: Frame, runner: Runner) -> tuple[int, float]:
    """How many rows differ by more than the tolerance, and the largest difference there is."""
    import numpy as np

    said = runner.say(frame)
    if said.probabilities is not None:
        wanted = pipeline.predict_proba(frame.all)
        apart = np.abs(wanted - said.probabilities).max(axis=1)
        # Two classes that are as good as equally likely may change places.
        ranks = np.sort(wanted, axis=1)
        tied = ranks[:, -1] - ranks[:, -2] <= 2 * TOLERANCE
        other = (pipeline.predict(frame.all) != said.values) & ~tied
        return int(((apart > TOLERANCE) | other).sum()), float(apart.max())
    wanted = pipeline.predict(frame.all)
    apart = np.abs(wanted - said.values) / max(1.0, np.abs(wanted).max())
    return int((~(apart <= TOLERANCE)).sum()), float(apart.max())
