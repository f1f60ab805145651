"""A mesh made on BigQuery comes to what it comes to on DuckDB: verdicts, snapshots, rows.

The same files, command by command, on both. The judge of BigQuery is an emulator.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from tests.emulator.running import Emulator
from tests.scenarios.both_engines import Both, OnBigQuery, OnDuckDB, Rows
from tests.tiny_mesh import ORDERS, build

pytestmark = pytest.mark.slow

PREFIX = "tiny"
MORE = ORDERS + "4,2024-05-03,700\n5,2024-05-03,700\n"
# In words that both engines have.
MODELS = {
    "shop/models/days": "select day, cast(sum(cents) as {{ dbt.type_bigint() }}) as cents"
    " from {{ source('landing', 'orders') }} group by day",
    "insight/models/best_day": "select day, cast(sum(cents) as {{ dbt.type_bigint() }}) as cents"
    " from {{ source('shop', 'orders') }} group by day order by cents desc limit 1",
}
PRODUCTS = {"shop.orders": "order_id, day, cents", "shop.days": "day, cents",
            "insight.best_day": "day, cents"}  # fmt: skip


@dataclass
class Tiny(Both):
    def feed(self, orders: str) -> None:
        (self.here.root / "data" / "orders.csv").write_text(orders, encoding="utf-8")

    def agree(self) -> None:
        """Verdicts, what is listed, and rows are the same; of times and names of runs none are."""
        for product in PRODUCTS:
            assert self.here.verdicts(product) == self.there.verdicts(product), product
            here, there = (_rows(engine, product) for engine in (self.here, self.there))
            assert here == there, product
        self.agree_on_lists()


def _rows(engine: OnDuckDB | OnBigQuery, product: str) -> Rows:
    return sorted(engine.rows(product, PRODUCTS[product]))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[Tiny]:
    folder = tmp_path_factory.mktemp("on-bigquery")
    root = build(folder / "mesh").root
    for place, sql in MODELS.items():
        (root / "dbt_projects" / f"{place}.sql").write_text(f"{sql}\n", encoding="utf-8")
    said = root / "domains/shop/domain.yaml"
    said.write_text(said.read_text() + "budget: {model: 10 GB, audit: 1 GB}\n", encoding="utf-8")
    yield Tiny(
        OnDuckDB(root, folder / "here"),
        OnBigQuery(root, folder / "there", emulator=emulator, prefix=PREFIX),
    )
    shutil.rmtree(folder)


def test_it_is_published_as_on_duckdb(both: Tiny) -> None:
    here, there = both.run()
    assert set(here.statuses.values()) == {"published"}
    assert there.statuses == here.statuses, there
    assert _rows(both.there, "shop.orders")
    both.agree()


def test_its_jobs_say_whose_they_are_and_keep_to_the_budget(both: Tiny) -> None:
    assert both.there.emulator
    jobs = [j for j in both.there.emulator.client.list_jobs() if j.job_type == "query"]
    mine = {"mesh_prefix": PREFIX, "mesh_domain": "shop"}
    labelled = [j.labels for j in jobs if mine.items() <= j.labels.items()]
    assert {"orders", "days"} <= {labels.get("mesh_product") for labels in labelled}
    assert all(labels["mesh_run"] for labels in labelled)
    # dbt's own among them, of models that hold a product's rows and of tests that hold none.
    built = [labels for labels in labelled if "dbt_invocation_id" in labels]
    assert {("days", "days"), ("orders", "orders")} <= {
        (labels.get("mesh_model"), labels.get("mesh_product")) for labels in built
    }
    runs = {labels["mesh_run"] for labels in labelled if "dbt_invocation_id" not in labels}
    assert {labels["mesh_run"] for labels in built} == runs
    limited = {getattr(job, "maximum_bytes_billed", None) for job in jobs}
    assert 10_000_000_000 in limited, "no query of dbt's has the budget of a model"


def test_what_it_took_is_told_by_product_and_by_consumer(both: Tiny) -> None:
    assert both.there.emulator
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    said = both.there.mesh("cost", "--since", str(yesterday), "--json")
    assert said.code == 0, said
    kinds = {(m["product"], m["kind"]) for m in said.json["made"] if m["domain"] == "shop"}
    assert kinds >= {("shop.orders", k) for k in ("model", "audit", "publication")}
    assert {(None, "load")} <= kinds
    assert said.json["total"]["jobs"] == len(list(both.there.emulator.client.list_jobs()))
    consumed = {(r["consumer"], p["product"], p["version"])
                for r in said.json["read"] for p in r["products"]}  # fmt: skip
    assert ("insight", "shop.orders", 1) in consumed
    owed = {(o["consumer"], o["product"], o["price"], o["amount"]) for o in said.json["owed"]}
    assert owed == {("domain:insight", "shop.orders", "0 EUR month", 0)}


def test_nothing_to_do_is_nothing_done(both: Tiny) -> None:
    jobs = both.there.query("select count(*) from `region-us`.INFORMATION_SCHEMA.JOBS")
    assert set(both.there.run().statuses.values()) == {"unchanged"}
    # The one job more is the question how many there were.
    after = both.there.query("select count(*) from `region-us`.INFORMATION_SCHEMA.JOBS")
    assert after[0][0] - jobs[0][0] == 1


def test_a_failed_contract_leaves_the_snapshot_before(both: Tiny) -> None:
    untouched = ("shop.orders", "insight.best_day")
    before = [_rows(both.there, product) for product in untouched]
    both.feed(MORE + "6,2024-05-03,-5\n")
    here, there = both.run()
    assert there.code == here.code == 1
    assert there.statuses == here.statuses
    assert there.statuses["shop.orders"] == "failed"
    assert both.there.verdicts("shop.orders")["cents.minimum"] == ("failed", 1, 0)
    assert [_rows(both.there, product) for product in untouched] == before
    both.agree()


def test_what_is_mended_is_published_and_reaches_its_consumer(both: Tiny) -> None:
    both.feed(MORE)
    here, there = both.run()
    assert there.statuses == here.statuses
    assert there.statuses["shop.orders"] == there.statuses["insight.best_day"] == "published"
    assert len(_rows(both.there, "shop.orders")) == 5
    both.agree()
    shown = both.there.mesh("show", "insight.best_day", "--json").json
    assert shown["lineage"]["inputs"] == {"shop.orders@1": 1}
    assert [s["snapshot"] for s in shown["history"]] == [1, 0]
    (port,) = shown["ports"]
    assert (port["kind"], port["location"]) == (
        "bigquery", f"local.{PREFIX}_published_insight.best_day_v1",
    )  # fmt: skip


def test_the_snapshot_before_is_what_it_was(both: Tiny) -> None:
    kept = both.there.query(f"select order_id from {PREFIX}_published_shop.orders_v1__0")
    assert sorted(kept) == [(1,), (2,), (3,)]


def test_rows_in_quarantine_are_the_same(both: Tiny) -> None:
    path = both.here.root / "domains/shop/contracts/orders.odcs.yaml"
    contract = yaml.safe_load(path.read_text())
    schema = contract["schema"][0]
    cents = next(p for p in schema["properties"] if p["name"] == "cents")
    cents["customProperties"] = [{"property": "onBreach", "value": "quarantine"}]
    schema["customProperties"] = [{"property": "quarantineBudget", "value": "50%"}]
    path.write_text(yaml.safe_dump(contract, sort_keys=False))
    both.feed(MORE + "6,2024-05-03,-5\n")
    here, there = both.run()
    assert there.statuses == here.statuses
    assert there.statuses["shop.orders"] == "published"
    assert both.there.verdicts("shop.orders")["cents.minimum"] == ("passed", 0, 1)
    assert there.products["shop.orders"]["rows_quarantined"] == 1
    both.agree()
    held = f"select order_id, _rules[offset(0)] from {PREFIX}_quarantine_shop.orders_v1"
    assert both.there.query(held) == [(6, "cents.minimum")]


def test_its_candidate_leaves_nothing_behind(both: Tiny) -> None:
    assert both.there.emulator
    left = [t.table_id for t in both.there.emulator.client.list_tables(f"{PREFIX}_private_shop")]
    assert sorted(left) == ["days", "orders"]


def test_what_reads_files_of_the_lake_says_that_there_are_none(both: Tiny) -> None:
    said = both.there.mesh("query", "select * from shop.orders", "--as", "domain:insight")
    assert said.code != 0
    assert "products are tables there" in said.err
    assert "Traceback" not in said.err
