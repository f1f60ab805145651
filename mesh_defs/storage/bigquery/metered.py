"""A client of BigQuery that keeps to a budget: what a query would read is asked before it is run;
and that soon gives up a server which never answered.

It is imported where one is made, since it is a class of Google's.
"""

from __future__ import annotations

from typing import Any

from google.api_core.exceptions import RetryError
from google.cloud.bigquery import Client, QueryJobConfig

from mesh_defs.model import MeshError

# Seconds in which a server has to answer for the first time. From then on it is Google's to say how
# long something is tried again: minutes, so that a run outlives a server that is away for a while.
PATIENCE = 10.0


class MeteredClient(Client):  # type: ignore[misc]
    """Dry runs cost nothing. The budget is for all queries of a client together."""

    most: int | None = None
    """Bytes; None asks nothing beforehand."""

    said: str = ""
    """What has the budget, as the error names it."""

    estimated: int = 0
    _answered: bool = False

    def keep_to(self, budget: int | None, domain: str) -> None:
        """The domain's budget for an audit, and for what proves a delivery; None is no limit."""
        self.most = budget
        self.said = f"domains/{domain}/domain.yaml: `budget.audit`"

    def query(self, query: str, job_config: Any = None, **more: Any) -> Any:
        """Raises MeshError for a query that would go over the budget, before it is run."""
        if self.most is not None and not (job_config and job_config.dry_run):
            asked = QueryJobConfig(dry_run=True, use_query_cache=False)
            found = super().query(query, job_config=asked).total_bytes_processed
            if self.estimated + (found or 0) > self.most:
                raise MeshError(
                    f"{self.said} is {self.most:,} bytes, and with its next query this would read "
                    f"{self.estimated + found:,} by BigQuery's estimate. The query was not run. "
                    "Raise the budget, or let the model keep less."
                )
            self.estimated += found or 0
        return super().query(query, job_config=job_config, **more)

    def _call_api(self, retry: Any, *about: Any, **more: Any) -> Any:
        """Every question of Google's client goes through here. Raises MeshError, which nothing
        around it tries again, for a server that never answered."""
        if self._answered:
            return super()._call_api(retry, *about, **more)
        try:
            found = super()._call_api(retry and retry.with_timeout(PATIENCE), *about, **more)
        except RetryError as error:
            raise MeshError(f"BigQuery did not answer in {PATIENCE:g} s: {error.cause}") from None
        self._answered = True
        return found
