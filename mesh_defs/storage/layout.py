"""How a snapshot's rows are laid out in files: by partition, in Z-order, of a size; not where.

A snapshot replaces the one before, so nothing has to be compacted afterwards: a partition is one
file, or several of about the same size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TARGET_BYTES = 128 * 2**20
# A partition that DuckDB has to close, because others are open, becomes two files.
_OPEN_FILES = 1000
_BITS = 10  # of a value's rank that go into the Z-order


@dataclass(frozen=True)
class Laid:
    """A file, its name among the others, and what can be said of it without reading it."""

    name: str
    file: Path
    rows: int
    columns: Mapping[str, Any]  # DuckDB's statistics of each, by its quoted name
    values: Mapping[str, str | None]  # of the partitions, as texts; None for null

    @property
    def bytes(self) -> int:
        return self.file.stat().st_size


def lay_out(
    connection: DuckDBPyConnection,
    files: Sequence[str],
    partitions: Sequence[str],
    order: Sequence[str],
    place: Path,
) -> list[Laid]:
    """The files of a snapshot, as they are if neither is wanted; else made anew in `place`."""
    if not partitions and not order:
        return [
            Laid(f"part-{n}.parquet", Path(file), *_told(connection, file), {})
            for n, file in enumerate(files)
        ]
    rows = exp.select("*").from_(read_files(files)).sql("duckdb")
    found = connection.sql(rows)
    kinds = dict(zip(found.columns, map(str, found.types), strict=True))
    chunk = _unused("chunk", kinds)
    columns = [
        f"{_text(f'r.{_quoted(name)}', kinds[name])} AS {_quoted(name)}"
        if name in partitions
        else f"r.{_quoted(name)}"
        for name in kinds
    ]
    rank, joins = _z_order(order, rows)
    by = [f"r.{_quoted(name)}" for name in partitions]
    each = _rows_in_a_file(connection, files, rows, partitions)
    number = "0"
    if each is not None:
        window = f"PARTITION BY {', '.join(by)} " if by else ""
        window += f"ORDER BY {rank}" if rank else ""
        number = f"(row_number() OVER ({window}) - 1) // {each}"
    query = f"SELECT {', '.join(columns)}, {number} AS {chunk} FROM ({rows}) AS r {joins}"
    if rank:
        query += f" ORDER BY {rank}"
    names = ", ".join([*map(_quoted, partitions), chunk])
    target = exp.convert(str(place)).sql("duckdb")
    connection.execute(f"SET partitioned_write_max_open_files = {_OPEN_FILES}")
    connection.execute(f"SET preserve_insertion_order = {bool(rank)}")
    try:
        made = connection.execute(
            f"COPY ({query}) TO {target} (FORMAT parquet, COMPRESSION zstd, "
            f"PARTITION_BY ({names}), OVERWRITE_OR_IGNORE, RETURN_STATS)"
        ).fetchall()
    finally:
        connection.execute("SET preserve_insertion_order = false")
    return list(_named(sorted(made, key=lambda row: str(row[0])), place, chunk))


def rows_of(
    files: Mapping[str, Mapping[str, str | None]],
    kinds: Mapping[str, str],
    partitions: Sequence[str],
) -> exp.Expression:
    """The rows of files again, in the types of `kinds`, with the partitions' values beside them."""
    file = _unused("file", kinds)
    options = {"hive_partitioning": exp.false()}
    if partitions:
        options["filename"] = exp.convert(file)
    call = read_files(list(files))
    for option, value in options.items():
        call.append("expressions", exp.EQ(this=exp.to_identifier(option), expression=value))
    if not partitions:
        return exp.select("*").from_(call).subquery("rows")
    columns = [
        exp.cast(
            exp.column(f"p{partitions.index(name)}", "v"), exp.DataType.build(kind, "duckdb")
        ).as_(name, quoted=True)
        if name in partitions
        else exp.column(name, "r", quoted=True)
        for name, kind in kinds.items()
    ]
    values = exp.values(
        [(name, *(told[p] for p in partitions)) for name, told in files.items()],
        alias="v",
        columns=["f", *(f"p{n}" for n in range(len(partitions)))],
    )
    same = exp.EQ(this=exp.column(file, "r", quoted=True), expression=exp.column("f", "v"))
    rows = exp.Table(this=call, alias=exp.TableAlias(this=exp.to_identifier("r")))
    return exp.select(*columns).from_(rows).join(values, on=same).subquery("rows")


def _named(made: Sequence[Any], place: Path, chunk: str) -> Iterator[Laid]:
    for n, (path, rows, _, _, columns, keys) in enumerate(made):
        folder = Path(path).relative_to(place).parent.parent  # without the chunk's own
        values = {name: value for name, value in keys.items() if name != chunk}
        yield Laid(str(folder / f"part-{n}.parquet"), Path(path), rows, columns, values)


def _rows_in_a_file(
    connection: DuckDBPyConnection, files: Sequence[str], rows: str, partitions: Sequence[str]
) -> int | None:
    """How many rows of a partition are one file; None where each partition is one."""
    size = sum(Path(file).stat().st_size for file in files)
    if size <= TARGET_BYTES:
        return None
    by = f" GROUP BY {', '.join(map(_quoted, partitions))}" if partitions else ""
    found = connection.execute(
        f"SELECT max(n), sum(n) FROM (SELECT count(*) AS n FROM ({rows}) AS r{by})"
    ).fetchone()
    most, count = found or (0, 0)
    each = max(1, int(count or 0) * TARGET_BYTES // size)
    return each if (most or 0) > each else None


def _z_order(order: Sequence[str], rows: str) -> tuple[str, str]:
    """What to sort by so that rows which are near in each of these columns are near in the files.

    A value counts by its rank, so that neither its type nor its distribution matters; the bits of
    all ranks are interleaved (Morton). Joins bring the ranks.
    """
    if len(order) < 2:
        return "".join(f"r.{_quoted(name)}" for name in order), ""
    joins, terms = [], []
    bits = min(_BITS, 62 // len(order))
    for n, name in enumerate(order):
        column = _quoted(name)
        joins.append(
            f"JOIN (SELECT v, ((sum(n) OVER (ORDER BY v NULLS FIRST) - n) * {2**bits} "
            f"// sum(n) OVER ())::BIGINT AS rank FROM (SELECT {column} AS v, count(*) AS n "
            f"FROM ({rows}) AS each GROUP BY ALL)) AS z{n} "
            f"ON r.{column} IS NOT DISTINCT FROM z{n}.v"
        )
        shift = len(order) - 1 - n
        terms += [f"(((z{n}.rank >> {i}) & 1) << {i * len(order) + shift})" for i in range(bits)]
    return " + ".join(terms), " ".join(joins)


def _text(value: str, kind: str) -> str:
    """A partition's value as Delta's log has it, which is also how DuckDB writes it in a path."""
    if kind == "TIMESTAMP WITH TIME ZONE":  # connections of ours are in UTC
        return f"strftime({value}, '%Y-%m-%d %H:%M:%S.%f')"
    return f"CAST({value} AS VARCHAR)"


def _told(connection: DuckDBPyConnection, file: str) -> tuple[int, dict[str, Any]]:
    """Rows and statistics of a file by its footer, as DuckDB tells them of one that it writes.

    Minimum and maximum only of what is a whole number or a date in every row group.
    """
    rows = connection.execute("SELECT num_rows FROM parquet_file_metadata(?)", [file]).fetchone()
    assert rows is not None
    least, most = (
        f"coalesce(CAST({of}(TRY_CAST({value} AS HUGEINT)) AS VARCHAR), "
        f"CAST({of}(TRY_CAST({value} AS DATE)) AS VARCHAR))"
        for of, value in (("min", "stats_min_value"), ("max", "stats_max_value"))
    )
    found = connection.execute(
        f"SELECT path_in_schema, sum(stats_null_count), {least}, {most}, "
        "bool_and(stats_min_value IS NOT NULL OR stats_null_count = num_values) "
        "FROM parquet_metadata(?) GROUP BY ALL HAVING bool_and(stats_null_count IS NOT NULL)",
        [file],
    ).fetchall()
    columns = {}
    for name, nulls, low, high, whole in found:
        told = {"null_count": nulls, **({"min": low, "max": high} if whole and low else {})}
        columns['"' + name.replace('"', '""') + '"'] = told
    return int(rows[0]), columns


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    while name in taken:
        name += "_"
    return name


def _quoted(name: str) -> str:
    return str(exp.to_identifier(name, quoted=True).sql("duckdb"))
