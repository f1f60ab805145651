"""A product's snapshots in BigQuery: tables that nothing changes any more, each shown by a view
once it is whole. Which datasets they are in is said in `warehouse`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.client import told
from mesh_defs.storage.bigquery.googlesql import in_googlesql
from mesh_defs.storage.bigquery.labels import OF_A_COLUMN, OF_A_TABLE, description, table_labels
from mesh_defs.storage.bigquery.layout import layout_of
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.held import LONGEST_READ
from mesh_defs.storage.house import About, Workshop

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, SchemaField, Table


@dataclass(frozen=True)
class TableSnapshot:
    """A table of the published dataset. Nothing changes it; the view names the newest."""

    table: exp.Table
    version: int
    metadata: Mapping[str, Any]
    bytes: int
    created: datetime
    is_whole: bool = True

    @property
    def location(self) -> str:
        return name_of(self.table)


@dataclass(frozen=True)
class TableSeries:
    """`orders_v1` is a view of the newest of `orders_v1__0`, `orders_v1__1`, …

    A number above the one that the view names is what a killed writer left: nobody saw it, and the
    next publication takes its place.
    """

    warehouse: Warehouse
    shown: exp.Table

    @property
    def location(self) -> str:
        return name_of(self.shown)

    def snapshot(self, version: int | None = None) -> TableSnapshot | None:
        newest = self._newest()
        if newest is None or (version is not None and not 0 <= version <= newest):
            return None
        number = newest if version is None else version
        found = self._get(self._numbered(number))
        if found is None:
            return None
        said = json.loads(found.description or "{}")
        return TableSnapshot(
            self._numbered(number), number, said, found.num_bytes or 0, found.created
        )

    def history(self, limit: int | None = None) -> list[tuple[int, Mapping[str, Any]]]:
        found = map(self.snapshot, [*self._kept()][:limit])
        return [(each.version, each.metadata) for each in found if each]

    def oldest(self) -> tuple[int, Mapping[str, Any]] | None:
        numbers = list(self._kept())
        unbroken = [n for i, n in enumerate(numbers) if n == numbers[0] - i]
        found = self.snapshot(unbroken[-1]) if unbroken else None
        return (found.version, found.metadata) if found else None

    def committed_at(self, version: int) -> datetime | None:
        found = self.snapshot(version)
        if found is None:
            return None
        at = found.metadata.get("published_at")
        return datetime.fromisoformat(at) if at else found.created

    def publish(
        self,
        workshop: Workshop,
        relation: exp.Expression,
        metadata: Mapping[str, Any],
        about: About | None = None,
    ) -> TableSnapshot:
        """The rows become a table that nobody sees; then one statement has the view show it.

        Raises MeshError for a column that BigQuery does not cluster by.
        """
        about = about or About()
        client: Client = workshop.connection
        newest = self._newest()
        number = 0 if newest is None else newest + 1
        table = self._numbered(number)
        rows = exp.select("*").from_(relation.copy())
        laid_out = _laid_out(client, text_of(rows), about)
        # One that a killed writer left may be partitioned otherwise, and is not replaced then.
        client.delete_table(name_of(table), not_found_ok=True)
        run(client, f"CREATE TABLE {sql_of(table)}{laid_out} AS {text_of(rows)}")
        made = client.get_table(name_of(table))
        said = json.dumps({"rows": made.num_rows, **metadata}, default=str)
        if len(said) > OF_A_TABLE:  # it stands beside the rows
            raise MeshError(
                f"What is to be said of {self.location} has {len(said):,} characters, and BigQuery "
                f"keeps {OF_A_TABLE:,} with a table. Give the product fewer inputs."
            )
        made.description, made.labels = said, table_labels(about.labels)
        made.schema = [_described(of, about) for of in made.schema]
        client.update_table(made, ["description", "labels", "schema"])
        every = exp.select("*").from_(table.copy())
        told_of = _columns_of(made.schema, about) + _options_of(about)
        run(client, f"CREATE OR REPLACE VIEW {sql_of(self.shown)}{told_of} AS {text_of(every)}")
        found = self.snapshot()
        assert found is not None and found.version == number
        return found

    def clean(self, keep: timedelta, now: datetime, pinned: Callable[[], Collection[int]]) -> int:
        """A table goes whole, with what was said of it."""
        kept = list(self._kept().items())
        gave_way = [now, *(made for _, made in kept)]
        old = [
            number
            for (number, made), until in list(zip(kept, gave_way, strict=False))[2:]
            if made <= now - keep and until <= now - LONGEST_READ
        ]
        if not old:
            return 0
        held = {*pinned(), *self._mounted()}
        gone = [number for number in old if number not in held]
        with told():
            for number in gone:
                name = name_of(self._numbered(number))
                self.warehouse.reader().delete_table(name, not_found_ok=True)
        return len(gone)

    def _kept(self) -> dict[int, datetime]:
        """The snapshots that are there, newest first, and when each was made."""
        newest = self._newest()
        if newest is None:
            return {}
        begin = f"{self.shown.name}__"
        with told():
            every = list(
                self.warehouse.reader().list_tables(f"{self.shown.catalog}.{self.shown.db}")
            )
        made = {t.table_id.removeprefix(begin): t for t in every if t.table_id.startswith(begin)}
        numbers = sorted((int(n) for n in made if n.isdigit()), reverse=True)
        return {n: made[str(n)].created for n in numbers if n <= newest}

    def _mounted(self) -> Iterator[int]:
        """The snapshots that inputs of domains are views of: a run may be reading them."""
        domain = self.shown.db.removeprefix(self.warehouse.published(""))
        product = self.shown.name.rpartition("_v")[0]
        with told():
            every = [d.dataset_id for d in self.warehouse.reader().list_datasets()]
        for dataset in every:
            if not dataset.startswith(self.warehouse.inputs("")):
                continue
            view = self._get(self.warehouse.table(dataset, f"{domain}__{product}"))
            if view is not None and (number := self._number_in(view)) is not None:
                yield number

    def _numbered(self, number: int) -> exp.Table:
        return _beside(self.shown, f"{self.shown.name}__{number}")

    def _newest(self) -> int | None:
        """The number of the table that the view selects from."""
        view = self._get(self.shown)
        if view is None:
            return None
        number = self._number_in(view)
        if number is None:
            raise MeshError(
                f"{self.location} is no view of a snapshot: somebody changed it. Drop it, and "
                "publish the product again with `mesh run --force`."
            )
        return number

    def _number_in(self, view: Table) -> int | None:
        """Of the table of this series that a view selects from."""
        import sqlglot

        query = sqlglot.parse_one(view.view_query or "", dialect="bigquery")
        named = [t.name for t in query.find_all(exp.Table) if t.db == self.shown.db]
        begin = f"{self.shown.name}__"
        numbers = [n.removeprefix(begin) for n in named if n.startswith(begin)]
        return int(numbers[0]) if numbers and numbers[0].isdigit() else None

    def _get(self, table: exp.Table) -> Table | None:
        from google.api_core.exceptions import NotFound

        with told():
            try:
                return self.warehouse.reader().get_table(name_of(table))
            except NotFound:
                return None


def _laid_out(client: Client, rows: str, about: About) -> str:
    """The clauses of partitions and clusters, by the contract, of a table of these rows."""
    from google.cloud.bigquery import QueryJobConfig

    if not about.partitions and not about.clustering:
        return ""
    config = QueryJobConfig(dry_run=True, use_query_cache=False)
    fields = [f.to_api_repr() for f in client.query(rows, job_config=config).schema or ()]
    found = layout_of(about.partitions, about.clustering, fields)
    clauses = ""
    if day := found.get("timePartitioning", {}).get("field"):
        kind = next(f["type"] for f in fields if f["name"] == day)
        column = exp.to_identifier(day, quoted=True).sql("bigquery")
        by = column if kind == "DATE" else f"{kind}_TRUNC({column}, DAY)"
        clauses += f" PARTITION BY {by}"
    if clusters := found.get("clustering", {}).get("fields"):
        names = (exp.to_identifier(name, quoted=True).sql("bigquery") for name in clusters)
        clauses += f" CLUSTER BY {', '.join(names)}"
    return clauses


def _columns_of(fields: Sequence[SchemaField], about: About) -> str:
    """The columns of a view, each with its description."""
    each = []
    for of in fields:
        said = description(about.columns.get(of.name, ""), OF_A_COLUMN)
        options = f" OPTIONS (description = {_text(said)})" if said else ""
        each.append(exp.to_identifier(of.name, quoted=True).sql("bigquery") + options)
    return f" ({', '.join(each)})"


def _options_of(about: About) -> str:
    said = []
    if about.description:
        said.append(f"description = {_text(description(about.description, OF_A_TABLE))}")
    if labels := table_labels(about.labels):
        pairs = (f"({_text(key)}, {_text(value)})" for key, value in labels.items())
        said.append(f"labels = [{', '.join(pairs)}]")
    return f" OPTIONS ({', '.join(said)})" if said else ""


def _text(said: str) -> str:
    return str(exp.Literal.string(said).sql("bigquery"))


def _described(of: SchemaField, about: About) -> SchemaField:
    from google.cloud.bigquery import SchemaField

    said = description(about.columns.get(of.name, ""), OF_A_COLUMN)
    return SchemaField.from_api_repr({**of.to_api_repr(), "description": said}) if said else of


def run(client: Client, statement: str) -> None:
    client.query(statement).result()


def _beside(table: exp.Table, name: str) -> exp.Table:
    return exp.table_(name, db=table.db, catalog=table.catalog, quoted=True)


def name_of(table: exp.Table) -> str:
    return f"{table.catalog}.{table.db}.{table.name}"


def sql_of(table: exp.Table) -> str:
    return str(table.sql("bigquery"))


def text_of(query: exp.Expression) -> str:
    return in_googlesql(query)[0]
