"""dbt's jobs in BigQuery say whose they are, as all others of a mesh do; what labels are is in
`storage.bigquery.labels`.

dbt-bigquery takes labels from `query-comment` in each dbt_project.yml, and from nowhere else: every
team would have to write the same lines, and a domain that forgot them would cost nobody anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mesh_defs.storage.bigquery.labels import job_labels
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.state import BIGQUERY, State


@contextmanager
def labelled(state: State, about: Mapping[str, str], products: Mapping[str, str]) -> Iterator[None]:
    """While this is open, each query of dbt's bears the labels of `about`, of the node it is for,
    and of the product whose rows that model holds (`products`: model → product)."""
    if state.target != BIGQUERY:
        yield
        return
    from dbt.adapters.bigquery.connections import BigQueryConnectionManager as Manager
    from dbt_common.events.contextvars import get_node_info

    prefix, theirs = Warehouse.of_environment().prefix, Manager.get_labels_from_query_comment

    def labels(manager: Any) -> dict[str, str]:
        node = str(get_node_info().get("node_name") or "")
        said = {**about, "model": node, "product": products.get(node, "")}
        return {**theirs(manager), **job_labels(prefix, said)}

    Manager.get_labels_from_query_comment = labels
    try:
        yield
    finally:
        Manager.get_labels_from_query_comment = theirs
