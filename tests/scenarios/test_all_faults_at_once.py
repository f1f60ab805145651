"""A batch of sales in which everything is wrong at once: each rule counts its own rows, and no
other rule complains. One fault at a time, and what becomes of readers, is in
test_corrupted_batches.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.story import Story, raw, rows, write

pytestmark = pytest.mark.slow

FILES = {"good": raw("transactions"), "products": raw("products")}
# Which rows are spoilt does not depend on the order in which they are read.
SPOILT = """
with marked as (select *, hash(basket_id, product_id) % 100000 as mark from good)
select * exclude (mark) replace (
    if(mark between 10 and 12, null, basket_id) as basket_id,
    if(mark between 20 and 23, null, household_id) as household_id,
    if(mark between 30 and 34, -1 - quantity, quantity) as quantity,
    if(mark between 1000 and 1999, 1000000000 + product_id, product_id) as product_id
) from marked
union all
(from good order by basket_id, product_id limit 5)
"""
COUNTS = {
    "purchase_id.required": "select count(*) from bad where basket_id is null",
    "basket_id.required": "select count(*) from bad where basket_id is null",
    "purchases.primaryKey": "select count(*) - count(distinct (basket_id, product_id))"
    " filter (basket_id is not null) from bad",
    "household_key.required": "select count(*) from bad where household_id is null",
    "quantity.minimum": "select count(*) from bad where quantity < 0",
    "article_is_known": "select count(*) from bad anti join products using (product_id)",
}


def test_each_rule_counts_its_own_rows_and_no_other_complains(demo: Story, tmp_path: Path) -> None:
    before = demo.listed()
    bad = write(tmp_path / "transactions.parquet", SPOILT, **FILES)
    wanted = {rule: rows(sql, bad=bad, **FILES)[0][0] for rule, sql in COUNTS.items()}
    assert min(wanted.values()) > 3

    said = demo.feeding(sales__transactions=bad).run()
    assert said.code == 1
    others = {name: status for name, status in said.statuses.items() if status != "unchanged"}
    assert others == {"sales.purchases": "failed", "sales.baskets": "skipped"}
    reason = said.products["sales.purchases"]["reason"].splitlines()
    ((total,),) = rows("select count(*) from bad", bad=bad)
    for rule, count in wanted.items():
        (line,) = (line for line in reason if line.startswith(f"  {rule}: "))
        assert f"{total:,} rows" in line
        # The rows without a whole key are told apart from those that repeat one.
        assert f"{count:,} of" in line or rule == "purchases.primaryKey"

    audit = demo.mesh("show", "--json", "sales.purchases").json["audit"]
    broken = {v["rule"]: v for v in audit["verdicts"]
              if v["outcome"] == "failed" and v["severity"] == "error"}  # fmt: skip
    assert {rule: verdict["failing"] for rule, verdict in broken.items()} == wanted
    assert {len(verdict["examples"]) for verdict in broken.values()} == {3}
    assert demo.listed() == before
