"""Where a mesh's tables are in BigQuery, the clients that speak to it, and what must be there
before anything is made. No table of a product is touched here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.client import EMULATOR_VARIABLE, client_of
from mesh_defs.storage.bigquery.labels import DOMAIN, job_labels, label
from mesh_defs.storage.secrets import key_id, pseudonym_key
from mesh_defs.storage.state import BIGQUERY, TARGET_VARIABLE, State

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

PROJECT_VARIABLE = "MESH_BIGQUERY_PROJECT"
PREFIX_VARIABLE = "MESH_BIGQUERY_PREFIX"
LOCATION_VARIABLE = "MESH_BIGQUERY_LOCATION"
PRIVATE_VARIABLE = "MESH_BIGQUERY_PRIVATE"
_PROJECT = re.compile(r"[a-z](?:[a-z0-9.:-]*[a-z0-9])?")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
# What the macro `pseudonym` calls. BigQuery takes the key as a part of the function, so whoever
# reads this dataset reads the key.
SECRETS_VARIABLE, PSEUDONYM = "MESH_BIGQUERY_SECRETS", "pseudonym"

_furnished: set[tuple[object, ...]] = set()


def prefix_of_environment() -> str:
    """What tells the mesh from others in its projects."""
    return os.environ.get(PREFIX_VARIABLE) or "mesh"


@dataclass(frozen=True)
class Warehouse:
    """A project of BigQuery, and what the names of the mesh's datasets there begin with."""

    project: str
    prefix: str = "mesh"
    location: str = ""

    @classmethod
    def of_environment(cls) -> Warehouse:
        """Raises MeshError naming the variable that is missing or wrong."""
        project, prefix = os.environ.get(PROJECT_VARIABLE, ""), prefix_of_environment()
        if not _PROJECT.fullmatch(project):
            said = f"`{project}` is no project" if project else "is not set"
            raise MeshError(
                f"{PROJECT_VARIABLE} {said}: with {TARGET_VARIABLE}={BIGQUERY} it names the "
                "project that the mesh's datasets are in, such as `acme-mesh`."
            )
        if not _PREFIX.fullmatch(prefix):
            raise MeshError(
                f"{PREFIX_VARIABLE}: `{prefix}` begins no dataset's name: expected letters, digits "
                "and underscores."
            )
        return cls(project, prefix, os.environ.get(LOCATION_VARIABLE, ""))

    @property
    def secrets(self) -> str:
        return f"{self.prefix}_secrets"

    def private(self, domain: str) -> str:
        return f"{self.prefix}_private_{domain}"

    def inputs(self, domain: str) -> str:
        return f"{self.prefix}_inputs_{domain}"

    def published(self, domain: str) -> str:
        return f"{self.prefix}_published_{domain}"

    def quarantined(self, domain: str) -> str:
        return f"{self.prefix}_quarantine_{domain}"

    def table(self, dataset: str, name: str) -> exp.Table:
        return exp.table_(name, db=dataset, catalog=self.project, quoted=True)

    def environment(self, domain: str) -> dict[str, str]:
        """What profiles.yml reads."""
        return {
            PROJECT_VARIABLE: self.project,
            LOCATION_VARIABLE: self.location,
            PRIVATE_VARIABLE: self.private(domain),
            SECRETS_VARIABLE: self.secrets,
        }

    @contextmanager
    def client(self, labels: Mapping[str, str], budget: int | None = None) -> Iterator[Client]:
        """A client whose every query bears these labels, and that keeps to a budget of bytes."""
        said = job_labels(self.prefix, labels)
        with client_of(self.project, self.location or None, labels=said) as client:
            client.keep_to(budget, labels.get("domain", ""))
            yield client

    def reader(self) -> Client:
        """A client to look at tables with; one a process."""
        return _reader(self, os.environ.get(EMULATOR_VARIABLE, ""), os.getpid())

    def furnish(self, client: Client, domain: str, state: State) -> None:
        """Make the domain's datasets, and the function that pseudonyms are made with; once a
        process."""
        from google.cloud.bigquery import Dataset

        key = pseudonym_key(state)
        done = (self, os.environ.get(EMULATOR_VARIABLE, ""), domain, key_id(key))
        if done in _furnished:
            return
        named = (self.private, self.inputs, self.published, self.quarantined)
        for name in (*(of(domain) for of in named), self.secrets):
            dataset = Dataset(f"{self.project}.{name}")
            if self.location:
                dataset.location = self.location
            if name != self.secrets:
                dataset.labels = {DOMAIN: label(domain)}
            client.create_dataset(dataset, exists_ok=True)
        self._add_pseudonym(client, key)
        _furnished.add(done)

    def _add_pseudonym(self, client: Client, key: str) -> None:
        """The keyed hash, as the platform has it in DuckDB.

        Made by the API and not by a statement, so that no job's history has the key.
        """
        from google.api_core.exceptions import NotFound
        from google.cloud.bigquery import (
            Routine,
            RoutineArgument,
            StandardSqlDataType,
            StandardSqlTypeNames,
        )

        name, told_by = f"{self.project}.{self.secrets}.{PSEUDONYM}", f"key {key_id(key)}"
        try:
            if client.get_routine(name).description == told_by:
                return
            client.delete_routine(name)
        except NotFound:
            pass
        text, said = StandardSqlDataType(StandardSqlTypeNames.STRING), exp.convert(key)
        quoted = said.sql("bigquery")
        inner = f"TO_HEX(SHA256(CONCAT({quoted}, v)))"
        client.create_routine(
            Routine(
                name,
                type_="SCALAR_FUNCTION",
                language="SQL",
                body=f"LEFT(TO_HEX(SHA256(CONCAT({quoted}, {inner}))), 32)",
                arguments=[RoutineArgument(name="v", data_type=text)],
                return_type=text,
                description=told_by,
            ),
            exists_ok=True,
        )


@cache
def _reader(warehouse: Warehouse, host: str, pid: int) -> Client:
    # A connection that a forked process shares with its parent would be read by both.
    return client_of(warehouse.project, warehouse.location or None)
