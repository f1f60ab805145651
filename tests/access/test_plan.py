"""What is asked of a product as a query: hidden rows and columns stay hidden, whatever is asked."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from sqlglot import exp

from mesh_defs.access.reading.plan import Asked, plan
from mesh_defs.contracts.conditions import condition
from mesh_defs.contracts.roles import WHOLE, Narrowing
from mesh_defs.model import MeshError

THERE = ["id", "name", "day", "open"]
ROWS = exp.to_table("rows")
PART = Narrowing(("id", "name", "day"), condition("open = 1", THERE))


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(
        "CREATE TABLE rows AS SELECT range AS id, CASE WHEN range % 7 = 3 THEN 'secret' "
        "ELSE (range % 10)::varchar END AS name, DATE '2024-01-01' AS day, "
        "(range % 7 <> 3)::int AS open FROM range(300000)"
    )
    return made


def ask(connection: duckdb.DuckDBPyConnection, narrowing: Narrowing, **asked: Any) -> list[Any]:
    made = plan(ROWS, THERE, narrowing, Asked(**asked))
    return connection.execute(made.query.sql("duckdb")).fetchall()


CONDITIONS: list[Any] = [
    "name > 5", "name in (6, 7)", "name in (id)", "name", "not name",
    "day = name", "name > id", "id = name", "name between id and 9",
    "name is distinct from id", "coalesce(name, id) = 1", "coalesce(id, name) = '1'",
    "cast(name as int) > 5", "try_cast(name as decimal(1, 0)) > 5", "name like '%5'", "name > '5'",
    "lower(name) = id", "length(name) = id", "not name <= '5'", "id < 0 or name > id",
    "cast(name as date) is null", "cast(id as boolean)", "name = date '2024-01-01'", "name is null",
    [["name", ">", 5]], [["name", "in", ["1", 2]]], [["id", "=", "1"]], [["id", "=", "x"]],
]  # fmt: skip


# One that the engine puts to the files' statistics, and one that it has to work out with the rest.
NARROWINGS = [
    PART,
    Narrowing(("id", "name", "day"), condition("lower(name) not like '%cre%'", THERE)),
]


@pytest.mark.parametrize("where", CONDITIONS, ids=str)
@pytest.mark.parametrize("narrowing", NARROWINGS, ids=["simple", "worked out"])
def test_hidden_rows_change_nothing(
    connection: duckdb.DuckDBPyConnection, narrowing: Narrowing, where: Any
) -> None:
    """Neither the rows that are found, nor whether a condition fails, nor its words."""

    def outcome() -> Any:
        try:
            return sorted(ask(connection, narrowing, where=where))
        except duckdb.Error as error:
            return str(error)

    with_hidden = outcome()
    connection.execute("DELETE FROM rows WHERE open <> 1")
    assert outcome() == with_hidden
    assert "secret" not in str(with_hidden)


def test_hidden_columns_are_not_there(connection: duckdb.DuckDBPyConnection) -> None:
    said = []
    for asked in ({"columns": ("open",)}, {"columns": ("nope",)}):
        with pytest.raises(MeshError) as error:
            ask(connection, PART, **asked)
        said.append(str(error.value).replace("nope", "open"))
    assert said[0] == said[1] == "There is no column `open`. Columns: `id`, `name`, `day`."
    for where in ("open = 1", "nope = 1", [["open", "=", 1]]):
        with pytest.raises(MeshError, match="there is no column"):
            ask(connection, PART, where=where)


def test_limits_and_offsets(connection: duckdb.DuckDBPyConnection) -> None:
    assert ask(connection, WHOLE, columns=("ID",), limit=2, offset=5) == [(5,), (6,)]
    assert [r[0] for r in ask(connection, PART, limit=3, offset=2)] == [2, 4, 5]
    for wrong in ({"limit": -1}, {"offset": -1}, {"columns": ()}):
        with pytest.raises(MeshError):
            ask(connection, WHOLE, **wrong)


def test_a_snapshot_without_the_deciding_column_opens_nothing() -> None:
    with pytest.raises(MeshError, match="which rows you may read"):
        plan(ROWS, ["id", "name"], PART, Asked())


def test_columns_that_a_snapshot_does_not_have_yet_are_left_out() -> None:
    assert plan(ROWS, ["id", "open"], PART, Asked()).columns == ("id",)
