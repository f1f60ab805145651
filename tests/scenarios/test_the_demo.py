"""The whole demo as the command tells it: what stands, a second run, runs at the same time.

That its figures are those of the raw files is in test_demo_facts.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.scenarios.story import Story

pytestmark = pytest.mark.slow

PRODUCTS = {
    "catalog": {"articles", "articles_history"},
    "customers": {"households"},
    "marketing": {"campaigns", "placements", "redemptions"},
    "sales": {"baskets", "purchases"},
    "assortment": {"weekly_category_sales"},
    "growth": {"campaign_uplift", "household_months", "household_segments"},
}
NAMES = {f"{domain}.{product}" for domain, of in PRODUCTS.items() for product in of}


def test_list_says_what_stands(demo: Story) -> None:
    found = {p["product"]: p for p in demo.mesh("list", "--json").json}
    assert set(found) == NAMES
    for name, product in found.items():
        assert product["domain"] == name.partition(".")[0]
        contract = demo.root / "domains" / name.replace(".", "/contracts/")
        promised = yaml.safe_load(contract.with_suffix(".odcs.yaml").read_text())["version"]
        assert (product["version"], product["rules_failed"]) == (promised, 0)
        assert product["rules_passed"] > 10
        assert product["published_at"]
        assert product["rows"] == demo.ask(f"select count(*) as n from {name}")[0]["n"]


def test_a_second_run_has_nothing_to_do(demo: Story) -> None:
    before = demo.listed()
    said = demo.run()
    assert said.code == 0
    assert said.statuses == dict.fromkeys(NAMES, "unchanged")
    assert demo.listed() == before


def test_two_runs_at_once_meet_nowhere(demo: Story) -> None:
    """Two of different domains, and two of the same: each ends well, if need be after another."""
    before, listed = facts(demo), demo.listed()
    runs = [
        demo.start("run", "--json", "--force", domain)
        for domain in ("customers", "catalog", "catalog")
    ]
    for run in runs:
        out, err = run.communicate(timeout=300)
        assert run.returncode == 0, out + err
    assert facts(demo) == before
    newer = {n: p["snapshot"] - listed[n]["snapshot"] for n, p in demo.listed().items()}
    assert (newer["customers.households"], newer["catalog.articles"]) == (1, 2)


def facts(story: Story) -> dict[str, Any]:
    """What readers get, whichever snapshot they read."""
    sql = " union all ".join(
        f"select '{name}' as product, count(*) as n, bit_xor(hash(t))::varchar as content "
        f"from {name} as t"
        for name in sorted(NAMES - {"marketing.placements"})
    )
    return {row["product"]: (row["n"], row["content"]) for row in story.ask(sql)}
