"""Checks of what a contract's roles may read: columns that are there, conditions that can be read.

Until it is mended, nobody can read the product under such a role: narrowing fails closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.contracts.roles import read_role
from mesh_defs.governance.sight import Sight
from mesh_defs.model import Finding

_TODO = "As it stands, nobody can read it under this role."


def narrowed(sight: Sight) -> Iterator[Finding]:
    for product in sight.products.values():
        contract = product.contract
        roles = contract.source.data.get("roles") or ()
        for i, role in enumerate(roles):
            _, unclear = read_role(contract, role)
            for found in unclear:
                yield contract.source.finding(
                    ("roles", i, "customProperties", found.index, "value"), found.problem, _TODO
                )
            if role.get("role") in [earlier.get("role") for earlier in roles[:i]]:
                yield contract.source.finding(
                    ("roles", i, "role"),
                    f"`{role.get('role')}` stands here twice, and the first one counts",
                    "Give each its own name.",
                )
