"""`mesh bounced`: what mail servers send back about reports. Nothing is sent here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mesh_defs.model import Mesh
    from mesh_defs.storage.state import State


def register(app: typer.Typer) -> None:
    app.command()(bounced)


def bounced(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Mails as they came in; - is standard input."),
    ],
) -> None:
    """Take in what came back of mailed reports (delivery status notifications, RFC 3464).

    Its port has failed then, and `mesh show` says whose mail it was and why. What was refused for
    now (4.x.x) is sent again by the next run; what was refused for good, with the next snapshot or
    to another address.

    \b
    Examples:
      mesh bounced - < returned.eml
      mesh bounced Maildir/new/*
    """
    from mesh_defs.cli.say import error
    from mesh_defs.model import Mesh, MeshError, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    mesh, state = Mesh.read(root), State.of(root)
    wrong = False
    for file in files:
        try:
            print(_taken_in(mesh, state, file))
        except MeshError as found:
            wrong = True
            error(f"{file}: {found}")
    if wrong:
        raise typer.Exit(1)


def _taken_in(mesh: Mesh, state: State, file: str) -> str:
    from mesh_defs.ports.documents.bounces import read_bounce
    from mesh_defs.publishing.bounced import put_down

    bounce = read_bounce(_read(file))
    if bounce is None:
        return f"{file}: nothing came back, it arrived or is late."
    found = put_down(state, mesh, bounce)
    if found is None:
        return (
            f"{file}: {bounce.message} is the newest mail of no report here, so there is nothing "
            "to put down."
        )
    when = "by the next run" if bounce.passes else "with the next snapshot, or to another address"
    return (
        f"{file}: mail of {found.product.ref} at {found.port} to {found.consumer} came back: "
        f"{bounce.said}. It is sent again {when}."
    )


def _read(file: str) -> bytes:
    import sys
    from pathlib import Path

    from mesh_defs.model import MeshError

    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise MeshError(f"It can't be read: {problem.strerror}.") from None
