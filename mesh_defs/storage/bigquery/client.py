"""BigQuery's tables, as they are named from outside the mesh, and the client that reads and fills
them. What types are there is in `bigquery_types`.

Credentials are those of the environment, as every client of Google's finds them. With
BIGQUERY_EMULATOR_HOST set, the client speaks to that host and shows none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

    from mesh_defs.storage.bigquery.metered import MeteredClient

EMULATOR_VARIABLE = "BIGQUERY_EMULATOR_HOST"
FORM = "bigquery:[PROJECT.]DATASET.TABLE"
HOW_TO_INSTALL = "BigQuery's client is not installed: `pip install 'mesh-defs[bigquery]'`."
_SCHEME = "bigquery:"
_PROJECT = r"[a-z](?:[a-z0-9.:-]*[a-z0-9])?"
_PLACE = re.compile(rf"(?:(?P<project>{_PROJECT})\.)?(?P<dataset>\w+)\.(?P<table>[^.`\s]+)")


def is_bigquery(place: object) -> bool:
    return isinstance(place, str) and place.startswith(_SCHEME)


def table_at(place: str) -> exp.Table:
    """`bigquery:[PROJECT.]DATASET.TABLE` as a table. Raises MeshError for anything else."""
    match = _PLACE.fullmatch(place.removeprefix(_SCHEME).removeprefix("//"))
    if match is None:
        raise MeshError(f"`{place}` is no table of BigQuery: expected {FORM}.")
    return exp.table_(match["table"], db=match["dataset"], catalog=match["project"], quoted=True)


@contextmanager
def client_for(tables: Mapping[str, exp.Table]) -> Iterator[Client]:
    """A client that works in the first project that is named, else in the environment's own.

    What Google or the network refuse while it is open is raised as MeshError.
    """
    project = next((t.catalog for t in tables.values() if t.catalog), None)
    with connected(project) as client:
        yield client


@contextmanager
def connected(
    project: str | None = None,
    location: str | None = None,
    endpoint: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Iterator[MeteredClient]:
    """A client that works in a project, else in the environment's own, at an endpoint of its own;
    each of its queries bears the labels.

    An emulator, which is what speaks plain HTTP, is shown no credentials. What Google or the
    network refuse while it is open is raised as MeshError.
    """
    with told(), client_of(project, location, endpoint, labels) as client:
        yield client


def client_of(
    project: str | None = None,
    location: str | None = None,
    endpoint: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> MeteredClient:
    """The client of `connected`, for who closes it, and each of its queries bears the labels."""
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import QueryJobConfig

    from mesh_defs.storage.bigquery.metered import MeteredClient

    at = {"api_endpoint": endpoint} if endpoint else None
    emulated = not endpoint and os.environ.get(EMULATOR_VARIABLE)
    config = QueryJobConfig(labels=dict(labels)) if labels else None
    nobody = None
    if emulated or (endpoint or "").startswith("http://"):
        nobody, project = AnonymousCredentials(), project or "local"
    return MeteredClient(
        project, nobody, location=location, client_options=at, default_query_job_config=config
    )


@contextmanager
def told() -> Iterator[None]:
    """What Google or the network refuse is raised as MeshError, with their first line."""
    try:
        import google.cloud.bigquery  # noqa: F401
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MeshError(f"BigQuery: {first}") from error


def job_labels_of(client: Client) -> dict[str, str]:
    """What a client's queries bear, for its jobs of other kinds."""
    said = client.default_query_job_config
    return dict(said.labels) if said else {}


def load(client: Client, files: Iterable[str | Path], to: str, fields: Sequence[Any]) -> None:
    """Append Parquet files to a table whose columns are `fields` (SchemaField).

    What BigQuery says of a row may quote it, so an error names the job and its reason only.
    """
    from google.api_core.exceptions import GoogleAPICallError
    from google.cloud.bigquery import LoadJobConfig, ParquetOptions

    options = ParquetOptions()
    options.enable_list_inference = True
    for file in files:
        config = LoadJobConfig(
            schema=list(fields), source_format="PARQUET", write_disposition="WRITE_APPEND",
            parquet_options=options, labels=job_labels_of(client),
        )  # fmt: skip
        with Path(file).open("rb") as rows:
            job = client.load_table_from_file(rows, to, job_config=config)
        try:
            job.result()
        except GoogleAPICallError as error:
            reason = (job.error_result or {}).get("reason") or error.code
            raise MeshError(
                f"BigQuery did not take the rows ({reason}): see its job `{job.job_id}`."
            ) from None
