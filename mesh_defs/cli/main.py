"""The `mesh` command: which groups of commands there are. What a command does is in its module.

Nothing heavy is imported here or at the top of those modules: `mesh --help` must answer at once.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Annotated

import typer

from mesh_defs.cli.guard import MeshGroup

# One module a group of commands, in the order of the help; each has `register(app)`.
_GROUPS = (
    "run", "catalogue", "quality", "contract", "quarantine", "access", "cost", "bounced", "token",
    "query", "new", "serve", "ui",
)  # fmt: skip

app = typer.Typer(
    name="mesh",
    cls=MeshGroup,
    help="Run a data mesh, look at its products, query them, add to it.",
    epilog="`mesh COMMAND --help` has examples. A mesh is the nearest folder upwards with "
    "`domains/`, or MESH_ROOT; what a run makes lies in its `.mesh/`, or MESH_HOME.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"mesh {version('mesh-defs')}")
        except PackageNotFoundError:
            print("mesh (not installed)")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Only there to carry the options of `mesh` itself."""


for _name in _GROUPS:
    if find_spec(f"mesh_defs.cli.{_name}"):
        import_module(f"mesh_defs.cli.{_name}").register(app)
