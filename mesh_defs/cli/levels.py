"""Service levels on a terminal: a line each, a sign a day; nothing is measured here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesh_defs.cli.say import NOTHING, plain, status, table

if TYPE_CHECKING:
    from rich.console import Console


def say_levels(console: Console, data: list[dict[str, Any]]) -> None:
    """What `mesh show` says of each level, from its JSON."""
    from mesh_defs.contracts.levels.standing import ServiceLevel, budget_words, strip

    made = table("level", "promised", "now", "state", "last 30 days", "error budget")
    made.columns[4].no_wrap = True
    for level in map(ServiceLevel.from_json, data):
        made.add_row(
            plain(level.level),
            plain(level.promised),
            plain(level.found),
            status(level.state),
            strip(level.history) if level.budget else NOTHING,
            plain(budget_words(level)),
        )
    console.print("\n[bold]Service levels[/bold]")
    console.print(made)
