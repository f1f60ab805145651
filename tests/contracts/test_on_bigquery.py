"""The same contracts on DuckDB and on BigQuery come to the same verdicts.

Golden and generated contracts are audited in both engines, on the same rows. The verdicts that
differ are listed here with the reason, and no others may.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from sqlglot import exp

from mesh_defs.contracts.audit import Audit, audit
from mesh_defs.contracts.scan.bench import KINDS
from mesh_defs.contracts.verdicts import FAILED, PASSED
from tests.contracts.contract_lab import NOW, contract
from tests.contracts.generated import TYPES, Made, made
from tests.contracts.test_golden import CASES, GOLDEN
from tests.contracts.test_golden import contract as golden_contract
from tests.emulator.running import Emulator, portable

pytestmark = pytest.mark.slow

# A promise of a physical type is of one engine's types: BigQuery keeps a UUID as text, has one
# size of integer, and one of floats.
OTHER_TYPES = {
    "a_uuid.physicalType",
    "an_object.physicalType",
    "a_vector.elementType",
    "place.elementType",
    "good.place.elementType",
}
# Kinds that the golden contracts promise of types that BigQuery does not have.
NEVER_THERE = {"elementType"}


def on_both(
    connection: Any, tables: dict[str, str], of: Any, emulator: Emulator
) -> tuple[Audit, Audit]:
    """The audits of the same rows on DuckDB and on BigQuery; `tables`: name → table of DuckDB."""
    dataset = emulator.dataset()
    connection.execute("CREATE SCHEMA here")
    here, there = {}, {}
    for name, table in tables.items():
        rows, last = portable(connection.table(table)), name.rpartition(".")[2]
        emulator.load(rows, f"{dataset}.{last}")
        rows.create(f"here.{last}")
        here[name] = exp.table_(last, db="here", quoted=True)
        there[name] = exp.table_(last, db=dataset, quoted=True)
    own = {o.name or "" for o in of.odcs.schema_ or []}

    def on(engine: Any, known: dict[str, exp.Table]) -> Audit:
        objects = {n: t for n, t in known.items() if n in own}
        others = {n: t for n, t in known.items() if n not in own}
        return audit(engine, objects, of, references=others, as_of=NOW)

    return on(connection, here), on(emulator.client, there)


def said(found: Audit) -> dict[str, tuple[str, int | None]]:
    return {v.rule.id: (v.outcome, v.failing) for v in found.verdicts}


class Golden:
    """Every golden case on both engines, each looked at once."""

    def __init__(self, emulator: Emulator) -> None:
        self.on = cache(lambda case: self._on(case, emulator))

    def _on(self, case: str, emulator: Emulator) -> tuple[Audit, Audit]:
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute((GOLDEN / case / "data.sql").read_text(encoding="utf-8"))
            tables = connection.execute(
                "SELECT table_schema, table_name FROM information_schema.tables"
            ).fetchall()
            named = {n if s == "main" else f"{s}.{n}": f"{s}.{n}" for s, n in tables}
            return on_both(connection, named, golden_contract(case), emulator)


@pytest.fixture(scope="module")
def golden(emulator: Emulator) -> Iterator[Golden]:
    yield Golden(emulator)


@pytest.mark.parametrize("case", CASES)
def test_golden_verdicts_are_the_same(case: str, golden: Golden) -> None:
    near, far = map(said, golden.on(case))
    differ = {id_ for id_ in near if near[id_] != far[id_]}
    assert differ <= OTHER_TYPES, {id_: (near[id_], far[id_]) for id_ in differ - OTHER_TYPES}


def test_every_kind_passes_and_fails_on_bigquery(golden: Golden) -> None:
    """So that the same verdict is not the same silence."""
    outcomes = defaultdict(set)
    for case in CASES:
        for verdict in golden.on(case)[1].verdicts:
            outcomes[verdict.rule.kind].add(verdict.outcome)
    silent = {kind for kind in KINDS if not {PASSED, FAILED} <= outcomes[kind]}
    assert silent == NEVER_THERE


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large,
                           HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(case=made())
def test_verdicts_of_generated_contracts_are_the_same(case: Made, emulator: Emulator) -> None:
    names = list(case.properties)
    with duckdb.connect(config={"threads": 1}) as connection:
        columns = ", ".join(f'"{n}" {TYPES[n]}' for n in names)
        connection.execute(f"CREATE TABLE t ({columns}); CREATE TABLE there (id INTEGER)")
        marks = ", ".join("?" * len(names))
        for row in case.rows:
            connection.execute(f"INSERT INTO t VALUES ({marks})", [row[n] for n in names])
        for n in case.there:
            connection.execute("INSERT INTO there VALUES (?)", [n])
        of = contract(case.contract)
        near, far = map(said, on_both(connection, {"t": "t", "there": "there"}, of, emulator))
    assert near == far


def test_a_promise_is_kept_by_values_where_columns_say_no_sizes(emulator: Emulator) -> None:
    """A column that a query makes is NUMERIC there, whatever it was cast to."""
    there = emulator.dataset()
    emulator.client.query(
        f"create table {there}.t as select numeric '1.25' as fits, numeric '1.255' as fine,"
        " numeric '-12345.5' as wide, 1.5 as floating, [1, 2] as items, 'abc' as word"
    ).result()
    names = ["fits", "fine", "wide", "floating"]
    counted = "select count(*) from {object} where len(items) <> "
    counts = {f"items_{n}": f"{counted}{n}" for n in (2, 3)}
    counts["a_set"] = "select count(*) from {object} where len(items) <> len(list_distinct(items))"
    counts["a_word"] = "select count(*) from {object} where len(word) <> 3"
    of = contract(
        {
            "servers": [{"server": "lake", "type": "local", "path": "lake"}],
            "schema": [
                {
                    "name": "t",
                    "properties": [{"name": n, "physicalType": "decimal(6,2)"} for n in names],
                    "quality": [
                        {"id": n, "type": "sql", "query": q, "mustBe": 0} for n, q in counts.items()
                    ],
                }
            ],
        }
    )
    tables = {"t": exp.table_("t", db=there)}
    found = audit(emulator.client, tables, of, references={}, as_of=NOW)
    outcomes = {v.rule.id: (v.outcome, v.failing) for v in found.verdicts}
    assert outcomes["fits.physicalType"] == (PASSED, 0)
    assert outcomes["fine.physicalType"] == outcomes["wide.physicalType"] == (FAILED, 1)
    assert outcomes["floating.physicalType"] == (FAILED, None)
    assert (outcomes["items_2"][0], outcomes["items_3"][0]) == (PASSED, FAILED)
    assert outcomes["a_set"][0] == outcomes["a_word"][0] == PASSED
