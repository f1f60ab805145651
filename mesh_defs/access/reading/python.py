"""`mesh.read` in Python: a product as one likes it, from the lake here or from a service."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mesh_defs.access.reading.asking import found_for, reader_named
from mesh_defs.access.reading.audit import Audit, Reader
from mesh_defs.access.reading.library import AsOf, Library, Readable
from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.reading.rights import Denied
from mesh_defs.access.reading.rows import batches, opened
from mesh_defs.model import MeshError, find_root
from mesh_defs.storage.ledger import Sisters

if TYPE_CHECKING:
    import pandas
    import polars
    from duckdb import DuckDBPyConnection, DuckDBPyRelation
    from pyarrow import RecordBatch, Schema, Table

SERVICE, TOKEN, AUTHORITY = "MESH_SERVICE", "MESH_TOKEN", "MESH_SERVICE_CA"


@dataclass(frozen=True)
class Reading(ABC):
    """A product at one snapshot, for somebody who may read it. Each way of taking it reads anew."""

    product: str
    version: int
    snapshot: int

    @abstractmethod
    def _opened(self) -> Any:
        """A context in which there are a schema and batches."""

    def batches(self) -> Iterator[RecordBatch]:
        """Arrow batches as they come, in constant memory."""
        with self._opened() as (_, found):
            yield from found

    def arrow(self) -> Table:
        """An Arrow table."""
        import pyarrow as pa

        with self._opened() as (schema, found):
            return pa.Table.from_batches(found, schema)

    def duckdb(self, connection: DuckDBPyConnection | None = None) -> DuckDBPyRelation:
        """A DuckDB relation over the rows, in a connection of yours or a new one."""
        import duckdb

        return (connection or duckdb.connect()).from_arrow(self.arrow())

    def pandas(self) -> pandas.DataFrame:
        return self.arrow().to_pandas()

    def polars(self) -> polars.DataFrame:
        try:
            import polars
        except ModuleNotFoundError:
            raise MeshError("Polars is not installed: `pip install polars`.") from None

        return polars.DataFrame(polars.from_arrow(self.arrow()))


@dataclass(frozen=True)
class _Here(Reading):
    """From the lake of the mesh that one is in."""

    library: Library
    audit: Audit
    reader: Reader
    readable: Readable
    asked: Asked

    @contextmanager
    def _opened(self) -> Iterator[tuple[Schema, Iterator[RecordBatch]]]:
        if not self.library.still(self.readable):
            raise Denied(self.readable.address)
        with (
            opened(self.library.state, self.readable, self.asked) as (plan, found),
            self.audit.reading(self.reader, self.readable, plan.columns) as count,
        ):

            def counted() -> Iterator[RecordBatch]:
                for batch in batches(found):
                    count.rows += batch.num_rows
                    count.bytes += batch.nbytes
                    yield batch

            yield found.schema, counted()


@dataclass(frozen=True)
class _There(Reading):
    """From a service, over Arrow Flight."""

    service: str
    token: str
    ticket: bytes

    @contextmanager
    def _opened(self) -> Iterator[tuple[Schema, Iterator[RecordBatch]]]:
        from pyarrow import flight

        with _said_by(self.service), _client(self.service) as client:
            stream = client.do_get(flight.Ticket(self.ticket), _call(self.token))

            def taken() -> Iterator[RecordBatch]:
                with _said_by(self.service):
                    for chunk in stream:
                        yield chunk.data

            yield stream.schema, taken()


def reading(
    product: str, version: int | None, as_of: AsOf, asked: Asked, consumer: str | None = None
) -> Reading:
    """A product at one snapshot, once it is known that it may be read. Raises MeshError."""
    service = os.environ.get(SERVICE)
    if service:
        if consumer is not None:
            raise MeshError(f"With {SERVICE} set, the token says who reads. Leave `consumer` out.")
        return _there(service, product, version, as_of, asked)
    return _here(find_root(), product, version, as_of, asked, consumer)


def _here(
    root: Path, product: str, version: int | None, as_of: AsOf, asked: Asked, consumer: str | None
) -> Reading:
    library = Library(root)
    audit = Audit(Sisters.open(library.state))
    reader = Reader(reader_named(consumer), "mesh.read")
    found = found_for(library, audit, reader, product, version, as_of)
    return _Here(product, found.major, found.snapshot.version, library, audit, reader, found, asked)


def _there(service: str, product: str, version: int | None, as_of: AsOf, asked: Asked) -> Reading:
    from pyarrow import flight

    token = os.environ.get(TOKEN)
    if not token:
        raise MeshError(f"{SERVICE} is set, and {TOKEN} is not: `mesh token create` makes a token.")
    said = {
        "product": product, "version": version,
        "as_of": as_of.isoformat() if isinstance(as_of, date) else as_of,
        "columns": None if asked.columns is None else list(asked.columns),
        "where": _plain(asked.where), "limit": asked.limit,
    }  # fmt: skip
    command = json.dumps({name: value for name, value in said.items() if value is not None})
    with _said_by(service), _client(service) as client:
        descriptor = flight.FlightDescriptor.for_command(command.encode())
        info = client.get_flight_info(descriptor, _call(token))
    ticket = info.endpoints[0].ticket.ticket
    pinned = json.loads(ticket)
    return _There(product, pinned["version"], pinned["as_of"], service, token, ticket)


def _plain(where: Any) -> Any:
    """A condition as JSON has it: days and moments as text."""
    if isinstance(where, list | tuple):
        return [_plain(part) for part in where]
    return where.isoformat() if isinstance(where, date) else where


def _client(service: str) -> Any:
    """Raises MeshError where the address is none of Flight's."""
    from pyarrow import flight

    if not service.startswith(("grpc://", "grpc+tls://", "grpc+tcp://")):
        raise MeshError(
            f"{SERVICE} is the second address that `mesh serve` says, such as "
            f"grpc://127.0.0.1:8812, not `{service}`."
        )
    authority = os.environ.get(AUTHORITY)
    options = {"tls_root_certs": Path(authority).read_bytes()} if authority else {}
    return flight.connect(service, **options)


def _call(token: str) -> Any:
    from pyarrow import flight

    return flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])


@contextmanager
def _said_by(service: str) -> Iterator[None]:
    """What a service says against it, in its own words and no protocol's."""
    from pyarrow import ArrowException

    try:
        yield
    except ArrowException as error:
        said = str(error).partition(" gRPC client debug context")[0]
        said = said.partition("with message: ")[2] or said
        if "onnect" in said and "failed" in said:
            said = f"There is no service at {service}."
        raise MeshError(said.partition(". Detail: ")[0]) from None
