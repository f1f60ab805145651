"""DuckDB and BigQuery make the same of the same rows, and something else of others.

BigQuery is the emulator here, which computes in DuckDB, and Google's own engine: it has no tables
and takes a minute to start, but what it says of a function is what GoogleSQL means.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from mesh_defs.storage.bigquery.checksums import summed_here, summed_there
from tests.emulator.running import Emulator
from tests.environments import environment
from tests.storage.every_kind import COLUMNS, WIDEST, in_googlesql, made_up, table_of

GOOGLE = Path(__file__).parents[1] / "googlesql"
Sums = tuple[int, ...]


def kinds_of(rows: Any) -> dict[str, Any]:
    return dict(zip(rows.columns, rows.types, strict=True))


def by_column(kinds: Mapping[str, Any], sums: Sequence[int]) -> dict[str, Any]:
    """What was found of each column, of the rows and of whole ones, by name."""
    count, whole, *each = (int(number) for number in sums)
    columns = dict(zip(kinds, zip(each[::2], each[1::2], strict=True), strict=True))
    return {"rows": count, "whole": whole, **columns}


def here(connection: duckdb.DuckDBPyConnection, rows: Any) -> dict[str, Any]:
    kinds, name = kinds_of(rows), exp.table_(rows.alias, quoted=True)
    found = connection.execute(summed_here(kinds, name)).fetchone()
    assert found is not None
    return by_column(kinds, found)


def there(emulator: Emulator, kinds: Mapping[str, Any], rows: exp.Expression) -> dict[str, Any]:
    (found,) = emulator.client.query(summed_there(kinds, rows)).result()
    return by_column(kinds, found.values())


def loaded(emulator: Emulator, rows: Any) -> exp.Table:
    dataset = emulator.dataset()
    emulator.load(rows, f"{dataset}.made")
    return exp.table_("made", dataset, "local", quoted=True)


class Google:
    """Google's engine, in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, query: str) -> list[list[str]]:
        assert self.process.stdin and self.process.stdout
        print(json.dumps(query), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        assert answer, "it said why on standard error"
        found: list[list[str]] = json.loads(answer)
        return found

    def summed(self, kinds: Mapping[str, Any], rows: str) -> dict[str, Any]:
        query = summed_there(kinds, exp.to_table("made"))
        ((text,),) = self.ask(f"WITH made AS ({rows}) SELECT TO_JSON_STRING(t) FROM ({query}) AS t")
        return by_column(kinds, [int(value) for value in json.loads(text).values()])


@pytest.fixture(scope="module")
def google(pytestconfig: pytest.Config) -> Iterator[Google]:
    python = environment(pytestconfig, GOOGLE / "requirements.txt", "MESH_GOOGLESQL_VENV")
    command = [python, GOOGLE / "answer.py", python.parents[1] / "engine"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Google(process)
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=30)


def test_the_emulator_makes_the_same_of_rows_of_every_kind(
    emulator: Emulator, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = table_of(connection, COLUMNS, made_up(COLUMNS, 300))
    assert there(emulator, kinds_of(rows), loaded(emulator, rows)) == here(connection, rows)


@pytest.mark.slow
def test_googles_engine_makes_the_same_of_rows_of_every_kind(
    google: Google, connection: duckdb.DuckDBPyConnection
) -> None:
    columns = {**COLUMNS, **WIDEST}
    made = made_up(columns, 300)
    rows = table_of(connection, columns, made)
    kinds = kinds_of(rows)
    assert google.summed(kinds, in_googlesql(kinds, made)) == here(connection, rows)


CHANGES = [
    # Of what type which value becomes which, in DuckDB's words.
    ("BIGINT", "1", "2"),
    ("BIGINT", "1", "-1"),
    ("BIGINT", "9223372036854775807", "9223372036854775806"),
    ("BIGINT", "NULL", "0"),
    ("BOOLEAN", "true", "false"),
    ("BOOLEAN", "NULL", "false"),
    ("DECIMAL(7,2)", "1.50", "1.05"),
    ("DECIMAL(7,2)", "100", "10"),
    ("DECIMAL(7,2)", "0.01", "-0.01"),
    ("DECIMAL(7,2)", "NULL", "0"),
    ("DECIMAL(2,2)", "0.1", "0.01"),
    ("DECIMAL(9,0)", "100", "1"),
    ("DECIMAL(30,12)", "123456789012345678.000000000001", "123456789012345678"),
    ("DOUBLE", "0.1", "0.10000000000000002"),
    ("DOUBLE", "0", "5e-324"),
    ("DOUBLE", "1e300", "-1e300"),
    ("DOUBLE", "1.7976931348623157e308", "'inf'"),
    ("DOUBLE", "'inf'", "'-inf'"),
    ("DOUBLE", "NULL", "'nan'"),
    ("DOUBLE", "NULL", "0"),
    ("DOUBLE", "'nan'", "0"),
    ("FLOAT", "16777216", "16777218"),
    ("VARCHAR", "'a'", "'A'"),
    ("VARCHAR", "'a'", "'a '"),
    ("VARCHAR", "'\u00e9'", "'e\u0301'"),
    ("VARCHAR", "NULL", "''"),
    ("VARCHAR", "'1'", "'01'"),
    ("BLOB", "NULL", "''"),
    ("BLOB", "''", "'\\x00'"),
    ("BLOB", "'\\xFF'", "'\\xFE'"),
    ("DATE", "'2024-05-01'", "'2024-05-02'"),
    ("DATE", "NULL", "'1970-01-01'"),
    ("TIMESTAMP", "'2024-05-01 10:00:00'", "'2024-05-01 10:00:00.000001'"),
    ("TIMESTAMP", "NULL", "'1970-01-01'"),
    ("TIMESTAMPTZ", "'2024-05-01 10:00:00+00'", "'2024-05-01 10:00:00+01'"),
    ("INTEGER[]", "[1, 2]", "[2, 1]"),
    ("INTEGER[]", "[12]", "[1, 2]"),
    ("INTEGER[]", "[1]", "[1, 1]"),
    ("INTEGER[]", "[]", "[0]"),
    ("VARCHAR[]", "[]", "['']"),
    ("VARCHAR[]", "['a', 'b']", "['a,b']"),
    ("VARCHAR[]", "['a', 'b']", "['a\",\"b']"),
    ("VARCHAR[]", "['a\"', 'b']", "['a', '\"b']"),
    ("STRUCT(a VARCHAR, b VARCHAR)", "NULL", "{'a': NULL, 'b': NULL}"),
    ("STRUCT(a VARCHAR, b VARCHAR)", "{'a': NULL, 'b': ''}", "{'a': '', 'b': NULL}"),
    ("STRUCT(a VARCHAR, b VARCHAR)", "{'a': 'x', 'b': 'y'}", "{'a': 'y', 'b': 'x'}"),
    ("STRUCT(a VARCHAR, b VARCHAR)", "{'a': 'x,', 'b': 'y'}", "{'a': 'x', 'b': ',y'}"),
    ("STRUCT(a INTEGER, b INTEGER)", "{'a': NULL, 'b': 1}", "{'a': 1, 'b': NULL}"),
    ("STRUCT(a STRUCT(b INTEGER))", "{'a': NULL}", "{'a': {'b': NULL}}"),
    ("STRUCT(a DOUBLE)[]", "[{'a': 1}]", "[{'a': 1}, {'a': NULL}]"),
    ("STRUCT(a VARCHAR[])[]", "[{'a': ['x']}, {'a': []}]", "[{'a': []}, {'a': ['x']}]"),
]  # fmt: skip


def test_every_change_of_a_value_is_found(
    emulator: Emulator, connection: duckdb.DuckDBPyConnection
) -> None:
    """A column each, and two tables: one has the values before, one those after it."""
    found = []
    for name, at in (("before", 1), ("after", 2)):
        said = [f"CAST({c[at]} AS {c[0]}) AS c{i}" for i, c in enumerate(CHANGES)]
        connection.execute(f"CREATE TABLE {name} AS SELECT {', '.join(said)}")
        rows = connection.table(name)
        found.append(there(emulator, kinds_of(rows), loaded(emulator, rows)))
        assert found[-1] == here(connection, rows)
    before, after = found
    assert [c for i, c in enumerate(CHANGES) if before[f"c{i}"] == after[f"c{i}"]] == []
    assert before["whole"] != after["whole"]


def test_what_is_equal_is_the_same(connection: duckdb.DuckDBPyConnection) -> None:
    """To a contract, and to whoever compares: both zeros, and a NaN whatever its bits are."""
    connection.execute("""
        CREATE TABLE one AS SELECT -0.0::DOUBLE AS zero, 'nan'::DOUBLE AS nan;
        CREATE TABLE other AS SELECT 0.0::DOUBLE AS zero, -'nan'::DOUBLE AS nan;
    """)
    assert here(connection, connection.table("one")) == here(connection, connection.table("other"))


ROWS = "SELECT * FROM UNNEST([STRUCT(1 AS id, 'a' AS name), (2, 'b'), (3, NULL)])"
TAMPERED = [
    # Other rows, and what is found of them.
    (f"{ROWS} WHERE id < 3", {"rows", "id", "name", "whole"}),
    (f"{ROWS} UNION ALL SELECT 2, 'b'", {"rows", "id", "name", "whole"}),
    (f"SELECT id, IF(id = 1, 'b', IF(id = 2, 'a', name)) AS name FROM ({ROWS})", {"whole"}),
    (f"SELECT id, IF(id = 3, 'a', IF(id = 1, NULL, name)) AS name FROM ({ROWS})", {"whole"}),
    (f"SELECT id, IF(id = 2, 'a', name) AS name FROM ({ROWS})", {"name", "whole"}),
    (f"SELECT id, COALESCE(name, '') AS name FROM ({ROWS})", {"name", "whole"}),
    (f"SELECT IF(id = 1, 2, id) AS id, name FROM ({ROWS})", {"id", "whole"}),
    (f"{ROWS} ORDER BY id DESC", set()),
]


@pytest.mark.parametrize(("rows", "said"), TAMPERED)
def test_rows_that_changed_are_found(
    emulator: Emulator, connection: duckdb.DuckDBPyConnection, rows: str, said: set[str]
) -> None:
    connection.execute("""
        CREATE TABLE made (id BIGINT, name VARCHAR);
        INSERT INTO made VALUES (1, 'a'), (2, 'b'), (3, NULL)
    """)
    wanted = connection.table("made")
    tampered = exp.maybe_parse(rows, dialect="bigquery").subquery()
    found = there(emulator, kinds_of(wanted), tampered)
    mine = here(connection, wanted)
    assert {name for name in mine if mine[name] != found[name]} == said


def test_no_rows_are_none(emulator: Emulator, connection: duckdb.DuckDBPyConnection) -> None:
    nothing = table_of(connection, COLUMNS, [])
    found = there(emulator, kinds_of(nothing), loaded(emulator, nothing))
    assert found == here(connection, nothing)
    assert set(found.values()) == {0, (0, 0)}
