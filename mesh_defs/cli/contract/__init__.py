"""`mesh contract`: what can be done with a contract, inside a mesh or not; a module a command."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

# In the order of the help; each has `register(app)`.
_COMMANDS = ("test", "init", "diff", "check_changes", "sync")


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Test, begin, compare and keep in step data contracts (ODCS).",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    there = [name for name in _COMMANDS if find_spec(f"{__name__}.{name}")]
    for name in there:
        import_module(f"{__name__}.{name}").register(group)
    if there:
        app.add_typer(group, name="contract")
