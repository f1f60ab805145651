"""Facts of the demo against plain SQL on the raw files, and against the numbers known of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.story import Story, raw, rows

pytestmark = pytest.mark.slow

RAW = {
    name: raw(name)
    for name in (
        "transactions", "products", "demographics", "campaigns", "campaign_descriptions",
        "coupon_redemptions", "promotions",
    )
}  # fmt: skip
# Each fact: plain SQL on the raw files, the same asked of the products, and the number itself
# where it is known from elsewhere (the package's own README).
FACTS: dict[str, tuple[str, str, int | None]] = {
    "a purchase is a line of the log": (
        "select count(*) from transactions", "select count(*) from sales.purchases", 1_469_307),
    "every dollar is there": (
        "select sum(round(sales_value, 2)::decimal(18, 2)) from transactions",
        "select sum(sales_value) from sales.purchases", None),
    "every piece is there": (
        "select sum(quantity) from transactions", "select sum(quantity) from sales.purchases",
        None),
    "a basket is a receipt": (
        "select count(distinct basket_id) from transactions",
        "select count(*) from sales.baskets", 155_848),
    "a basket has all its dollars": (
        "select sum(round(sales_value, 2)::decimal(18, 2)) from transactions",
        "select sum(sales_value) from sales.baskets", None),
    "a basket is somebody's": (
        "select count(distinct household_id) from transactions",
        "select count(distinct household_key) from sales.baskets", 2_469),
    "an article is a product": (
        "select count(distinct product_id) from products",
        "select count(*) from catalog.articles", 92_331),
    "no article has changed yet": (
        "select count(*) from products", "select count(*) from catalog.articles_history", 92_331),
    "a household answered the survey": (
        "select count(*) from demographics", "select count(*) from customers.households", 801),
    "a campaign is in the calendar": (
        "select count(*) from campaign_descriptions", "select count(*) from marketing.campaigns",
        27),
    "a mailing reached somebody": (
        "select count(*) from campaigns", "select sum(len(audience)) from marketing.campaigns",
        6_589),
    "a redemption is a coupon used": (
        "select count(*) from coupon_redemptions", "select count(*) from marketing.redemptions",
        2_102),
    "a placement has all its rows of the feed": (
        "select count(*) from promotions", "select sum(feed_rows) from marketing.placements",
        20_940_529),
    "a placement is an article, a shop, a week": (
        "select count(*) from (select distinct product_id, store_id, week from promotions)",
        "select count(*) from marketing.placements", 20_927_744),
    "category weeks hold every line": (
        "select count(*) from transactions",
        "select sum(lines) from assortment.weekly_category_sales", 1_469_307),
    "category weeks hold every dollar": (
        "select sum(round(sales_value, 2)::decimal(18, 2)) from transactions",
        "select sum(sales_value) from assortment.weekly_category_sales", None),
    "category weeks hold every discount": (
        "select sum(round(retail_disc, 2)::decimal(18, 2)) from transactions",
        "select sum(loyalty_discount) from assortment.weekly_category_sales", None),
    "a category week is a category in a week": (
        "select count(*) from (select distinct week, coalesce(department, '?'),"
        " coalesce(product_category, '?'), products.product_id is null"
        " from transactions left join products as products using (product_id))",
        "select count(*) from assortment.weekly_category_sales", None),
    "every campaign is judged or explained": (
        "select count(*) from campaign_descriptions",
        "select count(*) from growth.campaign_uplift", 27),
    "an uplift counts the redemptions of its campaign": (
        "select count(*) from coupon_redemptions",
        "select sum(redemptions) from growth.campaign_uplift", 2_102),
    "an uplift counts the households written to": (
        "select count(*) from campaigns",
        "select sum(targeted_households) from growth.campaign_uplift", 6_589),
    "a segment is a household that shopped": (
        "select count(distinct household_id) from transactions",
        "select count(*) from growth.household_segments", 2_469),
    "a segment knows who told about themselves": (
        "select count(*) from demographics semi join transactions using (household_id)",
        "select count(*) filter (has_demographics) from growth.household_segments", 801),
    "months are of every household that shopped": (
        "select count(distinct household_id) from transactions",
        "select count(distinct household_key) from growth.household_months", 2_469),
    "a segment counts the coupons": (
        "select count(*) from coupon_redemptions semi join transactions using (household_id)",
        "select sum(coupons_redeemed) from growth.household_segments", None),
}  # fmt: skip


def number(value: Any) -> Decimal:
    return Decimal(str(value))


@pytest.fixture(scope="module")
def found(published_demo: Story) -> dict[str, Decimal]:
    """All facts as the products tell them, in one question."""
    assert published_demo.run().code == 0
    asked = ", ".join(f'({sql}) as "{told}"' for told, (_, sql, _) in FACTS.items())
    (answer,) = published_demo.ask(f"select {asked}")
    return {told: number(value) for told, value in answer.items()}


@pytest.mark.parametrize("told", FACTS)
def test_the_products_tell_what_the_files_tell(found: dict[str, Decimal], told: str) -> None:
    sql, _, known = FACTS[told]
    wanted = number(rows(sql, **RAW)[0][0])
    assert found[told] == wanted
    assert known is None or wanted == known


SANE = {
    "uplift: nine campaigns cross an edge of the log, and only they have none":
        "select count(*) = 9 and bool_and(weekly_uplift is null) from growth.campaign_uplift"
        " where not_measured_because is not null",
    "uplift: it is of the size of a household's spend, and has an error":
        "select count(*) = 18 and bool_and(abs(weekly_uplift) < targeted_weekly_spend_before"
        " and weekly_uplift_error > 0) from growth.campaign_uplift where weekly_uplift is not null",
    "uplift: no more households redeem than were written to":
        "select bool_and(redeemers <= targeted_households and redeemers <= redemptions)"
        " from growth.campaign_uplift",
    "segments: each of the six has somebody in it":
        "select count(distinct segment) = 6 from growth.household_segments",
    "segments: champions come more often than the others, and spend more":
        "select bool_and(v > others_v and s > others_s) from (select"
        " avg(visits) filter (segment = 'champion') as v,"
        " avg(visits) filter (segment <> 'champion') as others_v,"
        " avg(spend) filter (segment = 'champion') as s,"
        " avg(spend) filter (segment <> 'champion') as others_s from growth.household_segments)",
    "months: they hold what the baskets do, fuel left out":
        "select m.s = b.s from (select sum(spend) as s from growth.household_months) as m,"
        " (select sum(sales_value - fuel_sales_value) as s from sales.baskets) as b",
    "months: the next band is the band of the next month":
        "select bool_and(coalesce(b.spend_band, '-') = coalesce(a.next_spend_band, '-'))"
        " from growth.household_months as a left join growth.household_months as b"
        " on a.household_key = b.household_key and b.month = a.month + interval 1 month",
    "segments: fifths are fifths":
        "select bool_and(n between 400 and 600) from (select recency_score, count(*) as n"
        " from growth.household_segments group by all)",
    "history: each article has one state, and it is the current one":
        "select bool_and(valid_to is null) from catalog.articles_history",
    "purchases and baskets tell the same":
        "select bool_and(p.s = b.s and p.n = b.n) from"
        " (select basket_id, sum(sales_value) as s, count(*) as n from sales.purchases"
        " group by all) as p full join"
        " (select basket_id, sales_value as s, lines as n from sales.baskets) as b"
        " using (basket_id)",
}  # fmt: skip


@pytest.mark.parametrize("told", SANE)
def test_what_is_derived_is_sane(demo: Story, told: str) -> None:
    ((sane,),) = (row.values() for row in demo.ask(SANE[told]))
    assert sane is True


def test_a_household_has_one_key_everywhere(demo: Story) -> None:
    """Joined on the key, products tell of a household what the files tell, joined on its number."""
    asked = demo.ask(
        "select age_band as age, count(*) as lines, sum(p.sales_value) as dollars,"
        " count(distinct household_key) as households"
        " from sales.purchases as p join customers.households using (household_key)"
        " group by all order by all"
    )
    wanted = rows(
        "select age, count(*), sum(round(sales_value, 2)::decimal(18, 2)),"
        " count(distinct household_id)"
        " from transactions join demographics using (household_id) group by all order by all",
        **RAW,
    )
    assert [[r["age"], r["lines"], number(r["dollars"]), r["households"]] for r in asked] == [
        [age, lines, number(dollars), households] for age, lines, dollars, households in wanted
    ]
    assert sum(r["households"] for r in asked) == 801
    (redeemers,) = demo.ask(
        "select count(distinct household_key) as known from marketing.redemptions"
        " semi join sales.purchases using (household_key)"
    )
    ((wanted_redeemers,),) = rows(
        "select count(distinct household_id) from coupon_redemptions"
        " semi join transactions using (household_id)",
        **RAW,
    )
    assert redeemers["known"] == wanted_redeemers
