"""Many processes on one ledger, on both databases, and writers that are killed in the middle."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from mesh_defs.access.agreements import State as AgreementState
from mesh_defs.access.register import Register
from mesh_defs.storage.ledger import Ledger, verify
from mesh_defs.storage.state import State
from tests.access.test_register import CLOCK
from tests.tiny_mesh import REPOSITORY

WORKER = Path(__file__).parent / "ledger_worker.py"
WRITERS, READERS, EACH = 8, 50, 12


class Work(Protocol):
    def __call__(self, verb: str, name: str, count: int) -> subprocess.Popen[str]: ...


@pytest.fixture
def work(state: State) -> Iterator[Work]:
    """Starts workers; whatever becomes of the test, none of them is left."""
    with ExitStack() as started:

        def start(verb: str, name: str, count: int) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, WORKER, verb, state.home, name, str(count)],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                cwd=REPOSITORY,
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield start


@pytest.mark.slow
def test_eight_writers_and_fifty_readers_lose_nothing(state: State, work: Work) -> None:
    from tests.access.ledger_worker import THREADS

    # The first ones make the schema, all at the same time.
    writers = [work("write", str(n), EACH) for n in range(WRITERS)]
    readers = [work("read", str(n), 40) for n in range(READERS // THREADS)]
    said = [process.communicate(timeout=240) for process in [*writers, *readers]]
    assert [p.returncode for p in [*writers, *readers]] == [0] * len(said), said
    assert [out for out, _ in said[WRITERS:]] == ["fine\n"] * len(readers)

    acknowledged = [line.split() for out, _ in said[:WRITERS] for line in out.splitlines()]
    assert len(acknowledged) == WRITERS * EACH + EACH
    ledger = Ledger.open(state)
    book = Register(ledger, CLOCK).book()
    assert {(id, a.consumer) for id, a in book.items()} == {(i, c) for i, c in acknowledged}
    # What everybody wanted, one has: each was judged on what the others had written.
    assert set(Counter(a.consumer for a in book.values()).values()) == {1}
    assert verify(*ledger.whole()) == []


@pytest.mark.slow
def test_writers_that_are_killed_leave_whole_entries(state: State, work: Work) -> None:
    Ledger.open(state)
    chance = random.Random(5)
    acknowledged: set[str] = set()
    for attempt in range(6):
        writers = [work("write", f"{attempt}-{n}", 500) for n in range(3)]
        # Wait until they write, or they would be killed while they import.
        first = [process.stdout.readline() for process in writers if process.stdout]
        time.sleep(chance.uniform(0, 0.3))
        for process in writers:
            process.kill()
        # Not `communicate`: it does not know of what was read ahead with the first line.
        rest = [process.stdout.read() for process in writers if process.stdout]
        lines = "".join([*first, *rest]).splitlines()
        acknowledged |= {line.split()[0] for line in lines if len(line.split()) == 2}
        ledger = Ledger.open(state)
        book = Register(ledger, CLOCK).book()
        assert verify(*ledger.whole()) == []
        assert acknowledged <= set(book)
        # A request and its approval are one decision: both are there, or none.
        assert {a.state for a in book.values()} == {AgreementState.APPROVED}
    assert len(acknowledged) > 18
