"""Where ports are, and what cannot be, by the contract's server alone: no engine, no connection."""

from __future__ import annotations

from mesh_defs.ports.port import Target


def postgres_view(target: Target) -> str:
    """What readers ask for: `purchases_v1`."""
    return f"{target.product.product}_v{target.major}"


def postgres_place(target: Target) -> str:
    server = target.server
    return (
        f"postgresql://{server.get('host')}:{server.get('port')}/{server.get('database')}"
        f"/{target.product.domain}.{postgres_view(target)}"
    )


def postgres_wrong(target: Target) -> str | None:
    if (said := target.server.get("schema")) != target.product.domain:
        return f"schema `{said}`, where a domain's products are in `{target.product.domain}`"
    return None
