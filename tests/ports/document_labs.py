"""The labs of the documents: what a reader sees is taken from the file with a client of his own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.ports.documents.document import Document
from mesh_defs.ports.port import Audited
from mesh_defs.ports.shelved import Shelved
from tests.ports.lab import Lab, Row

_DOCUMENT = "mesh_defs.ports.documents.document"
_SHELF = "mesh_defs.storage.shelf"
REPORT = "domains/shop/reports/orders.exit.yaml"


class ShelvedLab(Lab):
    """A port in the state folder, which needs no server."""

    def url(self) -> str:
        return ""

    def server(self) -> dict[str, Any]:
        return {}

    def declare(self, file: str, field: str, entry: dict[str, Any]) -> None:
        if field != "servers":  # it has none
            super().declare(file, field, entry)

    def shelved(self) -> Shelved:
        found = self.open()
        assert isinstance(found, Shelved)
        return found

    def verify(self, made: Audited) -> None:
        self.shelved().verify(made)

    def leftovers(self) -> list[str]:
        folders = self.shelved().shelf.place / "snapshots"
        kept = [f.name for f in sorted(folders.iterdir())]
        return kept[:-2] + [name for name in kept if name.startswith(".")]

    def rows_as(self, consumer: str) -> list[Row] | None:
        """It is a file here: who may have it is a list, which mail and services go by."""
        return self.rows() if consumer in self.shelved().readers() else None

    @property
    def path(self) -> Path:
        return Path(self.shelved().location)


class DocumentLab(ShelvedLab):
    """It shows every row, in a table and, with a key, in a chart."""

    daily = "Shelf.show"
    crashes = (
        (_DOCUMENT, "figures_of"),
        (_DOCUMENT, "Document._prove"),
        (_SHELF, "Shelf.put"),
        (_SHELF, "Shelf.show"),
        (_SHELF, "Shelf.sweep"),
        ("mesh_defs.publishing.delivery", "_write"),
    )

    mail = ""

    def url(self) -> str:
        return self.mail

    def build(self) -> None:
        super().build()
        self.report(
            title="Orders",
            sections=[{"title": "All orders", "query": "select * from orders order by order_id"}],
        )

    def report(self, **said: Any) -> None:
        path = self.root / REPORT
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(said, sort_keys=False))

    def document(self) -> Document:
        found = self.open()
        assert isinstance(found, Document)
        return found

    def corrupt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from mesh_defs.ports.documents import document
        from mesh_defs.ports.documents.figures import differences

        def wrong(wanted: Any, found: Any) -> list[str]:
            rows = tuple((*row[:-1], "0") for row in found[0].rows)
            return differences(wanted, [replace(found[0], rows=rows)])

        monkeypatch.setattr(document, "differences", wrong)

    def rows(self) -> list[Row]:
        return [tuple(typed(cell) for cell in row) for row in self.cells()[1:]]

    def columns(self) -> list[str]:
        return self.cells()[0]

    def cells(self) -> list[list[str]]:
        raise NotImplementedError


def typed(cell: str) -> Any:
    return int(cell.replace(",", "")) if re.fullmatch(r"-?[\d,]+", cell) else cell


def cells_of_page(path: Path) -> list[list[str]]:
    text = path.read_text()
    table = text[text.index("<table>") : text.index("</table>")]
    return [re.findall(r"<t[hd][^>]*>([^<]*)<", row) for row in table.split("<tr>")[1:]]


def cells_of_pdf(path: Path) -> list[list[str]]:
    """The words as they lie on the page, by another library than the platform's."""
    from pypdf import PdfReader

    pages = PdfReader(path).pages
    lines = "\n".join(p.extract_text(extraction_mode="layout") for p in pages).splitlines()
    lines = [line.strip() for line in lines if line.strip()]
    first = lines.index("All orders") + 1
    end = next(n for n, line in enumerate(lines) if line.startswith("Product"))
    return [re.split(r"\s{2,}", line) for line in lines[first:end]]


class DashboardLab(DocumentLab):
    kind = "dashboard"

    def cells(self) -> list[list[str]]:
        return cells_of_page(self.path)

    def tamper(self) -> None:
        text = self.path.read_text()
        assert ">20<" in text
        self.path.write_text(text.replace(">20<", ">21<"))

    def data(self) -> Any:
        """What the page's charts are drawn of."""
        found = re.search(r'id="figures">(.*?)</script>', self.path.read_text(), re.S)
        assert found
        return json.loads(found[1])


class PdfLab(DocumentLab):
    kind = "pdf"

    def cells(self) -> list[list[str]]:
        return cells_of_pdf(self.path)

    def tamper(self) -> None:
        """A PDF of the same look, in which one order cost something else."""
        import mesh_defs.ports.documents.figures as figures

        real = figures.print_of
        figures.print_of = lambda value: "21" if value == 20 else real(value)
        try:
            document = self.document()
            made = self.made
            declared = document._declared
            shown = document._figures(declared, made)
            self.path.write_bytes(document.render(declared, shown, document.about(made.mark)))
        finally:
            figures.print_of = real

    def publish(self, sql: str) -> Audited:
        self.made = super().publish(sql)
        return self.made
