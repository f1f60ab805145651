"""The same 27 rules over 10 k, 1 M and 10 M rows of Parquet: this engine, other tools, by hand.

Other tools live in an environment of their own: the folder that MESH_BENCH_PEERS names, or
`.venv/peers`, made once from benchmarks/peers.txt. Every figure is of one whole process; sizes and
tools can be chosen: `python -m benchmarks.contracts 10000 1000000 --tool mesh --tool Soda`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.contract_rules import RULES, contract, rows
from benchmarks.processes import timed
from benchmarks.rivals import TOOLS

SIZES = (10_000, 1_000_000, 10_000_000)
OURS = ("mesh", "by hand")
# The larger a table, the fewer runs: they differ less, and take longer.
RUNS = {10_000: 5, 1_000_000: 3}
PATIENCE = 900
AIMS = (
    "Aims: mesh in process at 10,000 rows ≤ 0.5 s; at 10,000,000 rows at least 3 times as fast as "
    "the best of the other tools, ≤ 1.3 times the time by hand, ≤ 600 MB."
)


@dataclass(frozen=True)
class Measured:
    """Medians of whole processes; `inside` is without starting and importing."""

    seconds: float
    inside: float
    megabytes: float
    failed: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--tool", action="append", choices=[*TOOLS], dest="tools")
    chosen = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    tools = chosen.tools or [*TOOLS]
    console = Console()
    if {*tools} - {*OURS}:
        with console.status("installing the other tools"):
            peers = _peers(root)
    else:
        peers = Path(sys.executable)
    for size in chosen.sizes:
        found: dict[str, Measured | str] = {}
        with tempfile.TemporaryDirectory(prefix="mesh-bench-") as folder:
            with console.status(f"writing {size:,} rows"):
                _write(Path(folder), size)
            for tool in tools:
                python = sys.executable if tool in OURS else str(peers)
                with console.status(f"{size:,} rows: {tool}"):
                    found[tool] = _measure(python, tool, Path(folder), root, RUNS.get(size, 2))
        console.print(_table(size, found))
        for tool, said in found.items():
            if isinstance(said, str):
                console.print(f"{tool} {said}")
    console.print(AIMS)


def _write(folder: Path, size: int) -> None:
    file = folder / "orders.parquet"
    with duckdb.connect(str(folder / "orders.duckdb")) as connection:
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"COPY ({rows(size)}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        connection.execute(f"CREATE VIEW orders AS FROM '{file}'")
    text = yaml.safe_dump(contract(str(file)), sort_keys=False)
    (folder / "contract.odcs.yaml").write_text(text, encoding="utf-8")


def _measure(python: str, tool: str, folder: Path, root: Path, runs: int) -> Measured | str:
    """The tool's medians, or in a word why there are none."""
    command = [python, "-m", "benchmarks.rivals", tool, str(folder)]
    done = []
    for _ in range(runs):
        try:
            run = timed(command, {"PYTHONWARNINGS": "ignore"}, root, PATIENCE)
        except subprocess.TimeoutExpired:
            return f"not done in {PATIENCE} s"
        except RuntimeError as error:
            return f"does not run: {str(error).strip().splitlines()[-1][:80]}"
        done.append((run, json.loads(run.output.strip().splitlines()[-1])))
    assert all(said["checked"] == len(RULES) for _, said in done), done
    return Measured(
        statistics.median(run.seconds for run, _ in done),
        statistics.median(said["seconds"] for _, said in done),
        statistics.median(run.peak for run, _ in done) / 1e6,
        done[0][1]["failed"],
    )


def _table(size: int, found: dict[str, Measured | str]) -> Table:
    table = Table(title=f"{size:,} rows, {len(RULES)} rules", title_justify="left", box=None)
    table.add_column("")
    for column in ("s", "ratio", "s in process", "ratio", "MB", "failed"):
        table.add_column(column, justify="right")
    ours = found.get("mesh")
    for tool, m in found.items():
        if isinstance(m, str):
            table.add_row(tool, *[""] * 5, "see below")
            continue
        ratios = ["", ""]
        if isinstance(ours, Measured):
            ratios = [f"{m.seconds / ours.seconds:.1f}", f"{m.inside / ours.inside:.1f}"]
        table.add_row(
            tool,
            f"{m.seconds:.2f}",
            ratios[0],
            f"{m.inside:.2f}",
            ratios[1],
            f"{m.megabytes:,.0f}",
            str(m.failed),
        )
    return table


def _peers(root: Path) -> Path:
    """The Python of the other tools' environment."""
    if given := os.environ.get("MESH_BENCH_PEERS"):
        return Path(given) / "bin" / "python"
    pins = root / "benchmarks" / "peers.txt"
    mark = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = root / ".venv" / "peers" / mark
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        install: Sequence[str | Path] = (
            python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", pins,
        )  # fmt: skip
        subprocess.run(install, check=True, timeout=1800)
        (folder / "complete").touch()
    return python


if __name__ == "__main__":
    main()
