"""Service levels that a contract promises, as plain durations; measuring them is not done here.

Source: ODCS v3.2.0, section Service-Level Agreement.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh_defs.model import DataContract

_UNITS = {
    "s": timedelta(seconds=1),
    "second": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
}


def publication_interval(contract: DataContract) -> timedelta | None:
    """How often the product is promised to be published (`frequency`); None when not promised."""
    for level in contract.odcs.slaProperties or []:
        if level.property == "frequency" and level.value is not None:
            unit = _UNITS.get((level.unit or "").lower().rstrip("s") or "s")
            try:
                return float(level.value) * unit if unit else None
            except (TypeError, ValueError):
                return None
    return None
