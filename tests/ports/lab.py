"""A product with one port of a kind, without dbt: rows become a snapshot, and go to the port.

What differs from kind to kind is in a `Lab` of its own; the suite knows only this one. No test is
here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
import yaml

from mesh_defs.model import DataProduct, Mesh
from mesh_defs.ports import delta
from mesh_defs.ports.grants import Grant, Grants
from mesh_defs.ports.kinds import grants_of, ports_of
from mesh_defs.ports.port import Audited, Mark, Port, TablePort
from mesh_defs.ports.proof import verify
from mesh_defs.publishing.delivery import PortState, audited, deliver, port_states
from mesh_defs.storage.on_duckdb import DuckDBWorkshop
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import Snapshot
from tests.tiny_mesh import REPOSITORY, build

Row = tuple[Any, ...]
CONTRACT = "domains/shop/contracts/orders.odcs.yaml"
DESCRIPTOR = "domains/shop/products/orders.odps.yaml"
FIRST = (
    "select i::bigint as order_id, date '2024-05-01' as day, i * 10 as cents from range(1, 4) t(i)"
)
SECOND = (
    "select i::bigint as order_id, date '2024-05-02' as day, i * 20 as cents from range(1, 6) t(i)"
)
WIDER = f"select *, 'no. ' || order_id as note from ({SECOND})"


class Lab:
    """`shop.orders` of the tiny mesh, and its port `exit`."""

    port = "exit"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = State(root / ".mesh")

    # -- what a kind says of itself ---------------------------------------------------------------

    kind: str
    variable = "MESH_SERVER__EXIT"
    till, thief = "app:till", "app:thief"
    shown: tuple[str, ...] = ("order_id", "day", "cents")
    wrong = "column `cents` has other values"
    """What the proof says when a value is another one."""
    elsewhere: str
    """The URL of a server of the kind that is not there."""
    daily: str
    crashes: tuple[tuple[str, str], ...]
    """Functions of the platform (module, name): dying before each of them, and after it."""

    def server(self) -> dict[str, Any]:
        raise NotImplementedError

    def url(self) -> str:
        raise NotImplementedError

    def rows(self) -> list[Row]:
        """What a reader at the target sees, with a client of his own."""
        raise NotImplementedError

    def columns(self) -> list[str]:
        raise NotImplementedError

    def tamper(self) -> None:
        """Change one value at the target, behind the platform's back."""
        raise NotImplementedError

    def corrupt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """From now on one value is another one when it is proven."""
        from mesh_defs.ports import proof

        real = proof.differences

        def wrong(wanted: proof.Proof, found: proof.Proof) -> Any:
            checksum, nulls = found.columns["cents"]
            columns = {**found.columns, "cents": (checksum + 1, nulls)}
            return real(wanted, proof.Proof(found.rows, found.whole, columns))

        monkeypatch.setattr(proof, "differences", wrong)

    def rows_as(self, consumer: str) -> list[Row] | None:
        """What a consumer reads with rights of its own; None if it is denied."""
        raise NotImplementedError

    def leftovers(self) -> list[str]:
        """What lies at the target and belongs to no snapshot that is kept."""
        raise NotImplementedError

    # -- the same for all -------------------------------------------------------------------------

    def passing(self) -> list[Path]:
        """What lies here and nobody needs any more."""
        return [*(self.state.home / "tmp").glob("passing-*")]

    def build(self) -> None:
        build(self.root)
        self.declare(DESCRIPTOR, "outputPorts", {"name": self.port, "type": self.kind})
        self.declare(CONTRACT, "servers", {"server": self.port, **self.server()})

    def declare(self, file: str, field: str, entry: dict[str, Any]) -> None:
        path = self.root / file
        data = yaml.safe_load(path.read_text())
        if field == "outputPorts":
            entry = {**data[field][0], **entry}
        data[field] = [*data.get(field, []), entry]
        path.write_text(yaml.safe_dump(data, sort_keys=False))

    def change(self, change: Any) -> None:
        """Change the contract's YAML."""
        path = self.root / CONTRACT
        data = yaml.safe_load(path.read_text())
        change(data)
        path.write_text(yaml.safe_dump(data, sort_keys=False))

    @property
    def product(self) -> DataProduct:
        return Mesh.read(self.root).product("shop.orders")

    def snapshot(self, sql: str, moment: str = "") -> Audited:
        """Publish rows in the lake."""
        product = self.product
        standing = delta.published(self.state, product)
        number = standing.version + 1 if standing else 0
        said = {"published_at": moment or f"2026-01-01T00:00:{number:02d}.000+00:00"}
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"CREATE TABLE candidate AS {sql}")
            made = delta.publish(DuckDBWorkshop(connection), self.state, product, "candidate", said)
        assert isinstance(made, Snapshot)
        return audited(product, made, made.files)

    def deliver(self, budget: int | None = None) -> PortState:
        return next(s for s in deliver(self.state, self.product, budget) if s.name == self.port)

    def publish(self, sql: str) -> Audited:
        """Publish rows in the lake and at the port."""
        made = self.snapshot(sql)
        stands = self.deliver()
        assert (stands.status, stands.error) == ("published", ""), stands
        return made

    @property
    def stands(self) -> PortState:
        return next(s for s in port_states(self.state, self.product) if s.name == self.port)

    def open(self) -> Port:
        declared = next(p for p in ports_of(self.product) if p.name == self.port)
        port = declared.open()
        assert port is not None
        return port

    def table_port(self) -> TablePort:
        """The port, of a kind that holds rows."""
        return cast(TablePort, self.open())

    @property
    def standing(self) -> Mark | None:
        return self.open().standing()

    def verify(self, made: Audited) -> None:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            verify(connection, self.table_port(), made)

    @property
    def grants(self) -> Grants:
        found = grants_of(self.product, self.port)
        assert found is not None
        return found

    def wanted(self, consumer: str) -> Grant:
        return Grant("shop.orders", self.port, 1, consumer)

    def dying(self, module: str, name: str, after: bool) -> int:
        """Deliver in a process that kills itself before, or after, a function of the platform."""
        script = _KILLER.format(
            module=module, name=name, after=after, lab=type(self).__module__,
            cls=type(self).__name__, root=str(self.root), told=json.dumps(self.told()),
        )  # fmt: skip
        environment = {**os.environ, self.variable: self.url(), "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, timeout=120
        )
        return done.returncode

    def told(self) -> dict[str, Any]:
        """What another process has to know to open the same lab."""
        return {}


class Lake(Lab):
    """The lake itself: its commit is the publication."""

    kind = "delta"
    port = "orders"
    variable = "MESH_NOTHING"
    daily = "DeltaTable.create_write_transaction"
    crashes = (
        ("mesh_defs.storage.commits", "_statistics"),
        ("deltalake", "DeltaTable.create_write_transaction"),
    )

    def url(self) -> str:
        return ""

    def build(self) -> None:
        build(self.root)

    def deliver(self, budget: int | None = None) -> PortState:
        return self.stands

    @property
    def standing(self) -> Mark | None:
        found = delta.published(self.state, self.product)
        return Mark(found.metadata["published_at"], found.version) if found else None

    def verify(self, made: Audited) -> None:
        """It is what other ports are held against; nothing else knows what was audited."""
        assert self.standing == made.mark

    @property
    def files(self) -> list[str]:
        from deltalake import DeltaTable

        folder = self.state.product(self.product.ref, 1)
        return list(DeltaTable(str(folder)).file_uris())

    def rows(self) -> list[Row]:
        return duckdb.read_parquet(self.files).order("order_id").fetchall()

    def columns(self) -> list[str]:
        return list(duckdb.read_parquet(self.files).columns)

    def leftovers(self) -> list[str]:
        folder = self.state.product(self.product.ref, 1)
        named = (folder / "_delta_log").glob("*.json")
        text = "".join(log.read_text() for log in named)
        return [p.name for p in folder.glob("*.parquet") if p.name not in text]


_KILLER = """
import json
from importlib import import_module
from pathlib import Path
from tests.killing import die_at
from tests.ports.lab import SECOND

lab = getattr(import_module({lab!r}), {cls!r})(Path({root!r}), **json.loads({told!r}))
die_at({module!r}, {name!r}, {after})
if lab.kind == "delta":
    lab.snapshot(SECOND)
lab.deliver()
"""
