"""`mesh serve`: the reading service. What it does is in `access.serving`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than loopback take TLS.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="HTTP's port; 0 is any free.")] = 8811,
    flight_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Arrow Flight's port; 0 is any free.")
    ] = 8812,
    cert: Annotated[
        Path | None, typer.Option(help="TLS: the certificate's file, with its chain (PEM).")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="TLS: the file of its key (PEM).")] = None,
    rate: Annotated[
        int, typer.Option(min=1, help="How many requests a minute a token may make.")
    ] = 600,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="How long a query in SQL may take.")
    ] = 30.0,
) -> None:
    """Let others read products, over HTTP and Arrow Flight, with tokens (`mesh token create`).

    \b
    Examples:
      mesh serve
      mesh serve --host 0.0.0.0 --cert mesh.pem --key mesh.key
    """
    from mesh_defs.access.serving.running import Place
    from mesh_defs.access.serving.running import serve as run
    from mesh_defs.access.serving.service import Service
    from mesh_defs.model import find_root

    def ready(http: str, flight: str) -> None:
        print(f"{http}\n{flight}\nReading service. Ctrl-C ends it.", flush=True)

    run(Service(find_root(), rate, seconds), Place(host, port, flight_port, cert, key), ready)
