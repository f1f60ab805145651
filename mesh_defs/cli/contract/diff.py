"""`mesh contract diff`: two versions of a contract, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mesh_defs.model import DataContract

Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    app.command("diff")(diff)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A contract, or REF:PATH in git.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A contract, or REF:PATH in git.")],
    json: Json = False,
) -> None:
    """Compare two versions of a contract: what breaks consumers, what is risky, what is safe.

    The exit code is 0 whatever changed; `mesh contract check-changes` is what judges.

    \b
    Examples:
      mesh contract diff orders.v1.odcs.yaml orders.odcs.yaml
      mesh contract diff HEAD:domains/sales/contracts/baskets.odcs.yaml baskets.odcs.yaml --json
    """
    from mesh_defs.cli.contract.changes import say_changes, say_version
    from mesh_defs.cli.say import as_json, console
    from mesh_defs.contracts.changes import diff as changes_between
    from mesh_defs.contracts.changes import made, needed

    before, after = _contract(old), _contract(new)
    changes = changes_between(before, after)
    wanted, step = needed(changes, before.version), made(before.version, after.version)
    data: dict[str, Any] = {
        "old": {"file": old, "id": before.id, "version": before.version},
        "new": {"file": new, "id": after.id, "version": after.version},
        "needed": str(wanted),
        "made": None if step is None else str(step),
        "enough": step is not None and step >= wanted,
        "changes": [change.to_json() for change in changes],
    }
    if json:
        as_json(data)
        return
    shown = console()
    say_changes(shown, data["changes"])
    shown.print(say_version(data["changes"], before.version, after.version, wanted, step))


def _contract(given: str) -> DataContract:
    """A contract in a file, or one as it was at a revision."""
    from mesh_defs.model import MeshError, read_contract, read_yaml
    from mesh_defs.storage.git import files_at

    path = Path(given)
    ref, colon, name = given.partition(":")
    if path.is_file() or not (colon and ref and name):
        return read_contract(read_yaml(path))
    with files_at(Path.cwd(), ref, [name]) as folder:
        there = folder / name
        if not there.is_file():
            raise MeshError(f"There is no `{name}` at `{ref}`. Write its path from this folder.")
        return read_contract(read_yaml(there, folder))
