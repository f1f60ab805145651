"""What the service does whatever it is spoken to in: recognises, finds, reads, counts, stops."""

from __future__ import annotations

import base64
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from mesh_defs.access.reading.audit import DENIED, REFUSED, Audit, Count, Reader, Stopped
from mesh_defs.access.reading.library import AsOf, Found, Library, Readable, Shown
from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.reading.questions import arrow_answer, named_products
from mesh_defs.access.reading.rights import Denied
from mesh_defs.access.reading.rows import batches, opened
from mesh_defs.access.serving.limits import Rate, Room
from mesh_defs.access.tokens.keyring import Gatekeeper
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import Sisters, TokenRow, Unreachable

if TYPE_CHECKING:
    from pyarrow import RecordBatch, RecordBatchReader, Schema

RATE = 600
SECONDS = 30.0
_LOOK = 0.5  # seconds between two looks, while rows are handed out, at whether they still may be
_CELLS, _CELLS_OF_A_TOKEN = 4, 2  # each may take as much memory as all other reads together
_LONGEST_SQL = 100_000
_PIECE = 65_536
Pieces = Iterator[bytes]
Part = TypeVar("Part")


class Out(MeshError):
    """Nothing can be answered at the moment; what went wrong is for whoever runs the service."""

    def __init__(self) -> None:
        super().__init__("This can't be answered now. Try again later.")


def out(error: Exception) -> Out:
    """What a reader is told of an error that is none of theirs. Whoever runs the service is told
    what it was and where, but no word of it: those may be product data, or say where files lie."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    told = str(error) if isinstance(error, Unreachable) else type(error).__name__
    print(f"{told} ({frame.filename}:{frame.lineno})", file=sys.stderr, flush=True)
    return Out()


class Unknown(MeshError):
    """No token, or none that may be used; which, is told to nobody."""

    def __init__(self) -> None:
        super().__init__("This needs a token that is valid: `Authorization: Bearer mesh_…`.")


@dataclass(frozen=True)
class Handed:
    """Rows on their way out: whoever hands them out adds the bytes to `count`."""

    schema: Schema
    batches: Iterator[RecordBatch]
    count: Count


class Service:
    """One mesh, read by many."""

    def __init__(self, root: Path, rate: int = RATE, seconds: float = SECONDS) -> None:
        self.library = Library(root)
        self._sisters = Sisters.open(self.library.state)
        self._gate, self._audit = Gatekeeper(self._sisters), Audit(self._sisters)
        self._rate, self._room = Rate(rate, time.monotonic), Room()
        self._cells = Room(_CELLS, _CELLS_OF_A_TOKEN)
        self._seconds = seconds
        self._fresh, self._lock = time.monotonic(), Lock()

    def healthy(self) -> None:
        """Raises MeshError when nothing could be read: the ledger does not answer."""
        self._sisters.token("health")

    def admit(self, text: str | None, browsers: bool = False) -> TokenRow:
        """Whoever shows a token; a browser as the password that it asked for, where browsers are
        let in. Raises Unknown, or TooMuch."""
        scheme, _, secret = (text or "").partition(" ")
        if browsers and scheme.lower() == "basic":
            scheme, secret = "bearer", _password(secret)
        token = self._gate.recognise(secret) if scheme.lower() == "bearer" else None
        if token is None:
            raise Unknown
        self._rate.take(token.id)
        return token

    def find(
        self, token: TokenRow, way: str, address: str, version: int | None, as_of: AsOf
    ) -> Readable:
        """A product that a token may read; what it may not is put down. Raises Denied."""
        self._refresh()
        try:
            return self.library.find([token.consumer], address, version, as_of, token.products)
        except MeshError as error:
            outcome = DENIED if isinstance(error, Denied) else REFUSED
            self._audit.refused(_reader(token, way), address, version, outcome)
            raise

    def all_of(self, token: TokenRow) -> list[Readable]:
        self._refresh()
        return self.library.all_of([token.consumer], token.products)

    @contextmanager
    def rows(self, token: TokenRow, way: str, readable: Readable, asked: Asked) -> Iterator[Handed]:
        """A product's rows. They end with Stopped when the right to them does."""
        found = time.monotonic()
        with ExitStack() as stack:
            stack.enter_context(self._room.reading(token.id))
            try:
                plan, reader = stack.enter_context(opened(self.library.state, readable, asked))
            except MeshError:
                reader_ = _reader(token, way)
                self._audit.refused(reader_, readable.address, readable.major, REFUSED)
                raise
            read = self._audit.reading(_reader(token, way), readable, plan.columns)
            count = stack.enter_context(read)
            handed = self._handed(token, [readable], reader, [count], found)
            yield Handed(reader.schema, handed, count)

    def find_document(
        self, token: TokenRow, way: str, address: str, port: str, version: int | None
    ) -> Shown:
        """The newest document at a port that a token may read; what it may not is put down.
        Raises Denied."""
        self._refresh()
        try:
            return self.library.document([token.consumer], address, port, version, token.products)
        except MeshError as error:
            outcome = DENIED if isinstance(error, Denied) else REFUSED
            self._audit.refused(_reader(token, way), address, version, outcome)
            raise

    @contextmanager
    def pieces(self, token: TokenRow, way: str, shown: Shown) -> Iterator[tuple[Pieces, Count]]:
        """A document, piece by piece. They end with Stopped when the right to it does."""
        found = time.monotonic()
        with (
            self._room.reading(token.id),
            self._audit.reading(_reader(token, way), shown, None) as count,
        ):
            data = shown.file.data
            cut = (data[i : i + _PIECE] for i in range(0, len(data), _PIECE))
            yield self._while_they_may(token, [shown], cut, found), count

    @contextmanager
    def answer(self, token: TokenRow, way: str, sql: str) -> Iterator[Handed]:
        """A question in SQL, in a process of its own, over nothing but what may be read."""
        if len(sql) > _LONGEST_SQL:
            raise MeshError(f"This is longer than {_LONGEST_SQL:,} characters.")
        names, looked = named_products(sql), time.monotonic()
        found = [self.find(token, way, name, None, None) for name in names]
        with ExitStack() as stack:
            stack.enter_context(self._cells.reading(token.id))
            counts = [
                stack.enter_context(self._audit.reading(_reader(token, way), each, None))
                for each in found
            ]
            state = self.library.state
            reader = stack.enter_context(arrow_answer(state, sql, found, self._seconds))
            rows = self._handed(token, found, reader, counts, looked)
            handed = Handed(reader.schema, rows, Count())
            try:
                yield handed
            finally:
                for count in counts:
                    count.bytes = handed.count.bytes

    def _handed(
        self,
        token: TokenRow,
        readables: list[Readable],
        reader: RecordBatchReader,
        counts: list[Count],
        looked: float,
    ) -> Iterator[RecordBatch]:
        """The batches, while they may be read: a first one that was long in coming is looked at."""
        for batch in self._while_they_may(token, readables, batches(reader), looked):
            for count in counts:
                count.rows += batch.num_rows
            yield batch

    def _while_they_may(
        self, token: TokenRow, found: Sequence[Found], parts: Iterator[Part], looked: float
    ) -> Iterator[Part]:
        for part in parts:
            if time.monotonic() - looked > _LOOK:
                if not self._may_still(token, found):
                    raise Stopped
                looked = time.monotonic()
            yield part

    def _may_still(self, token: TokenRow, found: Sequence[Found]) -> bool:
        self._refresh()
        return self._gate.still(token) and all(
            self.library.still(each, token.products) for each in found
        )

    def _refresh(self) -> None:
        """Look at the mesh's files now and then: contracts say what roles open."""
        with self._lock:
            if time.monotonic() - self._fresh > 1:
                self.library.refresh()
                self._fresh = time.monotonic()


def _password(encoded: str) -> str:
    """The password of HTTP's Basic (RFC 7617); what is no such thing is no token either."""
    try:
        said = base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return ""
    return said.partition(":")[2]


def _reader(token: TokenRow, way: str) -> Reader:
    return Reader(token.consumer, way, token.id)
