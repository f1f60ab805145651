"""A table's rows out of BigQuery: one Parquet file, in the types that the lake would keep them in.

Rows are listed, which is no job: nothing is scanned and nothing is paid for by the byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.storage.bigquery.types import kind_of, rows_of
from mesh_defs.storage.commits import stored_as
from mesh_defs.storage.workshop import tune

if TYPE_CHECKING:
    from google.cloud.bigquery import Client


def unload(
    client: Client, table: str, to: Path, promised: Mapping[str, Sequence[exp.DataType]]
) -> int:
    """Write the rows of `project.dataset.table` to a file, page by page; how many there were.

    `promised` says of a column what BigQuery does not keep of its type. Raises MeshError for a
    column that DuckDB has no type for.
    """
    import duckdb

    there = client.get_table(table)
    said = {f.name: kind_of(f.to_api_repr(), promised.get(f.name, ())) for f in there.schema}
    kinds = {name: duckdb.type(kind.sql("duckdb")) for name, kind in said.items()}
    with duckdb.connect() as connection, rows_of(client, there, kinds) as rows:
        tune(connection, to.parent / "spilled")
        columns = [
            exp.cast(exp.column(name, quoted=True), exp.DataType.build(stored_as(kind), "duckdb"))
            .as_(name, quoted=True)
            for name, kind in kinds.items()
        ]  # fmt: skip
        query = exp.select(*columns).from_(rows).sql("duckdb")
        target = exp.convert(str(to)).sql("duckdb")
        found = connection.execute(
            f"COPY ({query}) TO {target} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    assert found is not None
    return int(found[0])
