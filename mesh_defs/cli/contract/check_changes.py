"""`mesh contract check-changes`: what changed since a git revision, judged against consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from rich.console import Console

    from mesh_defs.governance.column_use import Use
    from mesh_defs.governance.comparison import Compared
    from mesh_defs.governance.impact import Judgement
    from mesh_defs.governance.select_lineage import Table
    from mesh_defs.model import Mesh

Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    app.command("check-changes")(check_changes)


def check_changes(
    against: Annotated[
        str, typer.Option("--against", metavar="GIT-REF", help="What it was before.")
    ],
    json: Json = False,
) -> None:
    """Compare every contract and descriptor with a git revision: who breaks, and from when it may.

    Exit code 1 if a change needs a larger step of the version than was made, or if it leaves a
    consumer behind before the notice it was promised is over. Domains that read a product with a
    breaking change are compiled by dbt (about two seconds each), to see which columns they use.

    \b
    Examples:
      mesh contract check-changes --against HEAD
      mesh contract check-changes --against origin/main
      mesh contract check-changes --against v1.4 --json | jq -r '.products[].problems[].problem'
    """
    from datetime import UTC, datetime

    from mesh_defs.cli.say import as_json, console
    from mesh_defs.governance.comparison import compare
    from mesh_defs.model import Mesh, MeshError, find_root
    from mesh_defs.storage.git import commit_of, files_at

    root = find_root()
    mesh = Mesh.read(root)
    if mesh.findings:
        raise MeshError(mesh.findings)
    commit = commit_of(root, against)
    with files_at(root, commit, ["domains"]) as folder:
        (folder / "domains").mkdir(exist_ok=True)
        before = Mesh.read(folder)
    today = datetime.now(UTC).date()
    compared = compare(before, mesh)
    judged = _judged(root, mesh, compared, today)
    touched = [j for j in judged if j.compared.changes or j.compared.gone or j.problems]
    problems = [problem for j in touched for problem in j.problems]
    if json:
        as_json(
            {
                "against": against,
                "commit": commit,
                "today": today.isoformat(),
                "ok": not problems,
                "compared": sum(1 for c in compared if c.old and c.new),
                "products": [j.to_json() for j in touched],
                "not_compared": [f.to_json() for f in before.findings],
            }
        )
    else:
        shown = console()
        for judgement in touched:
            _say(shown, judgement)
        for finding in before.findings:
            shown.print(f"[yellow]not compared[/yellow]: it was broken at {against}: {finding}")
        _say_end(shown, against, compared, touched, len(problems))
    if problems:
        raise typer.Exit(1)


def _judged(root: Path, mesh: Mesh, compared: list[Compared], today: date) -> list[Judgement]:
    from mesh_defs.governance.column_use import Use
    from mesh_defs.governance.comparison import in_question, readers
    from mesh_defs.governance.impact import judge

    uses = {d: _uses(root, mesh, compared, d) for d in sorted(in_question(compared, mesh))}
    found = []
    for one in compared:
        table = (one.ref.domain, one.ref.product)
        known: dict[str, Use | None] = {}
        for domain in readers(mesh, one.ref, one.major) if one.old else ():
            of = uses.get(domain, {})
            known[domain] = None if of is None else of.get(table, Use())
        found.append(judge(one, known, today))
    return found


def _uses(root: Path, mesh: Mesh, compared: list[Compared], domain: str) -> dict[Table, Use] | None:
    """What a domain uses of its inputs; None where dbt cannot compile it."""
    from mesh_defs.cli.say import error
    from mesh_defs.model import MeshError
    from mesh_defs.orchestration.compiled import uses

    inputs = {(one.ref.domain, one.ref.product): one.columns for one in compared if one.columns}
    try:
        return uses(root, mesh.rooms[domain], inputs)
    except MeshError as wrong:
        error(f"{wrong}\nIt is taken to use every column of its inputs.")
        return None


def _say(console: Console, judged: Judgement) -> None:
    from mesh_defs.cli.contract.changes import say_changes
    from mesh_defs.cli.say import plain

    compared, data = judged.compared, judged.to_json()
    now = data["new_version"] or (
        f"gone, {data['followed_by']} instead" if compared.follower else "gone"
    )
    what = "" if compared.document == "contract" else f", its {compared.document}"
    console.print(
        f"[bold]{compared.ref}[/bold] v{compared.major}{what}: "
        f"{data['old_version']} → {now}  [dim]{plain(data['file'])}[/dim]"
    )
    say_changes(console, data["changes"])
    if compared.breaking or compared.gone:
        for effect in judged.effects:
            console.print(_effect(judged, effect))
        if not judged.effects:
            console.print("No domain of this mesh reads it.")
    for problem in judged.problems:
        console.print(f"[red]{plain(problem)}[/red]")
    console.print()


def _effect(judged: Judgement, effect: Any) -> str:
    """`insight breaks: cents (best_day); not before 2026-07-07.`"""
    from mesh_defs.cli.say import plain

    if not effect.breaks:
        return f"[green]{effect.domain} goes on[/green]: it uses nothing that breaks."
    used = [f"{column} ({', '.join(users)})" for column, users in effect.columns.items()]
    whole = [change.element for change in effect.changes if not change.columns]
    touched = ", ".join([*used, *whole])
    if judged.compared.gone:
        said = f"moving changes {touched}" if touched else "it can move without a change"
        if not judged.compared.follower:
            said = "there is nothing to move to"
        said = f"[red]{effect.domain} is left behind[/red]: {plain(said)}"
    else:
        said = f"[red]{effect.domain} breaks[/red]: {plain(touched)}"
    return f"{said}; not before {judged.earliest}."


def _say_end(
    console: Console, against: str, compared: list[Compared], touched: list[Judgement], wrong: int
) -> None:
    if not touched:
        both = sum(1 for c in compared if c.old and c.new and c.document == "contract")
        console.print(f"No promise changed since {against}: {both} contracts compared.")
    elif wrong:
        console.print(f"{wrong} {'problem' if wrong == 1 else 'problems'}.")
    else:
        console.print(f"These changes since {against} can be made.")
