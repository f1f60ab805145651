"""Small contracts and tables to try rules on; no test is here."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

import duckdb
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from mesh_defs.contracts.audit import Audit, Verdict, audit

NOW = datetime(2018, 1, 2, tzinfo=UTC)
_numbers = count()


@cache
def _process() -> Any:
    return duckdb.connect(config={"threads": 2})


def contract(text: str | dict[str, Any]) -> Any:
    """A contract as the platform hands it over, from YAML or from plain data."""
    data = yaml.safe_load(text) if isinstance(text, str) else text
    head = {"apiVersion": "v3.2.0", "kind": "DataContract", "id": "urn:t", "version": "1.0.0"}
    return SimpleNamespace(odcs=OpenDataContractStandard(**{**head, **data}))


def one_object(properties: list[dict[str, Any]], **more: Any) -> Any:
    """A contract of one object `t`; `slaProperties` go to the contract, the rest to the object."""
    levels = more.pop("slaProperties", [])
    schema = [{"name": "t", "properties": properties, **more}]
    return contract({"schema": schema, "slaProperties": levels})


def table(columns: dict[str, str], rows: list[tuple[Any, ...]], name: str = "t") -> Any:
    """A fresh database with one table; a fresh DuckDB for each would cost most of a test's time."""
    connection = _process().cursor()
    database = f"m{next(_numbers)}"
    connection.execute(f"ATTACH ':memory:' AS {database}; USE {database}")
    add_table(connection, columns, rows, name)
    return connection


def add_table(
    connection: Any, columns: dict[str, str], rows: list[tuple[Any, ...]], name: str
) -> None:
    said = ", ".join(f"{quoted(c)} {t}" for c, t in columns.items())
    connection.execute(f"CREATE TABLE {quoted(name)} ({said})")
    if rows:
        marks = "(" + ", ".join("?" * len(columns)) + ")"
        values = ", ".join([marks] * len(rows))
        flat = [value for row in rows for value in row]
        connection.execute(f"INSERT INTO {quoted(name)} VALUES {values}", flat)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def audited(connection: Any, of: Any, **options: Any) -> Audit:
    options = {"references": {}, "as_of": NOW, **options}
    names = [o.name for o in of.odcs.schema_ or []]
    return audit(connection, options.pop("relations", {n: n for n in names}), of, **options)


def verdicts(connection: Any, of: Any, **options: Any) -> dict[str, Verdict]:
    return {v.rule.id: v for v in audited(connection, of, **options).verdicts}
