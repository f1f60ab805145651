"""The lab of the PostgreSQL port, on a real server. No test is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

from mesh_defs.ports.postgres.grants import role_of
from mesh_defs.storage.postgres import identifier
from tests.ports.lab import Lab, Row

VIEW = 'shop."orders_v1"'
_LOAD = "mesh_defs.ports.postgres.port"


class PostgresLab(Lab):
    kind = "postgres"
    elsewhere = "postgresql://mesh:hunter2@127.0.0.1:1/apps"
    daily = "Connection.commit"
    crashes = (
        (_LOAD, "PostgresPort._make_schema"),
        (_LOAD, "PostgresPort._load"),
        (_LOAD, "PostgresPort._turn"),
        ("psycopg", "Connection.commit"),
        (_LOAD, "PostgresPort._sweep"),
        ("mesh_defs.publishing.delivery", "_write"),
    )

    def __init__(self, root: Path, url: str) -> None:
        super().__init__(root)
        self._url = url

    def told(self) -> dict[str, Any]:
        return {"url": self._url}

    def server(self) -> dict[str, Any]:
        return {"type": "postgres", "host": "db", "port": 5432, "database": "apps",
                "schema": "shop"}  # fmt: skip

    def url(self) -> str:
        return self._url

    def ask(self, sql: str, *values: Any, role: str = "") -> list[Row]:
        with psycopg.connect(self._url, autocommit=True) as connection:
            if role:
                connection.execute(f"SET ROLE {identifier(role)}".encode())
            cursor = connection.execute(sql.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> list[Row]:
        return self.ask(f"SELECT * FROM {VIEW} ORDER BY order_id")

    def columns(self) -> list[str]:
        return [name for name, _ in self.table_port().shape()]

    def tables(self) -> list[str]:
        found = self.ask(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace('shop') "
            "AND relkind = 'r'"
        )
        return [name for (name,) in found]

    def tamper(self) -> None:
        (table,) = self.tables()
        self.ask(f'UPDATE shop."{table}" SET cents = cents + 1 WHERE order_id = 2')

    def rows_as(self, consumer: str) -> list[Row] | None:
        try:
            return self.ask(f"SELECT * FROM {VIEW} ORDER BY order_id", role=role_of(consumer))
        except psycopg.errors.InsufficientPrivilege:
            return None
        except psycopg.errors.InvalidParameterValue:
            return None  # who never had a grant has no role yet

    def leftovers(self) -> list[str]:
        return self.tables()[1:]
