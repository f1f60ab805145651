"""The tills send a bad batch: the right rule says so, readers keep the good one, a good one mends.

The batches are the real year with a few rows spoilt. Whether a rule counts right is judged by how
many rows were spoilt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.scenarios.story import Said, Story, raw

pytestmark = pytest.mark.slow

PURCHASES, BASKETS = "sales.purchases", "sales.baskets"
CONSUMERS = {
    "assortment.weekly_category_sales": "sum(sales_value)",
    "growth.campaign_uplift": "sum(redeemers)",
    "growth.household_months": "sum(spend)",
    "growth.household_segments": "sum(spend)",
}
LINES = 1_469_307


@dataclass(frozen=True)
class Batch:
    """The year's transactions, spoilt by SQL over `good`."""

    told: str
    sql: str
    rule: str
    rows: int | None


def _spoilt(column: str, value: str, rows: int) -> str:
    """The first lines of the file, by its own order, with another value in a column."""
    return (
        f"SELECT * EXCLUDE (file_row_number) REPLACE (CASE WHEN file_row_number < {rows} "
        f"THEN {value} ELSE {column} END AS {column}) FROM good"
    )


GOOD = "SELECT * EXCLUDE (file_row_number) FROM good"
BATCHES = [
    Batch("null keys", _spoilt("basket_id", "NULL", 7), "basket_id.required", 7),
    Batch("no household", _spoilt("household_id", "NULL", 5), "household_key.required", 5),
    Batch("negative quantities", _spoilt("quantity", "-1", 178), "quantity.minimum", 178),
    Batch(
        "unknown articles", _spoilt("product_id", "9999999999", 20_000), "article_is_known", None
    ),
    Batch(
        "a line twice",
        f"{GOOD} UNION ALL {GOOD} WHERE file_row_number = 41",
        "purchases.primaryKey",
        1,
    ),
    Batch("a cut-off file", f"{GOOD} WHERE file_row_number < 1000", "year_is_complete", None),
]
WITHOUT = "SELECT * EXCLUDE (quantity, file_row_number)"
SHAPES = [
    Batch("a dropped column", f"{WITHOUT} FROM good", "quantity", None),
    Batch("a renamed column", f"{WITHOUT}, quantity AS qty FROM good", "quantity", None),
    Batch(
        "a column of text", f"{WITHOUT}, 'q' || quantity AS quantity FROM good", "quantity", None
    ),
]


@dataclass(frozen=True)
class Mesh:
    """The demo, published; what its readers got then, and a folder for batches."""

    story: Story
    folder: Path
    answers: dict[str, Any]
    listed: dict[str, dict[str, Any]]

    def fed(self, batch: Batch | None) -> Story:
        path, raw_transactions = self.folder / "batch.parquet", raw("transactions")
        source = raw_transactions if batch is None else path
        if batch is not None:
            with duckdb.connect() as connection:
                good = f"read_parquet('{raw_transactions}', file_row_number = true)"
                connection.execute(f"CREATE VIEW good AS FROM {good}")
                connection.execute(f"COPY ({batch.sql}) TO '{path}' (FORMAT parquet)")
        return self.story.feeding(sales__transactions=source)

    def read(self) -> dict[str, Any]:
        return _answers(self.story)


def _answers(story: Story) -> dict[str, Any]:
    wanted = {PURCHASES: "sum(sales_value)", BASKETS: "count(*)", **CONSUMERS}
    sql = " UNION ALL ".join(
        f"SELECT '{product}' AS product, count(*) AS n, CAST({total} AS DOUBLE) AS total "
        f"FROM {product}"
        for product, total in wanted.items()
    )
    return {row["product"]: (row["n"], round(row["total"], 2)) for row in story.ask(sql)}


@pytest.fixture(scope="module")
def mesh(published_demo: Story, tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    assert published_demo.run().code == 0
    folder = tmp_path_factory.mktemp("batches")
    return Mesh(published_demo, folder, _answers(published_demo), published_demo.listed())


def stands(mesh: Mesh) -> None:
    """Every reader gets what it got before the bad batch."""
    assert mesh.read() == mesh.answers
    assert mesh.story.listed() == mesh.listed


@pytest.mark.parametrize("batch", BATCHES, ids=lambda b: b.told)
def test_a_bad_batch_fails_its_rule_and_nobody_reads_it(mesh: Mesh, batch: Batch) -> None:
    said = mesh.fed(batch).run("sales")
    assert said.code == 1
    assert said.statuses == {PURCHASES: "failed", BASKETS: "skipped"}
    assert said.products[BASKETS]["reason"] == "rests on purchases, which was not published"
    reason = said.products[PURCHASES]["reason"]
    assert f"  {batch.rule}: promised " in reason, reason
    failed = verdict(mesh.story, batch.rule)
    assert (failed["outcome"], failed["severity"]) == ("failed", "error")
    if batch.rows is not None:
        assert failed["failing"] == batch.rows
        assert len(failed["examples"]) == min(batch.rows, 3)
    stands(mesh)


def verdict(story: Story, rule: str) -> dict[str, Any]:
    audit = story.mesh("show", PURCHASES, "--json").json["audit"]
    (found,) = (v for v in audit["verdicts"] if v["rule"] == rule)
    return dict(found)


@pytest.mark.parametrize("batch", SHAPES, ids=lambda b: b.told)
def test_a_batch_of_another_shape_is_refused_as_it_lands(mesh: Mesh, batch: Batch) -> None:
    said = mesh.fed(batch).run("sales")
    assert said.code == 1
    assert set(said.statuses.values()) == {"failed"}
    reason = said.products[PURCHASES]["reason"]
    assert "transactions.columns" in reason
    assert f"`{batch.rule}`" in reason, reason
    stands(mesh)


def test_consumers_go_on_with_the_good_snapshot_and_the_next_good_batch_mends(mesh: Mesh) -> None:
    bad = mesh.fed(BATCHES[2])
    assert bad.run("sales").code == 1
    said = bad.run("--force", "growth", "assortment")
    assert said.code == 0, "consumers run on what stands"
    assert mesh.read() == mesh.answers
    said = mesh.fed(None).run()
    assert said.code == 0, said.err
    assert said.statuses[PURCHASES] == said.statuses[BASKETS] == "published"
    assert published(said) >= set(CONSUMERS), "a new snapshot of theirs"
    assert mesh.read() == mesh.answers
    assert said.products[PURCHASES]["rows"] == LINES
    again = mesh.fed(None).run()
    assert set(again.statuses.values()) == {"unchanged"}


def published(said: Said) -> set[str]:
    return {name for name, status in said.statuses.items() if status == "published"}
