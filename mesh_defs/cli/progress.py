"""What a run shows while it goes: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mesh_defs.cli.say import count, plain, some_rows, status, table
from mesh_defs.orchestration.report import Progress, Stage

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Listen = Callable[[Progress], None]
_DOING: dict[Stage, str] = {
    "waiting": "waits for its inputs",
    "planning": "looking what changed",
    "landing": "landing",
    "models": "building models",
    "publishing": "publishing",
    "done": "done",
}


@dataclass
class _Line:
    """One domain on the board, with the products heard of so far."""

    stage: Stage = "waiting"
    item: str = ""
    rows: int | None = None
    failed: bool = False
    started: float | None = None
    ended: float | None = None
    products: dict[str, tuple[str, int | None]] = field(default_factory=dict)

    def hear(self, said: Progress, now: float) -> None:
        failed = said.status == "failed" or (said.stage == "done" and bool(said.text))
        self.failed = self.failed or failed
        if said.stage != "waiting" and self.started is None:
            self.started = now
        if said.stage in ("publishing", "done") and said.item and said.status:
            self.products[said.item] = (said.status, said.rows)
        if said.stage == "done":
            self.ended = now
        if not failed or said.stage == "done":
            self.stage, self.item, self.rows = said.stage, said.item, said.rows

    def seconds(self, now: float) -> str:
        if self.started is None:
            return ""
        return f"{(self.ended or now) - self.started:.1f} s"

    def doing(self) -> str:
        if self.stage == "done":
            return status("failed") if self.failed else "done"
        return f"{_DOING[self.stage]} {plain(self.item) if self.item else ''}".rstrip()


class Board:
    """The state of a run as a table; the terminal draws it again several times a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.started = clock()
        self.lines: dict[str, _Line] = {}

    def hear(self, said: Progress) -> None:
        self.lines.setdefault(said.domain, _Line()).hear(said, self.clock())

    def draw(self, height: int = 1000) -> RenderableType:
        """The board. What is done is left out when the terminal is too low for all of it."""
        now = self.clock()
        shown = dict(self.lines)
        if sum(1 + len(line.products) for line in shown.values()) + 4 > height:
            shown = {name: line for name, line in shown.items() if line.stage != "done"}
        done = sum(line.stage == "done" for line in self.lines.values())
        head = f"{done} of {len(self.lines)} domains, {now - self.started:.0f} s"
        board = table(head, "", "elapsed", "rows", numbers=("elapsed", "rows"))
        for name, line in shown.items():
            rows = count(line.rows) if line.rows is not None and line.stage != "done" else ""
            board.add_row(f"[bold]{name}[/bold]", line.doing(), line.seconds(now), rows)
            for product, (came_to, number) in line.products.items():
                board.add_row(f"  {product}", status(came_to), "", count(number))
        return board


@contextmanager
def progress(console: Console) -> Iterator[Listen]:
    """A listener for `run_mesh` that shows what it hears."""
    if not console.is_terminal:
        yield _Lines(console).hear
        return
    from rich.live import Live

    board = Board()
    with Live(
        get_renderable=lambda: board.draw(console.height),
        console=console,
        refresh_per_second=8,
        transient=True,
    ):
        told = _Lines(console)

        def hear(said: Progress) -> None:
            board.hear(said)
            if said.text and not said.status and said.stage == "models":
                told.hear(said)  # above the board, where it stays

        yield hear


class _Lines:
    """One line for each thing that came to an end; nothing is drawn twice."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.started = time.monotonic()
        self.told: set[str] = set()

    def hear(self, said: Progress) -> None:
        line = self._line(said)
        if line and line not in self.told:
            self.told.add(line)
            self.console.print(f"{time.monotonic() - self.started:6.1f} s  {line}")

    def _line(self, said: Progress) -> str:
        rows = "" if said.rows is None else f", {some_rows(said.rows)}"
        if said.status and said.item:
            return f"{said.domain}.{said.item}: {said.status}{rows}"
        if said.stage == "landing" and rows:
            return f"{said.domain}: landed {said.item}{rows}"
        if said.stage == "models" and said.text and not said.status:
            return plain(f"{said.domain}: {said.text}")
        if said.stage == "models" and not said.item and not said.status:
            return f"{said.domain}: building models"
        if said.stage == "done" and said.text:
            return f"{said.domain}: failed"
        return ""
