"""What a person sees in the UI, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.reaction import ended, launch
from tests.ui.chromium import Page, browser, found
from tests.ui.serving import Served

pytestmark = pytest.mark.slow

_GROUPS = """[...document.querySelectorAll('foreignObject.group')].map(e => ({
  name: e.firstElementChild.innerText.trim().split('\\n')[0],
  left: +e.getAttribute('x'), right: +e.getAttribute('x') + +e.getAttribute('width')}))"""
_EDGES = """[...document.querySelectorAll('path[marker-end]')].map(e => {
  const at = e.getPointAtLength.bind(e)
  return {from: at(0).x, to: at(e.getTotalLength()).x}})"""


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    if not found():
        assert os.environ.get("MESH_BROWSER_REQUIRED") != "1", "chromium is required and not here"
        pytest.skip("no chromium here")
    with browser(tmp_path / "profile") as tab:
        yield tab


def test_draws_lineage_across_domains(ui: Served, page: Page) -> None:
    page.open(f"{ui.url}/asset-groups")
    page.await_true(f"{_GROUPS}.length == 3 && document.querySelector('path[marker-end]') != null")
    groups = {g["name"]: g for g in page.evaluate(_GROUPS)}
    assert set(groups) == {"shop", "insight", "mesh"}
    edges = page.evaluate(_EDGES)
    assert len(edges) == 1
    assert abs(edges[0]["from"] - groups["shop"]["right"]) < 20
    assert abs(edges[0]["to"] - groups["insight"]["left"]) < 20


def test_shows_where_a_product_comes_from_in_the_other_domain(ui: Served, page: Page) -> None:
    product = f"{ui.url}/assets/insight/products/best_day"
    page.open(f"{product}?view=lineage&lineageScope=upstream&lineageDepth=5")
    page.await_text("shop", "insight", "orders", "best_day")
    page.await_true("document.querySelectorAll('path').length > 0")


def test_a_products_page_shows_owner_schema_and_checks(ui: Served, page: Page) -> None:
    assert ended(ui.url, "shop", launch(ui.url, "shop")) == "SUCCESS"
    page.open(f"{ui.url}/assets/shop/products/orders")
    told = ("Owners", "Columns", "order_id", "The order's number.", "confidential")
    text = page.await_text(*told, "Row count", "rules_passed", "contract", "insight / best_day")
    assert text.partition("Owners")[2].split()[0] == "shop"
    page.open(f"{ui.url}/assets/shop/products/orders?view=checks")
    page.await_text("Checks (", "order_id__required", "orders__primaryKey", "not_empty")
