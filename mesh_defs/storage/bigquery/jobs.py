"""The jobs of a project of BigQuery, as plain data: whose they say that they are, what they read,
what is billed for them. What they come to in money is not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from mesh_defs.model import MeshError

if TYPE_CHECKING:
    from mesh_defs.storage.bigquery.warehouse import Warehouse

LOAD, QUERY = "load", "query"
KEPT = timedelta(days=180)
"""How long BigQuery remembers a job (REST, jobs.list: six months)."""
_PAGE = 1000


@dataclass(frozen=True)
class Job:
    """A job that has ended. `billed`: bytes, 0 where nothing is; `tables`: (dataset, table) of this
    project that it read; `into`: the dataset that it wrote to, if any."""

    id: str
    day: date
    kind: str = QUERY
    labels: Mapping[str, str] = field(default_factory=dict)
    billed: int = 0
    slot_ms: int = 0
    tables: tuple[tuple[str, str], ...] = ()
    into: str = ""


def jobs_of(warehouse: Warehouse, since: date, until: date) -> Iterator[Job]:
    """Everybody's jobs that were made in these days (UTC), page by page; a script is one job.

    Raises MeshError where they may not be listed.
    """
    from google.api_core.exceptions import Forbidden

    from mesh_defs.storage.bigquery.client import told

    begin = datetime.combine(since, time(), UTC)
    end = datetime.combine(until, time.max, UTC)
    with told():
        try:
            for job in warehouse.reader().list_jobs(
                all_users=True, state_filter="done", min_creation_time=begin,
                max_creation_time=end, page_size=_PAGE,
            ):  # fmt: skip
                yield _job(warehouse.project, job)
        except Forbidden as error:
            raise MeshError(
                f"BigQuery lists the jobs of {warehouse.project} to whoever has "
                "`bigquery.jobs.listAll` there, as the role `roles/bigquery.resourceViewer` gives "
                f"it. It said: {error.message}"
            ) from None


def _job(project: str, job: Any) -> Job:
    queried = job.job_type == QUERY
    target = getattr(job, "ddl_target_table", None) if queried else None
    target = target or getattr(job, "destination", None)
    tables = (job.referenced_tables if queried else None) or ()
    return Job(
        id=job.job_id,
        day=job.created.astimezone(UTC).date(),
        kind=job.job_type,
        labels=dict(job.labels or {}),
        billed=(job.total_bytes_billed if queried else 0) or 0,
        slot_ms=(job.slot_millis if queried else 0) or 0,
        tables=tuple((t.dataset_id, t.table_id) for t in tables if t.project == project),
        into=getattr(target, "dataset_id", "") or "",
    )
