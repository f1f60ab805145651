"""The demo's domains built on an engine, one after another, from a part of their data; no test is
here.

A household in forty, and of the promotions some articles in four weeks: enough for every model to
have rows, and little enough for the emulator of BigQuery.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import yaml

from mesh_defs.model import Mesh
from tests.emulator.running import Emulator, portable
from tests.scenarios.story import raw
from tests.tiny_mesh import REPOSITORY
from tests.vocabulary.engines import QUIET
from tests.vocabulary.words import Project

MESH = Mesh.read(REPOSITORY)
_SOME = "household_id % 40 = 0"
_SOLD = f"product_id in (select product_id from '{raw('transactions')}' where {_SOME})"
# Of each source file: which of its rows.
PART = {
    "transactions": _SOME,
    "demographics": f"{_SOME} or household_id % 3 = 0",
    "campaigns": _SOME,
    "campaign_descriptions": "true",
    "coupon_redemptions": _SOME,
    "coupons": "product_id % 5 = 0",
    "products": f"product_id % 9 = 0 or {_SOLD}",
    "promotions": "week < 5 and product_id % 50 = 0",
}
Rows = list[tuple[Any, ...]]


@dataclass
class Engine(ABC):
    """`built` are the results of a domain's build, by `kind.name` of a node."""

    folder: Path
    target: str
    built: dict[str, dict[str, Any]] = field(default_factory=dict)
    _schemas: dict[str, str] = field(default_factory=dict)

    def build(self, domain: str) -> dict[str, Any]:
        """Everything of a domain, after those that it reads from."""
        if domain not in self.built:
            room = MESH.rooms[domain].need()
            providers = sorted({ref.domain for ref in room.inputs})
            for provider in providers:
                self.build(provider)
            self._schemas[domain] = self.new_schema(domain)
            landing = self.land(domain, list(room.sources))
            sources = {provider: self.read_from(domain, provider) for provider in providers}
            declared = [
                {"name": "landing", "schema": landing,
                 "tables": [{"name": name} for name in room.sources]},
                *({"name": provider, "schema": schema,
                   "tables": [{"name": r.product} for r in room.inputs if r.domain == provider]}
                  for provider, schema in sources.items()),
            ]  # fmt: skip
            home = self.folder / domain
            (home / "sources").mkdir(parents=True)
            said = yaml.safe_dump({"version": 2, "sources": [s for s in declared if s["tables"]]})
            (home / "sources" / "sources.yml").write_text(said, encoding="utf-8")
            self.built[domain] = self.project(domain).build()
        return self.built[domain]

    def project(self, domain: str) -> Project:
        root = REPOSITORY / "dbt_projects" / domain
        environment = {
            **QUIET,
            "MESH_DBT_SOURCES": str(self.folder / domain / "sources"),
            "MESH_DBT_FUNCTIONS": str(root / "functions"),
            **self.environment(domain),
        }
        return Project(self.target, self.folder / domain, environment, root)

    @abstractmethod
    def environment(self, domain: str) -> dict[str, str]: ...

    @abstractmethod
    def new_schema(self, domain: str) -> str: ...

    @abstractmethod
    def land(self, domain: str, sources: list[str]) -> str:
        """The schema in which a domain's sources are."""

    @abstractmethod
    def read_from(self, domain: str, provider: str) -> str:
        """The schema in which a domain finds another's products."""

    @abstractmethod
    def rows(self, domain: str, model: str, columns: list[str]) -> Rows: ...


@dataclass
class OnDuckDB(Engine):
    target: str = "duckdb"

    def environment(self, domain: str) -> dict[str, str]:
        return {"MESH_WORKSHOP": str(self.workshop(domain)), "MESH_PSEUDONYM_KEY": "key"}

    def workshop(self, domain: str) -> Path:
        return self.folder / "workshops" / f"{domain}.duckdb"

    def new_schema(self, domain: str) -> str:
        self.workshop(domain).parent.mkdir(exist_ok=True)
        return "main"

    def land(self, domain: str, sources: list[str]) -> str:
        with duckdb.connect(str(self.workshop(domain))) as connection:
            connection.execute("create schema landing")
            for name in sources:
                connection.execute(
                    f"create table landing.{name} as from '{raw(name)}' where {PART[name]}"
                )
        return "landing"

    def read_from(self, domain: str, provider: str) -> str:
        # By way of files: dbt may still hold the provider's workshop, in this very process.
        home = self.folder / domain / "inputs"
        home.mkdir(parents=True, exist_ok=True)
        wanted = [r.product for r in MESH.rooms[domain].need().inputs if r.domain == provider]
        with duckdb.connect(str(self.workshop(provider))) as connection:
            for product in wanted:
                connection.execute(f"copy {product} to '{home / product}' (format parquet)")
        with duckdb.connect(str(self.workshop(domain))) as connection:
            connection.execute(f"create schema {provider}")
            for product in wanted:
                connection.execute(
                    f"create table {provider}.{product} as from read_parquet('{home / product}')"
                )
        return provider

    def rows(self, domain: str, model: str, columns: list[str]) -> Rows:
        with duckdb.connect(str(self.workshop(domain))) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(f"select {', '.join(columns)} from {model}").fetchall()

    def columns(self, domain: str) -> dict[str, list[str]]:
        """Of each table that was built, but views, which are read by others."""
        with duckdb.connect(str(self.workshop(domain))) as connection:
            found: dict[str, list[str]] = {}
            for table, column in connection.execute(
                "select table_name, column_name from information_schema.columns"
                " join information_schema.tables using (table_catalog, table_schema, table_name)"
                f" where table_catalog = '{domain}' and table_schema = 'main'"
                " and table_type = 'BASE TABLE'"
                " order by table_name, ordinal_position"
            ).fetchall():
                found.setdefault(table, []).append(column)
            return found


@dataclass
class OnBigQuery(Engine):
    target: str = "bigquery"
    emulator: Emulator | None = None

    @property
    def there(self) -> Emulator:
        assert self.emulator
        return self.emulator

    def environment(self, domain: str) -> dict[str, str]:
        return {
            **self.there.host, "MESH_WORKSHOP": "", "MESH_WORDS_DATASET": self._schemas[domain]
        }  # fmt: skip

    def new_schema(self, domain: str) -> str:
        return self.there.dataset()

    def land(self, domain: str, sources: list[str]) -> str:
        dataset = self.there.dataset()
        with duckdb.connect() as connection:
            for name in sources:
                part = connection.sql(f"from '{raw(name)}' where {PART[name]}")
                self.there.load(portable(part), f"local.{dataset}.{name}")
        return dataset

    def read_from(self, domain: str, provider: str) -> str:
        return self._schemas[provider]

    def rows(self, domain: str, model: str, columns: list[str]) -> Rows:
        said = f"select {', '.join(columns)} from `local.{self._schemas[domain]}.{model}`"
        return [tuple(row.values()) for row in self.there.client.query(said).result()]


def differences(some: Rows, others: Rows) -> list[tuple[Any, Any]]:
    """Pairs of rows that do not tell the same. A number may differ by a ten-thousandth: where one
    engine divides decimals, and the other floats, a tie is rounded up here and down there."""
    pairs = zip_longest(sorted(some, key=_named), sorted(others, key=_named))
    return [(one, other) for one, other in pairs if not _same(one, other)]


def _named(row: tuple[Any, ...]) -> str:
    return repr([_plain(value) for value in row if not isinstance(value, float | Decimal)])


def _same(one: Any, other: Any) -> bool:
    one, other = _plain(one), _plain(other)
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1.1e-4 * max(1, abs(one))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _plain(value: Any) -> Any:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()[:26]
    if isinstance(value, list):
        return tuple(value)
    return value
