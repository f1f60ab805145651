"""Charts of figures in Vega-Lite: what was declared becomes a specification; nothing is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mesh_defs.ports.documents.figures import Figures

# Colours that people with any of the usual colour blindnesses tell apart (Okabe and Ito's).
PALETTE = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000"]
_TYPES = {"number": "quantitative", "time": "temporal", "text": "nominal"}
_STEP = 26
_FEW = 8


def chart_of(
    figures: Figures,
    report: Sequence[Figures],
    width: int | str,
    font: str,
    adds_up: bool = False,
) -> dict[str, Any]:
    """`adds_up`: figures of one place on the chart are summed, as a filter leaves them. A value has
    the same colour in the whole report.
    """
    chart = figures.section.chart
    assert chart
    kinds = dict(zip(figures.columns, figures.kinds, strict=True))
    values = figures.plain
    measure = next((name for name in (chart.y, chart.x) if kinds[name] == "number"), None)
    encoding: dict[str, Any] = {
        "x": _axis(chart.x, figures, adds_up and chart.x == measure),
        "y": _axis(chart.y, figures, adds_up and chart.y == measure),
    }
    if chart.colour:
        order = _colours(figures, report)
        encoding["color"] = {
            "field": _escaped(chart.colour), "type": "nominal", "title": chart.colour,
            "scale": {"domain": order}, "legend": {"orient": "bottom", "columns": 6},
        }  # fmt: skip
        encoding["order"] = {"field": "__order", "type": "quantitative"}
        if adds_up:  # all rows of a colour have the same place in the order
            encoding["order"]["aggregate"] = "min"
        values = [{**row, "__order": order.index(row[chart.colour])} for row in values]
    encoding["tooltip"] = [
        {k: v for k, v in part.items() if k in ("field", "type", "title", "aggregate")}
        for name, part in encoding.items()
        if name != "order"
    ]
    mark: dict[str, Any] = {"type": chart.kind}
    if chart.kind == "line":
        mark |= {"point": True, "strokeWidth": 2}
    if chart.kind == "point":
        mark |= {"filled": True, "size": 70}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": chart.alt,
        "width": width,
        "height": {"step": _STEP} if kinds[chart.y] == "text" else 220,
        "data": {"name": "figures", "values": values},
        "mark": mark,
        "encoding": encoding,
        "config": _config(font),
    }


def _axis(name: str, figures: Figures, adds_up: bool) -> dict[str, Any]:
    kind = figures.kinds[figures.columns.index(name)]
    found: dict[str, Any] = {"field": _escaped(name), "type": _TYPES[kind], "title": name}
    if kind == "text":  # in the query's order, and in their places whatever is filtered
        found["sort"] = None
        found["scale"] = {"domain": _values(name, figures)}
        found["axis"] = {"labelAngle": 0, "grid": False}
    if kind == "number":
        found["axis"] = {"tickCount": 8}
    if kind == "time":
        found["scale"] = {"type": "utc"}
        found["axis"] = {"format": "%Y-%m-%d", "labelOverlap": True}
        if len(moments := _values(name, figures)) <= _FEW:
            found["axis"]["values"] = moments
    if adds_up:
        found["aggregate"] = "sum"
    return found


def _colours(figures: Figures, report: Sequence[Figures]) -> list[Any]:
    """The values that have a colour, in the same order wherever the column is shown."""
    chart = figures.section.chart
    assert chart
    name = chart.colour or ""
    kind = figures.kinds[figures.columns.index(name)]
    like = [f for f in report if name in f.columns and f.kinds[f.columns.index(name)] == kind]
    values = dict.fromkeys(value for each in like for value in _values(name, each))
    return [
        *(v for v in chart.colours if v in values),
        *(v for v in values if v not in chart.colours),
    ]


def _values(name: str, figures: Figures) -> list[Any]:
    return list(dict.fromkeys(row[name] for row in figures.plain))


def _escaped(name: str) -> str:
    """Vega takes dots and brackets in a field's name for ways into it."""
    return "".join(f"\\{c}" if c in ".[]\\'\"" else c for c in name)


def _config(font: str) -> dict[str, Any]:
    return {
        "font": font,
        "background": "transparent",
        "view": {"stroke": None},
        "range": {"category": PALETTE},
        "mark": {"color": PALETTE[0]},
        "axis": {
            "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
            "titlePadding": 8, "gridColor": "#e3e6ea", "domainColor": "#9aa3ad",
            "tickColor": "#9aa3ad", "labelColor": "#333", "titleColor": "#333",
            "labelLimit": 220,
        },
        "legend": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"},
    }  # fmt: skip
