"""The register: agreements in the ledger, decided on what stands there, by many at a time.

A decision is made on the state that it was judged by, or judged again. Rules are in `agreements`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from mesh_defs.access.agreements import EMPTY, Agreement, Book, Entry, Event, Side, fold
from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import Draft, Head, Ledger, Overtaken, Record

Judge = Callable[[Book, datetime], Iterable[Entry]]
_PATIENCE = 120.0


class Register:
    """Every agreement of a mesh, as of the last look."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime]) -> None:
        self.ledger = ledger
        self._clock = clock
        self._book, self._head, self._last = EMPTY, Head(), datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The time, but never before the last entry: clocks of several machines differ a little."""
        return max(self._clock().astimezone(UTC), self._last)

    def book(self) -> Book:
        """The agreements as they stand in the ledger now."""
        self._take(self.ledger.read(self._head.seq))
        return self._book

    def decide(self, judge: Judge) -> list[Entry]:
        """Append what a judge makes of the agreements as they stand; all of it, or nothing.

        Whoever was overtaken judges again, so `judge` may be called more than once. What it raises
        is raised, and nothing is written.
        """
        give_up = time.monotonic() + _PATIENCE
        self.book()
        while True:
            head = self._head
            made = list(judge(self._book, self.now()))
            try:
                self._take(self.ledger.append([_draft(entry) for entry in made], head))
            except Overtaken:
                self.book()
                if self._head == head:
                    raise MeshError(
                        f"The ledger at {self.ledger.shown} does not end where it says that it "
                        "does: something else changed it. See what: `mesh access verify`."
                    ) from None
                if time.monotonic() > give_up:
                    raise MeshError("The ledger is too busy to be written. Try again.") from None
                time.sleep(random.uniform(0, 0.02))  # else the same writer may win each time
                continue
            return made

    def log(self, agreement: str | None = None) -> list[Record]:
        """The entries as they stand in the ledger."""
        return [r for r in self.ledger.read() if agreement in (None, r.subject)]

    def entries(self) -> list[Entry]:
        """All that ever happened to any agreement, in order."""
        return [_entry(record) for record in self.log()]

    def _take(self, records: Sequence[Record]) -> None:
        if records:
            self._book = fold(map(_entry, records), self._book)
            self._head = Head(records[-1].seq, records[-1].hash)
            self._last = max(self._last, datetime.fromisoformat(records[-1].at))


def find(book: Book, id: str) -> Agreement:
    """The agreement of an id. Raises MeshError where there is none."""
    if id not in book:
        raise MeshError(f"There is no agreement `{id}`. See all: `mesh access list --all`.")
    return book[id]


def _draft(entry: Entry) -> Draft:
    return Draft(
        entry.agreement, str(entry.event), entry.at, entry.who, str(entry.side), entry.why,
        entry.data,
    )  # fmt: skip


def _entry(record: Record) -> Entry:
    try:
        return Entry(
            record.subject, Event(record.event), datetime.fromisoformat(record.at), record.who,
            Side(record.side), record.why, record.data,
        )  # fmt: skip
    except ValueError as error:
        raise MeshError(
            f"Entry {record.seq} of the ledger can't be read ({error}): a newer mesh wrote it, or "
            "it was changed. See which: `mesh access verify`."
        ) from None
