"""`mesh cost`: what products cost to make and to read, and what consumers owe. Nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from datetime import date
    from fractions import Fraction

    from mesh_defs.access.costing.accounts import Took
    from mesh_defs.access.costing.gathering import Bill
    from mesh_defs.model import Mesh

_GIB = 2**30


def register(app: typer.Typer) -> None:
    app.command()(cost)


def cost(
    about: Annotated[
        str | None,
        typer.Argument(metavar="DOMAIN[.PRODUCT]", help="Only what is about one of them."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="YYYY-MM-DD", help="The first day; the first of this month if left out."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day; today if left out.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as JSON.")] = False,
) -> None:
    """Show what products cost to make, what was read of them, and what consumers owe.

    The first two are of a mesh on BigQuery, by the labels of its jobs. What consumers owe is by
    the prices that they agreed to. Days are those of UTC.

    \b
    Examples:
      mesh cost --since 2027-01-01 --until 2027-01-31
      mesh cost sales.purchases
      mesh cost growth --json | jq '.owed[] | select(.amount == null) | .note'
    """
    from datetime import UTC, datetime

    from mesh_defs.access.costing.gathering import bill
    from mesh_defs.cli.access.given import day
    from mesh_defs.cli.say import as_json
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    now = datetime.now(UTC)
    last = day(until) or now.date()
    first = day(since) or last.replace(day=1)
    if first > last:
        raise typer.BadParameter(f"it begins on {first} and ends on {last}")
    root = find_root()
    mesh = Mesh.read(root)
    if about is not None:
        _known(mesh, about)
    found = bill(mesh, State.of(root), first, last, now)
    shown = found if about is None else found.about(about)
    notes = _notes(found, now.date())
    if json:
        as_json(_plain(shown, notes))
    else:
        _say(shown, notes)


def _known(mesh: Mesh, name: str) -> None:
    """Raises MeshError for what is neither a product nor a domain of the mesh."""
    from mesh_defs.model import MeshError

    if "." in name:
        mesh.product(name)
    elif name not in mesh.rooms:
        raise MeshError(f"No domain `{name}`. Domains: {', '.join(sorted(mesh.rooms))}.")


def _notes(found: Bill, today: date) -> list[str]:
    from mesh_defs.storage.bigquery.jobs import KEPT
    from mesh_defs.storage.state import BIGQUERY

    if found.engine != BIGQUERY:
        return ["This mesh is made on DuckDB: nobody bills what it computes, and runs are not "
                "measured."]  # fmt: skip
    notes = []
    if found.rate is None:
        notes.append(
            "What a TiB costs is not said, so there is no money. Say it in governance.yaml: "
            "`bigquery: {price_per_tib: AMOUNT, currency: CUR}`."
        )
    if found.since < today - KEPT:
        notes.append(
            f"BigQuery lists jobs for {KEPT.days} days: those before {today - KEPT} are missing."
        )
    return notes


def _plain(found: Bill, notes: list[str]) -> dict[str, Any]:
    from mesh_defs.access.costing.accounts import total
    from mesh_defs.storage.state import BIGQUERY

    rate = found.rate
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "engine": found.engine,
        "price_per_tib": float(rate.price_per_tib) if rate else None,
        "currency": rate.currency if rate else None,
        "total": _took(found, total(found.made)) if found.engine == BIGQUERY else None,
        "made": [
            {"product": m.product, "domain": m.domain, "kind": m.kind, **_took(found, m.took)}
            for m in found.made
        ],
        "read": [
            {
                "consumer": r.consumer,
                "products": [{"product": v.product, "version": v.major} for v in r.products],
                **_took(found, r.took),
            }
            for r in found.read
        ],
        "owed": [
            {
                "consumer": o.consumer,
                "product": o.product,
                "version": o.version,
                "agreement": o.agreement,
                "since": o.since.isoformat(),
                "until": o.until.isoformat(),
                "price": o.price,
                "quantity": _number(o.quantity),
                "amount": _number(o.amount),
                "currency": o.currency or None,
                "note": o.note,
            }
            for o in found.owed
        ],
        "notes": notes,
    }


def _took(found: Bill, took: Took) -> dict[str, Any]:
    return {
        "jobs": took.jobs,
        "bytes_billed": took.billed,
        "slot_seconds": took.slot_ms / 1000,
        "cost": _number(found.cost(took.billed)),
    }


def _number(exact: Fraction | None) -> float | None:
    return None if exact is None else round(float(exact), 6)


def _say(found: Bill, notes: list[str]) -> None:
    from mesh_defs.access.costing.accounts import UNLABELLED, total
    from mesh_defs.cli.say import NOTHING, console, error, plain, table

    shown, money = console(), found.rate.currency if found.rate else ""
    cost = f"cost ({money})" if money else "cost"
    numbers = ("jobs", "GiB billed", "slot s", cost)
    title = f"{found.since} to {found.until}"
    if found.made:
        made = table("product", "kind", *numbers, numbers=numbers, title=f"Made, {title}")
        for m in found.made:
            of = m.product or (f"{m.domain}, no one product" if m.domain else UNLABELLED)
            kind = m.kind if m.domain else NOTHING
            made.add_row(of, kind, *_figures(found, m.took))
        made.add_row("all", "", *_figures(found, total(found.made)))
        shown.print(made)
    if found.read:
        read = table("consumer", "reads", *numbers, numbers=numbers,
                     title=f"Read, {title} (a part of what is above)")  # fmt: skip
        for r in found.read:
            names = ", ".join(map(str, r.products))
            read.add_row(r.consumer or UNLABELLED, names, *_figures(found, r.took))
        shown.print(read)
    if found.owed:
        owed = table("consumer", "product", "days", "price", "quantity", "owed", "note",
                     numbers=("quantity", "owed"), title=f"Owed, {title}")  # fmt: skip
        for o in found.owed:
            amount = None if o.amount is None else f"{float(o.amount):,.2f} {o.currency}".strip()
            quantity = None if o.quantity is None else f"{float(o.quantity):,.4g}"
            owed.add_row(
                plain(o.consumer), f"{o.product} v{o.version}", f"{o.since} to {o.until}",
                plain(o.price), plain(quantity), plain(amount), o.note,
            )  # fmt: skip
        shown.print(owed)
    if not (found.made or found.read or found.owed):
        print(f"{title}: no jobs, and nobody had an agreement.")
    for note in notes:
        error(note)


def _figures(found: Bill, took: Took) -> tuple[str, ...]:
    from mesh_defs.cli.say import NOTHING, count

    cost = found.cost(took.billed)
    return (
        count(took.jobs),
        f"{took.billed / _GIB:,.3f}",
        f"{took.slot_ms / 1000:,.1f}",
        NOTHING if cost is None else f"{float(cost):,.2f}",
    )
