"""A real service on free ports, over a mesh with agreements: whole, narrowed, an app's, none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
import yaml
from pyarrow import flight
from pyarrow.flight import FlightClient
from typer.testing import CliRunner

from mesh_defs.cli.main import app
from mesh_defs.model import ProductRef
from mesh_defs.storage import tables
from mesh_defs.storage.ledger import ReadRow, Sisters
from mesh_defs.storage.state import State
from tests.tiny_mesh import TinyMesh, build

MESH = [sys.executable, "-c", "from mesh_defs.cli.main import app; app(prog_name='mesh')"]
REPOSITORY = Path(__file__).resolve().parents[2]
# One gigabyte of rows never fits between two processes: a reader who waits holds the service up.
LARGE = 3_000_000


@dataclass
class Served:
    """A mesh, its running service, and what one types about it."""

    mesh: TinyMesh
    http: str = ""
    flight: str = ""
    process: subprocess.Popen[str] | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def type(self, *arguments: str) -> Any:
        """What `mesh …` says here, while the service runs elsewhere."""
        here = {"MESH_ROOT": str(self.mesh.root)}
        said = CliRunner().invoke(app, [*arguments, "--json"], env=here)
        assert said.exit_code == 0, said.stderr
        return json.loads(said.stdout)

    def agreed(self, product: str, consumer: str, *more: str) -> str:
        """The id of a new, active agreement."""
        asked = self.type("access", "request", product, "--for", consumer, "--purpose", "Tests.",
                          "--as", "Till crew", *more)  # fmt: skip
        assert self.type("access", "approve", asked["id"], "--as", "Shop team")["granted"]
        return str(asked["id"])

    def token(self, consumer: str, *more: str, who: str = "Till crew") -> str:
        made = self.type("token", "create", "--for", consumer, "--as", who, *more)
        return str(made["token"])

    def get(self, path: str, token: str | None = None, **parameters: Any) -> httpx.Response:
        return httpx.get(f"{self.http}{path}", params=parameters, headers=bearer(token), timeout=60)

    def query(self, sql: str, token: str, **more: Any) -> httpx.Response:
        return httpx.post(
            f"{self.http}/query", json={"sql": sql, **more}, headers=bearer(token), timeout=60
        )

    def client(self) -> FlightClient:
        return flight.connect(self.flight)

    def take(self, token: str, **ticket: Any) -> Any:
        with self.client() as client:
            return client.do_get(flight.Ticket(json.dumps(ticket).encode()), call(token)).read_all()

    @property
    def reads(self) -> list[ReadRow]:
        return Sisters.open(State(self.mesh.home)).reads()


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def call(token: str) -> flight.FlightCallOptions:
    return flight.FlightCallOptions(headers=[(b"authorization", f"Bearer {token}".encode())])


def environment(**more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MESH_", "DAGSTER_"))}
    return {**clean, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONWARNINGS": "ignore", **more}  # fmt: skip


@contextmanager
def running(
    mesh: TinyMesh, *options: str, log: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Served]:
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*MESH, "serve", "--port", "0", "--flight-port", "0", *options],
            cwd=mesh.root, env=environment(**(variables or {})), stdout=subprocess.PIPE,
            stderr=errors, text=True, start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            assert process.stdout
            http, flights = process.stdout.readline().strip(), process.stdout.readline().strip()
            assert flights, log.read_text()
            yield Served(mesh, http, flights, process)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def served_mesh(tmp_path_factory: pytest.TempPathFactory) -> TinyMesh:
    """shop.orders has two snapshots (3 rows, then many) and a role that opens a part of it."""
    from mesh_defs.orchestration.headless import run_mesh

    with pytest.MonkeyPatch.context() as patch:
        for name in ("MESH_ROOT", "MESH_HOME", "MESH_LEDGER_URL"):
            patch.delenv(name, raising=False)
        mesh = build(tmp_path_factory.mktemp("served") / "mesh")
        path = mesh.root / "domains/shop/contracts/orders.odcs.yaml"
        contract = yaml.safe_load(path.read_text(encoding="utf-8"))
        narrow = [
            {"property": "readableColumns", "value": ["order_id", "day"]},
            {"property": "readableRows", "value": "cents >= 250 and order_id <= 10"},
        ]
        contract["roles"] = [
            {"role": "whole", "access": "read"},
            {"role": "part", "access": "read", "customProperties": narrow},
        ]
        del contract["customProperties"]
        path.write_text(yaml.safe_dump(contract), encoding="utf-8")
        (mesh.root / "governance.yaml").write_text(
            "team: {name: Gov, email: g@example.com, members: []}\n", encoding="utf-8"
        )
        assert run_mesh(mesh.root, ["shop"]).ok
        state = State(mesh.home)
        with duckdb.connect() as connection:
            connection.execute("SET preserve_insertion_order = true")
            tables.replace(
                connection,
                "(SELECT range + 1 AS order_id, DATE '2024-05-01' + (range % 30)::int AS day, "
                f"(range * 7919) % 100000 AS cents FROM range({LARGE}))",
                state.product(ProductRef("shop", "orders"), 1), {},
            )  # fmt: skip
    return mesh


@pytest.fixture(scope="session")
def served(served_mesh: TinyMesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Tokens: `whole` and `part` of shop.orders, `own` is shop's, `none` has no agreement."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with running(served_mesh, "--rate", "100000", "--seconds", "5", log=log,
                 variables={"MESH_MEMORY_LIMIT": "300MB"}) as found:  # fmt: skip
        for role in ("whole", "part"):
            found.agreed("shop.orders", f"app:{role}", "--role", role)
            found.tokens[role] = found.token(f"app:{role}")
        found.tokens["own"] = found.token("shop", who="Shop team")
        found.tokens["none"] = found.token("insight", who="Insight team")
        yield found
    assert "Traceback" not in log.read_text(), log.read_text()
