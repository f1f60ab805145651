"""`mesh contract init`: a first contract for a table that is there, to be read and cut down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mesh_defs.contracts.drafts.draft import Draft
    from mesh_defs.contracts.drafts.facts import Profile
    from mesh_defs.model import DomainRoom

CONTRACT = ".odcs.yaml"


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    relation: Annotated[str, typer.Argument(metavar="RELATION", help="Where the table lies.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write it there; a file that is there is left alone."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The product; else as the file or table is called.")
    ] = None,
    domain: Annotated[str | None, typer.Option(help="The domain that owns it.")] = None,
    id: Annotated[
        str | None,
        typer.Option("--id", help="The contract's id; else urn:datacontract:DOMAIN.NAME."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Write a first contract from a table: what is so in every row of it.

    Types, keys, empty values, ranges, lengths, enumerations and formats are checked on all rows.
    What is about a person is guessed, from names and values. Read it, and take away what is only
    so by chance.

    \b
    Examples:
      mesh contract init orders.parquet
      mesh contract init lake/orders --to domains/shop/contracts/orders.odcs.yaml
      mesh contract init shop.duckdb:orders --domain shop --json | jq '.guesses'
    """
    from datetime import UTC

    from mesh_defs.contracts.drafts.draft import draft
    from mesh_defs.storage.relations import has_types

    _refuse_if_there(to)
    domain = domain or _domain_of(to)
    name = _name(name, to, relation)
    room = _room(domain)
    found = _profiled(relation)
    as_of = (room.domain.file.as_of if room and room.domain else None) or datetime.now(UTC)
    made = draft(found, _identity(name, domain, id), as_of, has_types(relation))
    made.data |= _people(room)
    if to is not None:
        _write(to, made.text(_head(relation, found)))
    if json:
        _say_json(relation, to, found, made)
    elif to is None:
        print(made.text(_head(relation, found)), end="")
    else:
        _say(to, found, made)


def _profiled(relation: str) -> Profile:
    from mesh_defs.contracts.drafts.profile import profile
    from mesh_defs.contracts.scan.engine import EngineError
    from mesh_defs.contracts.scan.engines import engine_for
    from mesh_defs.model import MeshError
    from mesh_defs.storage.relations import Relation, opened

    with opened({"t": Relation(relation)}) as there:
        try:
            return profile(engine_for(there.connection), there.tables["t"])
        except EngineError as error:
            raise MeshError(f"`{relation}` cannot be read: {error}.") from None


def _name(given: str | None, to: Path | None, relation: str) -> str:
    """Raises MeshError for a name that no product can have."""
    from mesh_defs.contracts.drafts.draft import names_of
    from mesh_defs.model import MeshError
    from mesh_defs.model.names import NAME_RULE, is_name

    if given is not None:
        if not is_name(given):
            raise MeshError(f"`{given}` can't be the name: expected {NAME_RULE}.")
        return given
    if to is not None and to.name.endswith(CONTRACT):
        called = to.name.removesuffix(CONTRACT)
    else:
        parts = [p for p in Path(relation.removeprefix("file://")).parts if "*" not in p]
        last = (parts or ["table"])[-1].rpartition(":")[2]
        called = last.rpartition(".")[2] if ":" in relation else last.partition(".")[0]
    return names_of([called])[called]


def _domain_of(to: Path | None) -> str | None:
    """The domain in whose room the file will lie."""
    folder = to.resolve().parent if to else None
    in_room = folder and folder.name == "contracts" and folder.parent.parent.name == "domains"
    return folder.parent.name if folder and in_room else None


def _room(domain: str | None) -> DomainRoom | None:
    """The domain's room, if there is one in the mesh at hand and it can be read."""
    from mesh_defs.model import MeshError, find_root, read_room

    try:
        root = find_root()
    except MeshError:
        return None
    folder = root / "domains" / (domain or "")
    room = read_room(folder, root) if domain and folder.is_dir() else None
    return room if room and room.domain else None


def _identity(name: str, domain: str | None, id: str | None) -> dict[str, Any]:
    address = f"{domain}.{name}" if domain else name
    return {
        "id": id or f"urn:datacontract:{address}",
        "name": name.replace("_", " ").capitalize(),
        "version": "1.0.0",
        "status": "draft",
        **({"domain": domain} if domain else {}),
        "dataProduct": name,
        "description": {"purpose": "To be described."},
    }


def _people(room: DomainRoom | None) -> dict[str, Any]:
    """Who stands behind the contract, as the domain's own file says."""
    if room is None or room.domain is None:
        return {}
    team = room.domain.file.team
    members = [
        {"username": m.email or team.email, "name": m.name, "role": m.role} for m in team.members
    ]
    channel = {"channel": room.name.replace("_", "-"), "tool": "email"}
    return {
        "team": {"name": team.name, "members": members},
        "support": [{**channel, "url": f"mailto:{team.email}"}],
    }


def _head(relation: str, found: Profile) -> list[str]:
    from textwrap import wrap

    from mesh_defs.cli.say import some_rows

    return wrap(
        f"Drafted from {relation}, {some_rows(found.rows)}: what is so in all of them, not what "
        "was agreed. Describe the columns, look at each guess, and take away what is only so by "
        "chance.",
        98,
    )


def _refuse_if_there(to: Path | None) -> None:
    from mesh_defs.model import MeshError

    if to is not None and to.exists():
        raise MeshError(f"`{to}` is there already, and left as it is. Nothing written.")


def _write(to: Path, text: str) -> None:
    from mesh_defs.model import MeshError

    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise MeshError(f"`{to}` cannot be written: {error.strerror}.") from None


def _say_json(relation: str, to: Path | None, found: Profile, made: Draft) -> None:
    from mesh_defs.cli.say import as_json

    as_json(
        {
            "relation": relation,
            "rows": found.rows,
            "key": list(found.key),
            "guesses": made.guesses,
            "file": None if to is None else str(to),
            "contract": made.data,
        }
    )


def _say(to: Path, found: Profile, made: Draft) -> None:
    from mesh_defs.cli.say import some_rows

    print(f"wrote {to}: {len(found.columns)} columns, from {some_rows(found.rows)}")
    for guess in made.guesses:
        print(f"guessed: {guess['guess']} ({guess['property']})")
