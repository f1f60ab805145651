"""Delivery: a published snapshot goes from where its mesh is made to the product's other ports; how
each stands.

Nothing is audited or built here: what is published is what is delivered. What became of it is on a
record a product, in the state folder, so that a port which failed is tried again by the next run.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock

from mesh_defs.contracts.clauses.properties import clustering_of
from mesh_defs.model import DataProduct, MeshError
from mesh_defs.ports import delta
from mesh_defs.ports.kinds import OutputPort, beyond_the_lake, ports_of
from mesh_defs.ports.port import Audited, Judge, Judged, Mark, Measured, Port, Shown
from mesh_defs.ports.proof import prover
from mesh_defs.ports.shelved import Shelved
from mesh_defs.publishing.promised import (
    kept_days,
    owner_of,
    promised_columns,
    promised_types,
    purpose_of,
    ruled_on,
)
from mesh_defs.storage.house import Published
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.passing import sweep
from mesh_defs.storage.scratch import scratch
from mesh_defs.storage.state import State, read_json, write_json

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Status = Literal["published", "waiting", "failed", "not configured", "never published"]


@dataclass(frozen=True)
class PortState:
    """How a port stands. Snapshot and `verified_at` are of what readers see there; a port that
    failed, or waits, shows an older one."""

    name: str
    kind: str
    location: str
    snapshot: int | None
    status: Status
    verified_at: str | None
    error: str = ""
    note: str = ""
    """What is not done there, and is no failure."""
    rules: tuple[dict[str, Any], ...] = ()
    """What the contract's rules on the port came to, at the newest try."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Record:
    """What is known of the newest delivery that was proven, and of the newest try if it failed."""

    location: str = ""
    published_at: str = ""
    snapshot: int | None = None
    verified_at: str | None = None
    error: str = ""
    rules: Sequence[dict[str, Any]] = ()
    """The verdicts of the newest try on what it made."""

    def has(self, snapshot: Published, location: str) -> bool:
        return (self.published_at, self.snapshot, self.location) == (
            snapshot.metadata.get("published_at"), snapshot.version, location,
        )  # fmt: skip


def port_states(state: State, product: DataProduct) -> tuple[PortState, ...]:
    """Every port of a product, the lake first. Nothing is asked of any server."""
    house = house_of(state)
    standing = delta.published(state, product)
    records = _read(state, product)
    ports = ports_of(product)
    lake = next((port.name for port in ports if port.is_lake), "lake")
    found = [
        PortState(
            lake,
            house.kind,
            house.products(product.line, product.contract.major).location,
            standing.version if standing else None,
            "published" if standing else "never published",
            # The Delta commit is the publication: reading it back is what verifies it.
            standing.metadata.get("published_at") if standing else None,
        )
    ]
    for port in beyond_the_lake(product):
        found.append(_state(port, records.get(port.name, _Record()), standing))
    return tuple(found)


def undelivered(state: State, product: DataProduct) -> bool:
    """Whether a run has something to deliver, or to say about a port."""
    return any(s.status in ("waiting", "failed") for s in port_states(state, product)[1:])


def deliver(state: State, product: DataProduct, budget: int | None = None) -> tuple[PortState, ...]:
    """Bring what stands published to every port that does not have it; how the ports stand then.
    `budget`: the bytes that the proof of each may read, where they are paid for.

    A port that fails is on the record with its error, and keeps no other from being delivered to.
    """
    sweep(state)
    if undelivered(state, product):
        with one_at_a_time(state, product), scratch(state) as connection:
            # Whoever held the lock may have delivered it, or published another one.
            standing = delta.published(state, product)
            states = port_states(state, product)[1:]
            ports = [
                port
                for before, port in zip(states, beyond_the_lake(product), strict=True)
                if before.status in ("waiting", "failed")
            ]
            if standing:
                _deliver_to(ports, state, product, standing, connection, budget)
    return port_states(state, product)


@contextmanager
def one_at_a_time(state: State, product: DataProduct) -> Iterator[None]:
    """Whoever delivers a product, or puts down what became of it, does so alone."""
    path = state.ports(product.line, product.contract.major)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        yield


def audited(product: DataProduct, snapshot: Published, files: tuple[str, ...]) -> Audited:
    """A snapshot, as the ports take it."""
    contract = product.contract
    return Audited(
        product.line,
        contract.major,
        _mark(snapshot),
        files,
        promised_columns(contract),
        purpose_of(product),
        kept_days(contract),
        clustering_of(contract.objects[0]),
        contract.version,
        owner_of(product),
        judge=ruled_on(contract, product.line.product),
    )


def _deliver_to(
    ports: Sequence[OutputPort],
    state: State,
    product: DataProduct,
    standing: Published,
    connection: DuckDBPyConnection,
    budget: int | None,
) -> None:
    """What ports get is read once for all of them, and not at all for one that can't be reached."""
    house, reached = house_of(state), dict[str, Port]()
    for declared in ports:
        with _put_down(state, product, [declared.name]):
            if port := declared.open():
                if not house.has_files:
                    port.standing()
                reached[declared.name] = port
    if reached:
        with (
            _put_down(state, product, reached),
            house.files_of(standing, promised_types(product.contract)) as files,
        ):
            ready = replace(audited(product, standing, files), budget=budget)
            for name, port in reached.items():
                with _put_down(state, product, [name]) as tried:
                    _deliver(port, ready, connection, tried)


@dataclass
class _Try:
    """What becomes of a delivery, for as long as it lasts."""

    record: _Record | None = None
    told: list[Judged] = field(default_factory=list)


@contextmanager
def _put_down(state: State, product: DataProduct, names: Iterable[str]) -> Iterator[_Try]:
    """Write what became of it on the record of these ports, whatever went wrong."""
    tried, error = _Try(), ""
    try:
        yield tried
    except MeshError as wrong:
        error = str(wrong)
    except Exception as wrong:
        traceback.print_exc()  # into the domain's log
        # An engine's words may quote a row, and more people read the record than the log.
        error = f"{type(wrong).__name__}; see the log of the domain"
    if not error and tried.record is None:
        return
    for name in names:
        record = tried.record or _read(state, product).get(name, _Record())
        if error:
            record = replace(record, error=error)
        _write(state, product, name, replace(record, rules=[v.to_json() for v in tried.told]))


def _deliver(port: Port, ready: Audited, connection: DuckDBPyConnection, tried: _Try) -> None:
    ready = replace(ready, judge=_telling(ready.judge, tried.told))
    planned = port.plan(connection, ready)
    port.publish(connection, ready, prover(connection, planned, ready))
    if (seen := port.standing()) != ready.mark:
        raise MeshError(f"Readers see {seen or 'nothing'} there after it was delivered.")
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    tried.record = _Record(port.location, ready.mark.published_at, ready.mark.snapshot, at)
    if isinstance(port, Shelved):
        port.hand_out(ready)


def _telling(judge: Judge, told: list[Judged]) -> Judge:
    """One that puts down what it said, whatever becomes of that."""

    def judged(port: str, found: Measured | Shown) -> Sequence[Judged]:
        told[:] = judge(port, found)
        return told

    return judged


def _state(port: OutputPort, record: _Record, standing: Published | None) -> PortState:
    error, location = record.error, record.location
    opened: Port | None = None
    status: Status
    try:
        opened = port.open()
        location = opened.location if opened else location or port.location
        if standing and isinstance(opened, Shelved):
            error = error or opened.trouble(_mark(standing))
    except MeshError as wrong:
        error = str(wrong)
        status = "failed" if standing else "never published"
    else:
        if standing is None:
            status = "never published"
        elif record.has(standing, location) and not error and not _unfinished(opened, standing):
            status = "published"
        elif opened is None:
            status, error = "not configured", f"set {port.variable}"
        else:
            status = "failed" if error else "waiting"
    notes = [opened.note] if isinstance(opened, Shelved) and opened.note else []
    verdicts = (Judged(**told) for told in record.rules)
    notes += [v.said for v in verdicts if not v.holds and not v.blocks]
    return PortState(
        port.name, port.kind, location, record.snapshot, status, record.verified_at, error,
        "; ".join(notes), tuple(record.rules),
    )  # fmt: skip


def _unfinished(port: Port | None, standing: Published) -> bool:
    """Whether files have to be made or handed out, though readers see the newest snapshot."""
    return isinstance(port, Shelved) and port.unfinished(_mark(standing))


def _mark(snapshot: Published) -> Mark:
    return Mark(str(snapshot.metadata.get("published_at", "")), snapshot.version)


def _read(state: State, product: DataProduct) -> dict[str, _Record]:
    path = state.ports(product.line, product.contract.major)
    try:
        return {name: _Record(**told) for name, told in (read_json(path) or {}).items()}
    except (TypeError, AttributeError):
        raise MeshError(f"`{path}` is no record of ports any more. Remove it.") from None


def _write(state: State, product: DataProduct, name: str, record: _Record) -> None:
    known = {n: asdict(r) for n, r in _read(state, product).items()}
    path = state.ports(product.line, product.contract.major)
    write_json(path, {**known, name: asdict(record)})
