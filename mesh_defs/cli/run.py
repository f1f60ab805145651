"""`mesh run`: make and publish what is not up to date."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from mesh_defs.orchestration.report import Progress, RunReport


def register(app: typer.Typer) -> None:
    app.command()(run)


def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="DOMAIN[.PRODUCT]", help="What to run; everything if left out."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Make and publish again what is unchanged, too.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Domains at the same time (one a core, at least 2).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Say what came of it as JSON.")] = False,
) -> None:
    """Make and publish what is not up to date.

    Each domain runs in a process of its own, after the domains whose products it reads. A product
    is published only if its contract holds; otherwise its last good snapshot stands.

    The exit code is 0 only if every product that was asked for is published or unchanged.

    \b
    Examples:
      mesh run                            the whole mesh
      mesh run sales growth               two domains
      mesh run sales.purchases --force    one product, made again
      mesh run --json | jq '.products[] | select(.status == "failed")'
    """
    from mesh_defs.cli.progress import progress
    from mesh_defs.cli.say import as_json, console
    from mesh_defs.model import find_root
    from mesh_defs.orchestration.headless import run_mesh

    root = find_root()
    shown = console(stderr=json)
    # A program that reads the JSON gets nothing on stderr either, unless a person sits there.
    watching: Any = nullcontext(lambda said: None) if json and not shown.is_terminal else None
    with _ends_when_told() as end, watching or progress(shown) as listen:

        def heard(said: Progress) -> None:
            end()
            listen(said)

        report = run_mesh(root, names or (), force, jobs, heard)
        end()
    if json:
        as_json(report.to_json())
    else:
        say_report(shown, report)
    if not report.ok:
        raise typer.Exit(1)


def say_report(console: Console, report: RunReport) -> None:
    """The table of products, then what went wrong, then where to go on."""
    from rich.markup import escape

    from mesh_defs.cli.say import NOTHING, count, plain, rules, some_rows, status, table

    if report.products:
        made = table(
            "product", "status", "rows", "rules", "snapshot", "seconds",
            numbers=("rows", "snapshot", "seconds"),
        )  # fmt: skip
        for p in report.products:
            made.add_row(
                p.product,
                status(p.status),
                count(p.rows),
                rules(p.to_json()),
                plain(p.snapshot),
                f"{p.seconds:.1f}" if p.seconds else NOTHING,
            )
        console.print(made)
    elif not report.errors:
        console.print("No products yet. `mesh new product DOMAIN NAME` writes one.")
    for p in report.products:
        if p.rows_quarantined:
            console.print(
                f"\n{p.product}: {some_rows(p.rows_quarantined)} in quarantine. "
                f"See `mesh quarantine show {p.product}`."
            )
    said: set[str] = set()
    for place, text in (
        *report.errors.items(),
        *((p.product, p.reason) for p in report.products if p.reason),
    ):
        if text not in said:
            said.add(text)
            named = text if text.startswith(place) else f"{place}: {text}"
            console.print(f"\n{escape(named)}", soft_wrap=True)
    for p in report.products:
        for port in p.failed_ports:
            console.print(
                f"\n{p.product}: the port {escape(port['name'])} failed, and is tried again by the "
                f"next run. {escape(port['error'])}",
                soft_wrap=True,
            )
    wrong = sum(p.status in ("failed", "skipped") for p in report.products)
    failed = sum(len(p.failed_ports) for p in report.products)
    came_to = f", {wrong} of {len(report.products)} products not published" if wrong else ""
    came_to += f", {failed} {'port' if failed == 1 else 'ports'} failed" if failed else ""
    console.print(
        f"\n{report.seconds:.1f} s{came_to}. See it all in the UI: `make ui` (`mesh ui`)."
    )


@contextmanager
def _ends_when_told() -> Iterator[Callable[[], None]]:
    """A plain `kill` ends the domains' processes as Ctrl-C does, instead of leaving them alone.

    Python drops what a signal raises while it tidies up (in a weak reference's callback, say). So
    it is remembered, and what is yielded raises it again.
    """
    told: list[int] = []

    def end() -> None:
        if told:
            raise KeyboardInterrupt if told[0] == signal.SIGINT else SystemExit(128 + told[0])

    def hear(number: int, frame: object) -> None:
        told.append(number)
        end()

    if threading.current_thread() is not threading.main_thread():
        yield end
        return
    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
