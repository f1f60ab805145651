"""Runs every benchmark and prints one table, with the aim beside each figure that has one."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import loading, mesh, reaction, reading

AIMS = {
    "mesh / bare dbt build": "≤ 1",
    "nothing to do / whole mesh": "≤ 0.05, or ≤ 3 s",
    "peak memory of the whole mesh, MB": "≤ 2000",
    "code location / import": "≤ 1.5",
    "publication to consumer's run, p95, s": "≤ 5",
    "Flight / direct read by DuckDB": "≥ 0.6",
}


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    console = Console()
    table = Table("what", "measured", "aim", box=None)
    for part in (loading.measure, mesh.measure, reaction.measure, reading.measure):
        with console.status(f"measuring: {part.__module__}"):
            found = part(root)
        for name, value in found.items():
            table.add_row(name, f"{value:,.2f}", AIMS.get(name, ""))
    console.print(table)


if __name__ == "__main__":
    main()
