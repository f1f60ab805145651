"""A port in the state folder: a snapshot's files on a shelf, proven, then shown; who may read them.

    <state folder>/documents/growth/segments/v1/<port>/snapshots/7-5f3a91c0/…   never changed
    <state folder>/documents/growth/segments/v1/<port>/latest                  what people open
    <state folder>/documents/growth/segments/v1/<port>/readers.json            who may

What the files are, how they are made and how they are proven, is for each kind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.model import DataProduct, MeshError
from mesh_defs.model.report import root_of
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.port import Audited, Mark, Prove, Shape
from mesh_defs.storage.shelf import Shelf
from mesh_defs.storage.state import State, read_json, write_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Handout:
    """What a port shows, as readers who can't open the state folder get it."""

    mark: Mark
    name: str
    media: str
    data: bytes


@dataclass(frozen=True)
class Made:
    """The files of a snapshot, and what holds a folder against them. That raises MeshError."""

    files: Mapping[str, bytes]
    prove: Callable[[Path], None]


class Shelved:
    """A port that needs no server."""

    suffix: str
    media: str

    def __init__(self, product: DataProduct, port: str) -> None:
        self.product = product
        self.port = port
        self.root = root_of(product)
        self.state = State.of(self.root)
        self.shelf = Shelf(self.place(self.state) / port)

    # -- for each kind ----------------------------------------------------------------------------

    def place(self, state: State) -> Path:
        """The folder of all ports of the kind that the product has."""
        raise NotImplementedError

    @property
    def digest(self) -> str:
        """Another one for every declaration that could make something else of a snapshot."""
        raise NotImplementedError

    def make(self, audited: Audited) -> Made:
        """What the port shows of a snapshot. Raises MeshError where it cannot be made."""
        raise NotImplementedError

    def can_read(self, consumer: str) -> None:
        """Raises MeshError for a consumer who could not be given it."""

    def unfinished(self, mark: Mark) -> bool:
        """Whether there is something to do although readers see the newest snapshot."""
        told = self._told()
        return told is None or told["declared"] != self.digest

    def hand_out(self, audited: Audited) -> None:
        """Give it to those who are to get it. Raises MeshError naming those who did not."""

    def trouble(self, mark: Mark) -> str:
        """What became known to have failed after it was handed out; else nothing."""
        return ""

    @property
    def note(self) -> str:
        """What is not done, and is no failure."""
        return ""

    # -- the port's verbs -------------------------------------------------------------------------

    @property
    def location(self) -> str:
        return str(self.shelf.latest / self.file)

    @property
    def file(self) -> str:
        return f"{self.product.line.product}.{self.port}{self.suffix}"

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        return ()

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        """It holds no rows: `prove` has nothing to prove here, what was made has."""
        with self.shelf.alone():
            audited.takes_over(self.standing(), self.location)
            digest, made = self.digest, self.make(audited)
            manifest = {
                "product": str(audited.product), "version": audited.major,
                "snapshot": audited.mark.snapshot, "published_at": audited.mark.published_at,
                "declared": digest, "file": self.file,
            }  # fmt: skip
            files = {**made.files, MANIFEST: json.dumps(manifest, indent=1).encode()}
            self.shelf.show(self.shelf.put(str(audited.mark.snapshot), files, made.prove))
            self._sweep(audited)

    def standing(self) -> Mark | None:
        told = self._told()
        return Mark(told["published_at"], told["snapshot"]) if told else None

    def verify(self, audited: Audited) -> None:
        """Hold what readers see now against a snapshot. Raises MeshError where it differs."""
        if (found := self.standing()) != audited.mark:
            raise MeshError(f"Readers see {found or 'nothing'} there.")
        self.make(audited).prove(self.shelf.latest)

    def content(self) -> tuple[Mark, bytes]:
        """What readers see now. Raises MeshError where there is nothing."""
        folder = self.shelf.current()
        told = read_json(folder / MANIFEST) if folder else None
        if folder is None or told is None:
            raise MeshError(f"`{self.location}` is not there yet.")
        return Mark(told["published_at"], told["snapshot"]), (folder / told["file"]).read_bytes()

    def handout(self) -> Handout | None:
        """What readers see now; None where nothing was published."""
        if self.shelf.current() is None:
            return None
        mark, data = self.content()
        return Handout(mark, self.file, self.media, data)

    # -- who may read it --------------------------------------------------------------------------

    def grant(self, wanted: Grant) -> None:
        consumer = self._mine(wanted)
        self.can_read(consumer)
        with self.shelf.alone():
            self._put_readers({*self.readers(), consumer})

    def revoke(self, unwanted: Grant) -> None:
        consumer = self._mine(unwanted)
        with self.shelf.alone():
            self._put_readers({*self.readers()} - {consumer})

    def grants(self) -> frozenset[Grant]:
        line, major = str(self.product.line), self.product.contract.major
        return frozenset(Grant(line, self.port, major, c) for c in self.readers())

    def readers(self) -> list[str]:
        """The consumers who may read it."""
        found = read_json(self.shelf.place / "readers.json")
        return list(found["readers"]) if found else []

    def _put_readers(self, readers: set[str]) -> None:
        write_json(self.shelf.place / "readers.json", {"readers": sorted(readers)})

    def _mine(self, grant: Grant) -> str:
        mine = (str(self.product.line), self.port, self.product.contract.major)
        if (grant.product, grant.port, grant.version) != mine:
            raise MeshError(f"{self.location} is no port of {grant.product} v{grant.version}.")
        return grant.consumer

    # -- inside -----------------------------------------------------------------------------------

    def _told(self) -> dict[str, Any] | None:
        found: dict[str, Any] | None = read_json(self.shelf.latest / MANIFEST)
        return found

    def _sweep(self, audited: Audited) -> None:
        """Keep what is shown, the snapshot before, and what the contract promises to keep."""
        kept = timedelta(days=audited.retention_days or 0)
        finished = []
        for folder in self.shelf.folders():
            if told := read_json(folder / MANIFEST):
                finished.append((Mark(told["published_at"], told["snapshot"]), folder))
        older = sorted((f for f in finished if f[0] != audited.mark), reverse=True)[1:]
        gone = {f for m, f in finished if m == audited.mark}
        gone |= {
            folder
            for mark, folder in older
            if datetime.fromisoformat(mark.published_at) < datetime.now(UTC) - kept
        }
        self.shelf.sweep(lambda folder: folder in gone)
