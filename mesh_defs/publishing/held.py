"""What is in quarantine: reading it, and giving rows up. How rows come there is in `quarantine`.

Replaying needs nothing here: a run makes the candidate again, with today's models and rules, and
what passes them is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from mesh_defs.model import DataProduct, MeshError
from mesh_defs.ports import delta
from mesh_defs.storage import tables
from mesh_defs.storage.scratch import scratch
from mesh_defs.storage.state import State, read_json, write_json
from mesh_defs.storage.workshop import read_files

ROW, RULES, RUN, INPUTS, SINCE = "_row", "_rules", "_run_id", "_inputs", "_held_at"
"""What stands before the row's own columns: a hash of the row, the ids of the rules it broke, the
run, the snapshots it was made from (JSON), and when."""


def standing(state: State, product: DataProduct) -> tables.Snapshot | None:
    """The quarantine that goes with what is published now; None where no row is held."""
    published = delta.published(state, product)
    version = (published.metadata if published else {}).get("quarantine")
    if version is None:
        return None
    found = tables.snapshot(state.quarantine(product.line, product.contract.major), version)
    if found is None:
        raise MeshError(
            f"The quarantine of `{product}` is not where it was. Make it again: "
            f"`mesh run {product} --force`."
        )
    return found


@dataclass(frozen=True)
class HeldRow:
    """A row in quarantine: what it broke, and the row as the models made it."""

    row: str
    rules: tuple[str, ...]
    discarded: bool
    since: str
    run_id: str
    values: Mapping[str, Any]


def held_rows(state: State, product: DataProduct) -> Iterator[HeldRow]:
    """Every row in quarantine now, by the rules it broke."""
    snapshot = standing(state, product)
    if snapshot is None:
        return
    gone = discarded(state, product)
    order = [exp.column(c, quoted=True) for c in (RULES, ROW)]
    query = exp.select("*").from_(read_files(snapshot.files)).order_by(*order).sql("duckdb")
    with scratch(state) as connection:
        cursor = connection.execute(query)
        names = [d[0] for d in cursor.description or ()]
        while batch := cursor.fetchmany(2048):
            for values in batch:
                row = dict(zip(names, values, strict=True))
                own = {n: v for n, v in row.items() if n not in (ROW, RULES, RUN, INPUTS, SINCE)}
                yield HeldRow(
                    row[ROW], tuple(row[RULES]), row[ROW] in gone, row[SINCE], row[RUN], own
                )


def discarded(state: State, product: DataProduct) -> dict[str, Any]:
    """What the owner gave up, by the row's hash: when, and why."""
    found = read_json(state.discarded(product.line, product.contract.major))
    return dict(found or {})


def discard(state: State, product: DataProduct, rows: Sequence[str], why: str) -> None:
    """Give rows up: they stay out of the product, and count in no budget and no list any more."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(
        state.discarded(product.line, product.contract.major),
        {**discarded(state, product), **{row: {"at": at, "why": why} for row in rows}},
    )
