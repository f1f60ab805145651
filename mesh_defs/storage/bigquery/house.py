"""A mesh on BigQuery: a domain's workshop is a private dataset.

Where everything is, is said in `warehouse`; how files come there, in `loading`, and how rows become
files, in `unloading`; what is published, in `table_series`.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage import tables
from mesh_defs.storage.bigquery.client import told
from mesh_defs.storage.bigquery.loading import load_landing
from mesh_defs.storage.bigquery.table_series import (
    TableSeries,
    TableSnapshot,
    name_of,
    run,
    sql_of,
    text_of,
)
from mesh_defs.storage.bigquery.unloading import unload
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.house import HOME, Published
from mesh_defs.storage.passing import passing
from mesh_defs.storage.state import State, read_json, write_json

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, Table

_PASSING = "mesh_passing_"


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

        text = text_of(exp.select("*").from_(relation.copy()))
        config = QueryJobConfig(dry_run=True, use_query_cache=False)
        return [f.name for f in self.connection.query(text, job_config=config).schema or ()]

    def rows(self, query: exp.Expression) -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in self.connection.query(text_of(query)).result()]

    def view(self, query: exp.Expression) -> exp.Table:
        return self._pass("VIEW", query)

    def keep(self, query: exp.Expression) -> exp.Table:
        return self._pass("TABLE", query)

    def land(self, name: str, landing: tables.Snapshot) -> None:
        load_landing(self.connection, landing, name_of(self.table(name, "landing")))

    def rows_of(self, snapshot: Published) -> exp.Expression:
        assert isinstance(snapshot, TableSnapshot)
        return snapshot.table.copy()

    def mount(self, schema: str, name: str, rows: exp.Expression) -> None:
        view = sql_of(self.table(name, schema))
        every = exp.select("*").from_(rows.copy())
        run(self.connection, f"CREATE OR REPLACE VIEW {view} AS {text_of(every)}")

    def unmount(self, schema: str, name: str) -> None:
        self.connection.delete_table(name_of(self.table(name, schema)), not_found_ok=True)

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

    def shapes(self, mounted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
        found = {(HOME, name): table for name, table in self._described.items()}
        found |= {(s, n): self.connection.get_table(name_of(self.table(n, s))) for s, n in mounted}
        return {at: {f.name: f.field_type for f in t.schema} for at, t in found.items()}

    def close(self) -> None:
        """Drop what was made for as long as the workshop is open, views before their tables."""
        while self._passing:
            _, table = self._passing.pop()
            self.connection.delete_table(name_of(table), not_found_ok=True)

    @cached_property
    def _described(self) -> dict[str, Table]:
        names = self.models()
        return {n: self.connection.get_table(name_of(self.table(n))) for n in names}

    def _pass(self, kind: str, query: exp.Expression) -> exp.Table:
        table = self.table(f"{_PASSING}{uuid.uuid4().hex}")
        run(self.connection, f"CREATE {kind} {sql_of(table)} AS {text_of(query)}")
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
    has_files = False

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

    @contextmanager
    def files_of(
        self,
        snapshot: Published,
        promised: Mapping[str, Sequence[exp.DataType]] = MappingProxyType({}),
    ) -> Iterator[tuple[str, ...]]:
        assert isinstance(snapshot, TableSnapshot)
        with passing(self.state) as folder:
            file = folder / "rows.parquet"
            with told():
                rows = unload(self.warehouse.reader(), name_of(snapshot.table), file, promised)
            if rows != (published := snapshot.metadata["rows"]):
                raise MeshError(
                    f"BigQuery gave {rows:,} rows of {snapshot.location}, where {published:,} were "
                    "published."
                )
            yield (str(file),)

    def standing(self) -> Iterator[TableSnapshot]:
        with told():
            client = self.warehouse.reader()
            names = [d.dataset_id for d in client.list_datasets()]
            views = [
                self.warehouse.table(name, table.table_id)
                for name in names
                if name.startswith(self.warehouse.published(""))
                for table in client.list_tables(f"{self.warehouse.project}.{name}")
                if table.table_type == "VIEW"
            ]
        found = (TableSeries(self.warehouse, view).snapshot() for view in views)
        yield from (each for each in found if each)

    def _series(self, dataset: str, ref: ProductRef, major: int) -> TableSeries:
        return TableSeries(self.warehouse, self.warehouse.table(dataset, f"{ref.product}_v{major}"))
