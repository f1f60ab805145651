"""`mesh contract test`: does a table keep a contract? Inside a mesh or not, nothing is written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mesh_defs.contracts.rules import Rule
    from mesh_defs.contracts.verdicts import Audit
    from mesh_defs.model import DataContract, DomainRoom
    from mesh_defs.storage.relations import Relation


def _moment(text: str) -> datetime:
    from datetime import UTC

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("expected a moment such as 2017-12-31T06:00") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def register(app: typer.Typer) -> None:
    app.command()(test)


def test(
    contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="An ODCS file.")],
    on: Annotated[
        list[str],
        typer.Option(
            "--on",
            metavar="[OBJECT=]RELATION",
            help="The table; once for each schema object, and for each contract referred to.",
        ),
    ],
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            metavar="MOMENT",
            parser=_moment,
            help="When it is, for freshness and schedules, such as 2017-12-31T06:00; now if left "
            "out.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="Also write Markdown.")
    ] = None,
) -> None:
    """Check each rule of a contract on a table that lies anywhere.

    RELATION: a Parquet, CSV or JSON file, a glob, a Delta folder, FILE.duckdb:TABLE, or
    bigquery:PROJECT.DATASET.TABLE.
    Exit code 1 if a rule of severity error fails; 3 if none does, and some rule could not be
    checked.

    \b
    Examples:
      mesh contract test orders.odcs.yaml --on orders.parquet
      mesh contract test orders.odcs.yaml --on orders=a.parquet --on lines=b/*.parquet
      mesh contract test orders.odcs.yaml --on lake/orders --json | jq '.verdicts[].outcome'
    """
    from datetime import UTC

    from mesh_defs.cli.contract.given import relations_of
    from mesh_defs.cli.verdicts import exit_code
    from mesh_defs.contracts.clauses.reading import audited_rules
    from mesh_defs.model import read_contract, read_yaml

    odcs = read_contract(read_yaml(contract))
    rules = audited_rules(odcs)
    room = _room_of(odcs)
    given = relations_of(odcs, rules, on)
    moment = as_of or (room.need().file.as_of if room else None) or datetime.now(UTC)
    audit = _audited(odcs, rules, given, room, moment)
    title = f"{odcs.odcs.name or odcs.id} {odcs.version}"
    if json:
        _say_json(odcs, on, moment, audit)
    else:
        _say(odcs, title, on, audit)
    _write(odcs, title, audit, junit, markdown)
    if code := exit_code(audit):
        raise typer.Exit(code)


def _audited(
    contract: DataContract,
    rules: tuple[Rule, ...],
    given: dict[str, Relation],
    room: DomainRoom | None,
    as_of: datetime,
) -> Audit:
    from mesh_defs.contracts.audit import audit
    from mesh_defs.storage.relations import Relation, opened

    objects = {o.name or "" for o in contract.objects}
    wanted = {str(r.params["reference"]) for r in rules if not r.params.get("local", True)}
    if room is not None and not wanted <= {*given}:
        from mesh_defs.cli.quality import at_hand
        from mesh_defs.model import Mesh
        from mesh_defs.storage.state import State

        root = room.folder.parent.parent
        published = at_hand(Mesh.read(root), State.of(root), room)
        given |= {
            str(ref): Relation(snapshot)
            for ref, snapshot in published.items()
            if str(ref) in wanted - {*given}
        }
    with opened(given) as there:
        return audit(
            there.connection,
            {name: table for name, table in there.tables.items() if name in objects},
            contract,
            references={name: table for name, table in there.tables.items() if name not in objects},
            as_of=as_of,
        )


def _room_of(contract: DataContract) -> DomainRoom | None:
    """The domain whose contract this is, if the file lies in a mesh."""
    from mesh_defs.model import MeshError, find_root, read_room

    try:
        root = find_root(contract.path.resolve().parent)
    except MeshError:
        return None
    folder = contract.path.resolve().parent.parent
    if folder.parent != root / "domains":
        return None
    room = read_room(folder, root)
    return None if room.findings else room


def _say_json(contract: DataContract, on: list[str], as_of: datetime, audit: Audit) -> None:
    from mesh_defs.cli.say import as_json
    from mesh_defs.contracts.levels.promises import not_audited
    from mesh_defs.contracts.port_rules import port_rules
    from mesh_defs.contracts.reports import verdict_json

    as_json(
        {
            "contract": contract.id,
            "version": contract.version,
            "on": on,
            "as_of": as_of.isoformat(),
            "rows": audit.rows,
            "holds": audit.holds,
            "rules_passed": audit.passed,
            "rules_failed": audit.failed,
            "rules_not_executable": audit.not_executable,
            "seconds": audit.seconds,
            "levels_not_measured": not_audited(contract.odcs),
            "rules_on_ports": [rule.id for rule in port_rules(contract)],
            "verdicts": [verdict_json(v) for v in audit.verdicts],
        }
    )


def _say(contract: DataContract, title: str, on: list[str], audit: Audit) -> None:
    from mesh_defs.cli.say import console, plain, some_rows
    from mesh_defs.cli.verdicts import levels_aside, ports_aside, said_of, say_verdicts
    from mesh_defs.contracts.reports import verdict_json

    shown = console()
    shown.print(f"[bold]{plain(title)}[/bold] on {plain(', '.join(on))}, {some_rows(audit.rows)}\n")
    say_verdicts(shown, [verdict_json(v) for v in audit.verdicts])
    shown.print(f"\n{said_of(audit)}")
    for aside in filter(None, (levels_aside(contract), ports_aside(contract))):
        shown.print(plain(aside))


def _write(
    contract: DataContract, title: str, audit: Audit, junit: Path | None, markdown: Path | None
) -> None:
    from mesh_defs.contracts.reports import audit_junit, audit_markdown
    from mesh_defs.model import MeshError

    texts = {junit: audit_junit(contract.id, audit), markdown: audit_markdown(title, audit)}
    for path, text in texts.items():
        if path is not None:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise MeshError(f"`{path}` cannot be written: {error.strerror}.") from None
