"""Rows through a pipe: all of them, or the error of whichever side had one."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator

import duckdb
import pytest

from mesh_defs.storage import pipes

ROWS = (
    "SELECT range AS i, CASE WHEN range % 2 = 0 THEN 'a,\"b\"\n' || range END AS t FROM range({n})"
)


@pytest.mark.parametrize("n", [0, 1, 100_000])
def test_what_is_written_can_be_read(n: int) -> None:
    with duckdb.connect() as out, duckdb.connect() as back:
        pieces = list(pipes.written(out, ROWS.format(n=n)))
        with pipes.readable(lambda: pieces, ["i", "t"]) as table:
            found = back.execute(f"SELECT i::bigint AS i, t FROM {table} ORDER BY i").fetchall()
        assert found == out.execute(ROWS.format(n=n)).fetchall()


LINES = b'{"f": [{"v": "1"}, {"v": null}, {"v": "a \\u0001 \\n\\"b\\" \\\\"}]}\n'


@pytest.mark.parametrize("n", [0, 1, 100_000])
def test_lines_of_json_are_read_as_they_are(n: int) -> None:
    with duckdb.connect() as back, pipes.readable_json(lambda: [LINES] * n) as table:
        values = "line->>'$.f[0].v', line->>'$.f[1].v', line->>'$.f[2].v'"
        found = back.execute(f"SELECT {values}, count(*) FROM {table} GROUP BY ALL").fetchall()
    assert found == ([("1", None, 'a \x01 \n"b" \\', n)] if n else [])


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_nothing_is_kept_of_what_was_read(kind: str) -> None:
    row = b'"%s"\n' % (b"x" * 1000)
    of = pipes.readable_json if kind == "json" else lambda p: pipes.readable(p, ["line"])
    with duckdb.connect() as back, of(lambda: [row * 1000] * 300) as table:
        back.execute("SET memory_limit = '150MB'")
        back.execute("SET threads = 2")
        found = back.execute(f"SELECT count(*), min(length(line)) FROM {table}").fetchone()
    assert found == (300_000, 1002 if kind == "json" else 1000)


def test_a_query_that_fails_is_the_readers_error() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="nothing"):
        list(pipes.written(connection, "SELECT * FROM nothing"))
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="late"):
        query = "SELECT CASE WHEN range > 90000 THEN error('late') END FROM range(100000)"
        list(pipes.written(connection, query))


def test_a_reader_that_had_enough_ends_the_writer() -> None:
    before = threading.active_count()
    with duckdb.connect() as connection:
        pieces = pipes.written(connection, ROWS.format(n=3_000_000))
        next(pieces)
        assert isinstance(pieces, Generator)
        pieces.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("rows", [0, 10, 100_000])
def test_a_writer_that_fails_is_the_readers_error(rows: int) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(rows):
            yield b'"1","x"\n'
        raise RuntimeError("the server is gone")

    before = threading.active_count()
    with (
        duckdb.connect() as connection,
        pytest.raises(RuntimeError, match="the server is gone"),
        pipes.readable(pieces, ["i", "t"]) as table,
    ):
        found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found == (100_001,), "what broke off is not what was expected"
    assert threading.active_count() == before


def test_nobody_reads() -> None:
    before = threading.active_count()
    with pipes.readable(lambda: [b'"1"\n'] * 1_000_000, ["i"]):
        pass
    assert threading.active_count() == before
