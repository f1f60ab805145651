"""What Dagster loads: the whole mesh as one code location. One domain: `domains.<domain>`."""

from __future__ import annotations

import dagster as dg

from mesh_defs.model import find_root
from mesh_defs.orchestration.location import mesh_definitions


@dg.definitions
def defs() -> dg.Definitions:
    return mesh_definitions(find_root())
