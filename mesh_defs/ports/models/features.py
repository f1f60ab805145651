"""Which columns of a product a model may learn from, and what keeps one from being trained.

By the files alone. A column that tells who somebody is would be learnt by heart: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.training import Trained, Training, read_training
from mesh_defs.model.yaml_source import FieldPath
from mesh_defs.ports.models.estimators import PARAMETERS, PROBABILITIES, TASKS
from mesh_defs.ports.models.frame import KINDS, Columns

if TYPE_CHECKING:
    from open_data_contract_standard.model import SchemaProperty

_HIDDEN = "restricted"


def columns_of(product: DataProduct, training: Training) -> Columns:
    """The features by kind, as the contract types them."""
    said = _properties(product)
    kinds = {name: KINDS[(said[name].logicalType or "").lower()] for name in training.features}
    return Columns.of(training.features, kinds)


def problems_of(product: DataProduct, port: str) -> Iterator[Finding]:
    """What is wrong with the training of a port's model."""
    try:
        declared = read_training(product, port)
    except MeshError as error:
        yield from error.findings
        return
    training = declared.training
    said = _properties(product)
    known = f"Its columns: {', '.join(said)}."
    named: list[tuple[FieldPath, str]]
    named = [(("features", n), name) for n, name in enumerate(training.features)]
    named += [(("target",), training.target), (("split", "by"), training.split.by)]
    if training.baseline:
        named.append((("baseline",), training.baseline))
    for path, name in named:
        if name not in said:
            yield declared.source.finding(path, f"the product has no column `{name}`", known)
        elif path[0] != "split":  # a hash of it chooses rows, and nothing of it is in the model
            yield from _learnable(declared, path, said[name])
    yield from _roles(declared)
    yield from _split(declared, said)
    yield from _estimator(declared)


def _properties(product: DataProduct) -> dict[str, SchemaProperty]:
    """The columns of a product, by their names in the lake."""
    return {
        p.physicalName or p.name or "": p
        for p in product.contract.objects[0].properties or []
        if p.semanticType != "measure"
    }


def _learnable(declared: Trained, path: FieldPath, column: SchemaProperty) -> Iterator[Finding]:
    name = declared.source.data
    for step in path:
        name = name[step]
    if (column.classification or "").lower() == _HIDDEN:
        yield declared.source.finding(
            path,
            f"`{name}` is {_HIDDEN}: a model would learn by heart who somebody is",
            "Take it out.",
        )
        return
    kind = (column.logicalType or "").lower()
    numbers = [k for k, v in KINDS.items() if v == "number"]
    if path[0] == "features" and kind not in KINDS:
        yield declared.source.finding(
            path,
            f"`{name}` is {kind or 'of no type'}, where a feature is {', '.join(KINDS)}",
            "Publish it as a number: days since then, or the month.",
        )
    if path[0] == "target" and declared.training.task == "regression" and kind not in numbers[:2]:
        yield declared.source.finding(
            path, f"`{name}` is {kind or 'of no type'}, where a regression tells a number", ""
        )


def _roles(declared: Trained) -> Iterator[Finding]:
    training = declared.training
    for n, name in enumerate(training.features):
        if name == training.target:
            yield declared.source.finding(
                ("features", n), f"`{name}` is what is to be told", "Take it out."
            )
        elif name in training.features[:n]:
            yield declared.source.finding(("features", n), f"`{name}` a second time", "Once.")
        elif name == PROBABILITIES:
            yield declared.source.finding(
                ("features", n), f"`{name}` is an output of every model", "Call the column else."
            )
    if training.baseline == training.target:
        yield declared.source.finding(
            ("baseline",), "what is to be told is no guess", "Name a column known before."
        )


def _split(declared: Trained, said: dict[str, SchemaProperty]) -> Iterator[Finding]:
    split = declared.training.split
    if (split.share is None) == (split.since is None):
        yield declared.source.finding(
            ("split",), "either `share` or `since` says what is held out", "Write one of them."
        )
    elif split.since and split.by in said and said[split.by].logicalType not in (
        "date", "timestamp",
    ):  # fmt: skip
        yield declared.source.finding(
            ("split", "by"),
            f"`{split.by}` is {said[split.by].logicalType}, where `since` is a day",
            "Name a date, or write `share`.",
        )


def _estimator(declared: Trained) -> Iterator[Finding]:
    training, estimator = declared.training, declared.training.estimator
    if training.task not in TASKS[estimator.kind]:
        fit = [f"`{kind}`" for kind, tasks in TASKS.items() if training.task in tasks]
        yield declared.source.finding(
            ("estimator", "kind"),
            f"`{estimator.kind}` is for no {training.task}",
            f"There is {', '.join(fit)}.",
        )
    for name in estimator.model_dump(exclude={"kind"}, exclude_none=True):
        if name not in PARAMETERS[estimator.kind]:
            yield declared.source.finding(
                ("estimator", name),
                f"`{estimator.kind}` has no `{name}`",
                f"It has {', '.join(f'`{p}`' for p in PARAMETERS[estimator.kind])}.",
            )
