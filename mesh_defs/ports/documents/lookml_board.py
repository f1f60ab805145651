"""A report as a dashboard of Looker, as plain data: a tile a section; no view, no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

from mesh_defs.model.report import Report
from mesh_defs.ports.documents.lookml import Shown, field_of, measure_of, total_of

_WIDTH, _HEIGHT = 24, 8


def dashboard(
    name: str, model: str, report: Report, sections: Mapping[str, Shown]
) -> list[dict[str, Any]]:
    """A tile for each section, one below the other, as the report has them."""
    filters, elements = [], []
    for filtered in report.filters:
        first = next(v for v, s in sections.items() if filtered in s.figures.columns)
        filters.append(
            {"name": filtered, "title": filtered, "type": "field_filter", "model": model,
             "explore": first, "field": field_of(first, sections[first], filtered),
             "default_value": "", "allow_multiple_values": True, "required": False}
        )  # fmt: skip
    for n, (view, shown) in enumerate(sections.items()):
        elements.append(
            {"name": view, "model": model, "explore": view, **_tile(view, shown, report.filters),
             "row": n * _HEIGHT, "col": 0, "width": _WIDTH, "height": _HEIGHT}
        )  # fmt: skip
    return [
        {"dashboard": name, "title": report.title, "description": " ".join(report.text.split()),
         "layout": "newspaper", "preferred_viewer": "dashboards-next",
         "filters": filters, "elements": elements}
    ]  # fmt: skip


def _tile(view: str, shown: Shown, filters: Sequence[str]) -> dict[str, Any]:
    figures, section = shown.figures, shown.figures.section
    chart, measured = section.chart, measure_of(figures)
    tile: dict[str, Any] = {"title": section.title}
    if chart and measured:
        across = chart.x if measured == chart.y else chart.y
        total = f"{view}.{total_of(shown)}"
        by = [field_of(view, shown, n) for n in dict.fromkeys((across, chart.colour)) if n]
        upright = measured == chart.y
        kind = {"bar": "looker_column" if upright else "looker_bar", "line": "looker_line",
                "point": "looker_scatter"}[chart.kind]  # fmt: skip
        tile |= {"type": kind, "fields": [*by, total]}
        if chart.colour and chart.colour != across:
            tile |= {"pivots": [field_of(view, shown, chart.colour)]}
        tile |= {"stacking": "normal"} if chart.kind == "bar" else {}
        usable = {across: by[0], measured: total}
    else:
        usable = {n: field_of(view, shown, n) for n in figures.columns}
        tile |= {"type": "looker_grid", "fields": list(usable.values())}
    tile["sorts"] = _sorts(shown, usable)
    words = section.text if not chart else f"{section.text} {chart.alt}"
    if words.strip():
        tile |= {"note_text": " ".join(words.split()), "note_display": "above",
                 "note_state": "expanded"}  # fmt: skip
    tile["listen"] = {n: field_of(view, shown, n) for n in filters if n in figures.columns}
    return tile


def _sorts(shown: Shown, usable: Mapping[str, str]) -> list[str]:
    """The query's order, where it goes by columns that the tile has; else by its first."""
    query = sqlglot.parse_one(shown.figures.section.query, read="duckdb")
    order, columns = query.args.get("order"), shown.figures.columns
    spelled = {c.lower(): c for c in columns}
    found = []
    for ordered in order.expressions if order else ():
        by = ordered.this
        name = spelled.get(by.name.lower()) if isinstance(by, exp.Column) else None
        if isinstance(by, exp.Literal) and by.is_int and 0 < int(by.this) <= len(columns):
            name = columns[int(by.this) - 1]
        if name is None or name not in usable:
            break
        found.append(f"{usable[name]}{' desc' if ordered.args.get('desc') else ''}")
    return found or [next(iter(usable.values()))]
