"""What the BigQuery port asks Google for, where the emulator answers otherwise than Google does.

A server of the test's own keeps one table's policy as the REST API has it: a policy is written over
an etag, what was changed meanwhile is a 409, and a principal that nobody knows a 400. Another one
takes the query that proves a delivery, which the emulator estimates at nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.ports.bigquery.grants import BigQueryGrants, group_of
from mesh_defs.ports.bigquery.labels import marked
from mesh_defs.ports.bigquery.port import BigQueryPort
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.port import Audited, Mark, Target
from mesh_defs.ports.proof import verify
from mesh_defs.storage.bigquery.checksums import summed_here, summed_there
from mesh_defs.storage.servers import Address
from mesh_defs.storage.state import State
from mesh_defs.storage.workshop import read_files
from tests.rest import answering

NOWHERE = State(Path("nowhere"))
TABLE = "/bigquery/v2/projects/data/datasets/shop/tables/orders_v1"
WHERE = "example.com"
TILL = Grant("shop.orders", "exit", 1, "app:till")
MEMBER = f"group:{group_of('app:till', WHERE)}"
READER = "roles/bigquery.dataViewer"


class Google:
    """One table, its policy, and everything that was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.policy: dict[str, Any] = {"version": 1, "etag": "e0"}
        self.meanwhile: list[dict[str, Any]] = []  # bindings that others write after it was read
        self.unknown: set[str] = set()
        self.written = 0
        self.credentials: set[str] = set()

    def answer(self, path: str, _: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append((path, body))
        if path == TABLE and body is None:
            return 200, {"tableReference": {"projectId": "data", "datasetId": "shop",
                                            "tableId": "orders_v1"}}  # fmt: skip
        if path == f"{TABLE}:getIamPolicy":
            found = dict(self.policy)
            if self.meanwhile:
                self._write([*self.policy.get("bindings", []), self.meanwhile.pop()])
            return 200, found
        if path == f"{TABLE}:setIamPolicy":
            wanted = body["policy"]
            if wanted.get("etag") != self.policy["etag"]:
                return 409, _error(409, "aborted", "There were concurrent policy changes.")
            members = {m for b in wanted.get("bindings", []) for m in b["members"]}
            if members & self.unknown:
                return 400, _error(400, "invalid", f"{min(members)} does not exist.")
            self._write(wanted.get("bindings", []))
            return 200, self.policy
        return 404, _error(404, "notFound", f"Not found: {path}")

    def _write(self, bindings: list[dict[str, Any]]) -> None:
        self.written += 1
        self.policy = {"version": 1, "etag": f"e{self.written}", "bindings": bindings}

    def of(self, verb: str) -> list[Any]:
        return [body for path, body in self.asked if path.endswith(f":{verb}")]


def _error(code: int, reason: str, message: str) -> dict[str, Any]:
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    return {"error": {"code": code, "message": message, "errors": errors}}


@pytest.fixture
def google() -> Iterator[tuple[Google, BigQueryGrants]]:
    there = Google()
    with answering(there.answer, there.credentials) as url:
        own = [{"property": "readerGroups", "value": WHERE}]
        target = Target(ProductRef("shop", "orders"), 1, "exit", {"customProperties": own}, NOWHERE)
        address = Address("MESH_SERVER__EXIT", f"bigquery://data?endpoint={url}")
        yield there, BigQueryGrants(target, address)


Pair = tuple[Google, BigQueryGrants]


def test_a_grant_is_the_role_that_reads_on_the_one_table(google: Pair) -> None:
    there, port = google
    port.grant(TILL)
    assert there.of("setIamPolicy") == [
        {"policy": {"etag": "e0", "version": 1,
                    "bindings": [{"role": READER, "members": [MEMBER]}]}}
    ]  # fmt: skip
    assert port.grants() == frozenset({TILL})
    port.grant(TILL)
    assert len(there.of("setIamPolicy")) == 1, "what is granted is not written again"
    port.revoke(TILL)
    assert there.policy["bindings"] == []
    assert port.grants() == frozenset()
    assert all(path.startswith(TABLE) for path, _ in there.asked), "nothing but the table"
    assert there.credentials == {""}, "plain HTTP is shown no credentials"


def test_what_others_write_meanwhile_stays(google: Pair) -> None:
    there, port = google
    others = [{"role": READER, "members": ["user:a@example.com"]},
              {"role": "roles/bigquery.dataEditor", "members": ["user:b@example.com"]}]  # fmt: skip
    there.meanwhile = list(others)
    port.grant(TILL)
    assert [body["policy"]["etag"] for body in there.of("setIamPolicy")] == ["e0", "e1", "e2"]
    assert {b["role"]: set(b["members"]) for b in there.policy["bindings"]} == {
        READER: {"user:a@example.com", MEMBER},
        "roles/bigquery.dataEditor": {"user:b@example.com"},
    }


def test_a_group_that_is_not_there_is_an_error_that_names_it(google: Pair) -> None:
    there, port = google
    there.unknown = {MEMBER}
    with pytest.raises(MeshError, match=r"mesh\.app_3atill@example\.com does not exist"):
        port.grant(TILL)
    assert port.grants() == frozenset()


def test_a_policy_with_conditions_is_not_written_over(google: Pair) -> None:
    there, port = google
    there.policy["bindings"] = [{"role": f"{READER}_withcond_1", "members": ["user:a@example.com"]}]
    with pytest.raises(MeshError, match="conditions"):
        port.grant(TILL)
    assert there.of("setIamPolicy") == []
    assert {g.consumer for g in port.grants()} == {"role:user:a@example.com"}


def test_without_a_domain_of_groups_nobody_can_be_granted(google: Pair) -> None:
    there, port = google
    target = Target(ProductRef("shop", "orders"), 1, "exit", {}, NOWHERE)
    nobody = BigQueryGrants(target, Address("X", f"bigquery://data?endpoint={port.endpoint}"))
    with pytest.raises(MeshError, match="readerGroups"):
        nobody.grant(TILL)
    assert there.asked == []


class Summing:
    """One table that sums up as it is told to, and the jobs that were asked for (REST,
    jobs.insert and jobs.getQueryResults)."""

    def __init__(self, table: Any, sums: list[int], bytes_read: int) -> None:
        self.table, self.sums, self.bytes_read = table, sums, bytes_read
        self.asked: list[str] = []
        self.jobs: list[Any] = []

    def answer(self, path: str, _: dict[str, str], body: Any) -> tuple[int, Any]:
        self.asked.append(path)
        if path == TABLE:
            return 200, self.table
        if path.endswith("/jobs"):
            self.jobs.append(body["configuration"])
            read = {"query": {"totalBytesProcessed": str(self.bytes_read)}}
            return 200, {**body, "status": {"state": "DONE"}, "statistics": read}
        if "/queries/" in path:
            fields = [{"name": f"a{i}", "type": "NUMERIC"} for i in range(len(self.sums))]
            row = {"f": [{"v": str(number)} for number in self.sums]}
            return 200, {
                "jobComplete": True, "schema": {"fields": fields}, "rows": [row], "totalRows": "1",
                "jobReference": {"projectId": "data", "jobId": "j"},
            }  # fmt: skip
        return 404, _error(404, "notFound", f"Not found: {path}")


@pytest.mark.parametrize(("budget", "error"), [(None, ""), (600, ""), (599, "is 599 bytes")])
def test_a_delivery_is_proven_by_one_query(budget: int | None, error: str, tmp_path: Path) -> None:
    """Which bears labels, and keeps to the budget: what it would read is asked first."""
    file = tmp_path / "rows.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 1::BIGINT AS id, 'a' AS name) TO '{file}'")
        rows = connection.read_parquet(str(file))
        kinds = dict(zip(rows.columns, rows.types, strict=True))
        sums = connection.execute(summed_here(kinds, read_files([str(file)]))).fetchone()
        assert sums is not None
        mark = Mark("2026-01-01T00:00:00.000+00:00", 7)
        audited = Audited(ProductRef("shop", "orders"), 1, mark, (str(file),), budget=budget)
        fields = [{"name": "id", "type": "INTEGER", "mode": "NULLABLE"},
                  {"name": "name", "type": "STRING", "mode": "NULLABLE"}]  # fmt: skip
        named = {"projectId": "data", "datasetId": "shop", "tableId": "orders_v1"}
        there = Summing(
            {"tableReference": named, "schema": {"fields": fields}, "labels": marked(mark)},
            list(sums), 600,
        )  # fmt: skip
        with answering(there.answer) as url:
            port = BigQueryPort(
                Target(audited.product, 1, "exit", {}, NOWHERE),
                Address("X", f"bigquery://data?endpoint={url}"),
            )
            if error:
                with pytest.raises(MeshError, match=error):
                    verify(connection, port, audited)
            else:
                verify(connection, port, audited)
    assert not [path for path in there.asked if path.endswith("/data")], "rows were listed"
    dry, run = ([j for j in there.jobs if bool(j.get("dryRun")) is said] for said in (True, False))
    assert (len(dry), len(run)) == (int(budget is not None), int(not error))
    for job in run:
        assert job["labels"] == {
            "mesh_prefix": "mesh", "mesh_domain": "shop", "mesh_product": "orders",
            "mesh_port": "exit",
        }  # fmt: skip
        assert job["query"]["query"] == summed_there(
            kinds, exp.table_("orders_v1", "shop", "data", quoted=True)
        )
