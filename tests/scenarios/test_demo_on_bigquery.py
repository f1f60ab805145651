"""The demo's six domains, command by command on both engines, from a part of their data: the same
products stand published, by the same verdicts, with the same rows.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.governance.lineage import remembered
from tests.domains.two_engines import MESH, differences
from tests.emulator.running import Emulator
from tests.ports.document_labs import cells_of_page
from tests.scenarios.both_engines import Both, OnBigQuery, OnDuckDB
from tests.scenarios.story import Said, copy_of_the_demo, raw, write

pytestmark = pytest.mark.slow

PRODUCTS = sorted(map(str, MESH.products))
# The two large sources, so that an emulator can hold them: a household in sixty, and of each
# campaign two that can be measured.
MEMBERS = (
    f"select household_id from '{raw('campaigns')}' where household_id % 60 > 0"
    " qualify row_number() over (partition by campaign_id order by household_id) < 3"
)
PART = {
    "sales__transactions": f"household_id % 60 = 0 or household_id in ({MEMBERS})",
    "marketing__promotions": "product_id % 100 = 0",
}
# What the contracts promise of how much there is.
AMOUNTS = {
    "sales/contracts/purchases": ("OrEqualTo: 1400000", "OrEqualTo: 9000"),
    "sales/contracts/baskets": ("OrEqualTo: 150000", "OrEqualTo: 900"),
    "marketing/contracts/placements": ("placements >= 250000", "placements >= 2500"),
    "assortment/contracts/weekly_category_sales": ("categories >= 100", "categories >= 10"),
    "growth/contracts/household_months": ("OrEqualTo: 28000", "OrEqualTo: 280"),
    "growth/contracts/household_segments": ("OrEqualTo: 2400", "OrEqualTo: 24"),
}  # fmt: skip

# How many households are shown together; of so few, fewer.
FEWEST = ("growth/reports/household_segments.dashboard.yaml", "count(*) >= 5", "count(*) >= 1")

# BigQuery has quantiles as windows only, whose groups enter the formula.
GROUPED = {
    "usual_weeks": ("unusual_weeks", "usual_sales_value"),
    "pump_prices": ("gallon_price_lower", "gallon_price_upper", "gallon_price_is_outlier"),
}

# When a run saw a state of the source.
OWN = {"valid_from", "valid_to"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("demo-on-bigquery")
    root = copy_of_the_demo(folder / "mesh")
    for contract, (whole, part) in AMOUNTS.items():
        path = root / "domains" / f"{contract}.odcs.yaml"
        promised = path.read_text(encoding="utf-8")
        assert promised.count(whole) == 1, contract
        path.write_text(promised.replace(whole, part), encoding="utf-8")
    report, whole, part = FEWEST
    path = root / "domains" / report
    shown = path.read_text(encoding="utf-8")
    assert whole in shown
    path.write_text(shown.replace(whole, part), encoding="utf-8")
    sources = {source: _part(folder, source, which) for source, which in PART.items()}
    yield Both(
        OnDuckDB(root, folder / "here", sources),
        OnBigQuery(root, folder / "there", sources, emulator=emulator, prefix="demo"),
    )
    shutil.rmtree(folder)


def _part(folder: Path, source: str, which: str) -> Path:
    name = source.partition("__")[2]
    said = f"select * from {name} where {which}"
    return write(folder / f"{name}.parquet", said, **{name: raw(name)})


def _why_not(said: Said) -> dict[str, str]:
    return {n: p["reason"] for n, p in said.products.items() if p["status"] != "published"}


def test_every_product_is_published_on_both(demo: Both) -> None:
    here, there = demo.run()
    assert (_why_not(here), _why_not(there)) == ({}, {})
    assert sorted(there.products) == sorted(here.products) == PRODUCTS
    demo.agree_on_lists()


@pytest.mark.parametrize("product", PRODUCTS)
def test_verdicts_and_rows_are_the_same(product: str, demo: Both) -> None:
    assert demo.here.verdicts(product) == demo.there.verdicts(product)
    first = MESH.product(product).contract.objects[0]
    columns = ", ".join(n for p in columns_of(first) if (n := column_of(p)) not in OWN)
    here, there = (engine.rows(product, columns) for engine in (demo.here, demo.there))
    assert here, "nothing is compared"
    assert not differences(here, there)[:3]


@pytest.mark.parametrize("domain", sorted(MESH.domains))
def test_columns_come_from_the_same_columns(domain: str, demo: Both) -> None:
    here, there = (
        remembered(home / "dbt" / domain / "columns.json")
        for home in (demo.here.home, demo.there.home / "bigquery")
    )
    assert here.keys() == there.keys() != set()
    for model, columns in here.items():
        told = dict(there[model])
        for column in GROUPED.get(model, ()):
            assert {*columns[column]} < {*told[column]}
            told[column] = columns[column]
        assert told == columns, model


def _ports(engine: OnDuckDB | OnBigQuery, product: str) -> dict[str, dict[str, Any]]:
    """Those beside where it is published."""
    shown = engine.mesh("show", product, "--json").json
    return {p["name"]: p for p in shown["ports"] if p["kind"] not in ("delta", "bigquery")}


@pytest.mark.parametrize(
    ("product", "port"),
    [
        ("growth.household_segments", "dashboard"),
        ("growth.campaign_uplift", "monday_report"),
        ("growth.household_months", "next_month"),
    ],
)
def test_documents_and_models_are_made_on_both(product: str, port: str, demo: Both) -> None:
    here, there = (_ports(engine, product) for engine in (demo.here, demo.there))
    assert there.keys() == here.keys()
    assert (there[port]["status"], there[port]["error"]) == ("published", "")
    # A model is as good, to the digit, and a document has as many rows.
    assert there[port]["rules"] == here[port]["rules"] != []
    if port == "dashboard":
        shown = [cells_of_page(Path(engine[port]["location"])) for engine in (here, there)]
        assert shown[0] == shown[1]


def test_nothing_to_do_is_nothing_done(demo: Both) -> None:
    assert demo.there.run().statuses == dict.fromkeys(PRODUCTS, "unchanged")
