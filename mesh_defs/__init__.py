"""The platform: what every domain uses and none has to write. It knows no domain by name."""

from __future__ import annotations

from typing import Any

__all__ = ["domain_location"]


def domain_location(file: str) -> Any:
    """A domain's folder as a Dagster code location; nothing is read until Dagster asks.

    `file` is the `__file__` of `domains/<domain>/__init__.py`.
    """
    from mesh_defs.orchestration.location import domain_location as location

    return location(file)
