"""How a snapshot's files are laid out: no row is lost, and what is near in value is near there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest

from mesh_defs.storage import layout
from mesh_defs.storage.layout import Laid, lay_out, rows_of
from mesh_defs.storage.workshop import tune

ROWS = """
    select i::bigint as id, date '2024-01-01' + (hash(i) % 3)::int as day,
      (hash(i, 1) % 1000)::int as store, (hash(i, 2) % 1000)::int as article, 'x' || i as note
    from range(60000) t(i)
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as found:
        tune(found)
        yield found


@pytest.fixture
def files(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> list[str]:
    file = str(tmp_path / "lake.parquet")
    connection.execute(f"COPY ({ROWS}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
    return [file]


def back(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], laid: list[Laid], by: Sequence[str]
) -> list[tuple[object, ...]]:
    """What is in one and not in the other; rows count."""
    found = connection.sql(f"FROM read_parquet({list(files)})")
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    rows = rows_of({str(each.file): each.values for each in laid}, kinds, by).sql("duckdb")
    lake = f"(FROM read_parquet({list(files)}))"
    return connection.execute(
        f"(FROM {rows} EXCEPT ALL FROM {lake}) UNION ALL (FROM {lake} EXCEPT ALL FROM {rows})"
    ).fetchall()


def test_without_a_wish_they_are_the_lakes_own_files(
    connection: duckdb.DuckDBPyConnection, files: list[str], tmp_path: Path
) -> None:
    (laid,) = lay_out(connection, files, (), (), tmp_path / "new")
    assert (str(laid.file), laid.name, laid.rows) == (files[0], "part-0.parquet", 60000)
    assert laid.columns['"id"'] == {"null_count": 0, "min": "0", "max": "59999"}
    assert laid.columns['"day"'] == {"null_count": 0, "min": "2024-01-01", "max": "2024-01-03"}
    assert laid.columns['"note"'] == {"null_count": 0}


def test_a_footer_tells_no_least_value_where_a_row_group_has_none(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = str(tmp_path / "nulls.parquet")
    connection.execute(
        "COPY (select case when i < 3000 then i end as a, null::int as b from range(6000) t(i)) "
        f"TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 2048)"
    )
    (laid,) = lay_out(connection, [file], (), (), tmp_path / "new")
    assert laid.columns['"a"'] == {"null_count": 3000, "min": "0", "max": "2999"}
    assert laid.columns['"b"'] == {"null_count": 6000}


@pytest.mark.parametrize("order", [(), ("store",), ("store", "article")])
def test_a_partition_is_one_file(
    connection: duckdb.DuckDBPyConnection, files: list[str], tmp_path: Path, order: Sequence[str]
) -> None:
    laid = lay_out(connection, files, ("day",), order, tmp_path / "new")
    assert sorted((Path(each.name).parent.name, each.values["day"]) for each in laid) == [
        (f"day=2024-01-0{n}", f"2024-01-0{n}") for n in (1, 2, 3)
    ]
    assert back(connection, files, laid, ("day",)) == []


def test_a_large_partition_is_several_files_of_a_size(
    connection: duckdb.DuckDBPyConnection,
    files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = Path(files[0]).stat().st_size
    monkeypatch.setattr(layout, "TARGET_BYTES", size // 10)
    laid = lay_out(connection, files, ("day",), (), tmp_path / "new")
    assert 10 <= len(laid) <= 13
    assert len({each.name for each in laid}) == len(laid)
    assert 5990 <= max(each.rows for each in laid) <= 6000
    assert back(connection, files, laid, ("day",)) == []


def test_in_z_order_each_of_the_columns_leaves_most_files_out(
    connection: duckdb.DuckDBPyConnection,
    files: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layout, "TARGET_BYTES", Path(files[0]).stat().st_size // 16)
    laid = lay_out(connection, files, (), ("store", "article"), tmp_path / "new")
    assert back(connection, files, laid, ()) == []
    assert 16 <= len(laid) <= 17

    def touched(column: str) -> int:
        told = (each.columns[f'"{column}"'] for each in laid)
        return sum(int(each["min"]) <= 500 <= int(each["max"]) for each in told)

    # Sorted by one of them, the other would have its value in every file.
    assert max(touched("store"), touched("article")) <= 6


def test_rows_are_in_order_within_a_file(
    connection: duckdb.DuckDBPyConnection, files: list[str], tmp_path: Path
) -> None:
    (laid,) = lay_out(connection, files, (), ("article",), tmp_path / "new")
    found = connection.execute(f"SELECT article FROM read_parquet('{laid.file}')").fetchall()
    assert found == sorted(found)


def test_nulls_and_texts_have_a_place_in_the_order_too(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = str(tmp_path / "texts.parquet")
    connection.execute(
        "COPY (select i, nullif('t' || i % 7, 't3') as chunk, i % 5 as \"a\"\"b\" "
        f"from range(100) t(i)) TO '{file}' (FORMAT parquet)"
    )
    laid = lay_out(connection, [file], ('a"b',), ("chunk", "i"), tmp_path / "new")
    assert len(laid) == 5
    assert back(connection, [file], laid, ('a"b',)) == []
