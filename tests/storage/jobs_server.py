"""A server that lists jobs as BigQuery does (REST, jobs.list, projection=full), for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.rest import answering

PROJECT = "acme-mesh"
PATH = f"/bigquery/v2/projects/{PROJECT}/jobs"


@dataclass
class Listing:
    """The jobs that there are, how many come at a time, and what was asked for."""

    url: str = ""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    page: int = 2
    forbidden: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append((path, asked))
        if self.forbidden:
            said = [{"reason": "accessDenied", "message": self.forbidden, "domain": "global"}]
            return 403, {"error": {"code": 403, "message": self.forbidden, "errors": said}}
        first = int(asked.get("minCreationTime", 0))
        last = int(asked.get("maxCreationTime", 2**62))
        there = [j for j in self.jobs if first <= int(j["statistics"]["creationTime"]) <= last]
        begin = int(asked.get("pageToken", 0))
        rest = {"nextPageToken": str(begin + self.page)} if there[begin + self.page :] else {}
        return 200, {
            "kind": "bigquery#jobList", "jobs": there[begin : begin + self.page], **rest,
        }  # fmt: skip


def query(
    id: str,
    at: str,
    labels: dict[str, str] | None = None,
    billed: int = 0,
    slot_ms: int = 0,
    reads: tuple[str, ...] = (),
    into: str = "",
    makes: str = "",
) -> dict[str, Any]:
    """A query job. Tables are `dataset.table`, or `project:dataset.table`; `into` has its rows,
    `makes` is what a statement of its creates."""
    config: dict[str, Any] = {"query": "SELECT 1", "useLegacySql": False}
    told: dict[str, Any] = {"totalBytesBilled": str(billed), "totalBytesProcessed": str(billed)}
    if reads:
        told["referencedTables"] = [_table(each) for each in reads]
    if into:
        config["destinationTable"] = _table(into)
    if makes:
        told["ddlTargetTable"] = _table(makes)
    return _job(id, at, {"jobType": "QUERY", "query": config, "labels": labels or {}},
                {"query": told, "totalSlotMs": str(slot_ms)})  # fmt: skip


def load(id: str, at: str, labels: dict[str, str], into: str) -> dict[str, Any]:
    config = {"jobType": "LOAD", "load": {"destinationTable": _table(into)}, "labels": labels}
    return _job(id, at, config, {"load": {"outputRows": "3", "outputBytes": "72"}})


def _job(id: str, at: str, config: dict[str, Any], statistics: dict[str, Any]) -> dict[str, Any]:
    moment = str(int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() * 1000))
    # Slots of a query are told both ways.
    if "query" in statistics:
        statistics["query"]["totalSlotMs"] = statistics["totalSlotMs"]
    return {
        "id": f"{PROJECT}:EU.{id}",
        "kind": "bigquery#job",
        "jobReference": {"projectId": PROJECT, "jobId": id, "location": "EU"},
        "state": "DONE",
        "configuration": config,
        "statistics": {"creationTime": moment, "startTime": moment, "endTime": moment,
                       **statistics},
        "status": {"state": "DONE"},
        "user_email": "runner@acme-mesh.iam.gserviceaccount.com",
    }  # fmt: skip


def _table(named: str) -> dict[str, str]:
    project, _, rest = named.rpartition(":")
    dataset, _, table = rest.partition(".")
    return {"projectId": project or PROJECT, "datasetId": dataset, "tableId": table}


@contextmanager
def listing() -> Iterator[Listing]:
    found = Listing()
    with answering(lambda path, asked, _: found.answer(path, asked)) as found.url:
        yield found
