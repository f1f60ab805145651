"""Checks of reports: files that nobody would ever read. What is in one is checked with its port."""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.governance.sight import Sight
from mesh_defs.model import Finding
from mesh_defs.model.report import FOLDER, report_path
from mesh_defs.ports.kinds import ports_of


def strays(sight: Sight) -> Iterator[Finding]:
    """A report of no port, because of its name or because the port is of another kind."""
    shown = {
        report_path(product, port.name).resolve()
        for product in sight.products.values()
        for port in ports_of(product)
        if port.is_document
    }
    for room in sight.rooms:
        if room.findings:
            continue  # which ports its products have is not known
        for path in sorted((room.folder / FOLDER).glob("*")):
            if path.resolve() not in shown:
                yield Finding(
                    sight.shown(path),
                    0,
                    "",
                    "nobody reads this file: no port of the type `pdf`, `dashboard` or `lookml`",
                    "Call it <product>.<port>.yaml, or declare the port in the descriptor.",
                )
