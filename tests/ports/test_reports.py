"""What a report may declare, which figures it gets, and that they are always the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesh_defs.model import Mesh
from mesh_defs.model.report import Section
from mesh_defs.ports.documents.figures import Figures, Printed, differences, print_of
from mesh_defs.ports.documents.queries import Wrong, query_of, shown_columns
from mesh_defs.ports.kinds import ports_of, problems
from tests.ports.document_labs import REPORT, DashboardLab, PdfLab
from tests.ports.lab import FIRST, Lab

COLUMNS = {"order_id": "restricted", "day": "", "cents": "confidential"}
WRONG = [
    ("select day from orders; select 1", "not one query"),
    ("selec day", "not one query"),
    ("select day from", "can't be read"),
    ("drop table orders", "not one query"),
    ("select 1 as one", "does not read `orders`"),
    ("select day from days", "reads `days`"),
    ("select day from shop.orders", "reads `shop.orders`"),
    ("select o.day from orders as o join customers using (day)", "reads `customers`"),
    ("select * from read_parquet('/etc/x.parquet'), orders", "where only `orders`"),
    ("select * from '/etc/passwd', orders", "where only `orders`"),
    ("with orders as (select 1 as day) select day from orders", "called `orders`"),
    ("select weight from orders", "what the product has not"),
    ("select day, cents as day from orders", "two columns of one name"),
    ("select order_id, cents from orders", "shows `order_id`"),
    ("select max(order_id) as newest from orders", "shows `order_id`"),
    ("select * from orders", "shows `order_id`"),
    ("select day, current_date as today from orders", "another thing each time"),
    ("select day, random() as r from orders", "another thing each time"),
    ("select day, now() as r from orders", "another thing each time"),
    ("select day from (select day from orders order by uuid()) as o", "another thing each time"),
]
RIGHT = [
    ("select day as \"Day\", sum(cents) as c from orders group by day", ["Day", "c"]),
    ("select count(distinct order_id) as orders from orders", ["orders"]),
    ("with d as (select day, cents from orders) select day as Day from d", ["Day"]),
    ("select day from orders union all select day from orders", ["day"]),
    ("from orders select day", ["day"]),
    ("select * exclude (order_id) from orders", ["day", "cents"]),
]  # fmt: skip


@pytest.mark.parametrize(("query", "said"), WRONG)
def test_a_query_that_may_not_be_asked(query: str, said: str) -> None:
    with pytest.raises(Wrong, match=said):
        query_of(query, "orders", COLUMNS)


@pytest.mark.parametrize(("query", "names"), RIGHT)
def test_a_query_and_the_columns_it_gives(query: str, names: list[str]) -> None:
    assert shown_columns(query, "orders", COLUMNS) == names
    query_of(query, "orders", COLUMNS)


@pytest.mark.parametrize(
    ("value", "printed"),
    [(None, "–"), (True, "yes"), (1234567, "1,234,567"), (0.5, "0.5"), ("a\n b", "a b")],  # noqa: RUF001
)
def test_how_a_value_is_printed(value: Any, printed: str) -> None:
    assert print_of(value) == printed


def table(*rows: tuple[str, ...]) -> Printed:
    return Printed("All", ("day", "cents"), rows)


def test_a_document_that_shows_anything_else_is_told_apart() -> None:
    wanted = [table(("1", "10"), ("2", "20"))]
    assert differences(wanted, wanted) == []
    for there, said in [
        (table(("1", "10")), "1 rows, where 2"),
        (table(("1", "10"), ("2", "21")), "column `cents` has other values"),
        (table(("2", "20"), ("1", "10")), "column `day` has other values"),
        (table(("1", "10"), ("2",)), "1 rows that are not whole"),
        (Printed("All", ("day", "euros"), ()), "other columns"),
    ]:
        assert any(said in each for each in differences(wanted, [there])), said
    assert differences(wanted, [])


def section(**said: Any) -> dict[str, Any]:
    return {"title": "Days", "query": "select day, cents from orders", **said}


CHART = {"kind": "bar", "x": "day", "y": "cents", "alt": "Bars."}
DECLARED = [
    # (the report, the kind of port, the field where it is found, what is said)
    ({"sections": []}, "pdf", "sections", ""),
    ({"sections": [section(chart={**CHART, "y": "euros"})]}, "pdf", "sections[0].chart.y",
     "gives no `euros`"),
    ({"sections": [section(chart={"kind": "bar", "x": "day", "y": "cents"})]}, "pdf",
     "sections[0].chart.alt", "required"),
    ({"sections": [section(query="select price from orders")]}, "pdf", "sections[0].query",
     "has not"),
    ({"sections": [section(), section()]}, "pdf", "sections[1].title", "a second section"),
    ({"filters": ["day"], "sections": [section()]}, "pdf", "filters", "paper"),
    ({"filters": ["week"], "sections": [section()]}, "dashboard", "filters[0]", "gives `week`"),
    ({"mailed": "monday", "sections": [section()]}, "dashboard", "mailed", "not mailed"),
    ({"mailed": "sometimes", "sections": [section()]}, "pdf", "mailed", ""),
    ({"colour": "red", "sections": [section()]}, "pdf", "colour", "not a field"),
]  # fmt: skip


@pytest.mark.parametrize(("report", "kind", "field", "said"), DECLARED)
def test_a_report_that_cannot_be_is_found_by_file_and_line(
    report: dict[str, Any], kind: str, field: str, said: str, tmp_path: Path
) -> None:
    lab = {"pdf": PdfLab, "dashboard": DashboardLab}[kind](tmp_path / "mesh")
    lab.build()
    lab.report(title="Orders", **report)
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    (finding,) = problems(port)
    assert (finding.file, finding.field) == (REPORT, field)
    assert finding.line > 0
    assert said in finding.problem
    lab.snapshot(FIRST)
    assert lab.stands.status == "failed"


def test_a_report_that_is_missing_and_one_that_nobody_reads(tmp_path: Path) -> None:
    from mesh_defs.governance.validation import validate

    lab = DashboardLab(tmp_path / "mesh")
    lab.build()
    path = lab.root / REPORT
    path.rename(path.with_name("orders.exits.yaml"))
    found = {f.file: f.problem for f in validate(Mesh.read(lab.root), lab.root)}
    assert "is missing" in found[REPORT]
    assert "nobody reads this file" in found[REPORT.replace("exit", "exits")]


def test_too_many_rows_are_refused(tmp_path: Path) -> None:
    lab = DashboardLab(tmp_path / "mesh")
    lab.build()
    many = FIRST.replace("range(1, 4)", "range(1, 502)")
    lab.snapshot(many)
    assert "gives more than 500 rows" in lab.deliver().error


def hide(contract: dict[str, Any]) -> None:
    contract["schema"][0]["properties"][0]["classification"] = "restricted"


@pytest.mark.parametrize("kind", [DashboardLab, PdfLab])
def test_an_identifier_is_never_shown(kind: type[Lab], tmp_path: Path) -> None:
    lab = kind(tmp_path / "mesh")
    lab.build()
    lab.change(hide)
    lab.snapshot(FIRST)
    assert "shows `order_id`, which is restricted" in lab.deliver().error


@pytest.mark.parametrize("kind", [DashboardLab, PdfLab])
def test_the_same_snapshot_is_the_same_bytes_and_another_report_is_made_anew(
    kind: Any, tmp_path: Path
) -> None:
    lab = kind(tmp_path / "mesh")
    lab.build()
    chart = {"kind": "bar", "x": "cents", "y": "number", "colour": "day", "alt": "Bars of cents."}
    query = (
        "select 'no. ' || order_id as number, day::text as day, cents * 1.5 as cents from orders"
    )
    lab.report(title="Orders", sections=[{"title": "A", "query": query, "chart": chart}])
    made = lab.publish(FIRST)
    first = lab.path.read_bytes()
    document = lab.document()
    again = document.render(
        document._declared,
        document._figures(document._declared, made),
        document.about(made.mark),
    )
    assert again == first
    lab.report(title="Sold", sections=[{"title": "A", "query": query}])
    assert lab.stands.status == "waiting"
    assert lab.deliver().status == "published"
    assert lab.path.read_bytes() != first


CHARTED = {
    "title": "Orders",
    "query": "select 'no. ' || order_id as number, cents from orders",
    "chart": {"kind": "bar", "x": "cents", "y": "number", "alt": "Bars of cents."},
}


def test_a_chart_of_other_figures_than_the_products_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables and charts are two ways to say a figure: one that is right proves nothing of the
    other."""
    from mesh_defs.ports.documents import dashboard

    lab = DashboardLab(tmp_path / "mesh")
    lab.build()
    lab.report(title="Orders", sections=[CHARTED])
    lab.snapshot(FIRST)
    real = dashboard._told

    def wrong(*args: Any) -> dict[str, Any]:
        told = real(*args)
        return {**told, "rows": [{**row, "cents": row["cents"] + 1} for row in told["rows"]]}

    monkeypatch.setattr(dashboard, "_told", wrong)
    told = lab.deliver().to_json()
    assert (told["status"], told["snapshot"], told["verified_at"]) == ("failed", None, None)
    assert "the chart of `Orders` has others" in told["error"]
    assert not lab.path.exists()
    monkeypatch.undo()
    told = lab.deliver().to_json()
    assert (told["status"], told["snapshot"]) == ("published", 0)
    assert told["verified_at"]


def test_values_that_mean_something_to_typst_or_html_are_only_shown(tmp_path: Path) -> None:
    nasty = """#panic() $x$ <script>alert(1)</script> </script> "\\ *a* &amp; ]]"""
    for kind in (PdfLab, DashboardLab):
        lab = kind(tmp_path / kind.__name__)
        lab.build()
        quoted = nasty.replace("'", "''")
        query = f"select '{quoted}' as text, count(*) as n from orders"
        chart = {"kind": "bar", "x": "n", "y": "text", "alt": nasty}
        lab.report(title=nasty, sections=[{"title": nasty, "query": query, "chart": chart}])
        lab.publish(FIRST)
        (shown,) = lab.document().read(lab.path.read_bytes())
        assert shown.rows[0][0] == " ".join(nasty.split())


def test_figures_as_json_can_hold_them() -> None:
    from datetime import date
    from decimal import Decimal

    made = Figures(
        Section(title="A", query="x"), ("a", "b"), ("time", "number"),
        ((date(2024, 5, 1), Decimal("1.50")),),
    )  # fmt: skip
    assert made.plain == [{"a": "2024-05-01", "b": 1.5}]
    assert made.printed.rows == (("2024-05-01", "1.50"),)


def test_the_pdf_says_what_it_is_and_reads_aloud(tmp_path: Path) -> None:
    from pypdf import PdfReader

    lab = PdfLab(tmp_path / "mesh")
    lab.build()
    chart = {"kind": "bar", "x": "cents", "y": "number", "alt": "Bars of cents, one an order."}
    query = "select 'no. ' || order_id as number, cents from orders"
    lab.report(
        title="Bestellungen", language="de",
        sections=[{"title": "A", "query": query, "chart": chart}],
    )  # fmt: skip
    lab.publish(FIRST)
    reader = PdfReader(lab.path)
    root: Any = reader.trailer["/Root"]
    assert reader.metadata is not None
    assert reader.metadata.title == "Bestellungen"
    assert root["/Lang"] == "de"
    assert root["/MarkInfo"]["/Marked"]
    assert "Bars of cents, one an order." in alternatives(root["/StructTreeRoot"])
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert b"pdfuaid" in root["/Metadata"].get_data()
    text = reader.pages[0].extract_text()
    for said in ("shop.orders, version 1.0.0", "0, published 2026-01-01 00:00 UTC",
                 "urn:datacontract:shop.orders"):  # fmt: skip
        assert said in text


def alternatives(node: Any) -> list[str]:
    found = [str(node["/Alt"])] if "/Alt" in node else []
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, list) else [kids]:
        kid = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(kid, dict):
            found += alternatives(kid)
    return found
