"""Checks of service levels: whether anybody could ever tell if they are kept."""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.contracts.levels.amounts import level_name
from mesh_defs.contracts.levels.freshness import AUDITED
from mesh_defs.contracts.levels.promises import broken_clocks, unreadable
from mesh_defs.governance.sight import Sight
from mesh_defs.model import Finding


def measurable(sight: Sight) -> Iterator[Finding]:
    """A level that can't be measured as it is written. Names that ODCS does not have are free."""
    for product in sight.products.values():
        contract = product.contract
        given = contract.odcs.slaProperties or []
        for index, why in unreadable(contract.odcs, broken_clocks(contract.odcs)):
            if level_name(given[index].property) not in AUDITED:  # a rule, and checked as one
                yield contract.source.finding(
                    ("slaProperties", index), f"the level can't be measured: {why}", "Mend it."
                )
