"""`mesh ui`: what serving the UI shows on the terminal; the processes are orchestration's."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from mesh_defs.orchestration.servers import Said


def register(app: typer.Typer) -> None:
    app.command()(ui)


def ui(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The port; if left out the first free one from 3000."),
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, change nothing.")
    ] = False,
) -> None:
    """Serve Dagster's UI, with the daemon that starts runs; each domain in a process of its own.

    Ctrl-C ends all of it, runs in progress included. A second one does not wait for them.

    \b
    Examples:
      mesh ui
      mesh ui --port 8080 --read-only
    """
    from mesh_defs.cli.say import console
    from mesh_defs.model import find_root
    from mesh_defs.orchestration.servers import Servers

    board = _Board(console())
    servers = Servers(find_root(), host, port, read_only, board.hear)
    if not _is_loopback(host):
        board.print(f"Anybody who reaches {host} can use this UI: Dagster has no login.")
    try:
        board.begin(len(servers.locations))
        servers.serve()
    finally:
        board.stop()
    if servers.told:
        board.print("Ended.")


class _Board:
    """Lines for what happened, and on a terminal what is being waited for."""

    def __init__(self, shown: Console) -> None:
        self.shown = shown
        self.started = time.monotonic()
        self.waiting: Any = None
        self.up = 0

    def begin(self, domains: int) -> None:
        self.domains = domains
        if self.shown.is_terminal:
            self.waiting = self.shown.status("Starting …")
            self.waiting.start()

    def stop(self) -> None:
        if self.waiting:
            self.waiting.stop()
            self.waiting = None

    def print(self, text: str, style: str | None = None) -> None:
        self.shown.print(text, style=style, markup=False, soft_wrap=True)

    def hear(self, said: Said) -> None:
        if said.status == "answers":
            self.up += 1
            if self.waiting:
                self.waiting.update(f"{self.up} of {self.domains} code servers up …")
        elif said.status == "loaded":
            self.print(f"  {said.name}: loaded")
        elif said.status == "changed":
            self.print(f"  {said.name}: its files changed, it is loaded again")
        elif said.status in ("broken", "died"):
            self.print(f"  {said.name}: {said.status}: {_indented(said.text)}", "red")
        elif said.status == "ready":
            self.stop()
            seconds = time.monotonic() - self.started
            self.print(f"\n{said.text}  (ready in {seconds:.1f} s; Ctrl-C ends it)", "bold")


def _indented(text: str) -> str:
    return text.replace("\n", f"{os.linesep}    ")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
