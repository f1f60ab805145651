"""`mesh validate` and `mesh check`: are the files right, and does what is published hold?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from mesh_defs.contracts.audit import Audit
    from mesh_defs.model import DataProduct, DomainRoom, Finding, Mesh, ProductRef
    from mesh_defs.storage.state import State
    from mesh_defs.storage.tables import Snapshot

Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    app.command()(validate)
    app.command()(check)


def validate(
    dbt: Annotated[
        bool, typer.Option("--dbt", help="Let dbt read the models, too (seconds a domain).")
    ] = False,
    json: Json = False,
) -> None:
    """Check every descriptor, contract, input, key and name; no data is read.

    Exit code 1 if anything is found, a line each: `file:line: field: what is wrong. what to do`.

    \b
    Examples:
      mesh validate
      mesh validate --dbt
      mesh validate --json | jq -r '.[].file' | sort -u
    """
    from mesh_defs.cli.say import as_json
    from mesh_defs.governance.validation import validate as findings_of
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    mesh = Mesh.read(root)
    findings = sorted({*findings_of(mesh, root), *_of_agreements(mesh, State.of(root))})
    if dbt:
        findings += _dbt_findings(root, mesh)
    if json:
        as_json([f.to_json() for f in findings])
    else:
        for finding in findings:
            print(finding if finding.file else finding.problem)
        print(_counted(mesh, len(findings)))
    if findings:
        raise typer.Exit(1)


def check(
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT", help="Which one.")],
    json: Json = False,
) -> None:
    """Audit what is published now against the contract as it stands in the file now.

    Nothing is published or taken back. Exit code 1 if a rule of severity error fails; 3 if none
    does, and some rule could not be checked.

    \b
    Examples:
      mesh check sales.purchases
      mesh check sales.purchases --json | jq '.verdicts[] | select(.outcome != "passed")'
    """
    from mesh_defs.cli.say import as_json, console, some_rows
    from mesh_defs.cli.verdicts import exit_code, said_of, say_verdicts
    from mesh_defs.contracts.reports import verdict_json
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    mesh = Mesh.read(root)
    found = mesh.product(product)
    snapshot, audit = audit_published(mesh, State.of(root), found)
    data: dict[str, Any] = {
        "product": str(found),
        "version": found.contract.version,
        "snapshot": snapshot,
        "rows": audit.rows,
        "holds": audit.holds,
        "rules_passed": audit.passed,
        "rules_failed": audit.failed,
        "rules_not_executable": audit.not_executable,
        "seconds": audit.seconds,
        "verdicts": [verdict_json(v) for v in audit.verdicts],
    }
    if json:
        as_json(data)
    else:
        shown = console()
        shown.print(
            f"[bold]{data['product']}[/bold] {data['version']}, snapshot {snapshot}, "
            f"{some_rows(audit.rows)}\n"
        )
        say_verdicts(shown, data["verdicts"])
        shown.print(f"\n{said_of(audit)}")
    if code := exit_code(audit):
        raise typer.Exit(code)


def audit_published(mesh: Mesh, state: State, product: DataProduct) -> tuple[int, Audit]:
    """The newest snapshot and what its audit comes to. Raises MeshError if there is none.

    A rule that refers to a product which was never published comes out as not executable.
    """
    from datetime import UTC, datetime

    from mesh_defs.access.reading import reader
    from mesh_defs.contracts.audit import audit
    from mesh_defs.model import MeshError
    from mesh_defs.storage.workshop import table

    room = mesh.rooms[product.ref.domain]
    there = at_hand(mesh, state, room)
    if product.ref not in there:
        raise MeshError(
            f"`{product}` was never published. Publish it: `mesh run {product.ref.domain}`."
        )
    tables = {ref: table(ref.product, ref.domain) for ref in there}
    first = product.contract.objects[0]
    with reader(state, there) as connection:
        found = audit(
            connection,
            {first.name or product.ref.product: tables[product.ref]},
            product.contract,
            references={str(ref): named for ref, named in tables.items()},
            as_of=room.need().file.as_of or datetime.now(UTC),
        )
    return there[product.ref].version, found


def at_hand(mesh: Mesh, state: State, room: DomainRoom) -> dict[ProductRef, Snapshot]:
    """What a domain may read, at its newest snapshots: its own products and its agreed inputs."""
    from mesh_defs.access.gate import Gate
    from mesh_defs.storage.tables import snapshot

    own = {p.ref: snapshot(state.product(p.line, p.contract.major)) for p in room.products.values()}
    refused = Gate(mesh, state).refused(room.name)
    agreed = {
        ref: snapshot(state.product(ref, given.version))
        for ref, given in room.need().inputs.items()
        if ref not in refused
    }
    return {ref: found for ref, found in {**agreed, **own}.items() if found}


def _of_agreements(mesh: Mesh, state: State) -> list[Finding]:
    """Inputs that nobody agreed to, by the files and by the ledger, if there is one."""
    from datetime import UTC, datetime

    from mesh_defs.access.agreements import EMPTY
    from mesh_defs.access.register import Register
    from mesh_defs.access.validation import validate
    from mesh_defs.storage.ledger import Ledger

    ledger, now = Ledger.known(state), datetime.now(UTC)
    return validate(mesh, Register(ledger, lambda: now).book() if ledger else EMPTY, now)


def _counted(mesh: Mesh, findings: int) -> str:
    if findings:
        return f"{findings} {'finding' if findings == 1 else 'findings'}."
    return f"All well: {len(mesh.domains)} domains, {len(mesh.products)} products."


def _dbt_findings(root: Path, mesh: Mesh) -> list[Finding]:
    from mesh_defs.model import MeshError
    from mesh_defs.orchestration.dbt_project import prepare
    from mesh_defs.storage.state import State

    found: list[Finding] = []
    for name in mesh.domains:
        try:
            prepare(root, State.of(root), mesh.rooms[name])
        except MeshError as error:
            found.extend(error.findings)
    return found
