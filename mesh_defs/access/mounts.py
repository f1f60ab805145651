"""Mounts: an agreed input made readable in the consumer's workshop, pinned to one snapshot."""

from __future__ import annotations

from collections.abc import Collection

from mesh_defs.access.gate import Narrowings, Refusals
from mesh_defs.access.reading.plan import Asked, plan
from mesh_defs.model import Domain, MeshError, ProductRef
from mesh_defs.storage.house import Published, Workshop
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot


def newest_input(state: State, ref: ProductRef, major: int) -> Published | None:
    """The newest published snapshot of a product's agreed major version."""
    return house_of(state).products(ref, major).snapshot()


def mount_all(
    workshop: Workshop,
    state: State,
    domain: Domain,
    needed: Collection[str],
    refused: Refusals,
    narrowed: Narrowings,
) -> dict[str, int]:
    """Mount every landing and every agreed input of a domain at its newest snapshot.

    What is refused can't be read from here on, not at an earlier snapshot either; of what is
    narrowed, no other column and row. Sources and
    results are named as lineage writes them; a result's value is the snapshot. Raises MeshError
    naming each one of `needed` that was refused, and that was never landed or published.
    """
    for ref in refused:
        workshop.unmount(ref.domain, ref.product)
    denied = [
        f"{domain.name} may not read `{ref}` v{domain.inputs[ref].version}: {why}"
        for ref, why in refused.items()
        if input_key(ref, domain.inputs[ref].version) in needed
    ]
    if denied:
        raise MeshError("; ".join(denied) + ".")
    missing = []
    mounted: dict[str, int] = {}
    for name in domain.sources:
        landed = snapshot(state.landing(domain.name, name))
        if landed is None:
            if f"landing.{name}" in needed:
                missing.append(f"the source `{name}` was never landed")
            continue
        workshop.land(name, landed)
        mounted[f"landing.{name}"] = landed.version
    for ref, agreed in domain.inputs.items():
        if ref in refused:
            continue
        newest = newest_input(state, ref, agreed.version)
        if newest is None:
            if input_key(ref, agreed.version) in needed:
                missing.append(f"the input `{ref}` has no published snapshot of v{agreed.version}")
            continue
        rows = workshop.rows_of(newest)
        if narrowing := narrowed.get(ref):
            rows = plan(rows, workshop.columns(rows), narrowing, Asked()).query.subquery("agreed")
        workshop.mount(ref.domain, ref.product, rows)
        mounted[input_key(ref, agreed.version)] = newest.version
    if missing:
        raise MeshError(
            f"{domain.name} can't be built: {'; '.join(missing)}. Run the provider first: "
            f"`mesh run {' '.join(sorted({r.domain for r in domain.inputs}) or [domain.name])}`."
        )
    return mounted


def input_key(ref: ProductRef, major: int) -> str:
    return f"{ref}@{major}"
