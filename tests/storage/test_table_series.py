"""Snapshots in BigQuery: what goes of them, and what stays. The judge is an emulator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlglot import exp

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage.bigquery.house import BigQueryHouse, BigQueryWorkshop
from mesh_defs.storage.bigquery.table_series import TableSeries
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.house import About
from mesh_defs.storage.state import State
from tests.emulator.running import Emulator

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
ORDERS = ProductRef("shop", "orders")


@pytest.fixture
def house(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BigQueryHouse:
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", emulator.url)
    return BigQueryHouse(State(tmp_path), Warehouse("local", emulator.dataset()))


@pytest.fixture
def workshop(house: BigQueryHouse) -> Iterator[BigQueryWorkshop]:
    with house.open("shop") as found:
        yield found


def published(house: BigQueryHouse, workshop: BigQueryWorkshop, times: int) -> TableSeries:
    series = house.products(ORDERS, 1)
    for n in range(times):
        rows = exp.select(exp.alias_(exp.convert(n), "n")).subquery("rows")
        series.publish(workshop, rows, {"published_at": datetime.now(UTC).isoformat()})
    return series


def numbers(series: TableSeries) -> list[int]:
    return [number for number, _ in series.history()]


def test_what_is_older_than_kept_goes_but_for_the_newest_two(
    house: BigQueryHouse, workshop: BigQueryWorkshop
) -> None:
    series, now = published(house, workshop, 4), datetime.now(UTC)
    assert series.clean(10 * DAY, now + 9 * DAY, lambda: pytest.fail("not asked")) == 0
    assert series.clean(timedelta(seconds=1), now + 0.9 * DAY, tuple) == 0, "gave way just now"
    assert series.clean(10 * DAY, now + 11 * DAY, tuple) == 2
    assert numbers(series) == [3, 2]
    assert series.snapshot(1) is None
    published(house, workshop, 1)
    assert numbers(series) == [4, 3, 2]


def test_what_is_pinned_or_mounted_stays(house: BigQueryHouse, workshop: BigQueryWorkshop) -> None:
    series, later = published(house, workshop, 6), datetime.now(UTC) + 11 * DAY
    with house.open("insight") as consumer:
        mounted = series.snapshot(1)
        assert mounted
        narrowed = exp.select("n").from_(consumer.rows_of(mounted)).subquery("agreed")
        consumer.mount("shop", "orders", narrowed)
        assert series.clean(10 * DAY, later, lambda: [2]) == 2
        assert numbers(series) == [5, 4, 2, 1]
        oldest = series.oldest()
        assert oldest
        assert oldest[0] == 4, "as can all after it"
        view = house.table("insight", "orders", "shop")
        assert consumer.rows(exp.select("n").from_(view)) == [(1,)]


def test_what_the_contract_says_is_on_the_table_and_its_view(
    house: BigQueryHouse, workshop: BigQueryWorkshop
) -> None:
    day = exp.cast(exp.convert("2024-05-01"), "date")
    made = exp.select(exp.alias_(day, "day"), exp.alias_(exp.convert(7), "shop"))
    rows = made.subquery("rows")
    about = About(
        "What the tills' \\log has.",
        {"shop": f"Which 'shop'.{' On and on.' * 200}"},
        ("day",),
        ("shop",),
        {"product": "orders", "owner": "Store Sales"},
    )
    series = house.products(ORDERS, 1)
    series.publish(workshop, rows, {"run_id": "r"}, about)
    client = workshop.connection
    table, view = (client.get_table(f"{series.location}{end}") for end in ("__0", ""))
    assert (table.time_partitioning.field, table.time_partitioning.type_) == ("day", "DAY")
    assert table.clustering_fields == ["shop"]
    assert table.labels == view.labels == {"product": "orders", "owner": "store_sales"}
    assert view.description == about.description
    said = [field.description for field in table.schema]
    assert [field.description for field in view.schema] == said
    assert said[0] is None
    assert said[1].startswith("Which 'shop'. On") and said[1].endswith(" …")
    assert len(said[1]) <= 1024, "BigQuery takes no more"
    assert series.history() == [(0, {"rows": 1, "run_id": "r"})]
    series.publish(workshop, rows, {}, About())
    assert client.get_table(f"{series.location}__1").time_partitioning is None


def test_a_column_that_is_no_cluster_leaves_what_stands(
    house: BigQueryHouse, workshop: BigQueryWorkshop
) -> None:
    series = published(house, workshop, 1)
    rows = exp.select(exp.alias_(exp.convert(1.5), "n")).subquery("rows")
    with pytest.raises(MeshError, match="does not cluster by `m`"):
        series.publish(workshop, rows, {}, About(clustering=("m",)))
    assert numbers(series) == [0]


def test_what_stands_is_told_with_its_inputs(
    house: BigQueryHouse, workshop: BigQueryWorkshop
) -> None:
    published(house, workshop, 2)
    assert [(s.version, s.metadata["rows"]) for s in house.standing()] == [(1, 1)]
