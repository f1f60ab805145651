"""Quarantine: no row is lost, none that breaks a rule is published, and a budget is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.model import Mesh, ProductRef
from mesh_defs.ports import delta
from mesh_defs.publishing import quarantine
from mesh_defs.publishing.held import HeldRow, discard, held_rows
from mesh_defs.publishing.publish import Outcome, publish
from mesh_defs.storage.on_duckdb import DuckDBWorkshop
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot, snapshot
from tests.tiny_mesh import build

Row = tuple[int | None, str | None, int | None]
DAY = "2024-05-01"
GOOD: list[Row] = [(n, DAY, n) for n in range(1, 9)]


class Shop:
    """`shop.orders` of a tiny mesh, with a contract to break and rows to break it with."""

    def __init__(self, folder: Path) -> None:
        self.root = build(folder / "mesh").root
        self.state = State(folder / "state")
        self.path = self.root / "domains/shop/contracts/orders.odcs.yaml"
        self.contract = yaml.safe_load(self.path.read_text())
        self.runs = 0

    @property
    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = self.contract["schema"][0]
        return found

    def say(self, column: str, **customs: Any) -> None:
        holder = next(p for p in self.schema["properties"] if p["name"] == column)
        holder["customProperties"] = [{"property": k, "value": v} for k, v in customs.items()]

    def budget(self, value: Any) -> None:
        self.schema["customProperties"] = [{"property": "quarantineBudget", "value": value}]

    def publish(self, rows: Sequence[Row], feeds: Sequence[str] = ()) -> Outcome:
        self.path.write_text(yaml.safe_dump(self.contract))
        mesh = Mesh.read(self.root)
        self.runs += 1
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE orders (order_id BIGINT, day DATE, cents BIGINT)")
            if rows:
                connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", list(rows))
            room, product = mesh.rooms["shop"], mesh.product("shop.orders")
            run = f"run-{self.runs}"
            workshop = DuckDBWorkshop(connection)
            return publish(workshop, self.state, room, product, "code", run, True, feeds)

    @property
    def published(self) -> list[Row]:
        found = delta.published(self.state, Mesh.read(self.root).product("shop.orders"))
        if found is None:
            return []
        assert isinstance(found, Snapshot)
        with duckdb.connect() as connection:
            rows = connection.read_parquet(list(found.files))
            return rows.project("order_id, day::varchar, cents").fetchall()

    @property
    def held(self) -> list[HeldRow]:
        return list(held_rows(self.state, Mesh.read(self.root).product("shop.orders")))

    @property
    def held_rows(self) -> list[Row]:
        return [_row(h) for h in self.held]


def _row(held: HeldRow) -> Row:
    day = held.values["day"]
    return held.values["order_id"], None if day is None else str(day), held.values["cents"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = Shop(tmp_path)
    found.budget("50%")
    return found


# -- the law -------------------------------------------------------------------------------------

RULES = {
    "order_id": ("required", "primaryKey"),
    "day": ("required",),
    "cents": ("required", "minimum"),
}
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(1, 12)),
        st.sampled_from([None, DAY, "2024-05-02"]),
        st.one_of(st.none(), st.integers(-2, 5)),
    ),
    max_size=12,
)
MIX = st.fixed_dictionaries(
    {
        (column, kind): st.sampled_from(["quarantine", "block", "warn"])
        for column, kinds in RULES.items()
        for kind in kinds
    }
)
BUDGET = st.sampled_from([0, 1, 3, 100, "0%", "10%", "50%", "100%"])


def breaks(row: Row, rows: Sequence[Row]) -> set[str]:
    """The rules a row breaks, by plain Python."""
    order_id, day, cents = row
    repeated = order_id is not None and sum(r[0] == order_id for r in rows) > 1
    return {
        rule
        for rule, broken in {
            "order_id.required": order_id is None,
            "orders.primaryKey": order_id is None or repeated,
            "day.required": day is None,
            "cents.required": cents is None,
            "cents.minimum": cents is not None and cents < 0,
        }.items()
        if broken
    }


@given(rows=ROWS, mix=MIX, budget=BUDGET)
def test_rows_in_are_rows_published_and_rows_in_quarantine(
    rows: list[Row],
    mix: dict[tuple[str, str], str],
    budget: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.budget(budget)
    for column, kinds in RULES.items():
        shop.say(column, onBreach={kind: mix[column, kind] for kind in kinds})
    outcome = shop.publish(rows)
    does = {
        ("orders" if kind == "primaryKey" else column) + f".{kind}": what
        for (column, kind), what in mix.items()
    }
    stops = {r for r in does if does[r] == "block"}
    away = {r for r in does if does[r] == "quarantine"}
    going = [row for row in rows if breaks(row, rows) & away]
    staying = [row for row in rows if not breaks(row, rows) & away]
    most = len(rows) * int(budget[:-1]) / 100 if isinstance(budget, str) else budget
    blocked = any(breaks(row, rows) & stops for row in rows)
    if blocked or len(going) > most or not staying:
        # A rule that blocks is judged before rows go, and `not_empty` after.
        assert outcome.status == "failed"
        assert (shop.published, shop.held) == ([], [])
        return
    assert outcome.status == "published"
    assert Counter(shop.published) == Counter(staying)
    assert Counter(shop.held_rows) == Counter(going)
    assert outcome.rows == len(staying)
    assert outcome.rows_quarantined == len(going)
    for held in shop.held:
        assert set(held.rules) == breaks(_row(held), rows) & away
    for verdict in outcome.audit.verdicts:
        if does.get(verdict.rule.id) == "quarantine":
            broke = [row for row in rows if verdict.rule.id in breaks(row, rows)]
            assert (verdict.outcome, verdict.quarantined) == ("passed", len(broke))


# -- the budget ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("budget", "status"),
    [(1, "failed"), (2, "published"), ("19%", "failed"), ("20%", "published"), (None, "failed"),
     ("many", "failed"), (-1, "failed")],
)  # fmt: skip
def test_beyond_its_budget_nothing_is_published(shop: Shop, budget: Any, status: str) -> None:
    shop.budget(budget)
    shop.say("cents", onBreach={"minimum": "quarantine"})
    outcome = shop.publish([*GOOD, (9, DAY, -1), (10, DAY, -2)])
    assert outcome.status == status
    assert len(shop.published) == (8 if status == "published" else 0)


def test_a_failure_says_how_many_rows_would_have_gone(shop: Shop) -> None:
    shop.budget(1)
    shop.say("cents", onBreach="quarantine")
    outcome = shop.publish([*GOOD, (9, DAY, -1), (10, DAY, None)])
    found = {v.rule.id: v.found for v in outcome.audit.blocking}
    why = "; 2 rows would go to quarantine, whose budget is 1 row"
    assert found == {
        "cents.required": f"1 of 10 rows is null{why}",
        "cents.minimum": f"1 of 10 rows is smaller{why}",
    }


def test_a_rule_that_blocks_is_not_passed_by(shop: Shop) -> None:
    shop.say("cents", onBreach={"minimum": "quarantine", "required": "block"})
    outcome = shop.publish([*GOOD, (9, DAY, -1), (10, DAY, None)])
    assert outcome.status == "failed"
    assert outcome.rows_quarantined == 0


def test_what_is_left_must_hold_too(shop: Shop) -> None:
    shop.schema["quality"] = [
        {"id": "enough", "type": "library", "metric": "rowCount", "mustBeGreaterOrEqualTo": 9}
    ]
    shop.say("cents", onBreach="quarantine")
    outcome = shop.publish([*GOOD, (9, DAY, -1)])
    assert outcome.status == "failed"
    assert [v.rule.id for v in outcome.audit.blocking] == ["enough"]
    assert shop.publish([*GOOD, (9, DAY, 9), (10, DAY, -1)]).status == "published"


def test_a_row_that_refers_to_a_row_in_quarantine_goes_too(shop: Shop) -> None:
    holder = next(p for p in shop.schema["properties"] if p["name"] == "cents")
    holder["relationships"] = [{"to": "orders.order_id"}]  # whoever pays 4 refers to order 4
    shop.say("cents", onBreach={"foreignKey": "quarantine"})
    shop.say("order_id", onBreach={"required": "quarantine", "primaryKey": "quarantine"})
    chain: list[Row] = [(1, DAY, 1), (2, DAY, 7), (7, DAY, 9), (5, DAY, 2), (6, DAY, 1)]
    shop.budget(3)
    assert shop.publish(chain).status == "published"  # 9 is unknown, so 7 goes, so 2, so 5
    assert sorted(shop.published) == [(1, DAY, 1), (6, DAY, 1)]
    assert {h.values["order_id"]: h.rules for h in shop.held} == dict.fromkeys(
        (2, 5, 7), ("cents.foreignKey",)
    )


def test_products_made_from_the_same_rows_forbid_it(shop: Shop) -> None:
    shop.say("cents", onBreach="quarantine")
    outcome = shop.publish([*GOOD, (9, DAY, -1)], feeds=["shop.days"])
    assert outcome.status == "failed"
    assert "shop.days would still contain these rows" in outcome.audit.blocking[0].found


# -- afterwards ----------------------------------------------------------------------------------


def test_the_quarantine_is_that_of_what_is_published(shop: Shop) -> None:
    shop.say("cents", onBreach="quarantine")
    shop.publish([*GOOD, (9, DAY, -1)])
    assert shop.held_rows == [(9, DAY, -1)]
    assert shop.publish([(1, None, 1)]).status == "failed"
    assert shop.held_rows == [(9, DAY, -1)], "what was refused changes nothing"
    shop.publish([*GOOD, (9, DAY, 1)])
    assert shop.held == [], "the source has mended it"
    assert len(shop.published) == 9


def test_rows_are_kept_with_where_they_came_from(shop: Shop) -> None:
    shop.say("cents", onBreach="quarantine")
    shop.publish([*GOOD, (9, DAY, -1)])
    (held,) = shop.held
    assert (held.rules, held.run_id, held.discarded) == (("cents.minimum",), "run-1", False)
    assert len(held.row) == 32
    assert held.since.startswith("20")


def test_a_row_given_up_stays_out_and_costs_no_budget(shop: Shop) -> None:
    shop.budget(1)
    shop.say("cents", onBreach="quarantine")
    shop.publish([*GOOD, (9, DAY, -1)])
    both = [*GOOD, (9, DAY, -1), (10, DAY, -2)]
    assert shop.publish(both).status == "failed"
    product = Mesh.read(shop.root).product("shop.orders")
    discard(shop.state, product, [shop.held[0].row], "a test order")
    assert [h.discarded for h in shop.held] == [True]
    outcome = shop.publish(both)
    assert (outcome.status, outcome.rows, outcome.rows_quarantined) == ("published", 8, 2)
    assert {h.values["order_id"]: h.discarded for h in shop.held} == {9: True, 10: False}


def test_killed_between_quarantine_and_publication_nothing_is_seen(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.say("cents", onBreach="quarantine")
    shop.publish([*GOOD, (9, DAY, -1)])

    def dies(*_: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(delta, "publish", dies)
        with pytest.raises(SystemExit):
            shop.publish([*GOOD, (9, DAY, -7)])
    folder = shop.state.quarantine(ProductRef("shop", "orders"), 1)
    newest = snapshot(folder)
    assert newest is not None
    assert newest.version == 1, "rows were held for a publication that never came"
    assert shop.held_rows == [(9, DAY, -1)]
    shop.publish([*GOOD, (9, DAY, -7)])
    assert shop.held_rows == [(9, DAY, -7)]


def test_a_rule_that_holds_costs_no_second_look(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.say("cents", onBreach="quarantine")
    monkeypatch.setattr(quarantine, "audit", None)
    monkeypatch.setattr(quarantine, "conditions", None)
    assert shop.publish(GOOD).status == "published"
