"""Every word is used by the demo's domains, or listed with what was looked for and not found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.scenarios.story import raw, rows
from tests.tiny_mesh import REPOSITORY
from tests.vocabulary.words import PROJECT, described

PAGE = REPOSITORY / "docs" / "decisions" / "words-without-a-need.md"
SOURCES = (
    "transactions", "products", "demographics", "campaigns", "campaign_descriptions",
    "coupon_redemptions", "coupons",
)  # fmt: skip
TEXTS = {
    "products": ("department", "brand", "product_category", "product_type", "package_size"),
    "demographics": ("age", "income", "home_ownership", "marital_status", "household_size",
                     "household_comp", "kids_count"),
    "campaign_descriptions": ("campaign_type",),
}  # fmt: skip
TWICE = "select count(*) from (select {0} from {1} group by {0} having count(*) > 1)"


def listed() -> dict[str, str]:
    """What the page says of each word."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [line.split("|") for line in lines if line.startswith("| `")]
    return {word: cell[3] for cell in cells for word in re.findall(r"`(\w+)`", cell[1])}


def used() -> set[str]:
    texts = [
        path.read_text(encoding="utf-8")
        for folder in ("models", "snapshots", "tests")
        for path in sorted(PROJECT.parent.glob(f"*/{folder}/**/*"))
        if path.suffix in (".sql", ".yml")
    ]
    return {
        word.called
        for word in described().values()
        if any(
            re.search(rf"\b{word.called}\(|- {word.called}\b|\[{word.called}\]", t) for t in texts
        )
    }


def test_every_word_has_a_need_or_says_what_was_looked_for() -> None:
    everyone = {word.called for word in described().values()}
    assert used() | listed().keys() == everyone
    assert not used() & listed().keys(), "found a need: take it off the list"


def facts() -> dict[str, str]:
    text = " union ".join(f"select {c} as t from {s}" for s, cs in TEXTS.items() for c in cs)
    return {
        "structured": f"select count(*) filter (t similar to '\\s*[\\[{{].*') || ' of '"
        f" || format('{{:,}}', count(*)) from ({text}) where t is not null",
        "latest_by": "select '0 among ' || format('{:,}', count(*)) from products"
        f" where 0 = ({TWICE.format('product_id', 'products')})"
        f" and 0 = ({TWICE.format('campaign_id, household_id', 'campaigns')})"
        f" and 0 = ({TWICE.format('campaign_id', 'campaign_descriptions')})"
        f" and 0 = ({TWICE.format('household_id', 'demographics')})",
        "first_by_event_id": f"select ({TWICE.format('basket_id, product_id', 'transactions')})"
        " || ' of ' || format('{:,}', count(*)) from transactions",
        "valid_at": "select max(cast(transaction_timestamp as date))::varchar from transactions",
        "spine": "select count(distinct week) || ' weeks' from transactions",
    }


@pytest.mark.parametrize("word", facts())
def test_the_numbers_are_the_data_s(word: str) -> None:
    files: dict[str, Path] = {name: raw(name) for name in SOURCES}
    ((found,),) = rows(facts()[word], **files)
    assert found in listed()[word]
