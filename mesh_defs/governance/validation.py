"""Is a mesh right as it stands in its files? The list of checks; what each does is in `checks`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from mesh_defs.governance.checks import (
    contracts,
    customs,
    domains,
    levels,
    models,
    port_rules,
    products,
    quarantine,
    reports,
    roles,
    trained,
)
from mesh_defs.governance.sight import Sight
from mesh_defs.model import Finding, Mesh

Check = Callable[[Sight], Iterable[Finding]]
"""A check looks, and says what is wrong. It changes nothing and asks no clock and no engine."""

CHECKS: tuple[Check, ...] = (
    domains.code_location,
    domains.owner,
    domains.inputs,
    domains.circles,
    domains.functions,
    products.pairs,
    products.strays,
    products.ids,
    products.input_ports,
    products.output_ports,
    reports.strays,
    trained.strays,
    port_rules.ruled,
    contracts.belonging,
    contracts.essentials,
    contracts.descriptions,
    contracts.names,
    contracts.notice,
    contracts.references,
    contracts.unusable,
    contracts.one_object,
    levels.measurable,
    customs.names,
    customs.words,
    roles.narrowed,
    quarantine.budgets,
    quarantine.shared_rows,
    models.projects,
    models.ownerless,
    models.candidates,
    models.names,
    models.sources,
)


def validate(mesh: Mesh, root: Path, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Everything that is wrong, by file and line: what reading found, and what each check finds.

    What could be read of a broken domain is checked all the same. `checks` takes further policies:
    `(*CHECKS, mine)`.
    """
    sight = Sight(mesh, root)
    return sorted({*mesh.findings, *(found for check in checks for found in check(sight))})
