"""What the commands of `mesh access` take and say alike: who acts, days, an agreement's page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import date

    from mesh_defs.access.agreements import Agreement
    from mesh_defs.access.desk import Desk

DAY = "YYYY-MM-DD"


def somebody(name: str | None) -> str | None:
    """A blank name is a variable that was never set, and not the user of the system."""
    from mesh_defs.model import names

    try:
        return None if name is None else names.somebody(name)
    except ValueError as error:
        raise typer.BadParameter(
            f"that is no name: {error}; leave it out to act as MESH_ACTOR or yourself"
        ) from None


Id = Annotated[str, typer.Argument(metavar="ID", help="Which agreement.")]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        callback=somebody,
        help="Who acts: a name, an e-mail address or a team.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="The agreement as JSON.")]
Why = Annotated[str, typer.Option("--why", help="Why; it is kept with the decision.")]
MustWhy = Annotated[
    str, typer.Option("--why", help="Why; must be given, and is kept with the decision.")
]


def desk_of(name: str | None = None) -> Desk:
    """The desk of this mesh, and whoever acts: `--as`, MESH_ACTOR, or the system's user."""
    from getpass import getuser

    from mesh_defs.access.desk import Desk
    from mesh_defs.model import find_root

    return Desk(find_root(), name or os.environ.get("MESH_ACTOR") or getuser())


def day(text: str | None) -> date | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` is no day such as 2027-03-31") from None


def say(desk: Desk, agreement: Agreement, json: bool) -> None:
    """What an agreement is like now, after whatever was done."""
    from mesh_defs.access.agreements.showing import whole
    from mesh_defs.cli.say import as_json, console

    data = whole(agreement, bool(desk.granted([agreement])), desk.register.now())
    if json:
        as_json(data)
    else:
        say_page(console(), data)


def say_page(shown: Any, data: dict[str, Any]) -> None:
    from mesh_defs.cli.say import moment, plain

    shown.print(
        f"[bold]{data['id']}[/bold] {plain(data['consumer'])} reads {data['product']} "
        f"v{data['version']}: {data['state']} since {moment(data['since'])} UTC"
    )
    terms = data["terms"]
    facts = {
        "purpose": data["purpose"],
        "asked by": data["requested_by"],
        "waits for": " or ".join(data["waiting_for"]),
        "permission": f"{data['permission']}{', read back' if data['granted'] else ''}",
        "error": data["error"],
        "notice ends": f"{moment(data['notice_ends'])} UTC" if data["notice_ends"] else None,
        "until": data["until"],
        "renewal": f"asked for until {data['renewal']}" if data["renewal"] else None,
        "early end": ", ".join(f"{o['side']}: {o['on']}" for o in data["early_end"]),
        "look again": f"{data['reassess_on']}{', due' if data['reassessment_due'] else ''}"
        if data["reassess_on"]
        else None,
        "announced": "; ".join(f"{a['change']} on {a['on']}: {a['why']}"
                               for a in data["announcements"]),
        "terms": f"{terms['contract']} {terms['version']}, notice {terms['notice'] or 'none'}",
        "why": data["why"] if data["why"] != data["purpose"] else None,
        "possible": ", ".join(data["possible"]) or "nothing more",
    }  # fmt: skip
    for name, said in facts.items():
        if said:
            shown.print(f"[dim]{name:<11}[/dim] {plain(said)}")
