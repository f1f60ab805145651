"""A report, a dashboard and a model of a million rows: as a port makes them, and by hand.

By hand is what a good engineer would write with the same libraries for the same file: nothing is
read back, no table is laid beside a chart, no card says what a model is. How they are timed, and
ports that hold rows, are in `ports`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from mesh_defs.ports.port import Audited
from mesh_defs.ports.shelved import Made
from mesh_defs.storage.workshop import read_files, tune
from tests.ports.document_labs import DashboardLab, PdfLab, ShelvedLab
from tests.ports.model_lab import OnnxLab

By = tuple[Callable[[], tuple[float, float]], Callable[[], float]]
_QUERY = "select day, sum(cents) as cents, count(*) as orders from {rows} group by day order by day"
_CHART = {"kind": "line", "x": "day", "y": "cents", "alt": "Cents a day"}
_TITLE = "Days"
_TREES = 50


def documents(folder: Path, rows: str) -> Iterator[tuple[str, By]]:
    """Of each kind its name, the port's delivery (seconds, of them of the proof), and by hand."""
    for kind, lab, by_hand in (
        ("report", PdfLab(folder / "report"), _report),
        ("dashboard", DashboardLab(folder / "dashboard"), _dashboard),
        ("model", OnnxLab(folder / "model"), _model),
    ):
        lab.build()
        if isinstance(lab, PdfLab | DashboardLab):
            query = _QUERY.format(rows="orders")
            lab.report(
                title="Orders", sections=[{"title": _TITLE, "query": query, "chart": _CHART}]
            )
        if isinstance(lab, OnnxLab):
            lab.train(estimator={"kind": "hist_gradient_boosting", "iterations": _TREES})
        yield kind, _pair(lab, lab.snapshot(rows), by_hand)


def _pair(lab: ShelvedLab, snapshot: Audited, by_hand: Callable[[Audited, Path], None]) -> By:
    def ours() -> tuple[float, float]:
        port, proving = lab.shelved(), 0.0
        make = port.make

        def timed(audited: Audited) -> Made:
            made = make(audited)

            def prove(folder: Path) -> None:
                nonlocal proving
                started = time.monotonic()
                made.prove(folder)
                proving += time.monotonic() - started

            return Made(made.files, prove)

        port.make = timed  # type: ignore[method-assign]
        with duckdb.connect() as connection:
            started = time.monotonic()
            port.publish(connection, snapshot, lambda rows, shape: None)
            return time.monotonic() - started, proving

    def plain() -> float:
        started = time.monotonic()
        by_hand(snapshot, lab.root / "by_hand")
        return time.monotonic() - started

    return ours, plain


def _asked(snapshot: Audited) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        tune(connection)
        rows = read_files(snapshot.files).sql("duckdb")
        return connection.execute(_QUERY.format(rows=rows)).fetchall()


def _drawn(rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": [{"day": str(d), "cents": int(c), "orders": n} for d, c, n in rows]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "day", "type": "temporal"},
            "y": {"field": "cents", "type": "quantitative"},
        },
    }


def _report(snapshot: Audited, to: Path) -> None:
    import typst
    import vl_convert

    rows = _asked(snapshot)
    cells = ", ".join(f"[{d}], [{c:,}], [{n:,}]" for d, c, n in rows)
    text = (
        f'#set document(title: "Orders")\n= Orders\n== {_TITLE}\n'
        '#figure(image("chart.svg", alt: "Cents a day"), alt: "Cents a day")\n'
        f"#table(columns: 3, table.header([day], [cents], [orders]), {cells})\n"
    )
    parts = {"main": text.encode(), "chart.svg": vl_convert.vegalite_to_svg(_drawn(rows)).encode()}
    setting: Any = typst.compile
    made = setting(parts, ignore_system_fonts=True, pdf_standards=["ua-1"])
    to.with_suffix(".pdf").write_bytes(made)


def _dashboard(snapshot: Audited, to: Path) -> None:
    import vl_convert

    made = vl_convert.vegalite_to_html(_drawn(_asked(snapshot)), bundle=True)
    to.with_suffix(".html").write_text(made)


def _model(snapshot: Audited, to: Path) -> None:
    """The same rows held out, the same estimator, its figures on what was held out, and ONNX."""
    import numpy as np
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.metrics import mean_absolute_error, r2_score

    with duckdb.connect() as connection:
        tune(connection)
        rows = read_files(snapshot.files).sql("duckdb")
        found = connection.execute(
            f"select order_id, cents, hash(order_id) % 100 < 30 as held from {rows} "
            "where cents is not null order by order_id, cents"
        ).fetchnumpy()
    features, target, held = (found[name] for name in ("order_id", "cents", "held"))
    features = features.astype(np.float32).reshape(-1, 1)
    model = HistGradientBoostingRegressor(max_iter=_TREES, early_stopping=False)
    model.fit(features[~held], target[~held])
    said = model.predict(features[held])
    figures = {"r2": r2_score(target[held], said), "mae": mean_absolute_error(target[held], said)}
    takes = [("order_id", FloatTensorType([None, 1]))]
    made = convert_sklearn(model, "orders", takes, target_opset=21)
    to.with_suffix(".onnx").write_bytes(made.SerializeToString())
    to.with_suffix(".json").write_text(json.dumps({n: float(v) for n, v in figures.items()}))
