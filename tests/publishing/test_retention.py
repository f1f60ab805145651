"""What goes of a product's history: only what was promised to nobody and is held by nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from mesh_defs.access.reading.library import snapshot_at
from mesh_defs.model import MeshError
from mesh_defs.publishing.retention import clean
from mesh_defs.storage import tables
from tests.publishing.test_record import GOOD, Shop

DAY = timedelta(days=1)
TEN_DAYS = [{"property": "retention", "value": 10, "unit": "d"}]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path)
    found.say(slaProperties=TEN_DAYS)
    return found


def folder(shop: Shop) -> Path:
    return shop.state.product(shop.product.ref, 1)


def published(shop: Shop, times: int) -> None:
    for n in range(times):
        shop.publish([*GOOD, (9, "2024-05-04", n)])


def test_what_is_older_than_promised_goes_but_for_the_newest_two(shop: Shop) -> None:
    published(shop, 4)
    now = datetime.now(UTC)
    assert clean(shop.state, shop.product, now + 9 * DAY) == 0
    assert tables.readable(folder(shop)) == [3, 2, 1, 0]
    assert clean(shop.state, shop.product, now + 11 * DAY) == 2
    assert tables.readable(folder(shop)) == [3, 2]
    assert [version for version, _ in tables.history(folder(shop))] == [3, 2, 1, 0]


def test_where_nothing_is_promised_nothing_goes(shop: Shop) -> None:
    shop.say(slaProperties=[])
    published(shop, 3)
    assert clean(shop.state, shop.product, datetime.now(UTC) + 1000 * DAY) == 0


def test_what_gave_way_a_moment_ago_stays_however_old_it_is(shop: Shop) -> None:
    """A run or a reader that began before it gave way may be at it."""
    shop.say(slaProperties=[{"property": "retention", "value": 1, "unit": "s"}])
    published(shop, 4)
    assert clean(shop.state, shop.product, datetime.now(UTC) + timedelta(hours=23)) == 0
    assert clean(shop.state, shop.product, datetime.now(UTC) + timedelta(hours=25)) == 2


def test_a_snapshot_that_a_standing_product_was_made_from_stays(shop: Shop) -> None:
    published(shop, 4)
    with duckdb.connect() as connection:
        for version in (2, 1):
            made = {"inputs": {"shop.orders@1": version, "landing.x": 0}}
            tables.replace(
                connection,
                "(select 1 as a)",
                shop.state.home / "lake/insight/products/best_day/v1",
                made,
            )
    assert clean(shop.state, shop.product, datetime.now(UTC) + 11 * DAY) == 1
    assert tables.readable(folder(shop)) == [3, 2, 1]


def test_a_publication_cleans(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from mesh_defs.publishing import retention

    published(shop, 3)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + 11 * DAY

    monkeypatch.setattr(retention, "datetime", Later)
    published(shop, 1)
    assert tables.readable(folder(shop)) == [3, 2]


def test_a_reader_who_asks_for_one_that_went_is_told_what_there_is(shop: Shop) -> None:
    published(shop, 4)
    clean(shop.state, shop.product, datetime.now(UTC) + 11 * DAY)
    with pytest.raises(MeshError, match=r"Snapshot 1 .* not any more. Its snapshots are 2 to 3"):
        snapshot_at(folder(shop), 1, "shop.orders")
    assert snapshot_at(folder(shop), 2, "shop.orders").version == 2


def test_the_level_tells_how_far_back_snapshots_can_be_read(shop: Shop) -> None:
    published(shop, 4)
    now = datetime.now(UTC)
    state, found = shop.levels(now + 9 * DAY)["retention"]
    assert (state, found[:24]) == ("holds", "snapshots reach back 9 d")
    standing = tables.snapshot(folder(shop), 1)
    assert standing
    for file in standing.files:
        Path(file).unlink()
    assert shop.levels(now + 9 * DAY)["retention"][0] == "broken"
    oldest = tables.oldest(folder(shop))
    assert oldest
    assert oldest[0] == 2


def test_a_hundred_publications_lose_no_snapshot_that_is_promised(tmp_path: Path) -> None:
    """delta-rs' own clean-up after each hundredth commit would remove the log of old ones."""
    import os

    table = tmp_path / "table"
    with duckdb.connect() as connection:
        for n in range(102):
            tables.replace(connection, f"(select {n} as a)", table, {})
            if n:
                os.utime(table / "_delta_log" / f"{n - 1:020d}.json", (0, 0))
    assert any("checkpoint" in path.name for path in (table / "_delta_log").iterdir())
    first = tables.snapshot(table, 0)
    assert first is not None
    assert first.is_whole
    assert len(tables.readable(table)) == 102
