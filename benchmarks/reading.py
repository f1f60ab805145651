"""The reading service against direct reads of the same Parquet files; rows a second, as ratios.

A synthetic product of eight columns is read whole into Arrow: by pyarrow and by DuckDB from its
files, and by a client of a running `mesh serve`, over Arrow Flight and over HTTP. In turn, so that
a busy machine is busy for all of them.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mesh_defs.model import ProductRef
from mesh_defs.storage import tables
from mesh_defs.storage.state import State
from tests.tiny_mesh import build

ROWS = 5_000_000
_COMMAND = [sys.executable, "-c", "from mesh_defs.cli.main import app; app()"]
_MADE = f"""(
  SELECT range AS order_id, DATE '2024-01-01' + (range % 365)::int AS day,
    (range * 7919) % 100000 AS cents, 'store ' || (range % 400) AS store,
    'product-' || ((range * 31) % 92331) AS product, (range % 1000) / 7.0 AS amount,
    (range % 17)::int AS quantity, TIMESTAMP '2024-01-01' + to_seconds(range % 31536000) AS at
  FROM range({ROWS}))"""


def measure(_root: Path | None = None, times: int = 7) -> dict[str, float]:
    """Medians over alternating reads, after one of each that does not count."""
    with tempfile.TemporaryDirectory(prefix="mesh-bench-") as folder:
        root = build(Path(folder) / "mesh").root
        files = _published(root)
        with _served(root) as (http, flight):
            token = _typed(root, "token", "create", "--for", "shop", "--as", "Shop team", "--json")
            ways = _ways(files, http, flight, json.loads(token)["token"])
            for way in ways.values():
                assert way() == ROWS
            seconds: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(times):
                for name, way in ways.items():
                    started = time.monotonic()
                    way()
                    seconds[name].append(time.monotonic() - started)

    def ratio(direct: str, served: str) -> float:
        pairs = zip(seconds[direct], seconds[served], strict=True)
        return statistics.median(a / b for a, b in pairs)

    return {
        "service over Flight, million rows/s": ROWS / 1e6 / statistics.median(seconds["flight"]),
        "Flight / direct read by DuckDB": ratio("duckdb", "flight"),
        "Flight / direct read by pyarrow": ratio("pyarrow", "flight"),
        "HTTP / direct read by DuckDB": ratio("duckdb", "http"),
    }


def _ways(files: Sequence[str], http: str, flight: str, token: str) -> dict[str, Callable[[], int]]:
    import duckdb
    import httpx
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import flight as fl

    def by_duckdb() -> int:
        with duckdb.connect() as connection:
            return int(connection.read_parquet(list(files)).to_arrow_table().num_rows)

    def by_pyarrow() -> int:
        return sum(int(pq.read_table(file).num_rows) for file in files)

    def by_flight() -> int:
        options = fl.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])
        with fl.connect(flight) as client:
            ticket = fl.Ticket(b'{"product": "shop.orders"}')
            return int(client.do_get(ticket, options).read_all().num_rows)

    def by_http() -> int:
        url = f"{http}/products/shop.orders?format=arrow"
        said = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=120)
        return int(pa.ipc.open_stream(said.content).read_all().num_rows)

    return {"duckdb": by_duckdb, "pyarrow": by_pyarrow, "flight": by_flight, "http": by_http}


def _published(root: Path) -> Sequence[str]:
    import duckdb

    folder = State(root / ".mesh").product(ProductRef("shop", "orders"), 1)
    with duckdb.connect() as connection:
        return tables.replace(connection, _MADE, folder, {}).files


def _environment() -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MESH_")}
    return {**clean, "PYTHONWARNINGS": "ignore"}


def _typed(root: Path, *arguments: str) -> str:
    return subprocess.run(
        [*_COMMAND, *arguments], cwd=root, env=_environment(), check=True, capture_output=True,
        text=True,
    ).stdout  # fmt: skip


@contextmanager
def _served(root: Path) -> Iterator[tuple[str, str]]:
    options = ["serve", "--port", "0", "--flight-port", "0"]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*_COMMAND, *options], cwd=root, env=_environment(), **streams) as served:
        try:
            assert served.stdout
            yield served.stdout.readline().strip(), served.stdout.readline().strip()
        finally:
            served.send_signal(signal.SIGTERM)
            served.wait(30)
