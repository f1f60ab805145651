"""The lab of the BigQuery port, on the emulator, with Google's own client. No test is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from google.api_core.exceptions import Forbidden, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client, Table
from google.oauth2.credentials import Credentials

from mesh_defs.ports.bigquery.grants import group_of
from tests.ports.lab import Lab, Row

_PORT = "mesh_defs.ports.bigquery.port"
PLACE = "local.shop.orders_v1"
GROUPS = "groups.example.com"
TAG = "projects/p/locations/eu/taxonomies/1/policyTags/2"


class BigQueryLab(Lab):
    kind = "bigquery"
    elsewhere = "bigquery://elsewhere?endpoint=http://127.0.0.1:1"
    daily = "BigQueryPort._settle"
    crashes = (
        (_PORT, "BigQueryPort._ready"),
        (_PORT, "load"),
        (_PORT, "BigQueryPort._announce"),
        (_PORT, "BigQueryPort._copy"),
        (_PORT, "BigQueryPort._settle"),
        ("mesh_defs.publishing.delivery", "_write"),
    )

    def __init__(self, root: Path, endpoint: str) -> None:
        super().__init__(root)
        self.endpoint = endpoint

    def told(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint}

    def server(self) -> dict[str, Any]:
        own = {"readerGroups": GROUPS, "policyTags": {"restricted": TAG}}
        said = [{"property": name, "value": value} for name, value in own.items()]
        return {"type": "bigquery", "project": "shop-data", "dataset": "shop",
                "customProperties": said}  # fmt: skip

    def url(self) -> str:
        return f"bigquery://local?endpoint={self.endpoint}"

    @contextmanager
    def client(self, principal: str = "") -> Iterator[Client]:
        shown = Credentials(principal) if principal else AnonymousCredentials()
        options = {"api_endpoint": self.endpoint}
        with Client("local", shown, client_options=options) as client:
            yield client

    def ask(self, sql: str) -> list[Row]:
        with self.client() as client:
            return [tuple(row.values()) for row in client.query(sql).result()]

    def table(self) -> Table:
        with self.client() as client:
            return client.get_table(PLACE)

    def rows(self, principal: str = "") -> list[Row]:
        with self.client(principal) as client:
            found = client.list_rows(client.get_table(PLACE))
            return sorted(tuple(row.values()) for row in found)

    def columns(self) -> list[str]:
        return [field.name for field in self.table().schema]

    def tamper(self) -> None:
        self.ask("UPDATE shop.orders_v1 SET cents = cents + 1 WHERE order_id = 2")

    def rows_as(self, consumer: str) -> list[Row] | None:
        try:
            return self.rows(f"group:{group_of(consumer, GROUPS)}")
        except Forbidden:
            return None

    def tables(self) -> list[Table]:
        with self.client() as client:
            try:
                return [client.get_table(t) for t in client.list_tables("shop")]
            except NotFound:
                return []

    def leftovers(self) -> list[str]:
        """What a killed process left goes by itself; nothing else is beside the readers' table."""
        beside = (t for t in self.tables() if t.table_id.startswith("orders_v1__"))
        return [t.table_id for t in beside if t.expires is None]
