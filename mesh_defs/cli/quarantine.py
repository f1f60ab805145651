"""`mesh quarantine`: the rows that contracts hold back, for whoever owns the product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from mesh_defs.model import DataProduct
    from mesh_defs.publishing.held import HeldRow
    from mesh_defs.storage.state import State

_SCREENFUL = 20
Json = Annotated[bool, typer.Option("--json", help="The same as JSON.")]
Product = Annotated[str, typer.Argument(metavar="DOMAIN.PRODUCT", help="Which one.")]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", metavar="ID", help="Only rows that broke this rule.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="List, show, replay and discard the rows that contracts hold back.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_held)
    group.command()(show)
    group.command()(replay)
    group.command()(discard)
    app.add_typer(group, name="quarantine")


def list_held(json: Json = False) -> None:
    """List the products with rows in quarantine, and how many broke which rule.

    \b
    Examples:
      mesh quarantine list
      mesh quarantine list --json | jq '.[] | select(.open > 100)'
    """
    from mesh_defs.cli.say import as_json, console, count, moment, table
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.publishing.held import held_rows
    from mesh_defs.storage.state import State

    root = find_root()
    mesh, state = Mesh.read(root), State.of(root)
    found = [
        _summary(product, rows)
        for product in mesh.products.values()
        if (rows := list(held_rows(state, product)))
    ]
    if json:
        as_json(found)
        return
    if not found:
        print("No row is in quarantine.")
        return
    made = table("product", "open", "discarded", "rules", "since (UTC)",
                 numbers=("open", "discarded"))  # fmt: skip
    for f in found:
        rules = ", ".join(f"{rule} {count(n)}" for rule, n in f["rules"].items())
        made.add_row(
            f["product"], count(f["open"]), count(f["discarded"]), rules, moment(f["since"])
        )
    console().print(made)


def show(
    product: Product,
    rule: Rules = None,
    limit: Annotated[
        int | None, typer.Option(min=0, help=f"At most so many rows (a table: {_SCREENFUL}).")
    ] = None,
    json: Json = False,
) -> None:
    """Show the rows of a product that are in quarantine, and the rules they broke.

    Values of classified columns are withheld.

    \b
    Examples:
      mesh quarantine show sales.purchases
      mesh quarantine show sales.purchases --rule quantity.minimum --json
    """
    from itertools import islice

    from mesh_defs.cli.say import as_json, console, plain, some_rows, table

    state, found = _product(product)
    rows = _chosen(state, found, rule)
    shown = [_fit_to_show(found, h) for h in rows]
    if json:
        as_json(
            [_row_json(h, values) for h, values in islice(zip(rows, shown, strict=True), limit)]
        )
        return
    if not rows:
        print(f"No row of {found} is in quarantine.")
        return
    most = _SCREENFUL if limit is None else limit
    made = table("row", "rules", *shown[0], "")
    for h, values in islice(zip(rows, shown, strict=True), most):
        cells = [plain(v) for v in values.values()]
        made.add_row(h.row[:8], plain(", ".join(h.rules)), *cells, "discarded" * h.discarded)
    console().print(made)
    more = f"; {most} are shown, `--limit` shows more" if len(rows) > most else ""
    print(f"({some_rows(len(rows))}{more})")


def replay(product: Product, json: Json = False) -> None:
    """Make a product again with today's models and rules: what passes them is published.

    What still breaks a rule stays in quarantine. The exit code is 1 if the contract does not hold;
    then nothing changes.

    \b
    Examples:
      mesh quarantine replay sales.purchases
    """
    from contextlib import nullcontext

    from mesh_defs.cli.progress import progress
    from mesh_defs.cli.run import say_report
    from mesh_defs.cli.say import as_json, console, some_rows
    from mesh_defs.model import find_root
    from mesh_defs.orchestration.headless import run_mesh

    state, found = _product(product)
    before = _open(state, found)
    if not before:
        nothing = {"ok": True, "before": 0, "left": 0, "stayed": 0, "came": 0, "products": []}
        as_json(nothing) if json else print(f"No row of {found} is in quarantine.")
        return
    shown = console(stderr=json)
    quiet: Any = nullcontext(lambda said: None) if json and not shown.is_terminal else None
    with quiet or progress(shown) as listen:
        report = run_mesh(find_root(), [product], True, None, listen)
    after = _open(state, found)
    data: dict[str, Any] = {
        "ok": report.ok,
        "before": len(before),
        "left": len(before - after),
        "stayed": len(before & after),
        "came": len(after - before),
        "products": [p.to_json() for p in report.products],
    }
    if json:
        as_json(data)
    else:
        say_report(shown, report)
        print(
            f"\n{some_rows(data['before'])} in quarantine before: {data['left']} left it, "
            f"{data['stayed']} stayed; {data['came']} came."
        )
    if not report.ok:
        raise typer.Exit(1)


def discard(
    product: Product,
    why: Annotated[str, typer.Option(help="Why nobody needs these rows; it is recorded.")],
    rule: Rules = None,
    row: Annotated[
        list[str] | None, typer.Option("--row", metavar="ID", help="Only this row (its first "
                                       "characters do).")
    ] = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Give rows up: they stay out of the product, and count in its budget no more.

    \b
    Examples:
      mesh quarantine discard sales.purchases --why "test orders of the till"
      mesh quarantine discard sales.purchases --row 3fa9c2d1 --why "a test order"
    """
    from mesh_defs.cli.say import as_json, some_rows
    from mesh_defs.model import MeshError
    from mesh_defs.publishing.held import discard as give_up

    state, found = _product(product)
    held = [h for h in _chosen(state, found, rule) if not h.discarded]
    for start in row or ():
        matches = {h.row for h in held if h.row.startswith(start)}
        if len(matches) != 1:
            said = "no open row" if not matches else f"{len(matches)} rows"
            raise MeshError(
                f"`--row {start}`: {said} of `{found}` begins so. Rows: "
                f"`mesh quarantine show {found}`."
            )
    starts = tuple(row) if row else ("",)
    chosen = [h.row for h in held if h.row.startswith(starts)]
    if chosen:
        give_up(state, found, chosen, why)
    if json:
        as_json({"product": str(found), "discarded": chosen})
    else:
        print(f"{some_rows(len(chosen))} of {found} discarded.")


def _product(name: str) -> tuple[State, DataProduct]:
    from mesh_defs.model import Mesh, find_root
    from mesh_defs.storage.state import State

    root = find_root()
    return State.of(root), Mesh.read(root).product(name)


def _open(state: State, product: DataProduct) -> set[str]:
    from mesh_defs.publishing.held import held_rows

    return {h.row for h in held_rows(state, product) if not h.discarded}


def _chosen(state: State, product: DataProduct, rules: list[str] | None) -> list[HeldRow]:
    """The rows that broke one of these rules. Raises MeshError for a rule nobody promised."""
    from mesh_defs.contracts.clauses.reading import rules_of
    from mesh_defs.model import MeshError
    from mesh_defs.publishing.held import held_rows

    rows = list(held_rows(state, product))
    known = {r.id for r in rules_of(product.contract)} | {r for h in rows for r in h.rules}
    for rule in rules or ():
        if rule not in known:
            raise MeshError(f"`{product}` has no rule `{rule}`. Rules: `mesh show {product}`.")
    return [h for h in rows if not rules or set(rules) & set(h.rules)]


def _summary(product: DataProduct, rows: list[HeldRow]) -> dict[str, Any]:
    still = [h for h in rows if not h.discarded]
    rules: dict[str, int] = {}
    for held in still:
        for rule in held.rules:
            rules[rule] = rules.get(rule, 0) + 1
    return {
        "product": str(product),
        "open": len(still),
        "discarded": len(rows) - len(still),
        "rules": dict(sorted(rules.items())),
        "since": rows[0].since,
        "run_id": rows[0].run_id,
    }


def _fit_to_show(product: DataProduct, held: HeldRow) -> dict[str, Any]:
    from mesh_defs.contracts.audit import fit_to_show

    return fit_to_show(held.values, product.contract.objects[0])


def _row_json(held: HeldRow, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": held.row,
        "rules": list(held.rules),
        "discarded": held.discarded,
        "since": held.since,
        "run_id": held.run_id,
        "values": values,
    }
