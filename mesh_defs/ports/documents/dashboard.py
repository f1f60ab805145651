"""The dashboard port: one HTML page with charts and filters, and nothing outside of it.

The libraries, the figures and the style are in the page, so that it works from a file, and its
policy lets nothing else in. Without scripts, and for screen readers, every chart has its table.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from html.parser import HTMLParser
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.model.report import Declared
from mesh_defs.ports.documents.charts import chart_of
from mesh_defs.ports.documents.document import HOW_TO_INSTALL, About, Document
from mesh_defs.ports.documents.figures import Figures, Printed
from mesh_defs.ports.documents.letter import html_table
from mesh_defs.ports.documents.pdf import paragraphs
from mesh_defs.storage.state import write_text

_FONT = 'system-ui, "DejaVu Sans", sans-serif'
_SNIPPET = "window.vegaEmbed = vegaEmbed;"


class DashboardPort(Document):
    suffix = ".html"
    media = "text/html; charset=utf-8"

    def render(self, declared: Declared, figures: Sequence[Figures], about: About) -> bytes:
        library = _library(self.state.home / "cache")
        return _page(declared, figures, about, library).encode()

    def read(self, data: bytes) -> Sequence[Printed]:
        return _read(data).sections

    def choices(self, data: bytes) -> Mapping[str, Sequence[str]]:
        return _read(data).choices

    def also_wrong(self, figures: Sequence[Figures], data: bytes) -> Sequence[str]:
        wrong = []
        for mine, there in zip(figures, json.loads(_read(data).data), strict=True):
            rows = [{k: v for k, v in row.items() if k in mine.columns} for row in there["rows"]]
            if mine.section.chart and rows != mine.plain:
                wrong.append(f"the chart of `{mine.section.title}` has others")
        return wrong


def _page(declared: Declared, figures: Sequence[Figures], about: About, library: str) -> str:
    report = declared.report
    script, style = _own("page.js"), _own("page.css")
    told = [_told(each, figures, report.filters) for each in figures]
    data = json.dumps(told, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
    hashes = " ".join(f"'sha256-{_sha(text)}'" for text in (library, script))
    policy = (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    facts = "".join(f"<dt>{escape(n)}</dt><dd>{escape(s)}</dd>" for n, s in about.lines)
    body = "".join(_section(n, each, report.filters) for n, each in enumerate(figures))
    return (
        f'<!doctype html>\n<html lang="{report.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(report.title)}</h1>\n{_text(report.text)}"
        f'{_filters(report.filters, figures)}<p role="status"></p></header>\n'
        f"<main>\n{body}</main>\n<footer>\n<dl>{facts}</dl>\n</footer>\n"
        f'<script type="application/json" id="figures">{data}</script>\n'
        f"<script>{library}</script>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def _section(n: int, figures: Figures, filters: Sequence[str]) -> str:
    said = figures.section
    followed = [name for name in filters if name in figures.columns]
    by = ""
    if filters:
        by = f"Follows {', '.join(followed)}." if followed else "Follows no filter."
    chart = ""
    if said.chart:
        alt = escape(said.chart.alt, quote=True)
        chart = f'<div class="chart" id="chart-{n}" role="img" aria-label="{alt}"></div>\n'
    return (
        f'<section aria-labelledby="title-{n}">\n<h2 id="title-{n}">{escape(said.title)}</h2>\n'
        f'{_text(said.text)}<p class="by">{escape(by)}</p>\n{chart}'
        f'<details id="table-{n}" open><summary>Figures</summary>\n'
        f'<div class="wide" tabindex="0" role="group" aria-labelledby="title-{n}">'
        f"{html_table(figures)}</div></details>\n</section>\n"
    )


def _filters(names: Sequence[str], figures: Sequence[Figures]) -> str:
    if not names:
        return ""
    parts = []
    for name in names:
        values: dict[str, None] = {}
        for each in figures:
            if name in each.columns:
                place = each.columns.index(name)
                values |= dict.fromkeys(row[place] for row in each.printed.rows)
        options = "".join(f"<option>{escape(value)}</option>" for value in values)
        called = escape(name, quote=True)
        parts.append(
            f'<label>{called}<select name="{called}"><option value="">all</option>{options}'
            "</select></label>"
        )
    return f'<form hidden>{"".join(parts)}<button type="reset">Show all</button></form>\n'


def _told(figures: Figures, report: Sequence[Figures], filters: Sequence[str]) -> dict[str, Any]:
    """What the page's script draws, and has to filter."""
    told: dict[str, Any] = {"columns": figures.columns, "rows": [], "spec": None}
    if figures.section.chart:
        filtered = any(name in figures.columns for name in filters)
        spec = chart_of(figures, report, "container", _FONT, adds_up=filtered)
        told |= {"rows": spec.pop("data")["values"], "spec": spec}
    return told


class _Reader(HTMLParser):
    """What a page shows, found as any reader of HTML would."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.data = ""
        self.choices: dict[str, list[str]] = {}
        self._choice: list[str] = []
        self._into: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "h2":
            self.titles.append("")
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][-1].append("")
        elif tag == "select":
            self.choices[dict(attrs).get("name") or ""] = []
        elif tag == "option":
            self._choice = [*self.choices.values()][-1]
            self._choice.append("")
        self._into = "data" if tag == "script" and ("id", "figures") in attrs else tag
        if tag == "option" and ("value", "") in attrs:  # it stands for all of them
            self._choice.pop()
            self._into = None

    def handle_endtag(self, tag: str) -> None:
        self._into = None

    def handle_data(self, data: str) -> None:
        if self._into == "h2":
            self.titles[-1] += data
        elif self._into in ("th", "td"):
            self.tables[-1][-1][-1] += data
        elif self._into == "option":
            self._choice[-1] += data
        elif self._into == "data":
            self.data += data

    @property
    def sections(self) -> list[Printed]:
        return list(self._sections())

    def _sections(self) -> Iterator[Printed]:
        for title, rows in zip(self.titles, self.tables, strict=True):
            yield Printed(title, tuple(rows[0]), tuple(map(tuple, rows[1:])))


@lru_cache(maxsize=1)  # a page is asked for its tables, its choices and its figures
def _read(data: bytes) -> _Reader:
    reader = _Reader()
    reader.feed(data.decode())
    reader.close()
    return reader


def _text(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>\n" for part in paragraphs(text))


@cache
def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _library(folder: Path) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script; bundling takes seconds, so it is kept."""
    try:
        import vl_convert
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    kept = folder / f"vega-{version('vl-convert-python')}.js"
    if not kept.is_file():
        made = str(vl_convert.javascript_bundle(_SNIPPET))
        write_text(kept, made.replace("</script", "<\\/script"))
    return kept.read_text(encoding="utf-8")


def _sha(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
