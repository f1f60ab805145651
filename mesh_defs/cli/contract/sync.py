"""`mesh contract sync`: dbt's YAML files and the contracts of a domain say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mesh_defs.governance.in_step import InStep
    from mesh_defs.model import Finding


def register(app: typer.Typer) -> None:
    app.command()(sync)


def sync(
    domain: Annotated[str, typer.Argument(help="Whose contracts and models.")],
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit code 1 if something would change.")
    ] = False,
    tests: Annotated[
        bool, typer.Option("--tests", help="dbt's tests, too: the audit makes the same checks.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Keep dbt's descriptions of a domain's models in step with its contracts.

    The contract has the say: its columns and descriptions go into the YAML file that describes the
    model, or a new one beside it. A description that only dbt has goes into the contract. Nothing
    else in these files is touched.

    \b
    Examples:
      mesh contract sync sales
      mesh contract sync sales --check
    """
    from mesh_defs.cli.say import error
    from mesh_defs.governance.in_step import in_step
    from mesh_defs.model import Mesh, MeshError, find_root
    from mesh_defs.storage.state import write_text

    root = find_root()
    rooms = Mesh.read(root).rooms
    room = rooms.get(domain)
    if room is None:
        known = ", ".join(sorted(rooms)) or "none"
        raise MeshError(f"No domain `{domain}`. Domains: {known}.")
    found = in_step(room, root, tests)
    if not check:
        for change in found.changes:
            write_text(change.path, change.after)
    left = found.findings(root)
    if json:
        _say_json(domain, found, left)
    else:
        _say(domain, found, check)
        for finding in left:
            error(str(finding))
    if check and found.changes:
        raise typer.Exit(1)


def _say(domain: str, found: InStep, check: bool) -> None:
    if not found.changes:
        print(f"{domain} is in step.")
    for change in found.changes:
        if check:
            print(change.diff, end="")
        else:
            print(f"{'wrote' if change.before is None else 'changed'} {change.shown}")


def _say_json(domain: str, found: InStep, left: list[Finding]) -> None:
    from mesh_defs.cli.say import as_json

    as_json(
        {
            "domain": domain,
            "in_step": not found.changes,
            "files": [
                {"file": c.shown, "new": c.before is None, "diff": c.diff} for c in found.changes
            ],
            "left": [finding.to_json() for finding in left],
        }
    )
