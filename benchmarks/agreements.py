"""Reconciling 10, 1,000 and 10,000 agreements: with nothing due, and with ten that are.

`python -m benchmarks.agreements` prints a table. Beside each stands what reading the same entries
with plain SQL takes, in the same run: reconciling reads them all once, and works on what is due.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from mesh_defs.access.agreements import Entry, Event, Side, Terms
from mesh_defs.access.desk import Desk
from mesh_defs.storage.state import State
from tests.tiny_mesh import build

SIZES = (10, 1_000, 10_000)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PLATFORM = Side.PLATFORM
TERMS = Terms("urn:datacontract:shop.orders", "1.0.0", (("Ana",),), "P30D").to_json()


def main() -> None:
    table = Table("agreements", "nothing due, s", "10 due, s", "plain SQL, s", "ratio", box=None)
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            idle, busy, sql = _measured(build(Path(folder) / "mesh").root, size)
        found = (f"{size:,}", f"{idle:.3f}", f"{busy:.3f}", f"{sql:.4f}", f"{idle / sql:,.0f}")
        table.add_row(*found)
    Console().print(table)


def _measured(root: Path, size: int) -> tuple[float, float, float]:
    """Seconds with nothing due, with ten due, and of plain SQL."""
    entries = [e for i in range(size) for e in _approved(f"app:{i}", f"a{i}")]
    entries += [Entry(f"a{i}", Event.GRANTED, BEGAN, "mesh", PLATFORM) for i in range(size)]
    desk = Desk(root, "x")
    desk.register.decide(lambda book, now: entries)
    desk.reconcile()  # the input that is declared
    idle = _seconds(lambda: Desk(root, "x").reconcile())
    sql = _seconds(lambda: _by_sql(State.of(root).home / "ledger/ledger.db"))
    return idle, _busy(root), sql


def _busy(root: Path) -> float:
    """Ten more are approved; the fastest of three, each on a ledger of its own."""
    home, kept = State.of(root).home, root / "kept"
    shutil.copytree(home, kept)
    found = []
    for _ in range(3):
        shutil.rmtree(home)
        shutil.copytree(kept, home)
        more = [e for i in range(10) for e in _approved(f"app:more{i}", f"more{i}")]
        _append(root, more)
        found.append(_once(lambda: Desk(root, "x").reconcile()))
    return min(found)


def _append(root: Path, entries: list[Entry]) -> None:
    Desk(root, "x").register.decide(lambda book, now: entries)


def _approved(consumer: str, id: str) -> list[Entry]:
    """What was requested and approved, and is not granted yet."""
    data = {
        "product": "shop.orders", "port": "orders", "kind": "delta", "version": 1,
        "consumer": consumer, "purpose": "To know.", "until": None, "terms": TERMS,
    }  # fmt: skip
    return [
        Entry(id, Event.REQUESTED, BEGAN, "Eva", Side.CONSUMER, "To know.", data),
        Entry(id, Event.APPROVED, BEGAN, "Ana", Side.PROVIDER, "", {"level": 1}),
    ]


def _by_sql(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("SELECT * FROM mesh_ledger ORDER BY seq").fetchall()


def _seconds(work: Callable[[], object]) -> float:
    return min(_once(work) for _ in range(5))


def _once(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
