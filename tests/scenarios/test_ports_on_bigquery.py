"""What is published on BigQuery goes to the same ports as on DuckDB: once, proven, with its rows.

The same files on both engines, each with servers of its own. The judge of BigQuery is an emulator;
PostgreSQL and S3 are real.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from tests import postgres, seaweed
from tests.emulator.running import Emulator
from tests.ports.document_labs import cells_of_page, cells_of_pdf
from tests.ports.lab import CONTRACT, DESCRIPTOR
from tests.ports.parquet_lab import ParquetLab
from tests.scenarios.both_engines import Both, OnBigQuery, OnDuckDB
from tests.tiny_mesh import ORDERS, TinyMesh, build

pytestmark = pytest.mark.slow

APPS, FILES = "MESH_SERVER__APPS", "MESH_SERVER__FILES"
DOWN = "postgresql://mesh:hunter2@127.0.0.1:1/apps"
PORTS = {"apps": "postgres", "files": "parquet", "page": "dashboard", "report": "pdf"}
FOLDER = f"{seaweed.BUCKET}/both"
PRICE = "{{ decimal('cents / 100', 10, 2) }}"
MODELS = {
    "shop/models/orders": f"select order_id, day, cents, {PRICE} as price"
    " from {{ source('landing', 'orders') }}",
    "shop/models/days": "select day, cast(sum(cents) as {{ dbt.type_bigint() }}) as cents"
    " from {{ ref('orders') }} group by day",
}


class There(OnBigQuery):
    @property
    def left(self) -> list[Path]:
        """What was brought from BigQuery and is still here."""
        return [*(self.home / "bigquery").rglob("rows.parquet")]

    @property
    def audits(self) -> int:
        record = self.home / "bigquery/records/shop/orders/v1.jsonl"
        return len(record.read_text().splitlines())

    @property
    def record(self) -> Path:
        """How its ports stand."""
        return self.home / "bigquery/ports/shop/orders/v1.json"


@dataclass
class Ways(Both):
    there: There
    urls: list[str]

    @property
    def engines(self) -> tuple[Any, Any]:
        return self.here, self.there

    def apps_are(self, urls: list[str]) -> None:
        for engine, url in zip(self.engines, urls, strict=True):
            engine.given[APPS] = url


def declare(mesh: TinyMesh) -> None:
    """`shop.orders` with a price, at ports of four kinds."""
    for place, sql in MODELS.items():
        (mesh.root / "dbt_projects" / f"{place}.sql").write_text(f"{sql}\n", encoding="utf-8")
    shutil.rmtree(mesh.root / "domains/insight")
    shutil.rmtree(mesh.root / "dbt_projects/insight")
    (mesh.root / "domains/shop/approvals.yaml").unlink()
    contract = yaml.safe_load((mesh.root / CONTRACT).read_text())
    contract["schema"][0]["properties"].append(
        {"name": "price", "description": "What was paid, in euro.", "logicalType": "number",
         "physicalType": "decimal(10,2)"}
    )  # fmt: skip
    location = f"s3://{FOLDER}/shop/orders/v1"
    contract["servers"] = [
        {"server": "lake", "type": "local", "path": "lake/shop/products/orders/v1",
         "format": "delta"},
        {"server": "apps", "type": "postgres", "host": "db", "port": 5432, "database": "apps",
         "schema": "shop"},
        {"server": "files", "type": "s3", "location": location, "format": "parquet"},
    ]  # fmt: skip
    (mesh.root / CONTRACT).write_text(yaml.safe_dump(contract, sort_keys=False))
    descriptor = yaml.safe_load((mesh.root / DESCRIPTOR).read_text())
    (lake,) = descriptor["outputPorts"]
    descriptor["outputPorts"] += [{**lake, "name": n, "type": kind} for n, kind in PORTS.items()]
    (mesh.root / DESCRIPTOR).write_text(yaml.safe_dump(descriptor, sort_keys=False))
    query = "select order_id, day, price from orders order by order_id"
    said = {"title": "Orders", "sections": [{"title": "All orders", "query": query}]}
    folder = mesh.root / "domains/shop/reports"
    folder.mkdir()
    for name in ("page", "report"):
        (folder / f"orders.{name}.yaml").write_text(yaml.safe_dump(said, sort_keys=False))


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[Ways]:
    folder = tmp_path_factory.mktemp("ports-on-bigquery")
    mesh = build(folder / "mesh")
    declare(mesh)
    with ExitStack() as servers:
        database = servers.enter_context(postgres.running())
        buckets = [servers.enter_context(seaweed.running()).url for _ in "ab"]
        yield Ways(
            OnDuckDB(mesh.root, folder / "here", given={FILES: buckets[0]}),
            There(mesh.root, folder / "there", emulator=emulator, prefix="ways",
                  given={FILES: buckets[1]}),
            [database.database() for _ in "ab"],
        )  # fmt: skip
    shutil.rmtree(folder)


def ports(engine: OnDuckDB | OnBigQuery) -> dict[str, dict[str, Any]]:
    said = engine.mesh("show", "shop.orders", "--json")
    assert said.code == 0, said
    return {p["name"]: p for p in said.json["ports"]}


def statuses(engine: OnDuckDB | OnBigQuery) -> dict[str, tuple[str, int | None]]:
    return {name: (p["status"], p["snapshot"]) for name, p in ports(engine).items()}


def at_postgres(engine: Any) -> Any:
    """Columns with their types, and rows."""
    with psycopg.connect(engine.given[APPS]) as connection:
        found = connection.execute("SELECT * FROM shop.orders_v1 ORDER BY order_id")
        return [(c.name, c.type_display) for c in found.description or ()], found.fetchall()


def at_s3(engine: Any) -> Any:
    lab = ParquetLab(engine.root, int(engine.given[FILES].rpartition(":")[2]), FOLDER)
    return [(f.name, str(f.type)) for f in lab.dataset().schema], lab.rows()


def test_a_server_that_is_down_keeps_no_other_port_from_being_delivered_to(ways: Ways) -> None:
    ways.apps_are([DOWN, DOWN])
    here, there = ways.run()
    assert there.code == here.code == 1
    assert {p["reason"] for p in there.products.values()} == {""}
    assert there.statuses == here.statuses, here
    others = dict.fromkeys(("orders", "files", "page", "report"), ("published", 0))
    assert statuses(ways.there) == statuses(ways.here) == {**others, "apps": ("failed", None)}
    assert "hunter2" not in there.out + there.err
    assert [(n, p["kind"]) for n, p in ports(ways.there).items()] == [
        ("orders", "bigquery"), *PORTS.items(),
    ]  # fmt: skip
    assert ways.there.left == []


def test_what_failed_is_delivered_by_the_next_run_without_an_audit(ways: Ways) -> None:
    before, audits = ports(ways.there), ways.there.audits
    ways.apps_are(ways.urls)
    here, there = ways.run()
    assert there.code == here.code == 0
    assert set(there.statuses.values()) == {"unchanged"}
    after = ports(ways.there)
    assert (after["apps"]["status"], after["apps"]["snapshot"]) == ("published", 0)
    assert after["apps"]["verified_at"]
    assert {n: after[n] for n in after if n != "apps"} == {
        n: before[n] for n in before if n != "apps"
    }, "what stood was delivered again"
    assert ways.there.audits == audits
    assert ways.there.left == []


def test_every_port_has_the_rows_and_types_of_the_mesh_on_duckdb(ways: Ways) -> None:
    columns, rows = at_postgres(ways.there)
    assert [name for name, _ in columns] == ["order_id", "day", "cents", "price"]
    assert [(r[0], str(r[3])) for r in rows] == [(1, "2.50"), (2, "10.00"), (3, "0.40")]
    assert (columns, rows) == at_postgres(ways.here)
    assert at_s3(ways.there) == at_s3(ways.here)
    assert at_s3(ways.there)[1] == rows
    for port, cells_of in (("page", cells_of_page), ("report", cells_of_pdf)):
        here, there = (cells_of(Path(ports(e)[port]["location"])) for e in ways.engines)
        assert there == here
        assert there[1:] == [[str(r[0]), str(r[1]), str(r[3])] for r in rows]


def test_what_stands_is_not_delivered_again(ways: Ways) -> None:
    before = ports(ways.there)
    assert set(ways.there.run().statuses.values()) == {"unchanged"}
    assert ports(ways.there) == before


def test_an_agreement_reaches_the_port_and_its_end_does(ways: Ways) -> None:
    def access(*arguments: str, who: str) -> Any:
        said = ways.there.mesh("access", *arguments, "--as", who, "--json")
        assert said.code == 0, said
        return said.json

    for port in ("apps", "page"):
        asked = access("request", "shop.orders", "--port", port, "--for", "app:till",
                       "--purpose", "Refunds.", who="Till")  # fmt: skip
        given = access("approve", asked["id"], who="Ola Nord")
        assert (given["state"], given["permission"]) == ("active", "granted")
    with psycopg.connect(ways.there.given[APPS], autocommit=True) as connection:
        granted = "SELECT grantee FROM information_schema.role_table_grants WHERE table_name = %s"
        roles = {r for (r,) in connection.execute(granted, ["orders_v1"]).fetchall()}
        (till,) = [role for role in roles if "till" in role]
        connection.execute(f'REVOKE ALL ON shop.orders_v1 FROM "{till}"'.encode())
    shelf = Path(ports(ways.there)["page"]["location"]).parents[1]
    readers = shelf / "readers.json"
    assert "app:till" in readers.read_text()
    readers.unlink()
    said = ways.there.mesh("access", "reconcile", "--json")
    assert said.code == 0, said
    assert [e["event"] for e in said.json["done"]].count("granted") == 2, said.json
    assert "app:till" in readers.read_text()


def test_the_next_snapshot_takes_its_place_everywhere(ways: Ways) -> None:
    (ways.here.root / "data/orders.csv").write_text(ORDERS + "4,2024-05-03,705\n")
    here, there = ways.run()
    assert there.code == here.code == 0, there
    assert statuses(ways.there) == dict.fromkeys(["orders", *PORTS], ("published", 1))
    assert at_postgres(ways.there) == at_postgres(ways.here)
    assert at_s3(ways.there) == at_s3(ways.here)
    assert cells_of_page(Path(ports(ways.there)["page"]["location"]))[-1][2] == "7.05"


_KILLED = """
import sys
from pathlib import Path
from tests.killing import die_at
from mesh_defs.model import Mesh
from mesh_defs.publishing.delivery import deliver
from mesh_defs.storage.state import State

die_at("mesh_defs.storage.shelf", "Shelf.show", False)
root = Path(sys.argv[1])
deliver(State.of(root), Mesh.read(root).product("shop.orders"))
"""


def test_what_a_killed_delivery_left_goes_and_the_next_run_delivers(ways: Ways) -> None:
    ways.there.record.unlink()
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(ways.there.root)], env=ways.there.environment,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(ways.there.left) == 1
    assert statuses(ways.there)["page"][0] == "waiting"
    assert set(ways.there.run().statuses.values()) == {"unchanged"}
    assert statuses(ways.there) == dict.fromkeys(["orders", *PORTS], ("published", 1))
    assert ways.there.left == []
