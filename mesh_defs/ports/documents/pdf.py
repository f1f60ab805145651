"""The PDF: typst sets it, Vega-Lite draws its charts as vectors, and it is read back by its tags.

It is tagged for screen readers (PDF/UA-1), and what reads it back goes the way that they go: from
headings to tables, rows and cells. The same figures are the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.model.report import Declared
from mesh_defs.ports.documents.charts import chart_of
from mesh_defs.ports.documents.document import HOW_TO_INSTALL, About
from mesh_defs.ports.documents.figures import Figures, Printed

FONT = "Libertinus Serif"  # typst brings it: a report looks the same on every machine
_CHART = 430
_STYLE = """\
#set page(
  paper: "a4", margin: (x: 2.3cm, top: 2.2cm, bottom: 2.4cm), numbering: "1 / 1",
  footer: context [
    #set text(8pt, fill: rgb("#5b6570"))
    #about-line #h(1fr) #counter(page).display("1 / 1", both: true)
  ],
)
#set text(font: "Libertinus Serif", size: 10.5pt, fallback: true)
#set par(leading: 0.65em, spacing: 1.1em)
#show heading.where(level: 1): set text(22pt, weight: "regular")
#show heading.where(level: 1): set block(below: 0.9em)
#show heading.where(level: 2): set text(14pt, weight: "regular", fill: rgb("#0b4f7d"))
#show heading.where(level: 2): set block(above: 2.2em, below: 0.9em)
#set table(
  stroke: (x, y) => (bottom: if y == 0 { 0.7pt + rgb("#333") } else { 0.3pt + rgb("#ccd2d8") }),
  inset: (x: 6pt, y: 4.2pt),
)
#show table: set text(9pt, number-width: "tabular")
#show table.cell.where(y: 0): set text(weight: "bold")
#show figure: set block(breakable: false)
"""


def render_pdf(declared: Declared, figures: Sequence[Figures], about: About) -> bytes:
    """Raises MeshError where typst cannot set it."""
    try:
        import typst
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    parts: dict[str, bytes] = {
        f"chart{n}.svg": _svg(section, figures)
        for n, section in enumerate(figures)
        if section.section.chart
    }
    parts["main"] = _typst(declared, figures, about).encode()
    setting: Any = typst.compile  # its types know no document of several files
    try:
        made = setting(
            parts,
            ignore_system_fonts=True,
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as error:
        said = str(error).strip().splitlines()[0]
        raise MeshError(f"The PDF can't be set: {said}") from None
    return bytes(made)


def read_pdf(data: bytes) -> list[Printed]:
    """The sections of a report and their tables, as a screen reader finds them."""
    try:
        import pdfplumber
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    with pdfplumber.open(io.BytesIO(data)) as document:
        texts: dict[tuple[int, int], str] = {}
        for page in document.pages:
            for char in page.chars:
                if (mark := char.get("mcid")) is not None:
                    key = (page.page_number, mark)
                    texts[key] = texts.get(key, "") + char["text"]
        tree: Any = document.structure_tree
        return list(_sections(tree, texts))


def _sections(tree: Any, texts: dict[tuple[int, int], str]) -> Iterator[Printed]:
    title = ""
    for node in _walk(tree):
        if node["type"] == "H2":
            title = _text(node, texts)
        elif node["type"] == "Table":
            # A header that stands again on the next page is no row, and not tagged as one.
            rows = [n for n in _walk([node]) if n["type"] == "TR"]
            cells = [
                tuple(_text(c, texts) for c in row.get("children", ()) if c["type"] in ("TH", "TD"))
                for row in rows
            ]
            yield Printed(title, cells[0] if cells else (), tuple(cells[1:]))


def _walk(nodes: Any) -> Iterator[Any]:
    for node in nodes or ():
        yield node
        yield from _walk(node.get("children"))


def _text(node: Any, texts: dict[tuple[int, int], str], page: int | None = None) -> str:
    page = node.get("page_number", page)
    pieces = [texts.get((page, m), "") for m in node.get("mcids", ()) if page is not None]
    pieces += [_text(child, texts, page) for child in node.get("children", ())]
    return " ".join("".join(pieces).replace("\u00ad", "").split())


def _typst(declared: Declared, figures: Sequence[Figures], about: About) -> str:
    report, at = declared.report, about.moment
    parts = [
        f"#let about-line = {_string(about.line)}\n",
        f"#set document(title: {_string(report.title)}, author: {_string(about.owner)}, "
        f"description: {_string(about.line)}, date: datetime(year: {at.year}, month: {at.month}, "
        f"day: {at.day}, hour: {at.hour}, minute: {at.minute}, second: {at.second}))\n",
        f"#set text(lang: {_string(report.language)})\n",
        _STYLE,
        f"#heading(level: 1, {_string(report.title)})\n",
        *(f"#par({_string(p)})\n" for p in paragraphs(report.text)),
    ]
    for n, section in enumerate(figures):
        said = section.section
        parts.append(f"#heading(level: 2, {_string(said.title)})\n")
        parts += [f"#par({_string(p)})\n" for p in paragraphs(said.text)]
        if said.chart:
            alt = _string(said.chart.alt)
            parts.append(f'#figure(image("chart{n}.svg", alt: {alt}), alt: {alt})\n')
        parts.append(_table(section))
    parts.append("#v(1.5em)\n#block(breakable: false)[#set text(9pt)\n")
    parts += [
        f"#strong({_string(name)}) #{_string(f': {said}')} \\\n" for name, said in about.lines
    ]
    parts.append("]\n")
    return "".join(parts)


def _table(figures: Figures) -> str:
    align = ", ".join("right" if kind == "number" else "left" for kind in figures.kinds)
    wide = ", ".join("auto" for _ in figures.columns)
    shown = figures.printed
    head = ", ".join(_string(name) for name in shown.columns)
    rows = "".join(f"  {', '.join(_string(c) for c in row)},\n" for row in shown.rows)
    return (
        f"#table(columns: ({wide},), align: ({align},),\n"
        f"  table.header(repeat: true, {head}),\n{rows})\n"
    )


def _svg(figures: Figures, report: Sequence[Figures]) -> bytes:
    try:
        import vl_convert
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    made = vl_convert.vegalite_to_svg(chart_of(figures, report, _CHART, FONT))
    return str(made).encode()


def paragraphs(text: str) -> list[str]:
    """A text's paragraphs: an empty line parts them."""
    found = (" ".join(part.split()) for part in text.split("\n\n"))
    return [part for part in found if part]


def _string(text: str) -> str:
    """Text as typst's code has it; nothing in it means anything there."""
    seen = "".join(c if c >= " " else " " for c in text)
    escaped = seen.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
