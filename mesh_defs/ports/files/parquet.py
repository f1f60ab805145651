"""The Parquet port: a product as files in an S3 bucket, found through one pointer.

    <location>/snapshots/7-5f3a91c0/…parquet       never changed once they are written
    <location>/snapshots/7-5f3a91c0/manifest.json  says that they are all there and proven
    <location>/latest.json                         the manifest that readers begin with

Readers see a snapshot when the pointer names it, which is one write. Two writers may load at the
same time, each into a folder of its own; the pointer is written only over what was read.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.files.bucket_grants import BucketGrants
from mesh_defs.ports.files.layouts import laid_out, no_rows, shape_by_path
from mesh_defs.ports.port import Audited, Mark, Prove, Shape
from mesh_defs.ports.proof import kinds_of, shape_of
from mesh_defs.storage.objects import Overtaken, fetched
from mesh_defs.storage.passing import passing
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_POINTER, _MANIFEST = "latest.json", "manifest.json"
# A folder without a manifest is somebody's who is still loading, or was killed: this long ago.
_ABANDONED = timedelta(days=1)
_TRIES = 5


@dataclass(frozen=True)
class _Pointer:
    """What readers begin with, and which writing of it that was."""

    told: dict[str, Any]
    tag: str

    @property
    def mark(self) -> Mark:
        return Mark(self.told["published_at"], self.told["snapshot"])


class ParquetPort(BucketGrants):
    """One product's folder in a bucket."""

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        return shape_by_path(connection, audited)

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        audited.takes_over(self.standing(), self.location)
        folder = f"{self.prefix}/snapshots/{audited.mark.snapshot}-{secrets.token_hex(4)}"
        with passing(self.target.state) as place:
            laid = laid_out(connection, audited, place)
            keys = [f"{folder}/{each.name}" for each in laid]
            for key, each in zip(keys, laid, strict=True):
                self.bucket.upload(each.file, key)
            rows, sizes = sum(each.rows for each in laid), [each.bytes for each in laid]
        with fetched(self.bucket, keys, folder, self.target.state) as files:
            rows_back = _reading(connection, files, audited)
            prove(rows_back, _shape(connection, rows_back))
        kinds = kinds_of(connection, audited)
        manifest = {
            "product": str(audited.product),
            "version": audited.major,
            "snapshot": audited.mark.snapshot,
            "published_at": audited.mark.published_at,
            "rows": rows,
            "columns": [{"name": n, "type": str(k)} for n, k in kinds.items()],
            "partitions": list(audited.partitions),
            "files": [
                {"path": f"s3://{self.bucket.name}/{key}", "bytes": size}
                for key, size in zip(keys, sizes, strict=True)
            ],
        }
        text = json.dumps(manifest, indent=1).encode()
        self.bucket.write(f"{folder}/{_MANIFEST}", text)
        self._point(text, audited)
        with suppress(MeshError):  # it is published by now
            self._sweep(folder, audited)

    def standing(self) -> Mark | None:
        found = self._pointer()
        return found.mark if found else None

    def shape(self) -> Shape:
        import duckdb

        with duckdb.connect() as connection, self._current() as (files, told):
            kinds = {c["name"]: c["type"] for c in told["columns"]}
            if not files:  # no rows, and so no partition
                return tuple(sorted(kinds.items()))
            partitions = {name: kinds[name] for name in told["partitions"]}
            return _shape(connection, _read(files, partitions))

    @contextmanager
    def read_back(
        self, connection: DuckDBPyConnection, audited: Audited
    ) -> Iterator[exp.Expression]:
        with self._current() as (files, _):
            yield _reading(connection, files, audited)

    def _pointer(self) -> _Pointer | None:
        found = self.bucket.read(f"{self.prefix}/{_POINTER}")
        return found and _Pointer(json.loads(found[0]), found[1])

    def _point(self, text: bytes, audited: Audited) -> None:
        for _ in range(_TRIES):
            found = self._pointer()
            audited.takes_over(found.mark if found else None, self.location)
            with suppress(Overtaken):
                self.bucket.replace(f"{self.prefix}/{_POINTER}", text, found.tag if found else None)
                return
        raise MeshError(f"{self.location} is written by somebody else all the time.")

    @contextmanager
    def _current(self) -> Iterator[tuple[list[Path], dict[str, Any]]]:
        found = self._pointer()
        if found is None:
            raise MeshError(f"Nothing was delivered to {self.location} yet.")
        start = f"s3://{self.bucket.name}/"
        keys = [str(file["path"]).removeprefix(start) for file in found.told["files"]]
        folder = f"{self.prefix}/snapshots"
        with fetched(self.bucket, keys, folder, self.target.state) as files:
            yield files, found.told

    def _sweep(self, shown: str, audited: Audited) -> None:
        """Remove snapshots that are older than is promised, but for the one before: somebody may be
        reading it."""
        start = f"{self.prefix}/snapshots/"
        folders: dict[str, list[Any]] = {}
        for found in self.bucket.objects(start):
            folder = start + found.key.removeprefix(start).partition("/")[0]
            folders.setdefault(folder, []).append(found)
        finished: list[tuple[Mark, str]] = []
        gone: list[str] = []
        now = datetime.now(UTC)
        for folder, objects in folders.items():
            manifest = self.bucket.read(f"{folder}/{_MANIFEST}")
            if manifest:
                told = json.loads(manifest[0])
                finished.append((Mark(told["published_at"], told["snapshot"]), folder))
            elif max(o.modified for o in objects) < now - _ABANDONED:
                gone.append(folder)
        kept = timedelta(days=audited.retention_days or 0)
        older = sorted((f for f in finished if f[1] != shown), reverse=True)
        gone += [
            folder
            for mark, folder in older[1:]
            if datetime.fromisoformat(mark.published_at) < now - kept
        ]
        # The manifest last: a folder without one looks as if somebody were still loading it.
        keys = [o.key for folder in gone for o in folders[folder]]
        self.bucket.delete(sorted(keys, key=lambda key: key.endswith(_MANIFEST)))


def _reading(
    connection: DuckDBPyConnection, files: Sequence[Path], audited: Audited
) -> exp.Expression:
    kinds = kinds_of(connection, audited)
    if not files:  # no rows, and so no partition
        return no_rows(audited)
    return _read(files, {name: str(kinds[name]) for name in audited.partitions})


def _read(files: Sequence[Path], partitions: dict[str, str]) -> exp.Expression:
    call = read_files([str(file) for file in files])
    if partitions:
        types = exp.Struct(
            expressions=[
                exp.PropertyEQ(this=exp.Literal.string(n), expression=exp.Literal.string(kind))
                for n, kind in partitions.items()
            ]
        )
        call.append("expressions", exp.EQ(this=exp.to_identifier("hive_partitioning"),
                                          expression=exp.true()))  # fmt: skip
        call.append("expressions", exp.EQ(this=exp.to_identifier("hive_types"), expression=types))
    else:
        call.append("expressions", exp.EQ(this=exp.to_identifier("hive_partitioning"),
                                          expression=exp.false()))  # fmt: skip
    return exp.select("*").from_(call).subquery("rows")


def _shape(connection: DuckDBPyConnection, rows: exp.Expression) -> Shape:
    return shape_of(connection.sql(exp.select("*").from_(rows.copy()).sql("duckdb")))
