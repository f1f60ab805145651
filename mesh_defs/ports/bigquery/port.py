"""The BigQuery port: a product as one table, which a copy job replaces whole.

A snapshot is loaded into a table of its own, `purchases_v1__7_5f3a91c0`, and proven there: BigQuery
sums it up in one query, as DuckDB does the snapshot's files. Which
one is about to be shown is written on the readers' table, over what was read; then one copy job
replaces its rows, at once. Whether the job succeeded is what decides which snapshot stands.
Tables that a killed process left go by themselves after a day.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.bigquery.grants import BigQueryGrants
from mesh_defs.ports.bigquery.labels import (
    NEXT,
    announced,
    labels_of,
    marked,
    next_mark,
    standing_mark,
)
from mesh_defs.ports.places import bigquery_tags
from mesh_defs.ports.port import Audited, Mark, Prove, Shape, Summed
from mesh_defs.ports.proof import kinds_of
from mesh_defs.storage.bigquery.checksums import summed_here, summed_there
from mesh_defs.storage.bigquery.client import job_labels_of, load
from mesh_defs.storage.bigquery.labels import OF_A_COLUMN, OF_A_TABLE, description
from mesh_defs.storage.bigquery.layout import layout_of
from mesh_defs.storage.bigquery.types import Field, field_of, has_holes, type_of
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from google.cloud.bigquery import Client, Table

    from mesh_defs.storage.bigquery.metered import MeteredClient

_ABANDONED = timedelta(days=1)
# How long whoever said that it is about to copy has until its job is there.
_HEAD_START = 2.0
_TRIES = 5


class BigQueryPort(BigQueryGrants):
    """One product's table in a dataset."""

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        fields = _fields(connection, audited)
        layout_of(audited.partitions, audited.clustering, fields)
        _no_holes(connection, audited)
        return _shape(fields)

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        fields = _fields(connection, audited, bigquery_tags(self.target))
        token = f"{audited.mark.snapshot}_{secrets.token_hex(4)}"
        with self.client() as client:
            self._ready(client, audited, fields)
            made = client.create_table(self._resource(audited, fields, self._aside(token)))
            try:
                load(client, audited.files, self._aside(token), made.schema)
                made = client.get_table(self._aside(token))
                prove(_summed(client, made, connection, audited), _shape_of(made))
                self._announce(client, audited, token)
                self._copy(client, token)
                self._settle(client, audited, fields, token)
            finally:
                client.delete_table(self._aside(token), not_found_ok=True)

    def standing(self) -> Mark | None:
        with self.client() as client:
            found = self.found(client)
            if found is None:
                return None
            return self._stands(client, found)

    def shape(self) -> Shape:
        with self.client() as client:
            return _shape_of(self._there(client))

    @contextmanager
    def read_back(self, connection: DuckDBPyConnection, audited: Audited) -> Iterator[Summed]:
        with self.client() as client:
            yield _summed(client, self._there(client), connection, audited)

    def _there(self, client: Client) -> Table:
        found = self.found(client)
        if found is None:
            raise MeshError(f"Nothing was delivered to {self.location} yet.")
        return found

    def _aside(self, token: str) -> str:
        """Where a snapshot is loaded."""
        return f"{self.place}__{token}"

    def _job(self, token: str) -> str:
        return f"mesh-{self.dataset}-{self.table}-{token}"

    def _ready(self, client: Client, audited: Audited, fields: list[Field]) -> None:
        """See that the readers' table can become this snapshot; make it, empty, if there is none:
        which snapshot is about to come has to be written somewhere."""
        from google.cloud.bigquery import Dataset, DatasetReference

        found = self.found(client)
        if found is None:
            dataset = Dataset(DatasetReference(self.project, self.dataset))
            dataset.location = self.region
            client.create_dataset(dataset, exists_ok=True)
            client.create_table(self._resource(audited, fields), exists_ok=True)
            found = client.get_table(self.place)
        if found.labels.get("product") != self.target.product.product:
            raise MeshError(f"{self.location} is there already, and was not made by mesh.")
        audited.takes_over(standing_mark(found), self.location)
        wanted = self._resource(audited, fields).time_partitioning
        if _partitioned(found.time_partitioning) != _partitioned(wanted):
            raise MeshError(
                f"{self.location} is partitioned by {_partitioned(found.time_partitioning)}, and "
                f"the contract says by {_partitioned(wanted)}: BigQuery partitions no table "
                "anew. Have it dropped, run the product, then `mesh access reconcile`."
            )

    def _resource(self, audited: Audited, fields: list[Field], aside: str = "") -> Table:
        """The table as the contract wants it; one that is aside goes by itself in a while."""
        from google.cloud.bigquery import Table, TableReference

        reference = TableReference.from_string(aside or self.place)
        made = Table.from_api_repr(
            {
                "tableReference": reference.to_api_repr(),
                "schema": {"fields": fields},
                "description": description(audited.description, OF_A_TABLE),
                "labels": labels_of(audited),
                **layout_of(audited.partitions, audited.clustering, fields),
            }
        )
        if aside:
            made.expires = datetime.now(UTC) + _ABANDONED
        return made

    def _announce(self, client: Client, audited: Audited, token: str) -> None:
        """Write which snapshot is about to be shown on the readers' table, over what was read: from
        here on nobody else begins, unless this one gives up."""
        from google.api_core.exceptions import PreconditionFailed

        for _ in range(_TRIES):
            found = client.get_table(self.place)
            if NEXT in found.labels:
                self._wait_for(client, found)
            stands = self._stands(client, found)
            audited.takes_over(stands, self.location)
            found.labels |= {**marked(stands), **announced(audited.mark, token)}
            try:
                client.update_table(found, ["labels"])
                return
            except PreconditionFailed:
                continue
        raise MeshError(f"{self.location} is written by somebody else all the time.")

    def _wait_for(self, client: Client, found: Table) -> None:
        """Wait until a copy that was announced is done, or can't be done any more: without its
        source, none that begins later succeeds."""
        token = found.labels[NEXT]
        job = self._job_of(client, found, token)
        if job is None:
            time.sleep(_HEAD_START)
            if self._job_of(client, found, token) is None:
                client.delete_table(self._aside(token), not_found_ok=True)
            job = self._job_of(client, found, token)
        if job is not None and job.state != "DONE":
            job.exception()  # waits for it

    def _job_of(self, client: Client, found: Table, token: str) -> Any:
        from google.api_core.exceptions import NotFound

        try:
            return client.get_job(self._job(token), location=found.location)
        except NotFound:
            return None

    def _stands(self, client: Client, found: Table) -> Mark | None:
        """What readers see: the snapshot that was announced, if its copy has succeeded."""
        token = found.labels.get(NEXT)
        job = self._job_of(client, found, token) if token else None
        done = job is not None and job.state == "DONE" and not job.error_result
        return next_mark(found) if done else standing_mark(found)

    def _copy(self, client: Client, token: str) -> None:
        from google.cloud.bigquery import CopyJobConfig

        config = CopyJobConfig(
            write_disposition="WRITE_TRUNCATE", create_disposition="CREATE_NEVER",
            labels=job_labels_of(client),
        )  # fmt: skip
        client.copy_table(
            self._aside(token), self.place, job_id=self._job(token), job_config=config
        ).result()

    def _settle(self, client: Client, audited: Audited, fields: list[Field], token: str) -> None:
        """Write down what the job has decided, and whatever else the contract says. If somebody
        else has changed the table meanwhile, whoever comes next does it."""
        from google.api_core.exceptions import PreconditionFailed

        found, wanted = client.get_table(self.place), self._resource(audited, fields)
        if found.labels.get(NEXT) != token:
            return
        found.labels = {
            **dict.fromkeys(announced(audited.mark, token)),
            **wanted.labels,
            **marked(audited.mark),
        }
        found.description, found.schema, found.expires = wanted.description, wanted.schema, None
        found.clustering_fields = wanted.clustering_fields
        try:
            client.update_table(
                found, ["labels", "description", "schema", "expires", "clustering_fields"]
            )
        except PreconditionFailed:
            return


def _summed(
    client: MeteredClient, table: Table, connection: DuckDBPyConnection, audited: Audited
) -> Summed:
    """One query, of which is asked beforehand what it would read, where there is a budget."""
    kinds = kinds_of(connection, audited)
    named = exp.table_(table.table_id, table.dataset_id, table.project, quoted=True)
    client.keep_to(audited.budget, audited.product.domain)

    def there() -> list[int]:
        (row,) = client.query(summed_there(kinds, named)).result()
        return [int(value) for value in row.values()]

    return Summed(there, partial(summed_here, kinds))


def _fields(
    connection: DuckDBPyConnection, audited: Audited, tags: dict[str, str] | None = None
) -> list[Field]:
    promised = {c.name: c for c in audited.columns}
    fields = []
    for name, kind in kinds_of(connection, audited).items():
        field = field_of(name, kind)
        said = promised.get(name)
        if said and said.required and field["mode"] == "NULLABLE":
            field["mode"] = "REQUIRED"
        if said and said.description:
            field["description"] = description(said.description, OF_A_COLUMN)
        if said and (tag := (tags or {}).get(said.classification)):
            field["policyTags"] = {"names": [tag]}
        fields.append(field)
    return fields


def _no_holes(connection: DuckDBPyConnection, audited: Audited) -> None:
    kinds = kinds_of(connection, audited)
    columns = {name: exp.column(name, quoted=True).sql("duckdb") for name in kinds}
    holes = {n: said for n, k in kinds.items() if (said := has_holes(columns[n], k))}
    if not holes:
        return
    asked = ", ".join(f"bool_or({said})" for said in holes.values())
    files = read_files(audited.files).sql("duckdb")
    row = connection.execute(f"SELECT {asked} FROM {files}").fetchone()
    assert row is not None
    for name, found in zip(holes, row, strict=True):
        if found:
            raise MeshError(
                f"Column `{name}` has nulls where BigQuery knows none: no list at all, or one in a "
                "list. Make the first an empty list, and leave the second out."
            )


def _shape(fields: list[Field]) -> Shape:
    return tuple((field["name"], type_of(field)) for field in fields)


def _shape_of(table: Table) -> Shape:
    return _shape([field.to_api_repr() for field in table.schema])


def _partitioned(by: Any) -> str:
    return f"the {by.type_.lower()} of `{by.field}`" if by else "nothing"
