"""The record: a line an attempt to publish, kept for good, and the service levels it tells.

A publication is in its table's log, too. One that a killed process could not write down is taken
from there, so that the record has no hole; the log itself is not kept for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from mesh_defs.contracts.levels.attempts import FAILED, PUBLISHED, UNCHANGED, Attempt
from mesh_defs.contracts.levels.promises import broken_clocks
from mesh_defs.contracts.levels.seen import Seen
from mesh_defs.contracts.levels.standing import ServiceLevel, service_levels
from mesh_defs.model import DataProduct, MeshError, ProductRef
from mesh_defs.ports import delta
from mesh_defs.publishing.provenance import Lineage
from mesh_defs.storage.house import Published, Series
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.on_duckdb import DeltaSeries
from mesh_defs.storage.state import State, append_json, read_json_lines
from mesh_defs.storage.workshop import workshop_lock

# What a commit says of an attempt besides what it says anyway.
_SAID = ("readable", "arrived", "as_of", "times")


def begun(
    state: State,
    product: DataProduct,
    standing: Published | None,
    lineage: Lineage,
    run_id: str,
    as_of: datetime | None,
) -> Attempt:
    """An attempt that has no end yet, and what is known of it by now.

    What the record lacks of earlier ones is put on it. The caller holds the workshop's lock.
    """
    with suppress(MeshError):  # a spoiled record is the business of those who read it
        for missing in _missing(state, product, _recorded(state, product)):
            note(state, product, missing)
    return Attempt(
        at=datetime.now(UTC),
        status=FAILED,
        run_id=run_id,
        snapshot=standing.version if standing else None,
        readable=standing.is_whole if standing else None,
        arrived=arrival(state, product.ref.domain, lineage),
        as_of=as_of,
    )


def said(attempt: Attempt) -> dict[str, Any]:
    """What the commit of a publication says of it, for a record that lacks it."""
    whole = attempt.to_json()
    return {name: whole[name] for name in _SAID}


def note(state: State, product: DataProduct, attempt: Attempt) -> None:
    """Write an attempt down. The caller holds the workshop's lock."""
    append_json(state.record(product.line, product.contract.major), attempt.to_json())


def note_stopped(
    state: State, product: DataProduct, sources: Iterable[str], run_id: str, as_of: datetime | None
) -> None:
    """Write down a run that ended before the product's audit, unless it is on the record already.

    `sources` are what its models rest on, as lineage writes them. The caller holds the lock.
    """
    if any(a.run_id == run_id for a in attempts(state, product)):
        return
    newest = {s: _series(state, product.ref.domain, s).snapshot() for s in sources}
    lineage = {source: found.version for source, found in newest.items() if found}
    standing = delta.published(state, product)
    note(state, product, begun(state, product, standing, lineage, run_id, as_of))


def arrival(state: State, domain: str, lineage: Lineage) -> datetime | None:
    """When the newest of the snapshots that a candidate was made from came."""
    came = (_series(state, domain, s).committed_at(v) for s, v in lineage.items())
    return max((at for at in came if at), default=None)


def _series(state: State, domain: str, source: str) -> Series:
    ref, at, major = source.partition("@")
    if at:
        return house_of(state).products(ProductRef.parse(ref), int(major))
    return DeltaSeries(state.landing(domain, source.removeprefix("landing.")))


def attempts(state: State, product: DataProduct) -> list[Attempt]:
    """Every attempt that is known of, oldest first. Raises MeshError for a spoiled record."""
    recorded = _recorded(state, product)
    return sorted([*recorded, *_missing(state, product, recorded)], key=lambda a: a.at)


def _recorded(state: State, product: DataProduct) -> list[Attempt]:
    path = state.record(product.line, product.contract.major)
    try:
        return [Attempt.from_json(line) for line in read_json_lines(path)]
    except (KeyError, TypeError, ValueError) as error:
        raise MeshError(f"`{path}` has a line that is no attempt ({error}). Remove it.") from None


def _missing(state: State, product: DataProduct, recorded: list[Attempt]) -> list[Attempt]:
    """Publications that are not on the record: at most the newest, or all if there is no record."""
    known = {a.at for a in recorded}
    history = delta.series(state, product).history(1 if recorded else None)
    logged = [_logged(*each) for each in history]
    return [a for a in reversed(logged) if a and a.at not in known]


def _logged(version: int, metadata: Mapping[str, Any]) -> Attempt | None:
    """The publication of a snapshot, as its commit tells it."""
    if not metadata.get("published_at"):
        return None
    told = {name: metadata.get(name) for name in _SAID}
    attempt = Attempt(datetime.fromisoformat(metadata["published_at"]), PUBLISHED, snapshot=version)
    known = {"run_id": metadata.get("run_id", ""), "rows": metadata.get("rows")}
    return Attempt.from_json({**attempt.to_json(), **known, **told, "times": told["times"] or {}})


def settle(state: State, product: DataProduct) -> None:
    """Note that a product is as it should be, though nothing had to be made, if it was not.

    Code or data were put back after an attempt that failed: the issue is over.
    """
    known = attempts(state, product)
    if known and known[-1].status == FAILED:
        with workshop_lock(state, product.ref.domain):
            attempt = begun(state, product, delta.published(state, product), {}, "", None)
            note(state, product, replace(attempt, status=UNCHANGED))


def levels(state: State, product: DataProduct, now: datetime) -> tuple[ServiceLevel, ...]:
    """The service levels of a product as they stand now. Raises MeshError for a spoiled record."""
    odcs = product.contract.odcs
    if not odcs.slaProperties:
        return ()
    standing = delta.published(state, product)
    oldest = delta.series(state, product).oldest()
    kept = _logged(*oldest) if oldest else None
    seen = Seen(
        attempts(state, product),
        now,
        readable=standing is not None and standing.is_whole,
        kept_since=kept.at if kept else None,
    )
    return service_levels(odcs, seen, broken_clocks(odcs))
