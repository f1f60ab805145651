"""The audit of reads: a row before the first row of data is handed out, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from mesh_defs.access.reading.library import Found
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import ReadRow, Sisters
from mesh_defs.storage.ledger.sisters import READING, new_read_id

READ, BROKEN_OFF, STOPPED, DENIED, REFUSED = "read", "broken off", "stopped", "denied", "refused"
"""How a read ends: whole; by the reader or a failure; by us, half-way, because the right ended; or
before it began, because it was nobody's right, or because it could not be done."""


_HIGHEST = 2**63 - 1  # what a database has for a number


@dataclass
class Count:
    """How much was handed out so far."""

    rows: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Reader:
    """Who reads, and in which way: the command, Python, or the service by one of its protocols."""

    who: str
    way: str
    token: str | None = None


class Stopped(MeshError):
    """The right to read ended while rows were being handed out."""

    def __init__(self) -> None:
        super().__init__("This may not be read any more: the rest is not handed out.")


class Audit:
    """Puts reads down. What can't be put down is not read."""

    def __init__(self, sisters: Sisters) -> None:
        self._sisters = sisters

    @contextmanager
    def reading(
        self, reader: Reader, readable: Found, columns: tuple[str, ...] | None
    ) -> Iterator[Count]:
        """Around the handing out. What is counted, whoever hands it out has to say."""
        row = ReadRow(
            new_read_id(), _now(), reader.who, reader.token, readable.right.agreement,
            str(readable.product), readable.major, readable.number, columns, reader.way,
            READING,
        )  # fmt: skip
        self._sisters.begin(row)
        count, outcome = Count(), BROKEN_OFF
        try:
            yield count
            outcome = READ
        except Stopped:
            outcome = STOPPED
            raise
        finally:
            self._sisters.end(row.id, outcome, count.rows, count.bytes, _now())

    def refused(self, reader: Reader, address: str, version: int | None, outcome: str) -> None:
        """Somebody asked, and got nothing. It is put down whatever they called it."""
        now = _now()
        address = address[:200].replace("\0", "").encode("utf-8", "replace").decode()
        if version is not None and abs(version) > _HIGHEST:
            version = None
        row = ReadRow(
            new_read_id(), now, reader.who, reader.token, None, address[:200], version, None, None,
            reader.way, outcome, 0, 0, now,
        )  # fmt: skip
        self._sisters.begin(row)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
