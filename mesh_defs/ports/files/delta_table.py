"""The Delta port: a product as a Delta table beyond the lake, in a bucket or in a container.

    <location>/_delta_log/…            its newest commit is what readers see
    <location>/day=…/part-7-5f3a91c0-0.parquet   a snapshot's files; none of them ever changes

Files are brought there and proven first; one commit, which nobody else can have made, shows them.
How a table of the lake is written is in `storage.tables`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.files.bucket_grants import BucketGrants
from mesh_defs.ports.files.layouts import laid_out, no_rows, shape_by_path
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.port import Audited, Mark, Prove, Shape, Target
from mesh_defs.ports.proof import kinds_of, shape_of
from mesh_defs.storage.azure import Container, place_of
from mesh_defs.storage.commits import Part, commit, commit_info, said_of, schema_of
from mesh_defs.storage.held import LONGEST_READ, held_files
from mesh_defs.storage.layout import rows_of
from mesh_defs.storage.objects import Overtaken, Store, fetched
from mesh_defs.storage.passing import passing
from mesh_defs.storage.servers import Address
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TRIES = 5


@dataclass(frozen=True)
class _Seen:
    """A table's newest version, and what the mesh said of the snapshot in it."""

    version: int | None = None
    said: Mapping[str, Any] | None = None

    @property
    def mark(self) -> Mark | None:
        return Mark(self.said["published_at"], self.said["snapshot"]) if self.said else None


class _DeltaPort:
    """One product's table, wherever its files are."""

    target: Target
    store: Store
    prefix: str
    table: str
    """How Delta's readers name it."""
    location: str

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        return shape_by_path(connection, audited)

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        audited.takes_over(self.standing(), self.location)
        mark = f"{audited.mark.snapshot}-{secrets.token_hex(4)}"
        with passing(self.target.state) as place:
            laid = laid_out(connection, audited, place)
            parts = []
            for each in laid:
                if "" in each.values.values():
                    raise MeshError("Delta reads an empty text in a partition as null.")
                path = each.name.replace("part-", f"part-{mark}-")
                self.store.upload(each.file, f"{self.prefix}/{path}")
                parts.append(Part(path, each.bytes, each.rows, each.columns, each.values))
        with self._rows(connection, {p.path: p.values for p in parts}, audited) as rows:
            prove(rows, shape_of(connection.sql(exp.select("*").from_(rows.copy()).sql("duckdb"))))
        self._commit(connection, audited, parts)
        with suppress(MeshError):  # it is published by now
            self._sweep(audited)

    def standing(self) -> Mark | None:
        return self._seen().mark

    def shape(self) -> Shape:
        import duckdb
        import pyarrow

        with self._answers():
            empty = pyarrow.schema(self._delta.schema().to_arrow()).empty_table()
        with duckdb.connect() as connection:
            return shape_of(connection.from_arrow(empty))

    @contextmanager
    def read_back(
        self, connection: DuckDBPyConnection, audited: Audited
    ) -> Iterator[exp.Expression]:
        with self._answers():
            actions = self._delta.get_add_actions(flatten=True)
            columns = {name: actions[name].to_pylist() for name in actions.schema.names}
        values = {n: columns[f"partition.{n}"] for n in audited.partitions if columns["path"]}
        files = {
            unquote(path): {n: None if v[i] is None else str(v[i]) for n, v in values.items()}
            for i, path in enumerate(columns["path"])
        }
        with self._rows(connection, files, audited) as rows:
            yield rows

    @property
    def _delta(self) -> Any:
        from deltalake import DeltaTable

        return DeltaTable(self.table, storage_options=self.store.options())

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """What delta-rs is refused, as an error for people, without the secret."""
        from deltalake.exceptions import DeltaError

        try:
            yield
        except (DeltaError, OSError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise MeshError(f"{self.location}: {self.store.address.hide(said)}") from None

    def _seen(self) -> _Seen:
        """The newest commit of ours. Raises MeshError for a table that is somebody else's.

        A commit of others on top of it, which only moved rows into other files, changes nothing.
        """
        log = {
            int(name.removesuffix(".json"))
            for found in self.store.objects(f"{self.prefix}/_delta_log/")
            if (name := found.key.rpartition("/")[2]).endswith(".json") and name[:20].isdigit()
        }
        for version in sorted(log, reverse=True):
            said = said_of(commit_info(self._log(version) or ""))
            if said.get("published_at"):
                return _Seen(max(log), said)
        if log:
            raise MeshError(
                f"{self.location} is a Delta table of somebody else. Name another place."
            )
        return _Seen()

    def _log(self, version: int) -> str | None:
        found = self.store.read(f"{self.prefix}/_delta_log/{version:020d}.json")
        return found[0].decode() if found else None

    def _commit(
        self, connection: DuckDBPyConnection, audited: Audited, parts: Sequence[Part]
    ) -> None:
        rows = exp.select("*").from_(read_files(audited.files)).sql("duckdb")
        schema = schema_of(connection.sql(rows))
        said = {
            "product": str(audited.product),
            "version": audited.major,
            "snapshot": audited.mark.snapshot,
            "published_at": audited.mark.published_at,
            "rows": sum(part.rows for part in parts),
        }
        for _ in range(_TRIES):
            seen = self._seen()
            audited.takes_over(seen.mark, self.location)
            with suppress(Overtaken), self._answers():
                commit(
                    self.table, seen.version, schema, parts, said, seen.said or {},
                    audited.partitions, self.store.options(),
                )  # fmt: skip
                return
        raise MeshError(f"{self.location} is written by somebody else all the time.")

    @contextmanager
    def _rows(
        self,
        connection: DuckDBPyConnection,
        files: Mapping[str, Mapping[str, str | None]],
        audited: Audited,
    ) -> Iterator[exp.Expression]:
        """The rows of files there, with the values of their partitions, which are not in them."""
        keys = [f"{self.prefix}/{path}" for path in files]
        with fetched(self.store, keys, self.prefix, self.target.state) as copies:
            if not files:  # no rows, and so no partition
                yield no_rows(audited)
                return
            told = dict(zip(map(str, copies), files.values(), strict=True))
            kinds = {name: str(kind) for name, kind in kinds_of(connection, audited).items()}
            yield rows_of(told, kinds, audited.partitions)

    def _sweep(self, audited: Audited) -> None:
        """Remove the files of snapshots that nobody was promised and nobody can be reading, and
        what a writer left that was killed longer ago than any writer works."""
        now = datetime.now(UTC)
        keep = timedelta(days=audited.retention_days or 0)
        newest = self._seen().version
        if newest is None:
            return
        old = [
            found.key
            for found in self.store.objects(f"{self.prefix}/")
            if found.key.endswith(".parquet")
            and "/_" not in found.key.removeprefix(self.prefix)
            and found.modified < now - max(keep, LONGEST_READ)
        ]
        if old:
            held = {f"{self.prefix}/{path}" for path in held_files(newest, self._log, now, keep)}
            self.store.delete([key for key in old if key not in held])


class DeltaOnS3(_DeltaPort, BucketGrants):
    """A table in a bucket; who may read it is in the bucket's policy."""

    notes = "_consumers"  # what begins so is not the table's, for every reader of Delta

    @property
    def store(self) -> Store:  # type: ignore[override]
        return self.bucket

    @property
    def table(self) -> str:  # type: ignore[override]
        return f"s3://{self.bucket.name}/{self.prefix}"


class DeltaOnAzure(_DeltaPort):
    """A table in a container."""

    def __init__(self, target: Target, address: Address) -> None:
        self.target = target
        self.table = str(target.server["location"]).rstrip("/")
        place = place_of(self.table)
        self.store, self.prefix = Container(address, place), place.path
        # In Azure an account is there once; an emulator's has to be told with where it is.
        at = f"{self.store.endpoint}/{place.container}/{place.path}"
        self.location = self.table if self.store.is_azure else at

    def grant(self, wanted: Grant) -> None:
        """Raises MeshError: who reads a folder is said in Azure's directory of people, or in lists
        of the hierarchical file system, and neither is spoken to here."""
        self._mine(wanted)
        raise MeshError(
            f"{self.location}: permissions in Azure can't be given from here. Let the consumer ask "
            "for the lake, or for a port in a bucket."
        )

    def revoke(self, unwanted: Grant) -> None:
        """Nothing was ever granted."""
        self._mine(unwanted)

    def grants(self) -> frozenset[Grant]:
        return frozenset()

    def _mine(self, grant: Grant) -> None:
        mine = (str(self.target.product), self.target.port, self.target.major)
        if (grant.product, grant.port, grant.version) != mine:
            raise MeshError(f"{self.location} is no port of {grant.product} v{grant.version}.")
