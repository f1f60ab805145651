"""The library: finds what somebody may read, at the snapshot they mean; hands out no row itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

from mesh_defs.access.offers import known, offered, opened_by
from mesh_defs.access.reading.rights import ROWS, Denied, Outlet, Right, right_of
from mesh_defs.access.register import Register
from mesh_defs.contracts.roles import Narrowing
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.ports.kinds import ports_of
from mesh_defs.ports.shelved import Handout, Shelved
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot, committed_at, history, readable, snapshot

AsOf = int | datetime | date | str | None
"""A snapshot's number, or a moment: what stood published then. None is the newest."""


@dataclass(frozen=True)
class Found:
    """What somebody may read: by which right, of which product."""

    product: ProductRef
    major: int
    address: str
    right: Right

    @property
    def number(self) -> int:
        """The snapshot's."""
        raise NotImplementedError


@dataclass(frozen=True)
class Readable(Found):
    """A snapshot that somebody may read, and how much of it."""

    narrowing: Narrowing
    snapshot: Snapshot

    @property
    def number(self) -> int:
        return self.snapshot.version


@dataclass(frozen=True)
class Shown(Found):
    """A document that somebody may read: what was made of a snapshot, and is never changed."""

    outlet: Outlet
    file: Handout

    @property
    def number(self) -> int:
        return self.file.mark.snapshot


class Library:
    """A mesh's published products and its agreements. Rights are asked of the ledger each time."""

    def __init__(
        self, root: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.root, self.state = root, State.of(root)
        self.mesh = Mesh.read(root)
        self._register = Register(Ledger.open(self.state), clock)
        self._lock = Lock()
        self._stamp = self._files()

    def find(
        self,
        consumers: Sequence[str],
        address: str,
        version: int | None = None,
        as_of: AsOf = None,
        scope: Collection[str] = (),
    ) -> Readable:
        """A product at an address, for whoever reads for these consumers.

        A scope, if there is one, names the only products that may be read. Raises Denied for what
        is not there or not theirs, and MeshError for a snapshot that is not there, or where rows
        are in no lake.
        """
        self.state.lake()
        product, major = self._meant(address, version)
        right = self.right(consumers, product, major, scope)
        narrowing = self._narrowing(product, major, right)
        if right is None or narrowing is None:
            raise Denied(address, version)
        folder = self.state.product(product, major)
        return Readable(
            product, major, address, right, narrowing, snapshot_at(folder, as_of, address)
        )

    def document(
        self,
        consumers: Sequence[str],
        address: str,
        port: str,
        version: int | None = None,
        scope: Collection[str] = (),
    ) -> Shown:
        """The newest document, or model, at a product's port. It shows to all what was declared: a
        role that opens only a part of the product does not narrow it.

        Raises Denied for what is not there or not theirs, and MeshError for one that was never
        published.
        """
        try:
            product = offered(self.mesh, address, version)
            declared = next(p for p in ports_of(product) if p.name == port and p.is_shelved)
        except (MeshError, ValueError, StopIteration):
            raise Denied(address, version, port) from None
        line, major = product.line, product.contract.major
        outlet = Outlet(declared.kind, port)
        right, shelved = self.right(consumers, line, major, scope, outlet), declared.shelved()
        if right is None or not _granted(right, shelved):
            raise Denied(address, version, port)
        if (file := shelved.handout()) is None:
            raise MeshError(f"`{port}` of `{address}` was never published.")
        return Shown(line, major, address, right, outlet, file)

    def right(
        self,
        consumers: Sequence[str],
        product: ProductRef,
        major: int,
        scope: Collection[str] = (),
        outlet: Outlet = ROWS,
    ) -> Right | None:
        """The right to read, as the ledger has it at this moment."""
        if scope and str(product) not in scope:
            return None
        with self._lock:
            book, now = self._register.book(), self._register.now()
        return right_of(consumers, product, major, book, now, outlet)

    def still(self, found: Found, scope: Collection[str] = ()) -> bool:
        """Whether what was found may be read as it was found."""
        outlet = found.outlet if isinstance(found, Shown) else ROWS
        right = self.right([found.right.consumer], found.product, found.major, scope, outlet)
        if not isinstance(found, Readable):
            return right is not None
        opened = self._narrowing(found.product, found.major, right)
        return right is not None and opened == found.narrowing

    def all_of(self, consumers: Sequence[str], scope: Collection[str] = ()) -> list[Readable]:
        """Every published product that somebody may read, at its newest snapshot. Raises MeshError
        where rows are in no lake."""
        self.state.lake()
        found = []
        rooms = self.mesh.rooms.values()
        for ref in sorted(p.ref for room in rooms for p in room.products.values()):
            try:
                found.append(self.find(consumers, str(ref), scope=scope))
            except MeshError:
                continue  # not theirs, or never published
        return found

    def refresh(self) -> None:
        """Read the mesh's files again if one changed. A domain that broke stays as it last was."""
        stamp = self._files()
        if stamp == self._stamp:
            return
        fresh = Mesh.read(self.root)
        rooms = {
            name: self.mesh.rooms.get(name, room) if room.findings else room
            for name, room in fresh.rooms.items()
        }
        self.mesh, self._stamp = replace(fresh, rooms=rooms), stamp

    def _meant(self, address: str, version: int | None) -> tuple[ProductRef, int]:
        """The newest version is the contract's; where its file is broken, the newest published."""
        try:
            ref = ProductRef.parse(address)
        except ValueError:
            raise Denied(address, version) from None
        if product := known(self.mesh, ref):
            return product.line, product.contract.major if version is None else version
        room = self.mesh.rooms.get(ref.domain)
        major = self._newest(ref) if version is None else version
        if room is None or not room.findings or major is None:
            raise Denied(address, version)
        return ref, major

    def _newest(self, ref: ProductRef) -> int | None:
        folders = self.state.product(ref, 1).parent.glob("v*")
        return max((int(f.name[1:]) for f in folders if f.name[1:].isdigit()), default=None)

    def _narrowing(self, product: ProductRef, major: int, right: Right | None) -> Narrowing | None:
        return opened_by(self.mesh, product, major, right.role) if right else None

    def _files(self) -> frozenset[tuple[str, int]]:
        return frozenset(
            (str(path), path.stat().st_mtime_ns)
            for path in (self.root / "domains").glob("**/*.y*ml")
        )


def _granted(right: Right, document: Shelved) -> bool:
    """A consumer's right by agreement needs the port's own permission, as at any other target."""
    return right.agreement is None or right.consumer in document.readers()


def snapshot_at(folder: Path, as_of: AsOf, address: str) -> Snapshot:
    """The snapshot that somebody means. Raises MeshError where it was never there, or is gone."""
    number = _number(folder, as_of, address)
    try:
        found = snapshot(folder, number)
    except Exception as error:  # delta-rs has an error of its own for each way of not being there
        if number is None:
            raise
        raise MeshError(_gone(folder, address, number)) from error
    if found is None:
        domain = address.partition(".")[0]
        raise MeshError(f"`{address}` was never published. Publish it: `mesh run {domain}`.")
    if not found.is_whole:
        raise MeshError(_gone(folder, address, found.version))
    return found


def _number(folder: Path, as_of: AsOf, address: str) -> int | None:
    if as_of is None or (isinstance(as_of, int) and not isinstance(as_of, bool)):
        return as_of
    if isinstance(as_of, str) and as_of.strip().isdigit():
        return int(as_of)
    moment = _moment(as_of)
    for number, _ in history(folder):
        committed = committed_at(folder, number)
        if committed and committed <= moment:
            return number
    raise MeshError(f"`{address}` has no snapshot of {moment.isoformat()} or before any more.")


def _moment(as_of: datetime | date | str | bool | int) -> datetime:
    try:
        found = as_of if isinstance(as_of, date) else datetime.fromisoformat(str(as_of).strip())
    except ValueError:
        raise MeshError(
            f"`{as_of}` is no snapshot's number and no moment such as 2026-06-07T05:15:00+00:00."
        ) from None
    if not isinstance(found, datetime):
        found = datetime(found.year, found.month, found.day)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _gone(folder: Path, address: str, number: int) -> str:
    kept = readable(folder)
    there = f"Its snapshots are {min(kept)} to {max(kept)}." if kept else "It has none."
    return f"Snapshot {number} of `{address}` is not there, or not any more. {there}"
