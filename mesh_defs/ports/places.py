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


def parquet_place(target: Target) -> str:
    location = str(target.server.get("location", "")).rstrip("/")
    if endpoint := target.server.get("endpointUrl"):
        return f"{str(endpoint).rstrip('/')}/{location.removeprefix('s3://')}"
    return location


def parquet_wrong(target: Target) -> str | None:
    said, product = str(target.server.get("location", "")), target.product
    if not said.startswith("s3://"):
        return f"location `{said}`, where s3://bucket/… is expected"
    own = f"/{product.domain}/{product.product}/v{target.major}"
    if not said.rstrip("/").endswith(own):
        return f"location `{said}`, which must end in `{own}`, so that no two products share one"
    if (form := target.server.get("format", "parquet")) != "parquet":
        return f"format `{form}`, where files of a port are Parquet"
    return None
