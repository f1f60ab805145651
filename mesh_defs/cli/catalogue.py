"""`mesh list` and `mesh show`: what there is, and everything about one product. Nothing is run."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]


def register(app: typer.Typer) -> None:
    app.command("list")(list_products)
    app.command()(show)


def list_products(json: Json = False) -> None:
    """List every product: what is published, whether its rules held, who reads it.

    A domain whose files are broken is named on stderr, and the exit code is 1.

    \b
    Examples:
      mesh list
      mesh list --json | jq -r '.[] | select(.published_at == null) | .product'
    """
    from mesh_defs.cli.details import summary
    from mesh_defs.cli.page import standing
    from mesh_defs.cli.say import (
        as_json,
        console,
        count,
        error,
        moment,
        plain,
        rules,
        status,
        table,
    )
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    mesh, state = Mesh.read(root), State.of(root)
    rows = [summary(mesh, state, product) for product in mesh.products.values()]
    if json:
        as_json(rows)
    elif rows:
        made = table(
            "product", "version", "snapshot", "rows", "rules", "published (UTC)", "last attempt",
            "read by", numbers=("snapshot", "rows"),
        )  # fmt: skip
        for r in rows:
            made.add_row(
                r["product"],
                plain(" ".join([r["version"], *([standing(r)] if _is_ending(r) else [])])),
                plain(r["snapshot"]),
                count(r["rows"]),
                rules(r),
                moment(r["published_at"]),
                status(r["last_attempt"]),
                plain(", ".join(r["consumers"])),
            )
        console().print(made)
    elif not mesh.findings:
        print("No products yet. `mesh new product DOMAIN NAME` writes one.")
    for room in mesh.rooms.values():
        for finding in room.findings:
            error(f"{room.name} is broken: {finding}")
    if mesh.findings:
        raise typer.Exit(1)


def _is_ending(row: dict[str, Any]) -> bool:
    return bool(row["ends"]) or row["status"] != "active"


def show(
    product: Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT", help="Which one.")],
    json: Json = False,
) -> None:
    """Show everything about one product: its contract, its people, what is published, from what.

    \b
    Examples:
      mesh show sales.purchases
      mesh show sales.purchases --json | jq .lineage.inputs
    """
    from mesh_defs.cli.details import details
    from mesh_defs.cli.page import say_page
    from mesh_defs.cli.say import as_json, console
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    mesh, state = Mesh.read(root), State.of(root)
    data = details(mesh, state, mesh.product(product))
    if json:
        as_json(data)
    else:
        say_page(console(), data)
