"""`mesh token`: the reading service's tokens. What a token is, and whose, is in `access.tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mesh_defs.cli.access.given import DAY, As, day

if TYPE_CHECKING:
    from mesh_defs.access.tokens.keyring import Keyring
    from mesh_defs.access.tokens.token import Secret
    from mesh_defs.storage.ledger import TokenRow

Id = Annotated[str, typer.Argument(metavar="ID", help="Which token: the part after `mesh_`.")]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Make, list, renew and revoke tokens of the reading service.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command()(create)
    group.command("list")(list_tokens)
    group.command()(rotate)
    group.command()(revoke)
    app.add_typer(group, name="token")


def create(
    consumer: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="CONSUMER",
            help="Whom it reads for: a domain, or person:NAME, team:NAME, app:NAME; your domain "
            "if left out.",
        ),
    ] = None,
    product: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DOMAIN.PRODUCT",
            help="Only this product; may be given again. All that the consumer may read if left "
            "out.",
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar=DAY, help="The last day; 90 days if left out.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="What it is for, to know it again.")] = "",
    who: As = None,
    json: Json = False,
) -> None:
    """Make a token. It is shown once, and kept nowhere; what is kept can't be read back.

    \b
    Examples:
      mesh token create --for growth --product sales.purchases --as "Growth team"
      mesh token create --for app:till --until 2027-03-31 --as "Till crew"
    """
    keyring = _keyring(who)
    _say_secret(keyring, *keyring.create(consumer, product or (), day(until), purpose), json)


def list_tokens(
    consumer: Annotated[
        str | None, typer.Option(metavar="CONSUMER", help="Only those of a consumer.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Expired and revoked ones, too.")] = False,
    json: Json = False,
) -> None:
    """List the tokens that can be used: for whom, for what, until when, when last.

    \b
    Examples:
      mesh token list
      mesh token list --all --json
    """
    from mesh_defs.access.tokens.token import shown
    from mesh_defs.cli.say import as_json, console, moment, plain, table

    keyring = _keyring(None)
    rows: list[dict[str, Any]] = [shown(row, keyring.now()) for row in keyring.all(consumer, every)]
    if json:
        as_json(rows)
        return
    if not rows:
        print("No tokens. `mesh token create` makes one.")
        return
    made = table("id", "consumer", "products", "state", "expires (UTC)", "last used (UTC)",
                 "made by", "purpose")  # fmt: skip
    for r in rows:
        made.add_row(
            r["id"], plain(r["consumer"]), plain(", ".join(r["products"]) or "all it may read"),
            r["state"], moment(r["expires"]), moment(r["last_used"]), plain(r["created_by"]),
            plain(r["purpose"]),
        )  # fmt: skip
    console().print(made)


def rotate(id: Id, who: As = None, json: Json = False) -> None:
    """Give a token another secret, for as long again. The old secret is void at once.

    \b
    Examples:
      mesh token rotate 7h2k9d4m1q --as "Growth team"
    """
    keyring = _keyring(who)
    _say_secret(keyring, *keyring.rotate(id), json)


def revoke(id: Id, who: As = None, json: Json = False) -> None:
    """End a token at once, as its consumer or as the governance group.

    \b
    Examples:
      mesh token revoke 7h2k9d4m1q --as "Growth team"
    """
    from mesh_defs.access.tokens.token import shown
    from mesh_defs.cli.say import as_json

    keyring = _keyring(who)
    data = shown(keyring.revoke(id), keyring.now())
    if json:
        as_json(data)
    else:
        print(f"{data['id']} is revoked. A service that runs refuses it from now on.")


def _keyring(who: str | None) -> Keyring:
    from mesh_defs.access.reading.asking import reader_named
    from mesh_defs.access.tokens.keyring import Keyring
    from mesh_defs.model import find_root

    return Keyring(find_root(), reader_named(who))


def _say_secret(keyring: Keyring, row: TokenRow, secret: Secret, json: bool) -> None:
    from mesh_defs.access.tokens.token import shown
    from mesh_defs.cli.say import as_json, error, moment

    data = shown(row, keyring.now())
    if json:
        as_json({**data, "token": secret.text})
        return
    # The token alone is on stdout, to be put where it belongs without being seen.
    print(secret.text)
    error(
        f"({data['id']} reads {', '.join(row.products) or 'all it may'} for {row.consumer} until "
        f"{moment(row.expires)} UTC. It is shown this once.)"
    )
