"""Where a candidate came from: which snapshots each model was built from. Plain data; what was
built is remembered by the workshop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

Lineage = Mapping[str, int]
"""Source as lineage writes it (`sales.purchases@1`, `landing.transactions`) → its snapshot."""


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
