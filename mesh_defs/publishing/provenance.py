"""Where a candidate came from: which snapshots each model was built from, kept in the workshop."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Lineage = Mapping[str, int]
"""Source as lineage writes it (`sales.purchases@1`, `landing.transactions`) → its snapshot."""

_CREATE = """
CREATE SCHEMA IF NOT EXISTS mesh;
CREATE TABLE IF NOT EXISTS mesh.builds (
    model VARCHAR PRIMARY KEY, code VARCHAR, inputs VARCHAR, run_id VARCHAR
)
"""


def merged(lineages: Iterable[Lineage]) -> dict[str, int]:
    """The union; where two disagree on a snapshot the older one, so that staleness shows."""
    union: dict[str, int] = {}
    for lineage in lineages:
        for source, snapshot in lineage.items():
            union[source] = min(snapshot, union.get(source, snapshot))
    return dict(sorted(union.items()))


def fingerprint(code: str, lineage: Lineage) -> str:
    """The same code on the same snapshots gives the same fingerprint: 32 hex characters."""
    text = json.dumps([code, dict(sorted(lineage.items()))])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def lineages_of(
    built: Iterable[str],
    parents: Mapping[str, Iterable[str]],
    sources: Mapping[str, Iterable[str]],
    mounted: Lineage,
    known: Mapping[str, Lineage],
) -> dict[str, dict[str, int]]:
    """The lineage of each model just built, parents before children.

    `parents` are models and `sources` lineage names, by model; `known` is what earlier builds
    recorded, for parents that were not built now.
    """
    found: dict[str, dict[str, int]] = {}
    for model in built:
        direct = {s: mounted[s] for s in sources.get(model, ()) if s in mounted}
        above = [found[p] if p in found else known.get(p, {}) for p in parents.get(model, ())]
        found[model] = merged([direct, *above])
    return found


def record(
    connection: DuckDBPyConnection,
    lineages: Mapping[str, Lineage],
    code: Mapping[str, str],
    run_id: str,
) -> None:
    """Remember what models were built from, beside the models themselves."""
    connection.execute(_CREATE)
    rows = [[m, code.get(m, ""), json.dumps(dict(of)), run_id] for m, of in lineages.items()]
    if rows:
        connection.executemany("INSERT OR REPLACE INTO mesh.builds VALUES (?, ?, ?, ?)", rows)


def recorded(connection: DuckDBPyConnection) -> dict[str, dict[str, int]]:
    connection.execute(_CREATE)
    found = connection.execute("SELECT model, inputs FROM mesh.builds").fetchall()
    return {model: json.loads(inputs) for model, inputs in found}
