"""A project's jobs are listed whole: judged by the requests that Google's client makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.jobs import Job, jobs_of
from mesh_defs.storage.bigquery.warehouse import Warehouse
from tests.storage.jobs_server import PATH, Listing, listing, load, query

MAY, JUNE = date(2027, 5, 1), date(2027, 6, 1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listing]:
    with listing() as found:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", found.url)
        yield found


def _jobs(since: date = MAY, until: date = JUNE) -> list[Job]:
    return list(jobs_of(Warehouse("acme-mesh"), since, until))


def test_what_is_said_of_a_job_is_kept(server: Listing) -> None:
    labels = {"mesh_domain": "shop"}
    server.jobs = [
        query("one", "2027-05-02T10:00", labels, 10_485_760, 1500,
              ("mesh_published_shop.orders_v1", "other-project:public.days"), "_anon.rows"),
        query("two", "2027-05-03T10:00", makes="mesh_private_shop.days"),
        load("three", "2027-05-04T10:00", labels, "mesh_inputs_shop.landing__orders"),
    ]  # fmt: skip
    assert _jobs() == [
        Job("one", date(2027, 5, 2), "query", labels, 10_485_760, 1500,
            (("mesh_published_shop", "orders_v1"),), "_anon"),
        Job("two", date(2027, 5, 3), into="mesh_private_shop"),
        Job("three", date(2027, 5, 4), "load", labels, into="mesh_inputs_shop"),
    ]  # fmt: skip


def test_every_page_is_asked_for_of_everybodys_jobs(server: Listing) -> None:
    server.jobs = [query(str(i), "2027-05-02T10:00") for i in range(5)]
    assert [job.id for job in _jobs()] == list("01234")
    assert [path for path, _ in server.asked] == [PATH] * 3
    assert [asked.pop("pageToken", None) for _, asked in server.asked] == [None, "2", "4"]
    for _, asked in server.asked:
        assert (asked["allUsers"].lower(), asked["projection"]) == ("true", "full")
        assert asked["stateFilter"] == "done"
        assert "parentJobId" not in asked, "what a script runs is billed with the script"


def test_both_days_are_whole(server: Listing) -> None:
    moments = ["2027-04-30T23:59:59.999", "2027-05-01T00:00", "2027-06-01T23:59:59.999",
               "2027-06-02T00:00"]  # fmt: skip
    server.jobs = [query(at, at) for at in moments]
    assert [job.id for job in _jobs()] == moments[1:3]
    first = datetime(2027, 5, 1, tzinfo=UTC).timestamp() * 1000
    assert server.asked[0][1]["minCreationTime"] == str(int(first))


def test_whoever_may_not_list_them_is_told_the_role(server: Listing) -> None:
    server.forbidden = "User does not have bigquery.jobs.listAll permission."
    with pytest.raises(MeshError) as raised:
        _jobs()
    said = str(raised.value)
    assert "roles/bigquery.resourceViewer" in said
    assert "acme-mesh" in said and "does not have bigquery.jobs.listAll" in said
    assert len(server.asked) == 1
