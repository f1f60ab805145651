"""A budget is kept before anything is paid: judged by the requests that Google's client makes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.storage.bigquery.warehouse import Warehouse
from tests.rest import answering

EACH = 600  # bytes that a query would read


@dataclass
class Jobs:
    """A server that takes query jobs as BigQuery does (REST, jobs.insert), and runs none."""

    dry: list[str] = field(default_factory=list)
    run: list[dict[str, Any]] = field(default_factory=list)

    def take(self, job: dict[str, Any]) -> dict[str, Any]:
        asked = job["configuration"]
        if asked.get("dryRun"):
            self.dry.append(asked["query"]["query"])
        else:
            self.run.append(asked)
        return {
            **job,
            "jobReference": {**job["jobReference"], "location": "EU"},
            "status": {"state": "DONE"},
            "statistics": {"query": {"totalBytesProcessed": str(EACH)}},
        }


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    found = Jobs()
    with answering(lambda _path, _asked, job: (200, found.take(job))) as url:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        yield found


def test_a_query_over_the_budget_is_not_run(jobs: Jobs) -> None:
    with Warehouse("acme-mesh").client({"domain": "shop", "product": "Orders"}, 1000) as client:
        client.query("select 1")
        with pytest.raises(MeshError) as raised:
            client.query("select 2")
    assert jobs.dry == ["select 1", "select 2"]
    assert [job["query"]["query"] for job in jobs.run] == ["select 1"]
    said = str(raised.value)
    assert "domains/shop/domain.yaml: `budget.audit` is 1,000 bytes" in said
    assert "would read 1,200" in said


def test_what_is_just_within_the_budget_is_run(jobs: Jobs) -> None:
    with Warehouse("acme-mesh").client({"domain": "shop"}, 2 * EACH) as client:
        client.query("select 1")
        client.query("select 2")
    assert len(jobs.run) == 2


def test_without_a_budget_nothing_is_asked_beforehand(jobs: Jobs) -> None:
    with Warehouse("acme-mesh").client({"domain": "shop"}) as client:
        client.query("select 1")
    assert (jobs.dry, len(jobs.run)) == ([], 1)


def test_each_job_says_whose_it_is(jobs: Jobs) -> None:
    about = {"domain": "shop", "product": "Orders", "run": "a-1"}
    with Warehouse("acme-mesh").client(about, 1000) as client:
        client.query("select 1")
    (job,) = jobs.run
    assert job["labels"] == {
        "mesh_prefix": "mesh", "mesh_domain": "shop", "mesh_product": "orders", "mesh_run": "a-1",
    }  # fmt: skip


def test_the_budget_of_a_model_is_its_limit_with_dbt(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What profiles.yml makes of it is what dbt-bigquery sends with each query."""
    import yaml
    from dbt.adapters.bigquery.credentials import BigQueryCredentials
    from dbt.config.profile import Profile
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.context import set_invocation_context

    from tests.tiny_mesh import REPOSITORY

    raw = yaml.safe_load((REPOSITORY / "dbt_projects/profiles.yml").read_text())["mesh"]
    monkeypatch.setenv("MESH_BIGQUERY_PROJECT", "acme-mesh")
    monkeypatch.setenv("MESH_BIGQUERY_PRIVATE", "mesh_private_shop")
    for said, limit in (("20000", 20_000), ("0", 0)):
        monkeypatch.setenv("MESH_BIGQUERY_MODEL_BYTES", said)
        set_invocation_context(os.environ)
        _, rendered = Profile.render_profile(raw, "mesh", "bigquery", ProfileRenderer({}))
        found = BigQueryCredentials.from_dict(BigQueryCredentials.translate_aliases(rendered))
        assert found.maximum_bytes_billed == limit
        assert (found.method, found.location, found.api_endpoint) == ("oauth", None, None)


def test_a_server_that_never_answered_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client tries for ten minutes, also where an address is wrong."""
    monkeypatch.setattr("mesh_defs.storage.bigquery.metered.PATIENCE", 0.2)
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    with Warehouse("acme-mesh").client({}) as client:
        for ask in (
            lambda: client.get_table("acme-mesh.shop.orders"),
            lambda: list(client.list_datasets()),
            lambda: client.query("select 1"),
        ):
            with pytest.raises(MeshError, match=r"did not answer in 0\.2 s: .*port=1"):
                ask()


def test_one_that_answered_is_tried_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is away for a while: as long as that, a run waits."""
    monkeypatch.setattr("mesh_defs.storage.bigquery.metered.PATIENCE", 0.2)
    away = {"error": {"code": 503, "errors": [{"reason": "backendError"}]}}
    answers = [(200, {}), *[(503, away)] * 2, (200, {})]
    with answering(lambda *_: answers.pop(0)) as url:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        with Warehouse("acme-mesh").client({}) as client:
            assert list(client.list_datasets()) == []
            monkeypatch.setattr("mesh_defs.storage.bigquery.metered.PATIENCE", 0.0)
            assert list(client.list_datasets()) == []
    assert answers == []
