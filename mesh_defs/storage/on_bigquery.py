"""A mesh on BigQuery: a domain's workshop is a private dataset, what is published a dataset of
tables that never change, each shown by a view once it is whole.

Where everything is, is said in `warehouse`; how files come there, in `loading`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage import tables
from mesh_defs.storage.bigquery import told
from mesh_defs.storage.googlesql import in_googlesql
from mesh_defs.storage.house import HOME, Published, Workshop
from mesh_defs.storage.loading import load_landing
from mesh_defs.storage.state import State, read_json, write_json
from mesh_defs.storage.warehouse import Warehouse

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, Table

# BigQuery's limit for the description of a table, in characters; what is said of a snapshot is
# there, beside its rows.
_MOST_SAID = 16_384
_PASSING = "mesh_passing_"


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
        return _name(self.table)


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
        return _name(self.shown)

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
        newest = self._newest()
        found: list[tuple[int, Mapping[str, Any]]] = []
        number = -1 if newest is None else newest
        while number >= 0 and (limit is None or len(found) < limit):
            table = self._get(self._numbered(number))
            if table is None:
                break
            found.append((number, json.loads(table.description or "{}")))
            number -= 1
        return found

    def oldest(self) -> tuple[int, Mapping[str, Any]] | None:
        known = self.history()
        return known[-1] if known else None

    def committed_at(self, version: int) -> datetime | None:
        found = self.snapshot(version)
        if found is None:
            return None
        at = found.metadata.get("published_at")
        return datetime.fromisoformat(at) if at else found.created

    def publish(
        self, workshop: Workshop, relation: exp.Expression, metadata: Mapping[str, Any]
    ) -> TableSnapshot:
        """The rows become a table that nobody sees; then one statement has the view show it."""
        client: Client = workshop.connection
        newest = self._newest()
        number = 0 if newest is None else newest + 1
        table = self._numbered(number)
        rows = exp.select("*").from_(relation.copy())
        run(client, f"CREATE OR REPLACE TABLE {_sql(table)} AS {_text(rows)}")
        made = client.get_table(_name(table))
        said = json.dumps({"rows": made.num_rows, **metadata}, default=str)
        if len(said) > _MOST_SAID:
            raise MeshError(
                f"What is to be said of {self.location} has {len(said):,} characters, and BigQuery "
                f"keeps {_MOST_SAID:,} with a table. Give the product fewer inputs."
            )
        made.description = said
        client.update_table(made, ["description"])
        every = exp.select("*").from_(table.copy())
        run(client, f"CREATE OR REPLACE VIEW {_sql(self.shown)} AS {_text(every)}")
        found = self.snapshot()
        assert found is not None and found.version == number
        return found

    def _numbered(self, number: int) -> exp.Table:
        return _beside(self.shown, f"{self.shown.name}__{number}")

    def _newest(self) -> int | None:
        """The number of the table that the view selects from."""
        import sqlglot

        view = self._get(self.shown)
        if view is None:
            return None
        shown = sqlglot.parse_one(view.view_query or "", dialect="bigquery").find(exp.Table)
        number = shown.name.rpartition("__")[2] if shown else ""
        if not number.isdigit():
            raise MeshError(
                f"{self.location} is no view of a snapshot: somebody changed it. Drop it, and "
                "publish the product again with `mesh run --force`."
            )
        return int(number)

    def _get(self, table: exp.Table) -> Table | None:
        from google.api_core.exceptions import NotFound

        with told():
            try:
                return self.warehouse.reader().get_table(_name(table))
            except NotFound:
                return None


@dataclass
class BigQueryWorkshop:
    """A client, and the two datasets of a domain that nobody else reads."""

    connection: Client
    house: BigQueryHouse
    domain: str
    _passing: list[tuple[str, exp.Table]] = field(default_factory=list)

    def table(self, name: str, schema: str = HOME) -> exp.Table:
        return self.house.table(self.domain, name, schema)

    def models(self) -> Collection[str]:
        dataset = self.house.warehouse.private(self.domain)
        return {t.table_id for t in self.connection.list_tables(dataset)}

    def columns(self, relation: exp.Expression) -> list[str]:
        from google.cloud.bigquery import QueryJobConfig

        text = _text(exp.select("*").from_(relation.copy()))
        config = QueryJobConfig(dry_run=True, use_query_cache=False)
        return [f.name for f in self.connection.query(text, job_config=config).schema or ()]

    def rows(self, query: exp.Expression) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.connection.query(_text(query)).result()]

    def view(self, query: exp.Expression) -> exp.Table:
        return self._pass("VIEW", query)

    def keep(self, query: exp.Expression) -> exp.Table:
        return self._pass("TABLE", query)

    def land(self, name: str, landing: tables.Snapshot) -> None:
        load_landing(self.connection, landing, _name(self.table(name, "landing")))

    def rows_of(self, snapshot: Published) -> exp.Expression:
        assert isinstance(snapshot, TableSnapshot)
        return snapshot.table.copy()

    def mount(self, schema: str, name: str, rows: exp.Expression) -> None:
        view = _sql(self.table(name, schema))
        every = exp.select("*").from_(rows.copy())
        run(self.connection, f"CREATE OR REPLACE VIEW {view} AS {_text(every)}")

    def unmount(self, schema: str, name: str) -> None:
        self.connection.delete_table(_name(self.table(name, schema)), not_found_ok=True)

    def builds(self) -> dict[str, dict[str, int]]:
        known = read_json(self.house.builds(self.domain)) or {}
        return {model: told["inputs"] for model, told in known.items()}

    def note_builds(
        self, built: Mapping[str, Mapping[str, int]], code: Mapping[str, str], run_id: str
    ) -> None:
        path = self.house.builds(self.domain)
        new = {
            model: {"code": code.get(model, ""), "inputs": dict(of), "run_id": run_id}
            for model, of in built.items()
        }
        write_json(path, {**(read_json(path) or {}), **new})

    def sizes(self, models: Collection[str]) -> dict[str, int]:
        found = ((name, self._described[name]) for name in models if name in self._described)
        return {name: t.num_rows for name, t in found if t.table_type == "TABLE"}

    def shapes(self, models: Collection[str]) -> dict[tuple[str, str], dict[str, str]]:
        return {
            (HOME, name): {f.name: f.field_type for f in self._described[name].schema}
            for name in models
            if name in self._described
        }

    def close(self) -> None:
        """Drop what was made for as long as the workshop is open, views before their tables."""
        while self._passing:
            _, table = self._passing.pop()
            self.connection.delete_table(_name(table), not_found_ok=True)

    @cached_property
    def _described(self) -> dict[str, Table]:
        names = self.models()
        return {n: self.connection.get_table(_name(self.table(n))) for n in names}

    def _pass(self, kind: str, query: exp.Expression) -> exp.Table:
        table = self.table(f"{_PASSING}{uuid.uuid4().hex}")
        run(self.connection, f"CREATE {kind} {_sql(table)} AS {_text(query)}")
        self._passing.append((kind, table))
        return table


@dataclass(frozen=True)
class BigQueryHouse:
    """Datasets of one project: `<prefix>_private_<domain>`, `…_inputs_…`, `…_published_…`, and
    `…_quarantine_…`."""

    state: State
    warehouse: Warehouse
    kind = "bigquery"
    dialect = "bigquery"

    @contextmanager
    def open(
        self,
        domain: str,
        about: Mapping[str, str] = MappingProxyType({}),
        budget: int | None = None,
    ) -> Iterator[BigQueryWorkshop]:
        labels = {"domain": domain, **about}
        with told(), self.warehouse.client(labels, budget) as client:
            self.warehouse.furnish(client, domain, self.state)
            workshop = BigQueryWorkshop(client, self, domain)
            try:
                yield workshop
            finally:
                workshop.close()

    def products(self, ref: ProductRef, major: int) -> TableSeries:
        return self._series(self.warehouse.published(ref.domain), ref, major)

    def quarantine(self, ref: ProductRef, major: int) -> TableSeries:
        return self._series(self.warehouse.quarantined(ref.domain), ref, major)

    def table(self, domain: str, name: str, schema: str = HOME) -> exp.Table:
        if schema == HOME:
            return self.warehouse.table(self.warehouse.private(domain), name)
        return self.warehouse.table(self.warehouse.inputs(domain), f"{schema}__{name}")

    def dbt_environment(self, domain: str) -> dict[str, str]:
        return self.warehouse.environment(domain)

    def builds(self, domain: str) -> Any:
        return self.state.workshop(domain).with_suffix(".builds.json")

    def _series(self, dataset: str, ref: ProductRef, major: int) -> TableSeries:
        return TableSeries(self.warehouse, self.warehouse.table(dataset, f"{ref.product}_v{major}"))


def run(client: Client, statement: str) -> None:
    client.query(statement).result()


def _beside(table: exp.Table, name: str) -> exp.Table:
    return exp.table_(name, db=table.db, catalog=table.catalog, quoted=True)


def _name(table: exp.Table) -> str:
    return f"{table.catalog}.{table.db}.{table.name}"


def _sql(table: exp.Table) -> str:
    return str(table.sql("bigquery"))


def _text(query: exp.Expression) -> str:
    return in_googlesql(query)[0]
