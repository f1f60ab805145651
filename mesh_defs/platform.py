"""What Dagster loads beside the domains, as the location `mesh`: what belongs to all of them."""

from __future__ import annotations

import dagster as dg

from mesh_defs.model import find_root
from mesh_defs.orchestration.agreements import agreements_definitions


@dg.definitions
def defs() -> dg.Definitions:
    return agreements_definitions(find_root())
