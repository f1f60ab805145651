"""`mesh access list`, `show`, `log`, `verify`, `reconcile`: what stands; no person decides here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from mesh_defs.cli.access.given import Id, desk_of, say

Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    app.command("list")(list_agreements)
    app.command()(show)
    app.command()(log)
    app.command()(verify)
    app.command()(reconcile)


def list_agreements(
    product: Annotated[
        str | None, typer.Option(metavar="DOMAIN.PRODUCT", help="Only those of a product.")
    ] = None,
    consumer: Annotated[
        str | None, typer.Option(metavar="CONSUMER", help="Only those of a consumer.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    json: Json = False,
) -> None:
    """List the agreements, and how each stands.

    \b
    Examples:
      mesh access list --product sales.baskets
      mesh access list --json | jq '.[] | select(.state == "requested")'
    """
    from mesh_defs.access.agreements.showing import summary
    from mesh_defs.access.agreements.states import OVER
    from mesh_defs.cli.say import as_json, console, moment, plain, table

    desk = desk_of()
    wanted = [
        a
        for a in desk.register.book().values()
        if (every or a.state not in OVER)
        and product in (None, a.product)
        and (consumer is None or consumer in (a.consumer, a.consumer.partition(":")[2]))
    ]
    granted = desk.granted(wanted)
    rows = [summary(a, a.id in granted) for a in wanted]
    if json:
        as_json(rows)
        return
    if not rows:
        print("No agreements. `mesh access request` asks for one.")
        return
    made = table("id", "product", "version", "consumer", "state", "since (UTC)", "granted",
                 "ends (UTC)", "waits for")  # fmt: skip
    for r in rows:
        made.add_row(
            r["id"],
            r["product"],
            f"v{r['version']}",
            plain(r["consumer"]),
            r["state"],
            moment(r["since"]),
            "yes" if r["granted"] else plain(r["error"] or "no"),
            moment(r["notice_ends"]) if r["notice_ends"] else plain(r["until"]),
            plain(" or ".join(r["waiting_for"])),
        )
    console().print(made)


def show(id: Id, json: Json = False) -> None:
    """Show everything about one agreement: how it stands, its terms, what is possible now.

    \b
    Examples:
      mesh access show a12
    """
    from mesh_defs.access.register import find

    desk = desk_of()
    say(desk, find(desk.register.book(), id), json)


def log(
    id: Annotated[str | None, typer.Argument(metavar="ID", help="Only of this one.")] = None,
    json: Json = False,
) -> None:
    """Show the ledger's entries: who did what, when and why.

    \b
    Examples:
      mesh access log a12
      mesh access log --json > ledger.json
    """
    from mesh_defs.access.register import find
    from mesh_defs.cli.say import as_json, console, moment, plain, table

    desk = desk_of()
    if id is not None:
        find(desk.register.book(), id)
    records = desk.register.log(id)
    if json:
        as_json([_record(r) for r in records])
        return
    made = table("entry", "at (UTC)", "agreement", "event", "who", "as", "why", numbers=("entry",))
    for r in records:
        made.add_row(
            str(r.seq), moment(r.at), r.subject, r.event, plain(r.who), r.side, plain(r.why)
        )
    console().print(made)


def _record(record: Any) -> dict[str, Any]:
    """An entry under the names of its hash, so that anybody can make that again."""
    return {**asdict(record), "data": dict(record.data)}


def verify(
    head: Annotated[
        str | None,
        typer.Option(metavar="ENTRY:HASH", help="A head that was written down elsewhere."),
    ] = None,
    json: Json = False,
) -> None:
    """Prove that no entry was changed, removed, put in or moved. Exit code 1 if one was.

    \b
    Examples:
      mesh access verify
      mesh access verify --head 1204:5e7ba2d5ab1a3ae3…
    """
    from mesh_defs.cli.say import as_json, error
    from mesh_defs.model import find_root
    from mesh_defs.storage.ledger import Head, Ledger
    from mesh_defs.storage.ledger import verify as wrong_with
    from mesh_defs.storage.state import State

    kept = None
    if head is not None:
        number, _, text = head.partition(":")
        if not number.isdigit() or len(text) != 64:
            raise typer.BadParameter(f"`{head}` is no head such as `mesh access verify` shows it")
        kept = Head(int(number), text)
    ledger = Ledger.open(State.of(find_root()))
    records, last = ledger.whole()
    found = wrong_with(records, last, kept)
    if json:
        as_json(
            {
                "ok": not found,
                "entries": len(records),
                "head": f"{last.seq}:{last.hash}",
                "ledger": ledger.shown,
                "wrong": [{"entry": w.seq, "problem": w.problem} for w in found],
            }
        )
    else:
        for w in found:
            error(f"Entry {w.seq} {w.problem}.")
        if not found:
            print(f"{len(records)} entries, each as it was written. Head: {last.seq}:{last.hash}")
    if found:
        raise typer.Exit(1)


def reconcile(json: Json = False) -> None:
    """Make files, ledger and ports agree: ask and approve what files say, grant what was agreed,
    take back what is over or was never agreed. Each is recorded when it was read back.

    Every decision does its part at once, and Dagster the whole each hour. Exit code 1 while a port
    does not answer. Repeating it changes nothing.

    \b
    Examples:
      mesh access reconcile
      mesh access reconcile --json | jq '.orphans'
    """
    from mesh_defs.cli.say import as_json, error

    found = desk_of().reconcile()
    if json:
        as_json(
            {
                "ok": found.ok,
                "done": [{"agreement": e.agreement, "event": str(e.event)} for e in found.done],
                "orphans": [asdict(grant) for grant in found.orphans],
                "stuck": [{"agreement": a.id, "error": a.error} for a in found.stuck],
                "troubles": found.troubles,
            }
        )
    else:
        for entry in found.done:
            print(f"{entry.agreement}: {entry.event}")
        for g in found.orphans:
            print(f"{g.consumer} read {g.port} of {g.product} v{g.version}, and nobody had agreed: "
                  "revoked")  # fmt: skip
        for agreement in found.stuck:
            error(f"{agreement.id}: {agreement.permission}: {agreement.error}")
        for trouble in found.troubles:
            error(trouble)
        if found.ok and not (found.done or found.orphans):
            print("Nothing is due.")
    if not found.ok:
        raise typer.Exit(1)
