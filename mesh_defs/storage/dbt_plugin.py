"""What dbt-duckdb loads into each connection: the keyed hash, and the project's own functions.

The macro lives in a database in memory, so neither the key nor anything derived from it is in
compiled SQL, in a log or in the workshop's file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from mesh_defs.storage.functions import add_functions
from mesh_defs.storage.secrets import pseudonym_key
from mesh_defs.storage.state import State


class Plugin(BasePlugin):  # type: ignore[misc]
    """dbt-duckdb finds this class by its name."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.functions: str = plugin_config.get("functions") or ""

    def configure_connection(self, conn: Any) -> None:
        # Workshops lie in the state folder, so their path says which one.
        path = self.creds.path if self.creds else None
        state = State(Path(path).resolve().parent.parent) if path else State(Path(".mesh"))
        add_pseudonym(conn, pseudonym_key(state))
        if self.functions:
            add_functions(conn, Path(self.functions))


def add_pseudonym(conn: Any, key: str) -> None:
    """Give a connection's database `mesh_secrets.main.pseudonym(text)`: 32 hex characters.

    A hash inside a hash, both keyed, so that a digest can't be extended (as HMAC, RFC 2104).
    """
    conn.execute("ATTACH IF NOT EXISTS ':memory:' AS mesh_secrets")
    conn.execute("CREATE TABLE IF NOT EXISTS mesh_secrets.main.keys (name VARCHAR, key VARCHAR)")
    conn.execute("DELETE FROM mesh_secrets.main.keys")
    conn.execute("INSERT INTO mesh_secrets.main.keys VALUES ('pseudonym', ?)", [key])
    conn.execute(
        "CREATE OR REPLACE MACRO mesh_secrets.main.pseudonym(v) AS left(sha256("
        "(SELECT key FROM mesh_secrets.main.keys) || sha256("
        "(SELECT key FROM mesh_secrets.main.keys) || v)), 32)"
    )
