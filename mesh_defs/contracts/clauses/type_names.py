"""Whose words a contract's types and queries are, by its servers; how long a type says a text is.

What types the names stand for is `physical`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard

# Kinds of servers → the SQL dialect they speak.
SERVERS = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "spark",
    "duckdb": "duckdb",
    "glue": "spark",
    "hive": "hive",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "postgresql": "postgres",
    "presto": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlserver": "tsql",
    "synapse": "tsql",
    "trino": "trino",
}
FILES = frozenset({"local", "s3", "azure", "sftp", "iceberg"})
_LENGTH = re.compile(r"(?i)^(?:n?(?:var)?char2?|character(?: varying)?|string)\s*\((\d+)\)$")


def dialects_of(odcs: OpenDataContractStandard) -> list[str]:
    """The SQL dialects that the contract's servers speak; none for files.

    The first server is where the product is made. Where that is files, a database after it is one
    more place to which it is delivered, and changes nothing about the contract's words.
    """
    types = [(server.type or "").lower() for server in odcs.servers or []]
    if types and types[0] in FILES:
        return []
    return list(dict.fromkeys(SERVERS[t] for t in types if t in SERVERS))


def query_dialects(odcs: OpenDataContractStandard) -> list[str]:
    """The dialects that the contract's own SQL is of. Files are read by DuckDB; where no server is
    named, the query is of whatever engine runs it, and there is none here."""
    return dialects_of(odcs) or (["duckdb"] if odcs.servers else [])


def length_of(text: str) -> int | None:
    """How long a text of this type may be, where the name says it. Files and DuckDB forget it."""
    found = _LENGTH.match(text.strip())
    return int(found.group(1)) if found else None
