"""`mesh access`: agreements between consumers and providers; a module a group of commands."""

from __future__ import annotations

from importlib import import_module

import typer

# In the order of the help; each has `register(app)`.
_COMMANDS = ("asking", "ending", "looking")


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Request, decide about and end agreements; see what stands in the ledger.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for name in _COMMANDS:
        import_module(f"{__name__}.{name}").register(group)
    app.add_typer(group, name="access")
