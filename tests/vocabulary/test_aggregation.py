"""Laws of the words about aggregation, and real runs of dbt with late rows between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.conftest import on_duckdb
from tests.vocabulary.words import Project, answer

LINES = {
    "basket_id": "BIGINT", "store_id": "BIGINT", "business_date": "DATE",
    "sales_value": "DECIMAL(10, 2)", "recorded_at": "TIMESTAMP",
}  # fmt: skip
BUILT = {
    "week_start": "DATE", "store_id": "BIGINT", "lines": "BIGINT", "sales_value": "DECIMAL(10, 2)",
    "baskets": "BIGINT", "source_rows": "BIGINT", "recorded_through": "TIMESTAMP",
    "built_by": "VARCHAR",
}  # fmt: skip


@dataclass
class Runs:
    """The example `by_period` on an engine, and SQL on what it is made of and on what it built."""

    project: Project
    query: Callable[[str], list[tuple[Any, ...]]]
    where: str

    def run(self, *more: str) -> list[tuple[Any, ...]]:
        results = self.project.run("run", "--select", "by_period", *more)
        assert results["model.by_period"].status == "success", results["model.by_period"].message
        return self.rows()

    def rows(self) -> list[tuple[Any, ...]]:
        columns = "week_start, store_id, lines, sales_value, baskets, source_rows, recorded_through"
        found = self.query(f"SELECT {columns} FROM {self.where}by_period")
        return sorted((tuple(row) for row in found), key=str)


@pytest.fixture(scope="module")
def on_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    project = on_duckdb(tmp_path_factory.mktemp("runs"))

    def query(sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(project.environment["MESH_WORKSHOP"]) as connection:
            return connection.execute(sql).fetchall()

    project.run("seed", "--select", "dated_lines")
    yield Runs(project, query, "main.")


@pytest.fixture
def on_the_emulator(words_on_bigquery: Project, emulator: Any) -> Runs:
    def query(sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in emulator.client.query(sql).result()]

    words_on_bigquery.run("seed", "--full-refresh", "--select", "dated_lines")
    return Runs(words_on_bigquery, query, "words.")


def test_late_rows_on_duckdb(on_its_own: Runs) -> None:
    only_touched_periods_are_replaced(on_its_own)


@pytest.mark.slow
def test_late_rows_on_bigquery(on_the_emulator: Runs) -> None:
    only_touched_periods_are_replaced(on_the_emulator)


def only_touched_periods_are_replaced(runs: Runs) -> None:
    lines, built = f"{runs.where}dated_lines", f"{runs.where}by_period"

    def add(basket: int, store: int, day: str, recorded: str) -> None:
        said = "NULL" if day == "NULL" else f"DATE '{day}'"
        stamp = f"CAST('{recorded}' AS TIMESTAMP)"
        runs.query(f"INSERT INTO {lines} VALUES ({basket}, {store}, {said}, 1.25, {stamp})")

    add(7, 330, "2017-02-01", "2017-02-02 03:00:00")
    add(8, 330, "NULL", "2017-02-02 03:00:00")
    first = runs.run("--full-refresh")
    assert {row[0] for row in first} == {
        date(2016, 12, 26), date(2017, 1, 2), date(2017, 1, 30), None,
    }  # fmt: skip

    # A mark that a rewritten period would lose; without late rows, none does.
    runs.query(f"UPDATE {built} SET lines = lines + 1000 WHERE lines > 0")
    marked = runs.rows()
    assert [row[2] for row in marked] == [row[2] + 1000 for row in first]
    assert runs.run() == marked

    # A late row from before all others, in a new shop; a new week; a week that is withdrawn.
    add(9, 999, "2017-01-03", "2016-12-31 00:00:00")
    add(10, 330, "2017-03-06", "2017-03-07 03:00:00")
    runs.query(f"DELETE FROM {lines} WHERE basket_id = 7")
    second = runs.run()
    touched = {date(2017, 1, 2), date(2017, 1, 30), date(2017, 3, 6)}
    assert [row for row in second if row[2] > 1000] == [r for r in marked if r[0] not in touched]
    assert {row[0] for row in second if row[2] < 1000} == touched - {date(2017, 1, 30)}

    # Of what has no date, one row moves to another shop.
    runs.query(f"DELETE FROM {lines} WHERE basket_id = 8")
    add(8, 321, "NULL", "2017-02-03 03:00:00")
    third = runs.run()
    assert [(row[1], row[2]) for row in third if row[0] is None] == [(321, 1)]

    whole = runs.run("--full-refresh")
    assert [(*r[:2], r[2] % 1000, *r[3:]) for r in third] == whole


def test_a_model_with_another_text_is_built_anew(on_its_own: Runs) -> None:
    whole = on_its_own.run("--full-refresh")
    on_its_own.query("UPDATE main.by_period SET built_by = 'another text', lines = 0")
    assert on_its_own.run() == whole


days = st.none() | st.integers(0, 20).map(lambda n: date(2017, 1, 1) + timedelta(n))
store = st.none() | st.integers(1, 2)
line = st.tuples(st.integers(1, 4), store, days, st.integers(0, 9))
early = st.integers(0, 3).map(lambda n: datetime(2017, 2, 1) + timedelta(n))


@pytest.fixture(scope="module")
def full(words: Project) -> str:
    text = (
        Path(__file__).parents[2] / "dbt_projects/mesh_utils/examples/by_period.sql"
    ).read_text()
    call = text.partition("}}")[2].replace("ref('dated_lines')", "'dated_lines'")
    return words.sql(call)


@pytest.fixture(scope="module")
def again(on_its_own: Runs) -> str:
    """What a run with something built reads, as SQL on `dated_lines` and `by_period`."""
    on_its_own.run("--full-refresh")
    node = on_its_own.project.run("compile", "--select", "by_period")["model.by_period"].node
    text = str(node.compiled_code)
    assert "with touched" in text
    for name in ("dated_lines", "by_period"):
        text = text.replace(f'"words"."main"."{name}"', name)
    return text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    before=st.lists(st.tuples(line, early), max_size=8),
    late=st.lists(line, max_size=4),
    gone=st.sets(st.integers(0, 7), max_size=3),
)
def test_incremental_equals_full(
    full: str, again: str, before: list[Any], late: list[Any], gone: set[int]
) -> None:
    first = [(*values, recorded) for values, recorded in before]
    then = [row for n, row in enumerate(first) if n not in gone]
    then += [(*values, datetime(2017, 3, 1)) for values in late]
    built = answer(full, dated_lines=(LINES, first))
    fresh = answer(again, dated_lines=(LINES, then), by_period=(BUILT, built))
    touched = {row[0] for row in fresh}
    merged = [r for r in built if r[0] not in touched] + [r for r in fresh if r[5] > 0]
    whole = answer(full, dated_lines=(LINES, then))
    # All but the hash of the model's text: a call by hand has another text.
    assert Counter(r[:7] for r in merged) == Counter(r[:7] for r in whole)

    def by_week(rows: list[Any]) -> dict[Any, Counter[Any]]:
        found: dict[Any, Counter[Any]] = defaultdict(Counter)
        for row in rows:
            found[row[2] and row[2] - timedelta(row[2].weekday())][row] += 1
        return found

    old, new = by_week(first), by_week(then)
    assert touched == {week for week in {*old, *new} if old[week] != new[week]}, "and no other"


def test_a_period_that_is_withdrawn_is_found_whatever_is_known_of_its_rows(
    full: str, again: str
) -> None:
    """Rows of which nobody knows when they came in have no newest one."""
    lines = [(1, 330, date(2017, 1, 2), 5, None), (2, 330, date(2017, 1, 9), 5, None)]
    built = answer(full, dated_lines=(LINES, lines))
    fresh = answer(again, dated_lines=(LINES, lines[1:]), by_period=(BUILT, built))
    assert [(row[0], row[5]) for row in fresh] == [(date(2017, 1, 2), 0)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(st.tuples(line, early), max_size=10))
def test_rolled_up_parts_are_the_whole(full: str, rolled: str, rows: list[Any]) -> None:
    lines = [(*values, recorded) for values, recorded in rows]
    parts = answer(full, dated_lines=(LINES, lines))
    found = answer(rolled, aggregate=(dict(list(BUILT.items())[:5]), [r[:5] for r in parts]))
    weeks: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for _, _, day, value, _ in lines:
        week = weeks[day and day - timedelta(day.weekday())]
        week[0] += 1
        week[1] += value
    assert {week: [n, value] for week, n, value in found} == weeks


@pytest.fixture(scope="module")
def rolled(words: Project) -> str:
    text = words.sql("{{ roll_up(ref('aggregate'), grain='week') }}")
    return text.replace('"words"."main"."aggregate"', "aggregate")


ROLLED = "roll_up(ref('aggregate'), "


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("aggregate('t', 'd', 'week', 'w')", "aggregate(): additive is {}; expected a measure"),
        ("aggregate('t', 'd', 'weeks', 'w', additive={'n': 'count(*)'})", "grain is weeks; expect"),
        ("aggregate('t', 'd', 'week', 'w', additive={'n': 'count(distinct x)'})",
         "n is count(distinct x) among the additive measures; expected sum(…), count(…)"),
        ("aggregate('t', 'd', 'week', 'w', additive={'n': 'sum(x) / sum(y)'})",
         "n is sum(x) / sum(y) among the additive measures"),
        ("aggregate('t', 'd', 'week', 'w', additive={'n': 'avg(x)'})", "n is avg(x) among the"),
        ("aggregate('t', 'd', 'week', 'w', additive={'n': 'sum(x)'}, non_additive={'n': 'avg(x)'})",
         "n is additive and non_additive; expected one of them"),
        (ROLLED + "measures=['baskets'])",
         "roll_up(): baskets is count(distinct basket_id), which cannot be added up; expected an"),
        (ROLLED + "measures=['units'])", "a measure is units; expected one of lines, sales_value"),
        (ROLLED + "by=['town'])", "roll_up(): a column of by is town; expected one of store_id"),
        (ROLLED + "grain='month')",
         "grain is month; expected one that each week of aggregate lies wholly in (week); aggr"),
        ("roll_up(ref('spine'))", "relation is spine; expected ref() of a model whose whole body"),
    ],
)  # fmt: skip
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)
