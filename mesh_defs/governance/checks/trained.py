"""Checks of models that are trained: files that nobody reads.

What is in a file is checked with its port. dbt's models are `models`.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.governance.sight import Sight
from mesh_defs.model import DataProduct, Finding
from mesh_defs.model.training import FOLDER, training_path
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


def _models(product: DataProduct) -> list[str]:
    return [port.name for port in ports_of(product) if port.kind == MODEL]
