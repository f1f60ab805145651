"""What a run shows while it goes."""

from __future__ import annotations

import io

from rich.console import Console

from mesh_defs.cli.progress import Board, progress
from mesh_defs.orchestration.report import Progress

EVENTS = [
    Progress("sales", "waiting"),
    Progress("growth", "waiting"),
    Progress("sales", "planning"),
    Progress("sales", "landing", "transactions"),
    Progress("sales", "landing", "transactions", 1_469_307),
    Progress("sales", "models"),
    Progress("sales", "models", "purchases", 1_469_307),
    Progress("sales", "publishing", "purchases"),
    Progress("sales", "publishing", "purchases", 1_469_307, "published"),
    Progress("sales", "publishing", "baskets"),
    Progress("sales", "models", status="failed", text="sales.baskets was not published: …"),
    Progress("sales", "done", "purchases", 1_469_307, "published"),
    Progress("sales", "done", "baskets", None, "failed", "sales.baskets was not published: …"),
    Progress("sales", "done"),
    Progress("growth", "planning"),
]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def drawn(board: Board, height: int = 24) -> str:
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as shown:
        console.print(board.draw(height))
    return "".join(f"{line.rstrip()}\n" for line in shown.get().splitlines())


def test_the_board_in_the_middle_of_a_run() -> None:
    board = Board(Clock())
    for said in EVENTS[:9]:
        board.hear(said)
    assert drawn(board) == (
        "0 of 2 domains, 10 s                        elapsed       rows\n"
        "sales                 publishing purchases    7.0 s  1,469,307\n"
        "  purchases           published                      1,469,307\n"
        "growth                waits for its inputs\n"
    )


def test_the_board_after_a_failure() -> None:
    board = Board(Clock())
    for said in EVENTS:
        board.hear(said)
    assert drawn(board) == (
        "1 of 2 domains, 16 s                        elapsed       rows\n"
        "sales                 failed                 11.0 s\n"
        "  purchases           published                      1,469,307\n"
        "  baskets             failed                                 –\n"  # noqa: RUF001
        "growth                looking what changed    1.0 s\n"
    )


def test_a_low_terminal_shows_what_still_works() -> None:
    board = Board(Clock())
    for said in EVENTS:
        board.hear(said)
    assert "sales" not in drawn(board, height=6)


def test_lines_where_nobody_looks() -> None:
    file = io.StringIO()
    with progress(Console(file=file, width=200)) as listen:
        for said in EVENTS:
            listen(said)
        listen(Progress("sales", "models", text="conformed(): a column [x] is new"))
    assert [line.split(" s  ", 1)[1] for line in file.getvalue().splitlines()] == [
        "sales: landed transactions, 1,469,307 rows",
        "sales: building models",
        "sales.purchases: published, 1,469,307 rows",
        "sales.baskets: failed",
        "sales: conformed(): a column [x] is new",
    ]


def test_a_warning_stays_above_the_board() -> None:
    file = io.StringIO()
    with progress(Console(file=file, width=200, force_terminal=True)) as listen:
        for said in EVENTS:
            listen(said)
        listen(Progress("sales", "models", text="a column is new"))
    assert "sales: a column is new" in file.getvalue()
