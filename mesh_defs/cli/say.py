"""How things are shown to people and to programs: tables, numbers, JSON. No command is here."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Lines that a program reads, or that go to a file, are never folded.
_WIDE = 10_000
NOTHING = "–"  # noqa: RUF001


def console(stderr: bool = False) -> Console:
    """Plain text when nobody looks: no colours, no folding of lines."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def as_json(data: Any) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str))


def error(text: str) -> None:
    print(text, file=sys.stderr)


def table(*columns: str, numbers: tuple[str, ...] = (), title: str = "") -> Table:
    """A table without a frame; `numbers` are the columns that stand to the right."""
    from rich.table import Table

    made = Table(box=None, title=title or None, title_justify="left", pad_edge=False)
    made.padding = (0, 2, 0, 0)
    for column in columns:
        right = column in numbers
        made.add_column(
            column,
            justify="right" if right else "left",
            header_style="bold",
            no_wrap=right or column == columns[0],
            overflow="fold",
        )
    return made


def plain(value: Any) -> str:
    """A value as a person reads it; square brackets stay what they are."""
    from rich.markup import escape

    return NOTHING if value is None or value == "" else escape(str(value))


def count(value: int | None) -> str:
    return NOTHING if value is None else f"{value:,}"


def some_rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def rules(counted: Mapping[str, Any]) -> str:
    """`12 passed`, `11 passed, 1 failed`, `10 passed, 2 unchecked`."""
    if counted["rules_passed"] is None:
        return NOTHING
    said = [f"{counted['rules_passed']} passed"]
    if failed := counted["rules_failed"]:
        said.append(f"[red]{failed} failed[/red]")
    if unchecked := counted["rules_not_executable"]:
        said.append(f"[yellow]{unchecked} unchecked[/yellow]")
    return ", ".join(said)


def moment(text: str | None) -> str:
    """When something was, in UTC and to the minute."""
    if not text:
        return NOTHING
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


_COLOURS = {
    "published": "green",
    "unchanged": "dim",
    "failed": "red",
    "skipped": "yellow",
    "passed": "green",
    "not_executable": "yellow",
    "holds": "green",
    "broken": "red",
    "ended": "yellow",
    "not measured": "dim",
    "waiting": "yellow",
    "not configured": "dim",
}


def status(text: str | None) -> str:
    """A status in its colour."""
    if not text:
        return NOTHING
    colour = _COLOURS.get(text)
    return f"[{colour}]{text}[/{colour}]" if colour else text
