"""A process that works on a ledger: `python ledger_worker.py write|read HOME NAME COUNT`.

It says on stdout what it was told is done, a line each, as soon as it knows. No test is here.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from mesh_defs.access.agreements import Actor, Book, Entry, Refused, Request, Side, Terms
from mesh_defs.access.agreements.deciding import request
from mesh_defs.access.register import Register
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State

EVA = Actor("Eva", sides=frozenset({Side.CONSUMER}))
OPEN = Terms("urn:c", "1.0.0")  # approved by itself: two entries a decision
THREADS = 10


def write(state: State, name: str, count: int) -> None:
    """Request what only this one wants, and what every other writer wants as well."""
    register = Register(Ledger.open(state), lambda: datetime.now(UTC))
    for i in range(count):
        for consumer in (f"app:{name}-{i}", f"app:shared-{i}"):
            id = uuid4().hex[:8]
            wanted = Request("shop.orders", "orders", 1, consumer, "To know.", OPEN)

            def judge(
                book: Book, now: datetime, id: str = id, wanted: Request = wanted
            ) -> list[Entry]:
                return request(book, id, wanted, EVA, now)

            try:
                register.decide(judge)
            except Refused:
                continue
            print(id, consumer, flush=True)


def read(state: State, rounds: int) -> None:
    """Many threads that read the whole ledger again and again; each must see what it saw."""
    failures: list[str] = []

    def reader() -> None:
        try:
            seen = 0
            for entries in _readings(state, rounds):
                if entries[:seen] != list(range(1, seen + 1)) or len(entries) < seen:
                    failures.append(f"saw {seen} entries, and then {entries}")
                if entries != list(range(1, len(entries) + 1)):
                    failures.append(f"a gap in {entries}")
                seen = len(entries)
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=reader) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("\n".join(failures) or "fine", flush=True)


def _readings(state: State, rounds: int) -> Iterator[list[int]]:
    ledger = Ledger.open(state)
    for _ in range(rounds):
        yield [record.seq for record in ledger.read()]


if __name__ == "__main__":
    _, verb, home, name, count = sys.argv
    if verb == "write":
        write(State(Path(home)), name, int(count))
    else:
        read(State(Path(home)), int(count))
