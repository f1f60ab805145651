"""BigQuery's tables, as they are named from outside the mesh, and the client that reads them.

Credentials are those of the environment, as every client of Google's finds them. With
BIGQUERY_EMULATOR_HOST set, the client speaks to that host and shows none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from mesh_defs.model import MeshError

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

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
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.credentials import AnonymousCredentials
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.bigquery import Client
    except ImportError:
        raise MeshError(HOW_TO_INSTALL) from None
    project = next((t.catalog for t in tables.values() if t.catalog), None)
    try:
        if os.environ.get(EMULATOR_VARIABLE):
            client = Client(project=project or "local", credentials=AnonymousCredentials())
        else:
            client = Client(project=project)
        with client:
            yield client
    except (GoogleAPIError, GoogleAuthError, OSError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MeshError(f"BigQuery: {first}") from error
