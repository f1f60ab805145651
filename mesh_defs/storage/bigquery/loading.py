"""A landing into BigQuery: one load job a snapshot, and none for what is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.client import job_labels_of
from mesh_defs.storage.bigquery.types import field_of
from mesh_defs.storage.tables import Snapshot
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

SNAPSHOT_LABEL = "mesh_snapshot"


def load_landing(client: Client, snapshot: Snapshot, to: str) -> None:
    """Make a table hold a snapshot's rows, in one step; nothing is sent if it holds them already.

    `to` is `project.dataset.table`. Raises MeshError for a column that BigQuery has no type for.
    """
    from google.api_core.exceptions import NotFound
    from google.cloud.bigquery import LoadJobConfig, ParquetOptions

    (file,) = snapshot.files  # a landing is written as one
    mark = f"{snapshot.version}-{int(Path(file).stat().st_mtime)}"
    try:
        if (client.get_table(to).labels or {}).get(SNAPSHOT_LABEL) == mark:
            return
    except NotFound:
        pass
    options = ParquetOptions()
    options.enable_list_inference = True
    config = LoadJobConfig(
        schema=_fields(snapshot, to), source_format="PARQUET", write_disposition="WRITE_TRUNCATE",
        parquet_options=options, labels=job_labels_of(client),
    )  # fmt: skip
    with Path(file).open("rb") as rows:
        client.load_table_from_file(rows, to, job_config=config).result()
    table = client.get_table(to)
    table.labels = {**(table.labels or {}), SNAPSHOT_LABEL: mark}
    client.update_table(table, ["labels"])


def _fields(snapshot: Snapshot, to: str) -> list[Any]:
    import duckdb
    from google.cloud.bigquery import SchemaField

    with duckdb.connect() as connection:
        shape = connection.sql(f"SELECT * FROM {read_files(snapshot.files).sql('duckdb')} LIMIT 0")
        found = zip(shape.columns, shape.types, strict=True)
        try:
            return [SchemaField.from_api_repr(field_of(name, kind)) for name, kind in found]
        except MeshError as error:
            raise MeshError(
                f"{to}: {error} Declare another type in domain.yaml, or land it as text."
            ) from None
