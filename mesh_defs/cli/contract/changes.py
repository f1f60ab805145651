"""How changes of contracts look on a terminal; what they are is in `contracts.changes`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mesh_defs.cli.say import plain

if TYPE_CHECKING:
    from rich.console import Console

    from mesh_defs.contracts.changes import Bump

_COLOURS = {"breaking": "red", "risky": "yellow", "safe": "green"}
_LONGEST = 60


def say_changes(console: Console, changes: Sequence[Mapping[str, Any]]) -> None:
    """A line for each change; under it the reason of its level."""
    for change in changes:
        level, said = change["level"], plain(change["element"])
        if change["renamed_to"]:
            said += f" → {plain(change['renamed_to'])}"
        if (change["old"], change["new"]) != (None, None) and not _is_name(change):
            said += f": {plain(_short(change['old']))} → {plain(_short(change['new']))}"
        console.print(f"[{_COLOURS[level]}]{level:<8}[/{_COLOURS[level]}]  {said}")
        console.print(f"{'':<10}[dim]{change['kind']}: {plain(change['why'])}[/dim]")


def _is_name(change: Mapping[str, Any]) -> bool:
    return str(change["kind"]).endswith(".renamed")


def say_version(
    changes: Sequence[Mapping[str, Any]], old: str, new: str, wanted: Bump, step: Bump | None
) -> str:
    """`2 breaking, 1 safe: 1.0.0 → 2.0.0 needed, 1.1.0 is not enough.`"""
    from mesh_defs.contracts.changes import after

    if not changes:
        return f"Nothing changed; {old} → {new}."
    counts = Counter(change["level"] for change in changes)
    said = ", ".join(f"{n} {level}" for level in _COLOURS if (n := counts[level]))
    need = f"{old} → {after(old, wanted)} needed"
    enough = step is not None and step >= wanted
    verdict = f"{new} is enough" if enough else f"[red]{new} is not enough[/red]"
    return f"{said}: {need}, {verdict}."


def _short(value: Any) -> Any:
    if isinstance(value, Mapping | list | tuple):
        from json import dumps

        value = dumps(value, ensure_ascii=False, default=str)
    text = None if value is None else " ".join(str(value).split())
    return text if text is None or len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
