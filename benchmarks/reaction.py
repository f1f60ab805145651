"""How soon a consumer's run is created after a publication, under `mesh ui`; nothing else here.

A mesh of two domains is served as people serve it. A provider's job is launched again and again on
changed data, at moments that have nothing to do with the daemon's own rhythm.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.tiny_mesh import ORDERS, build

_PROVIDER = "shop"
_CONSUMER = "insight"
_PRODUCT = ["shop", "products", "orders"]
_COMMAND = "from mesh_defs.cli.main import app; app()"
_WAIT_SECONDS = 120.0
_LAUNCH = """
mutation ($location: String!, $job: String!) { launchRun(executionParams: {
  selector: {repositoryLocationName: $location, repositoryName: "__repository__", jobName: $job}
  runConfigData: {}
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }
"""
_RUNS = """
{ runsOrError(limit: 50) { ... on Runs { results {
  runId status creationTime tags { key value }
} } } }
"""
_PUBLISHED = """
query ($path: [String!]!) { assetOrError(assetKey: {path: $path}) { ... on Asset {
  assetMaterializations(limit: 1) { runId timestamp }
} } }
"""


def measure(_root: Path | None = None, publications: int = 12) -> dict[str, float]:
    """Seconds from a publication to the creation of its consumer's run; the mesh is a tiny one."""
    with tempfile.TemporaryDirectory() as folder:
        mesh = build(Path(folder) / "mesh")
        with served(mesh.root) as (url, ready):
            waits = []
            for number in range(publications + 1):
                mesh.orders.write_text(f"{ORDERS}{number + 10},2024-05-03,{number}\n")
                wait = _reaction(url)
                if number:  # the first makes the consumer for the first time
                    waits.append(wait)
                time.sleep(random.uniform(0, 3))
    waits.sort()
    return {
        "publication to consumer's run, p50, s": _quantile(waits, 0.5),
        "publication to consumer's run, p95, s": _quantile(waits, 0.95),
        "publication to consumer's run, worst, s": waits[-1],
        "mesh ui until it answers (two domains), s": ready,
    }


@contextmanager
def served(root: Path) -> Iterator[tuple[str, float]]:
    """`mesh ui` of a mesh: its address, and the seconds until it answered."""
    started = time.monotonic()
    environment = {**os.environ, "MESH_ROOT": str(root), "MESH_HOME": str(root / ".mesh")}
    with subprocess.Popen(
        [sys.executable, "-c", _COMMAND, "ui"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = []
            for line in process.stdout:
                said.append(line)
                if "ready in" in line:
                    yield line.split()[0], time.monotonic() - started
                    break
            else:
                raise RuntimeError("mesh ui did not start:\n" + "".join(said))
        finally:
            process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            process.kill()


def ask(url: str, query: str, **variables: Any) -> Any:
    """What Dagster's GraphQL says."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{url}/graphql", body, {"Content-Type": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=60) as answer:
        said = json.load(answer)
    if "errors" in said:
        raise RuntimeError(said["errors"])
    return said["data"]


def launch(url: str, domain: str) -> str:
    """Start a domain's job as a person does in the UI; the run's id."""
    launched = ask(url, _LAUNCH, location=domain, job=domain)["launchRun"]
    if launched["__typename"] != "LaunchRunSuccess":
        raise RuntimeError(launched)
    return str(launched["run"]["runId"])


def runs(url: str, domain: str) -> list[dict[str, Any]]:
    """A domain's runs, the newest first."""
    found = ask(url, _RUNS)["runsOrError"]["results"]
    return [r for r in found if {"key": "mesh/domain", "value": domain} in r["tags"]]


def ended(url: str, domain: str, run_id: str) -> str:
    """Wait for the end of a run; what it came to."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        for run in runs(url, domain):
            if run["runId"] == run_id and run["status"] in ("SUCCESS", "FAILURE", "CANCELED"):
                return str(run["status"])
        time.sleep(0.3)
    raise TimeoutError(f"the run {run_id} of {domain} does not end")


def _reaction(url: str) -> float:
    known = {run["runId"] for run in runs(url, _CONSUMER)}
    made_by = launch(url, _PROVIDER)
    status = ended(url, _PROVIDER, made_by)
    assert status == "SUCCESS", status
    asset = ask(url, _PUBLISHED, path=_PRODUCT)["assetOrError"]
    published = asset["assetMaterializations"][0]
    assert published["runId"] == made_by, "nothing was published"
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        new = [run for run in runs(url, _CONSUMER) if run["runId"] not in known]
        if new:
            ended(url, _CONSUMER, new[-1]["runId"])
            return float(new[-1]["creationTime"]) - float(published["timestamp"]) / 1000
        time.sleep(0.3)
    raise TimeoutError("the consumer does not react")


def _quantile(values: list[float], share: float) -> float:
    """The nearest-rank quantile of sorted values."""
    rank = max(1, -(-len(values) * round(share * 100) // 100))
    return values[rank - 1]


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
