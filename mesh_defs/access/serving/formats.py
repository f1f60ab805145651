"""Arrow batches as bytes in the form somebody asked for; a piece at a time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.storage.workshop import tune

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema

Pieces = Iterator[bytes]


@dataclass(frozen=True)
class Format:
    """`name` is what `?format=` says, `media` what `Accept` says."""

    name: str
    media: str
    encode: Callable[[Any, Iterator[Any]], Pieces]


class _Sink:
    """What a writer of Arrow's writes to; taken out piece by piece."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._at = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._at += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False


def _written(sink: _Sink, writer: Any, batches: Iterator[RecordBatch]) -> Pieces:
    """What a writer makes of each batch, and of the end. An end that is not reached is not made up:
    whoever reads has to notice that the rest is missing."""
    for batch in batches:
        writer.write_batch(batch)
        if piece := sink.taken():
            yield piece
    writer.close()
    yield sink.taken()


def arrow(schema: Schema, batches: Iterator[RecordBatch]) -> Pieces:
    import pyarrow as pa

    sink = _Sink()
    return _written(sink, pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), schema), batches)


def parquet(schema: Schema, batches: Iterator[RecordBatch]) -> Pieces:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = _Sink()
    file = pa.PythonFile(sink, mode="w")
    return _written(sink, pq.ParquetWriter(file, schema, compression="zstd"), batches)


def csv(schema: Schema, batches: Iterator[RecordBatch]) -> Pieces:
    """With a header. Nothing is empty, an empty text is `\"\"`; lists and structs are JSON."""
    import pyarrow as pa
    from pyarrow import csv as writing

    columns = ", ".join(_csv_column(field) for field in schema)
    first = True
    for made in _converted(f"SELECT {columns} FROM", schema, batches):
        sink = _Sink()
        options = writing.WriteOptions(include_header=first)
        writing.write_csv(made, pa.PythonFile(sink, mode="w"), options)
        first = False
        yield sink.taken()


def lines(schema: Schema, batches: Iterator[RecordBatch]) -> Pieces:
    """A JSON object a line."""
    import pyarrow.compute as pc

    row = "row"
    while row in {n.casefold() for n in schema.names}:
        row += "_"
    inner = ", ".join(_json_column(field) for field in schema)
    select = f"SELECT CAST(to_json({row}) AS VARCHAR) || chr(10) FROM (SELECT {inner} FROM"
    for made in _converted(select, schema, batches, f") AS {row}"):
        if made.num_rows:
            joined = pc.binary_join(_one_list(made.column(0)), "")
            yield joined[0].as_buffer().to_pybytes()


def _one_list(column: Any) -> Any:
    import pyarrow as pa

    values = column.combine_chunks()
    values = pa.concat_arrays(values.chunks) if hasattr(values, "chunks") else values
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)


def _csv_column(field: Any) -> str:
    import pyarrow as pa

    name: str = exp.column(field.name, quoted=True).sql("duckdb")
    if pa.types.is_nested(field.type):
        return f"CAST(to_json({name}) AS VARCHAR) AS {name}"
    return f"CAST({name} AS VARCHAR) AS {name}" if pa.types.is_temporal(field.type) else name


def _json_column(field: Any) -> str:
    """JSON has no word for infinity, so that one is text, as in `mesh query`."""
    import pyarrow as pa

    name: str = exp.column(field.name, quoted=True).sql("duckdb")
    if not pa.types.is_floating(field.type):
        return name
    said = f"CAST({name} AS VARCHAR)"
    return f"CASE WHEN isfinite({name}) THEN to_json({name}) ELSE to_json({said}) END AS {name}"


def _converted(
    select: str, schema: Schema, batches: Iterator[RecordBatch], rest: str = ""
) -> Iterator[Any]:
    """Each batch, and first an empty one, through an engine that holds nothing else."""
    import duckdb
    import pyarrow as pa

    with duckdb.connect() as connection:
        tune(connection)
        connection.execute("SET preserve_insertion_order = true")
        connection.execute("SET threads = 1")

        def through(table: Any) -> Any:
            connection.register("batch", table)
            return connection.execute(f"{select} batch{rest}").to_arrow_table()

        yield through(schema.empty_table())
        for batch in batches:
            yield through(pa.Table.from_batches([batch]))


FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("jsonl", "application/x-ndjson", lines),
        Format("arrow", "application/vnd.apache.arrow.stream", arrow),
        Format("parquet", "application/vnd.apache.parquet", parquet),
        Format("csv", "text/csv", csv),
    )
}
DEFAULT = FORMATS["jsonl"]


def chosen(name: str | None, accept: str | None) -> Format | None:
    """The form somebody asks for by name, else by media types in their order; None for others."""
    if name is not None:
        return FORMATS.get(name)
    wanted: list[tuple[float, str]] = []
    for part in (accept or "*/*").split(","):
        media, *options = (p.strip().lower() for p in part.split(";"))
        quality = next((o[2:] for o in options if o.startswith("q=")), "1")
        try:
            wanted.append((-float(quality), media))
        except ValueError:
            return None
    by_media = {f.media: f for f in FORMATS.values()} | {
        "application/jsonl": DEFAULT, "application/json-lines": DEFAULT, "*/*": DEFAULT,
        "application/*": DEFAULT, "text/*": FORMATS["csv"],
    }  # fmt: skip
    wanted.sort(key=lambda w: w[0])
    return next((by_media[media] for q, media in wanted if q and media in by_media), None)
