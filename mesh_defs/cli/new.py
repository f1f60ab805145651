"""`mesh new`: files of a new domain or product. What they say is in `templates`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Kind(StrEnum):
    """The model's kinds of domain; said again here so that the model need not be imported."""

    SOURCE_ALIGNED = "source-aligned"
    AGGREGATE = "aggregate"
    CONSUMER_ALIGNED = "consumer-aligned"


def _name(text: str) -> str:
    from mesh_defs.model.names import NAME_RULE, RESERVED, is_name

    if not is_name(text):
        reason = "it means something else already" if text in RESERVED else f"expected {NAME_RULE}"
        raise typer.BadParameter(f"`{text}` can't be the name: {reason}")
    return text


NewName = Annotated[
    str, typer.Argument(callback=_name, help="Lower case letters, digits, underscores.")
]


def register(app: typer.Typer) -> None:
    new = typer.Typer(
        help="Write the files of a new domain or product; nothing that is there is touched.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    new.command("domain")(domain)
    new.command("product")(product)
    app.add_typer(new, name="new")


def domain(
    name: NewName,
    kind: Annotated[
        Kind, typer.Option(help="Where it stands between systems and questions.")
    ] = Kind.SOURCE_ALIGNED,
    purpose: Annotated[str | None, typer.Option(help="What it is there for.")] = None,
    owner: Annotated[str | None, typer.Option(help="Whose it is.")] = None,
    email: Annotated[str | None, typer.Option(help="Where to ask.")] = None,
) -> None:
    """Write a new domain: its domain.yaml, its dbt project, its place in workspace.yaml.

    \b
    Examples:
      mesh new domain weather
      mesh new domain pricing --kind aggregate --owner "Ada Berg" --email pricing@example.com
    """
    from mesh_defs.cli.scaffold import new_domain
    from mesh_defs.model import find_root

    root = find_root()
    _say(root, new_domain(root, name, kind.value, purpose, owner, email))
    print(f"Next: `mesh new product {name} PRODUCT` for something to publish.")


def product(
    domain: Annotated[str, typer.Argument(help="A domain that is there.")],
    name: NewName,
) -> None:
    """Write a new product: its model, its contract, its descriptor. It can be run as it is.

    \b
    Example:
      mesh new product weather daily
    """
    from mesh_defs.cli.scaffold import new_product
    from mesh_defs.model import find_root

    root = find_root()
    _say(root, new_product(root, domain, name))
    print(
        f"Next: `mesh run {domain}` publishes it as it is. Then write your own query in the model "
        "and describe its columns in the contract."
    )


def _say(root: Path, written: list[Path]) -> None:
    for path in written:
        print(f"wrote {path.relative_to(root).as_posix()}")
