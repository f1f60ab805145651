"""Where ports are, and what cannot be, by the contract's server alone: no engine, no connection."""

from __future__ import annotations

import re
from typing import Any

from mesh_defs.ports.port import Target
from mesh_defs.storage.azure import place_of

_TAG = re.compile(r"projects/[^/]+/locations/[^/]+/taxonomies/[^/]+/policyTags/[^/]+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


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


def bucket_place(target: Target) -> str:
    location = str(target.server.get("location", "")).rstrip("/")
    if endpoint := target.server.get("endpointUrl"):
        return f"{str(endpoint).rstrip('/')}/{location.removeprefix('s3://')}"
    return location


def parquet_wrong(target: Target) -> str | None:
    if said := _bucket_wrong(target):
        return said
    if (form := target.server.get("format", "parquet")) != "parquet":
        return f"format `{form}`, where files of a port are Parquet"
    return None


def bigquery_table(target: Target) -> str:
    """What readers ask for: `purchases_v1`."""
    return f"{target.product.product}_v{target.major}"


def bigquery_place(target: Target) -> str:
    return (
        f"bigquery:{target.server.get('project')}.{target.product.domain}.{bigquery_table(target)}"
    )


def bigquery_groups(target: Target) -> str | None:
    """The domain of the Google groups that consumers are in."""
    said = custom_of(target, "readerGroups")
    return str(said) if said else None


def bigquery_tags(target: Target) -> dict[str, str]:
    """Classifications, and Google's policy tags that columns of theirs get."""
    return dict(custom_of(target, "policyTags") or {})


def bigquery_wrong(target: Target) -> str | None:
    if (said := target.server.get("dataset")) != target.product.domain:
        return f"dataset `{said}`, where a domain's products are in `{target.product.domain}`"
    groups, tags = custom_of(target, "readerGroups"), custom_of(target, "policyTags")
    if groups is not None and not _HOST.fullmatch(str(groups)):
        return f"readerGroups `{groups}`, where a domain such as `example.com` is expected"
    if tags is not None and not isinstance(tags, dict):
        return "policyTags that are no classifications with a tag each"
    for kind, tag in (tags or {}).items():
        if not _TAG.fullmatch(str(tag)):
            return (
                f"policyTags of `{kind}`: `{tag}`, where "
                "projects/…/locations/…/taxonomies/…/policyTags/… is expected"
            )
    return None


def custom_of(target: Target, name: str) -> Any:
    """A custom property of the contract's server."""
    said = target.server.get("customProperties") or ()
    return next((item.get("value") for item in said if item.get("property") == name), None)


def delta_wrong(target: Target) -> str | None:
    """For a bucket as for a container."""
    if (form := target.server.get("format")) != "delta":
        return f"format `{form}`, where a port of the type `delta` is a Delta table"
    if target.server.get("type") == "s3":
        return _bucket_wrong(target)
    try:
        place_of(str(target.server.get("location", "")))
    except ValueError as error:
        return f"location {error}"
    return _own_folder(target)


def azure_place(target: Target) -> str:
    return str(target.server.get("location", "")).rstrip("/")


def _bucket_wrong(target: Target) -> str | None:
    said = str(target.server.get("location", ""))
    if not said.startswith("s3://"):
        return f"location `{said}`, where s3://bucket/… is expected"
    return _own_folder(target)


def _own_folder(target: Target) -> str | None:
    said, product = str(target.server.get("location", "")), target.product
    own = f"/{product.domain}/{product.product}/v{target.major}"
    if not said.rstrip("/").endswith(own):
        return f"location `{said}`, which must end in `{own}`, so that no two products share one"
    return None
