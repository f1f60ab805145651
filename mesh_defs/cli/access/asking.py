"""`mesh access request`, `approve`, `reject`, `withdraw`, `renew`: how an agreement comes about."""

from __future__ import annotations

from typing import Annotated

import typer

from mesh_defs.cli.access.given import DAY, As, Id, Json, MustWhy, Why, day, desk_of, say


def register(app: typer.Typer) -> None:
    app.command()(request)
    app.command()(approve)
    app.command()(reject)
    app.command()(withdraw)
    app.command()(renew)


def request(
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT", help="What to read.")],
    purpose: Annotated[str, typer.Option(help="What the data is for; must be given.")],
    consumer: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="CONSUMER",
            help="Who reads: a domain, or person:NAME, team:NAME, app:NAME; your domain if left "
            "out.",
        ),
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="The major version; the newest if left out.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar=DAY, help="The last day; no end if left out.")
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="As which of the contract's roles, if it has several.")
    ] = None,
    port: Annotated[
        str | None, typer.Option(help="Which of its ports; the lake's if left out.")
    ] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Ask a product's provider for access. The contract says who approves, or that nobody has to.

    \b
    Examples:
      mesh access request sales.baskets --for growth --purpose "How often households shop."
      mesh access request sales.baskets --for app:till --purpose Refunds --until 2027-03-31
    """
    desk = desk_of(who)
    say(desk, desk.request(product, purpose, consumer, version, day(until), role, port), json)


def approve(
    id: Id,
    why: Why = "",
    reassess: Annotated[
        str | None,
        typer.Option(metavar=DAY, help="When to look again whether the reasons still hold."),
    ] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Approve a request, or a renewal that was asked for; with two levels, the next one.

    \b
    Examples:
      mesh access approve a12 --as ana.flores@example.com
      mesh access approve a12 --why "as discussed" --reassess 2027-06-30
    """
    from mesh_defs.access.agreements import deciding as do

    desk, again = desk_of(who), day(reassess)
    say(desk, desk.act(id, lambda a, actor, now: do.approve(a, actor, now, why, again)), json)


def reject(id: Id, why: MustWhy, who: As = None, json: Json = False) -> None:
    """Reject a request, or a renewal that was asked for.

    \b
    Examples:
      mesh access reject a12 --why "the purpose is too wide"
    """
    from mesh_defs.access.agreements import deciding as do

    desk = desk_of(who)
    say(desk, desk.act(id, lambda a, actor, now: do.reject(a, actor, now, why)), json)


def withdraw(id: Id, why: Why = "", who: As = None, json: Json = False) -> None:
    """Take a request back, as its consumer, before it was ever active.

    \b
    Examples:
      mesh access withdraw a12
    """
    from mesh_defs.access.agreements import deciding as do

    desk = desk_of(who)
    say(desk, desk.act(id, lambda a, actor, now: do.withdraw(a, actor, now, why)), json)


def renew(
    id: Id,
    until: Annotated[
        str | None, typer.Option(metavar=DAY, help="The new last day, asked for by the consumer.")
    ] = None,
    reassess: Annotated[
        str | None,
        typer.Option(
            metavar=DAY, help="The reasons still hold, says the provider; look again then."
        ),
    ] = None,
    why: Why = "",
    role: Annotated[
        str | None, typer.Option(help="As which of the contract's roles, if it has several.")
    ] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Ask for a later end before an agreement expires, or say when to look at it again.

    A renewal is approved like a request, under the contract as it is by then.

    \b
    Examples:
      mesh access renew a12 --until 2027-12-31
      mesh access renew a12 --reassess 2027-06-30 --why "still used every day"
    """
    from mesh_defs.access.agreements import deciding as do

    end, again = day(until), day(reassess)
    if (end is None) == (again is None):
        raise typer.BadParameter("give --until, or --reassess, one of them")
    desk = desk_of(who)
    if end:
        say(desk, desk.renew(id, end, why, role), json)
    elif again:
        say(desk, desk.act(id, lambda a, actor, now: do.reassess(a, again, actor, now, why)), json)
