"""`mesh access cancel`, `announce`, `suspend`, `resume`: how an agreement ends, or stands still."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from mesh_defs.cli.access.given import DAY, As, Id, Json, MustWhy, Why, day, desk_of, say


class Change(StrEnum):
    """What a provider announces; said again here so that the lifecycle need not be imported."""

    BREAKING = "breaking"
    PRICE = "price"
    RETIREMENT = "retirement"


def register(app: typer.Typer) -> None:
    app.command()(cancel)
    app.command()(announce)
    app.command()(suspend)
    app.command()(resume)


def cancel(
    id: Id,
    why: MustWhy,
    early: Annotated[
        str | None,
        typer.Option(
            metavar=DAY,
            help="Offer to end it on this day; it does if the other side offers the same.",
        ),
    ] = None,
    who: As = None,
    json: Json = False,
) -> None:
    """Give notice, as its consumer or its provider. It ends when its contract's notice is over.

    \b
    Examples:
      mesh access cancel a12 --why "we read v2 now"
      mesh access cancel a12 --why "nobody needs it any more" --early 2027-01-31
    """
    from mesh_defs.access.agreements import deciding as do

    desk, on = desk_of(who), day(early)
    if on is None:
        say(desk, desk.act(id, lambda a, actor, now: do.cancel(a, actor, now, why)), json)
    else:
        offer = on
        say(
            desk,
            desk.act(id, lambda a, actor, now: do.offer_early_end(a, actor, now, why, offer)),
            json,
        )


def announce(
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT", help="What changes.")],
    change: Annotated[Change, typer.Option(help="What kind of change it is.")],
    on: Annotated[str, typer.Option(metavar=DAY, help="The first day of it, or the last of all.")],
    why: MustWhy,
    version: Annotated[
        int | None, typer.Option(min=1, help="The major version; the newest if left out.")
    ] = None,
    who: As = None,
    json: Annotated[bool, typer.Option("--json", help="The agreements as JSON.")] = False,
) -> None:
    """Tell every consumer of a product of a change, as its provider, at least a notice ahead.

    After a retirement, agreements end with that day.

    \b
    Examples:
      mesh access announce sales.baskets --change price --on 2027-03-01 --why "3 EUR a month"
      mesh access announce sales.baskets --change retirement --on 2027-06-30 --why "v2 is there"
    """
    from mesh_defs.access.agreements.showing import whole
    from mesh_defs.cli.access.given import say_page
    from mesh_defs.cli.say import as_json, console

    desk, first = desk_of(who), day(on)
    assert first
    told = desk.announce(product, version, str(change), first, why)
    granted = desk.granted(told)
    data = [whole(a, a.id in granted, desk.register.now()) for a in told]
    if json:
        as_json(data)
        return
    for agreement in data:
        say_page(console(), agreement)
    if not told:
        print(f"Nobody has an agreement for {product} that lasts until {on}.")


def suspend(id: Id, why: MustWhy, who: As = None, json: Json = False) -> None:
    """Stop an agreement at once, as the governance group (governance.yaml). Notices run on.

    \b
    Examples:
      mesh access suspend a12 --why "personal data was found in it"
    """
    from mesh_defs.access.agreements import deciding as do

    desk = desk_of(who)
    say(desk, desk.act(id, lambda a, actor, now: do.suspend(a, actor, now, why)), json)


def resume(id: Id, why: Why = "", who: As = None, json: Json = False) -> None:
    """Let a suspended agreement go on, as the governance group; it is granted anew.

    \b
    Examples:
      mesh access resume a12 --why "mended in 1.2.1"
    """
    from mesh_defs.access.agreements import deciding as do

    desk = desk_of(who)
    say(desk, desk.act(id, lambda a, actor, now: do.resume(a, actor, now, why)), json)
