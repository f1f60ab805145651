"""Checks of models that are trained: files that nobody reads, and rules on what is no model.

What is in a file is checked with its port. dbt's models are `models`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.rules import PORT_KIND
from mesh_defs.governance.checks.contracts import places_of_rules
from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import Sight
from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.training import FOLDER, read_training, training_path
from mesh_defs.ports.kinds import MODEL, ports_of


def strays(sight: Sight) -> Iterator[Finding]:
    """How a model is trained that no port shows, because of the file's name or the port's kind."""
    read = {
        training_path(product, name).resolve()
        for product in sight.products.values()
        for name in _models(product)
    }
    for room in sight.rooms:
        if room.findings:
            continue  # which ports its products have is not known
        for path in sorted((room.folder / FOLDER).glob("*")):
            if path.resolve() not in read:
                yield Finding(
                    sight.shown(path),
                    0,
                    "",
                    f"nobody reads this file: no port of the type `{MODEL}` shows its model",
                    "Call it <product>.<port>.yaml, or declare the port in the descriptor.",
                )


def ruled(sight: Sight) -> Iterator[Finding]:
    """A rule on a model that is not there, or on a figure that such a model does not have."""
    for product in sight.products.values():
        contract, models = product.contract, _models(product)
        rules = rules_of(contract)
        if not any(rule.kind == PORT_KIND for rule in rules):
            continue
        for rule, path in zip(rules, places_of_rules(contract), strict=True):
            if rule.kind != PORT_KIND or rule.unusable:
                continue
            port, metric = rule.params["port"], rule.params.get("metric")
            if port not in models:
                yield contract.source.finding(
                    (*path, "implementation", "port"),
                    f"`{product}` has no port `{port}` of the type `{MODEL}`",
                    f"It has {listed(models)}." if models else "Declare it in the descriptor.",
                )
                continue
            known = _metrics(product, port)
            if metric and known and metric not in known:
                yield contract.source.finding(
                    (*path, "implementation", "metric"),
                    f"the model of `{port}` has no `{metric}`",
                    f"It has {listed(known)}.",
                )


def _models(product: DataProduct) -> list[str]:
    return [port.name for port in ports_of(product) if port.kind == MODEL]


def _metrics(product: DataProduct, port: str) -> list[str]:
    """Those of its task; none where what is declared cannot be read, which is a finding itself."""
    from mesh_defs.ports.models.measures import METRICS

    try:
        return list(METRICS[read_training(product, port).training.task])
    except MeshError:
        return []
