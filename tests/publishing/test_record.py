"""The record: each attempt is on it once, whatever killed whom, and service levels rest on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from mesh_defs.contracts.levels.attempts import Attempt
from mesh_defs.model import DataProduct, Mesh, MeshError
from mesh_defs.publishing import record
from mesh_defs.publishing.publish import Outcome, publish
from mesh_defs.storage import tables
from mesh_defs.storage.on_duckdb import DuckDBWorkshop
from mesh_defs.storage.state import State
from tests.tiny_mesh import build

Row = tuple[int, str, int]
GOOD: list[Row] = [(1, "2024-05-01", 250), (2, "2024-05-03", 40)]
BAD: list[Row] = [*GOOD, (3, "2024-05-04", -1)]
LEVELS = [
    {"property": "freshness", "value": 1, "unit": "d", "element": "orders.day"},
    {"property": "retention", "value": 1, "unit": "y"},
    {"property": "availability", "value": 99, "unit": "percent"},
    {"property": "errorRate", "value": 10, "unit": "percent"},
    {"property": "timeToRepair", "value": 1, "unit": "h"},
]


class Shop:
    """`shop.orders` of a tiny mesh, published from rows at hand."""

    def __init__(self, folder: Path) -> None:
        self.root = build(folder / "mesh").root
        self.state = State(folder / "state")
        self.path = self.root / "domains/shop/contracts/orders.odcs.yaml"
        self.say(slaProperties=LEVELS)
        self.runs = 0

    def say(self, **fields: Any) -> None:
        self.path.write_text(yaml.safe_dump({**yaml.safe_load(self.path.read_text()), **fields}))

    @property
    def product(self) -> DataProduct:
        return Mesh.read(self.root).product("shop.orders")

    def publish(self, rows: Sequence[Row], code: str = "", force: bool = False) -> Outcome:
        """Land the rows and publish them; the same code and landing give the same candidate."""
        mesh = Mesh.read(self.root)
        self.runs += 1
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE orders (order_id BIGINT, day DATE, cents BIGINT)")
            connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", list(rows))
            if not code:
                self.landed = tables.replace(connection, "orders", self.landing, {}).version
            lineage = {"orders": {"landing.orders": self.landed}}
            workshop = DuckDBWorkshop(connection)
            workshop.note_builds(lineage, {}, "")
            run = f"run-{self.runs}"
            product = mesh.product("shop.orders")
            return publish(workshop, self.state, mesh.rooms["shop"], product, code, run, force)

    @property
    def landing(self) -> Path:
        return self.state.landing("shop", "orders")

    @property
    def path_of_record(self) -> Path:
        return self.state.record(self.product.ref, 1)

    @property
    def attempts(self) -> list[Attempt]:
        return record.attempts(self.state, self.product)

    def levels(self, now: datetime | None = None) -> dict[str, tuple[str, str]]:
        found = record.levels(self.state, self.product, now or datetime.now(UTC))
        return {level.level: (level.state, level.found) for level in found}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_each_attempt_is_a_line(shop: Shop) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    shop.publish(GOOD)
    shop.publish(BAD)
    first, second = shop.attempts
    assert len(shop.path_of_record.read_text().splitlines()) == 2
    assert (first.status, first.run_id, first.snapshot, first.rows) == ("published", "run-1", 0, 2)
    assert (first.readable, first.rules_failed, first.as_of) == (None, ("day.freshness",), None)
    assert first.times == {
        "orders.day": (datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 3, tzinfo=UTC))
    }
    assert first.arrived == tables.committed_at(shop.landing, 0)
    assert before < first.at <= second.at
    assert first.seconds > 0
    assert (second.status, second.snapshot, second.rows) == ("failed", 0, 3)
    assert (second.readable, second.rules_failed) == (True, ("cents.minimum", "day.freshness"))
    assert second.arrived == tables.committed_at(shop.landing, 1)


def test_what_is_unchanged_is_on_the_record_too(shop: Shop) -> None:
    shop.publish(GOOD)
    for _ in range(2):
        shop.publish(GOOD, code="of another day")
    assert [a.status for a in shop.attempts] == ["published", "published", "unchanged"]
    assert [a.snapshot for a in shop.attempts] == [0, 1, 1]


def test_an_archive_is_judged_by_its_own_time(shop: Shop) -> None:
    file = shop.root / "domains/shop/domain.yaml"
    file.write_text(file.read_text() + 'as_of: "2024-05-03T18:00:00Z"\n')
    shop.publish(GOOD)
    assert shop.attempts[0].as_of == datetime(2024, 5, 3, 18, tzinfo=UTC)
    assert shop.levels()["freshness"] == ("holds", "18 h old")


def test_rows_in_quarantine_do_not_make_a_product_fresh(shop: Shop) -> None:
    contract = yaml.safe_load(shop.path.read_text())
    contract["schema"][0]["customProperties"] = [
        {"property": "onBreach", "value": {"minimum": "quarantine"}},
        {"property": "quarantineBudget", "value": 1},
    ]
    shop.say(schema=contract["schema"])
    shop.publish(BAD)
    (attempt,) = shop.attempts
    assert (attempt.status, attempt.rows) == ("published", 2)
    assert attempt.times["orders.day"][1] == datetime(2024, 5, 3, tzinfo=UTC)


def test_a_publication_that_was_not_written_down_is_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit and the record."""
    shop.publish(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(record, "append_json", lambda path, data: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shop.publish([*GOOD, (3, "2024-05-04", 1)])
    first, second = shop.attempts
    assert (second.status, second.run_id, second.snapshot, second.rows) == (
        "published", "run-2", 1, 3,
    )  # fmt: skip
    assert second.readable is True
    assert second.times["orders.day"][1] == datetime(2024, 5, 4, tzinfo=UTC)
    assert second.arrived == tables.committed_at(shop.landing, 1)
    shop.publish(BAD)
    assert [a.run_id for a in shop.attempts] == ["run-1", "run-2", "run-3"]
    assert shop.attempts[:2] == [first, second]
    assert len(shop.path_of_record.read_text().splitlines()) == 3


def test_a_record_that_is_gone_begins_with_what_the_log_has(shop: Shop) -> None:
    for rows in (GOOD, BAD, [*GOOD, (3, "2024-05-04", 1)]):
        shop.publish(rows)
    shop.path_of_record.unlink()
    assert [a.run_id for a in shop.attempts] == ["run-1", "run-3"]
    shop.publish(BAD)
    shop.publish(GOOD)
    assert [a.run_id for a in shop.attempts] == ["run-1", "run-3", "run-4", "run-5"]


def test_a_half_written_line_is_no_attempt(shop: Shop) -> None:
    shop.publish(GOOD)
    shop.publish(BAD)
    lines = shop.path_of_record.read_bytes()
    shop.path_of_record.write_bytes(lines[:-20])
    assert [a.status for a in shop.attempts] == ["published"]
    shop.publish(BAD)
    assert [a.run_id for a in shop.attempts] == ["run-1", "run-3"]


@pytest.mark.parametrize(
    ("line", "said"), [("no", "Line 2 of"), ('{"at": 3}', "no attempt"), ("[]", "no attempt")]
)
def test_a_spoiled_record_says_where(shop: Shop, line: str, said: str) -> None:
    shop.publish(GOOD)
    with shop.path_of_record.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(MeshError, match=rf"{said}.*Remove"):
        shop.levels()
    assert shop.publish(BAD).status == "failed", "nothing is read to write a line"


def test_a_version_has_a_record_of_its_own(shop: Shop) -> None:
    shop.publish(GOOD)
    shop.say(version="2.0.0")
    assert shop.attempts == []
    assert {state for state, _ in shop.levels().values()} == {"not measured"}


def test_levels_rest_on_the_record_and_on_what_is_there(shop: Shop) -> None:
    assert shop.levels()["availability"] == ("not measured", "it was never published")
    shop.publish(GOOD)
    shop.publish(BAD)
    told = shop.levels(datetime(2024, 5, 4, tzinfo=UTC))
    assert told["freshness"][0] == "not measured", "an attempt of the future tells nothing"
    now = datetime.now(UTC) + timedelta(hours=2)
    told = shop.levels(now)
    assert told["freshness"][0] == "broken"
    assert told["errorRate"] == ("broken", "1 of 2 attempts failed (50%)")
    assert told["timeToRepair"][0] == "broken"
    assert told["availability"][0] == "holds"
    outcome, said = told["retention"]  # a second more where publishing took one
    assert (outcome, said.removesuffix(" 1 s")) == ("holds", "snapshots reach back 2 h")
    standing = tables.snapshot(shop.state.product(shop.product.ref, 1))
    assert standing is not None
    Path(standing.files[0]).unlink()
    assert shop.levels(now)["availability"][0] == "broken"


def test_snapshots_that_were_cleaned_away_are_missed(shop: Shop) -> None:
    from deltalake import DeltaTable

    for rows in (GOOD, [*GOOD, (3, "2024-05-04", 1)]):
        shop.publish(rows)
    folder = shop.state.product(shop.product.ref, 1)
    DeltaTable(str(folder)).create_checkpoint()
    (folder / "_delta_log" / f"{0:020d}.json").unlink()
    assert [a.snapshot for a in shop.attempts] == [0, 1]
    assert shop.levels()["retention"][0] == "broken"


def test_an_issue_is_over_when_all_is_as_it_was(shop: Shop) -> None:
    shop.publish(GOOD)
    record.settle(shop.state, shop.product)
    assert len(shop.attempts) == 1
    shop.publish(BAD)
    record.settle(shop.state, shop.product)
    record.settle(shop.state, shop.product)
    assert [a.status for a in shop.attempts] == ["published", "failed", "unchanged"]
    assert shop.levels()["timeToRepair"][0] == "holds"


def test_a_run_that_ended_early_is_one_attempt(shop: Shop) -> None:
    shop.publish(GOOD)
    for _ in range(2):
        record.note_stopped(shop.state, shop.product, ["landing.orders"], "early", None)
    record.note_stopped(shop.state, shop.product, ["landing.none"], "run-1", None)
    assert [(a.status, a.run_id) for a in shop.attempts] == [
        ("published", "run-1"),
        ("failed", "early"),
    ]
    assert shop.attempts[1].arrived == tables.committed_at(shop.landing, 0)
