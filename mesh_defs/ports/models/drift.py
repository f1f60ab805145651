"""What the features were like that a model has learnt from, and how far others are from that.

The distance is the population stability index, sum((p - q) ln(p / q)) over the parts that values
fall into: below 0.1 little has changed, above 0.25 much has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mesh_defs.ports.models.estimators import common_words
from mesh_defs.ports.models.frame import NUMBER, WORD, Columns, Frame

_LEAST = 1e-4  # a part that nothing falls into would be infinitely far away


def baseline_of(columns: Columns, learnt: Frame) -> dict[str, dict[str, Any]]:
    """Of each feature the parts and their shares. Nothing that a single row could be told by: the
    edges are deciles, and words that fewer than five rows have are not named."""
    import numpy as np

    found: dict[str, dict[str, Any]] = {}
    for n, name in enumerate(columns.numbers):
        values = learnt.numbers[:, n].astype(np.float64)
        there = values[~np.isnan(values)]
        edges = sorted({*np.quantile(there, np.arange(1, 10) / 10).tolist()}) if len(there) else []
        found[name] = {
            "type": NUMBER,
            "mean": round(float(there.mean()), 6) if len(there) else None,
            "deviation": round(float(there.std()), 6) if len(there) else None,
            "edges": edges,
            "shares": _binned(values, edges),
        }
    for n, (name, words) in enumerate(zip(columns.words, common_words(learnt), strict=True)):
        found[name] = {"type": WORD, "words": words, "shares": _counted(learnt.words[:, n], words)}
    return found


def drift_of(
    baseline: Mapping[str, Mapping[str, Any]], columns: Columns, frame: Frame
) -> dict[str, float]:
    """Of each feature how far rows are from what was learnt from."""
    found = {}
    for n, name in enumerate(columns.numbers):
        was = baseline[name]
        found[name] = _distance(was["shares"], _binned(frame.numbers[:, n], was["edges"]))
    for n, name in enumerate(columns.words):
        was = baseline[name]
        found[name] = _distance(was["shares"], _counted(frame.words[:, n], was["words"]))
    return found


def _binned(values: Any, edges: list[float]) -> list[float]:
    """Shares of the parts between the edges; the last one is of what is missing."""
    import numpy as np

    missing = np.isnan(values)
    parts = np.searchsorted(np.array(edges), values[~missing].astype(np.float64), side="left")
    counts = [*np.bincount(parts, minlength=len(edges) + 1).tolist(), int(missing.sum())]
    return _shares(counts)


def _counted(values: Any, words: list[str]) -> list[float]:
    """Shares of the words; the last one is of all others."""
    counts = [int((values == word).sum()) for word in words]
    return _shares([*counts, len(values) - sum(counts)])


def _shares(counts: list[int]) -> list[float]:
    whole = sum(counts) or 1
    return [round(count / whole, 6) for count in counts]


def _distance(old: list[float], new: list[float]) -> float:
    pairs = [(max(p, _LEAST), max(q, _LEAST)) for p, q in zip(old, new, strict=True)]
    return round(sum((q - p) * math.log(q / p) for p, q in pairs), 6)
