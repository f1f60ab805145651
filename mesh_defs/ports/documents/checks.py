"""What keeps a report from being made, by file and line: by its files alone."""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.report import Chart, Declared, Report, read_report
from mesh_defs.ports.documents.figures import classified
from mesh_defs.ports.documents.queries import Wrong, shown_columns


def problems_of(product: DataProduct, port: str, kind: str) -> Iterator[Finding]:
    """What is wrong with the report that a port shows."""
    try:
        declared = read_report(product, port)
    except MeshError as error:
        yield from error.findings
        return
    shown = []
    titles: set[str] = set()
    for n, section in enumerate(declared.report.sections):
        path = ("sections", n)
        if section.title in titles:
            yield declared.source.finding(
                (*path, "title"), f"a second section `{section.title}`", "Give each its own title."
            )
        titles.add(section.title)
        columns = classified(product.contract)
        try:
            names = shown_columns(section.query, product.line.product, columns)
        except Wrong as wrong:
            known = ", ".join(columns)
            todo = f"Its columns: {known}."
            yield declared.source.finding((*path, "query"), f"this query {wrong}", todo)
            continue
        shown.append(names)
        if section.chart:
            yield from _chart(declared, n, section.chart, names)
    yield from _of_the_kind(declared, kind)
    if len(shown) == len(declared.report.sections):
        yield from _filters(declared, shown)


def _chart(declared: Declared, n: int, chart: Chart, names: list[str]) -> Iterator[Finding]:
    for field in ("x", "y", "colour"):
        said = getattr(chart, field)
        if said is not None and said not in names:
            yield declared.source.finding(
                ("sections", n, "chart", field),
                f"the query gives no `{said}`",
                f"It gives {', '.join(f'`{name}`' for name in names)}.",
            )


def _filters(declared: Declared, shown: list[list[str]]) -> Iterator[Finding]:
    for n, name in enumerate(declared.report.filters):
        if not any(name in names for names in shown):
            yield declared.source.finding(
                ("filters", n), f"no query gives `{name}`", "Give it in those that it filters."
            )


def _of_the_kind(declared: Declared, kind: str) -> Iterator[Finding]:
    report: Report = declared.report
    if kind == "pdf" and report.filters:
        yield declared.source.finding(("filters",), "nobody can filter paper", "Take it out.")
    if kind == "dashboard" and report.mailed:
        yield declared.source.finding(("mailed",), "a dashboard is not mailed", "Take it out.")
