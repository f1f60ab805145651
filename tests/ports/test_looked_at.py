"""A report and a dashboard as people see them: pictures, a real browser, and nothing from outside.

After a change that is meant to be seen: `GOLDEN=write python -m pytest -k as_it_did` writes the
pictures anew; look at them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PIL import Image, ImageChops, ImageStat

from tests.ports.document_labs import DashboardLab, DocumentLab, PdfLab
from tests.ui.chromium import Page, browser

LabOfDocuments = TypeVar("LabOfDocuments", bound=DocumentLab)

GOLDEN = Path(__file__).with_name("golden")
ROWS = """
select (d * 4 + c)::bigint as order_id, date '2024-05-01' + d::integer as day,
    (c + 1) * (d + 2) * 100 as cents
from range(0, 4) t(d), range(0, 3) u(c)
"""
SECTIONS: list[dict[str, Any]] = [
    {
        "title": "Sold each day",
        "text": "In cents, by size.",
        "query": "select day::text as \"Day\", case when cents > 600 then 'large' else 'small' end "
        'as "Size", sum(cents) as "Cents" from orders group by all order by "Day", "Size"',
        "chart": {"kind": "bar", "x": "Cents", "y": "Day", "colour": "Size",
                  "alt": "Bars of what was sold each day, parted by size."},
    },
    {
        "title": "Over time",
        "query": 'select day as "Day", sum(cents) as "Cents" from orders group by day order by day',
        "chart": {"kind": "line", "x": "Day", "y": "Cents", "alt": "A line that rises."},
    },
    {
        "title": "In short",
        "query": 'select count(*) as "Orders", sum(cents) as "Cents" from orders',
    },
]  # fmt: skip


def published(lab: LabOfDocuments, **more: Any) -> LabOfDocuments:
    lab.build()
    lab.report(title="What was sold", text="A report for tests.", sections=SECTIONS, **more)
    lab.publish(ROWS)
    return lab


@pytest.fixture
def dashboard(tmp_path: Path) -> DashboardLab:
    return published(DashboardLab(tmp_path / "mesh"), filters=["Size"])


@pytest.fixture
def page(dashboard: DashboardLab, tmp_path: Path) -> Iterator[Page]:
    with browser(tmp_path / "profile", 1000, 1500) as page:
        page.open(dashboard.path.as_uri())
        page.await_true("document.body && document.body.dataset.shown === 'all'")
        yield page


def distance(picture: Image.Image, name: str) -> float:
    """How far a picture is from the one that was looked at: the mean over its points, of 255, after
    both were made small, so that another font's edges count little."""
    path = GOLDEN / f"{name}.png"
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        picture.convert("RGB").quantize(64).save(path, optimize=True)
    wanted = Image.open(path).convert("RGB")
    size = (wanted.width // 8, wanted.height // 8)
    mine = picture.convert("RGB").resize(size, Image.Resampling.BOX)
    differences = ImageChops.difference(mine, wanted.resize(size, Image.Resampling.BOX))
    return max(ImageStat.Stat(differences).mean)


def seen(page: Page, tmp_path: Path) -> Image.Image:
    page.screenshot(tmp_path / "seen.png")
    return Image.open(io.BytesIO((tmp_path / "seen.png").read_bytes()))


BARS = "document.querySelectorAll('#chart-0 [aria-roledescription=bar]')"


def test_the_dashboard_looks_as_it_did(page: Page, tmp_path: Path) -> None:
    assert distance(seen(page, tmp_path), "dashboard") < 4


def test_a_filter_changes_the_charts_that_follow_it_and_their_tables(
    page: Page, tmp_path: Path
) -> None:
    assert page.evaluate(f"{BARS}.length") == 7
    choose(page, "small")
    page.await_true("document.body.dataset.shown === 'Size: small'")
    assert page.evaluate(f"{BARS}.length") == 4
    assert page.evaluate("document.querySelectorAll('#chart-1 svg').length") == 1
    assert "Shown for Size: small." in page.text()
    rows = "[...document.querySelectorAll('#table-0 tbody tr')].filter(r => !r.hidden)"
    assert (
        page.evaluate(f"{rows}.map(r => r.cells[1].textContent).join()") == "small," * 3 + "small"
    )
    assert page.evaluate("document.querySelectorAll('#table-2 tbody tr[hidden]').length") == 0
    assert distance(seen(page, tmp_path), "dashboard") > 0.5, "the pictures are told apart"
    page.evaluate("document.querySelector('form').reset()")
    page.await_true("document.body.dataset.shown === 'all'")
    assert page.evaluate(f"{BARS}.length") == 7


def choose(page: Page, value: str) -> None:
    page.evaluate(
        f"(() => {{ const s = document.querySelector('select'); s.value = '{value}'; "
        "s.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )


def test_the_page_fetches_nothing_and_lets_nothing_in(dashboard: DashboardLab, page: Page) -> None:
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    policy = page.evaluate("document.querySelector('meta[http-equiv]').content")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    injected = "(() => { const s = document.createElement('script'); s.text = 'window.in = 1'; "
    page.evaluate(f"{injected} document.body.append(s); }})()")
    assert page.evaluate("window.in === undefined"), "another script does not run"


def test_what_a_screen_reader_is_told(page: Page) -> None:
    """Headings in order, a name for each chart, control and table, a language, a title."""
    tree = page.send("Accessibility.getFullAXTree")["nodes"]
    said = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree
        if not node["ignored"]
    ]
    assert [name for role, name in said if role == "heading"] == [
        "What was sold", "Sold each day", "Over time", "In short",
    ]  # fmt: skip
    pictures = {name for role, name in said if role in ("img", "image", "graphics-document")}
    assert {"Bars of what was sold each day, parted by size.", "A line that rises."} <= pictures
    assert ("combobox", "Size") in said
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.title") == "What was sold"


def test_without_scripts_there_are_the_tables(dashboard: DashboardLab, tmp_path: Path) -> None:
    with browser(tmp_path / "profile", 1000, 1500) as page:
        page.send("Emulation.setScriptExecutionDisabled", value=True)
        page.open(dashboard.path.as_uri())
        text = page.await_text("In short", seconds=20)
    assert "2024-05-01\tsmall\t1,200" in text
    assert "12\t8,400" in text


def test_the_report_looks_as_it_did(tmp_path: Path) -> None:
    import pypdfium2

    lab = published(PdfLab(tmp_path / "mesh"))
    pages = pypdfium2.PdfDocument(io.BytesIO(lab.path.read_bytes()))
    assert len(pages) == 2
    for number in range(len(pages)):
        picture = pages[number].render(scale=1).to_pil()
        assert distance(picture, f"report-{number + 1}") < 1
