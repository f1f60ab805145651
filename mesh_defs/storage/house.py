"""Where a mesh's products are made and published, as the run sees it: the wall between a run and
its engine. What is behind it is in `on_duckdb` and `bigquery`; no rule of a run is here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlglot import exp

from mesh_defs.model import ProductRef
from mesh_defs.storage.tables import Snapshot

HOME = "main"
"""The schema of a domain's own models, as lineage writes it."""


@dataclass(frozen=True)
class About:
    """What a contract says of a product's table. Where an engine has words for it, it is there."""

    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Descriptions."""
    partitions: tuple[str, ...] = ()
    clustering: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Whose it is."""


class Published(Protocol):
    """One snapshot: what readers see, whole, and what was said of it when it was published."""

    @property
    def version(self) -> int: ...

    @property
    def metadata(self) -> Mapping[str, Any]: ...

    @property
    def bytes(self) -> int: ...

    @property
    def is_whole(self) -> bool: ...

    @property
    def location(self) -> str: ...


class Workshop(Protocol):
    """A domain's own place, open: where its models are made and its candidates looked at."""

    @property
    def connection(self) -> Any:
        """What an audit is given."""
        ...

    def table(self, name: str, schema: str = HOME) -> exp.Table: ...

    def models(self) -> Collection[str]:
        """The models that are there."""
        ...

    def columns(self, relation: exp.Expression) -> list[str]: ...

    def rows(self, query: exp.Expression) -> list[tuple[Any, ...]]: ...

    def view(self, query: exp.Expression) -> exp.Table:
        """A query by a name, for as long as the workshop is open."""
        ...

    def keep(self, query: exp.Expression) -> exp.Table:
        """The rows of a query as they are now, for as long as the workshop is open."""
        ...

    def land(self, name: str, landing: Snapshot) -> None:
        """Make a landing readable as `landing.name`, and nothing else of that table."""
        ...

    def rows_of(self, snapshot: Published) -> exp.Expression:
        """What was published, to select from."""
        ...

    def mount(self, schema: str, name: str, rows: exp.Expression) -> None:
        """Make rows of a snapshot readable as `schema.name`, and nothing else of that table."""
        ...

    def unmount(self, schema: str, name: str) -> None:
        """Make what was mounted unreadable; nothing happens where nothing was."""
        ...

    def builds(self) -> dict[str, dict[str, int]]:
        """Of each model, the snapshots that it was built from."""
        ...

    def note_builds(
        self, built: Mapping[str, Mapping[str, int]], code: Mapping[str, str], run_id: str
    ) -> None: ...

    def sizes(self, models: Collection[str]) -> dict[str, int]:
        """The rows of models that are tables."""
        ...

    def shapes(self, mounted: Collection[tuple[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
        """(schema, table) → column → type, of all models, and of these tables beside them."""
        ...


class Series(Protocol):
    """The snapshots of one table, each readable as it was published."""

    @property
    def location(self) -> str: ...

    def snapshot(self, version: int | None = None) -> Published | None:
        """The newest, or the one asked for; None where there is none."""
        ...

    def history(self, limit: int | None = None) -> list[tuple[int, Mapping[str, Any]]]:
        """Versions, newest first, each with what was said of it."""
        ...

    def oldest(self) -> tuple[int, Mapping[str, Any]] | None: ...

    def committed_at(self, version: int) -> datetime | None: ...

    def clean(self, keep: timedelta, now: datetime, pinned: Callable[[], Collection[int]]) -> int:
        """Remove the rows of snapshots that are older than `keep`, how many tables or files. The
        newest and the one before stay, and what gave way less than a day ago, what an input is
        mounted on, and the pinned ones, which are asked for only if something would go."""
        ...

    def publish(
        self,
        workshop: Workshop,
        relation: exp.Expression,
        metadata: Mapping[str, Any],
        about: About = ...,
    ) -> Published:
        """Make a relation's rows the next snapshot, in one step that readers see or don't."""
        ...


class House(Protocol):
    """An engine that a mesh is made on, as it keeps this mesh."""

    kind: str
    """What a port of it is called."""

    dialect: str
    """The SQL that its models are compiled to."""

    has_files: bool
    """Whether a snapshot's files are at hand; where they are not, `files_of` reads all its rows."""

    def open(
        self, domain: str, about: Mapping[str, str] = ..., budget: int | None = None
    ) -> AbstractContextManager[Workshop]:
        """A domain's workshop; the caller holds its lock. `about` says what for, where an engine
        keeps account of it. `budget`: the bytes that may be read, where they are paid for."""
        ...

    def table(self, domain: str, name: str, schema: str = HOME) -> exp.Table:
        """Where a domain's model is, or what is mounted."""
        ...

    def dbt_environment(self, domain: str) -> dict[str, str]:
        """What profiles.yml reads from the environment."""
        ...

    def products(self, ref: ProductRef, major: int) -> Series: ...

    def files_of(
        self, snapshot: Published, promised: Mapping[str, Sequence[exp.DataType]] = ...
    ) -> AbstractContextManager[tuple[str, ...]]:
        """A snapshot's rows as Parquet files, which are there for as long as this lasts.

        `promised`: of columns the types that every published value keeps to, in parts. Raises
        MeshError where rows cannot be had as they were published.
        """
        ...

    def standing(self) -> Iterable[Published]:
        """The newest snapshot of every product that was ever published."""
        ...

    def quarantine(self, ref: ProductRef, major: int) -> Series:
        """The rows of a product that were held back."""
        ...
