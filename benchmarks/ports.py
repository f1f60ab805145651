"""Each port's delivery beside the plain library call, and a whole mesh with 1, 3 and 6 ports.

The plain call is what a good engineer would write to bring the same rows there, whole: nothing is
proven, nothing is kept from readers meanwhile, nothing older is kept or removed. The servers are
those that the tests run on this machine.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.documents import By, documents
from benchmarks.mesh import BIN
from benchmarks.processes import timed
from mesh_defs.ports.port import Target
from mesh_defs.ports.proof import prover, verify
from mesh_defs.storage import tables
from mesh_defs.storage.servers import Address
from mesh_defs.storage.workshop import read_files, tune
from tests import postgres, seaweed
from tests.emulator import running as emulator
from tests.ports.lab import CONTRACT, DESCRIPTOR, Lab
from tests.tiny_mesh import build

ROWS = 1_000_000
TIMES = 3
AIM = 1.2
_SQL = f"""
    select i::bigint as order_id, date '2024-01-01' + (hash(i) % 365)::int as day,
      (hash(i, 1) % 100000)::bigint as cents, (hash(i, 2) % 500)::int as store_id,
      md5(i::varchar) as customer, 'article ' || hash(i, 3) % 9000 as article
    from range({ROWS}) t(i)
"""


class Bench:
    """One snapshot in a lake, and servers to bring it to."""

    def __init__(
        self, folder: Path, database: str, storage: seaweed.Seaweed, warehouse: str
    ) -> None:
        self.lab = Lab(folder / "mesh")
        build(self.lab.root)
        self.folder, self.database, self.storage = folder, database, storage
        self.warehouse = warehouse
        self.snapshot = self.lab.snapshot(_SQL)
        self.numbers = iter(range(1000))

    def target(self, server: dict[str, Any]) -> Target:
        return Target(self.snapshot.product, 1, "exit", server, self.lab.state)

    def place(self) -> str:
        return f"{seaweed.BUCKET}/n{next(self.numbers)}/shop/orders/v1"

    @property
    def options(self) -> dict[str, str]:
        return {
            "aws_access_key_id": seaweed.KEY, "aws_secret_access_key": seaweed.SECRET,
            "aws_endpoint_url": f"http://127.0.0.1:{self.storage.port}", "aws_region": "us-east-1",
            "aws_allow_http": "true", "aws_conditional_put": "etag",
        }  # fmt: skip

    def deliver(self, port: Any) -> tuple[float, float]:
        """Seconds of the delivery, and of reading it back and proving it once more."""
        with duckdb.connect() as connection:
            tune(connection)
            started = time.monotonic()
            planned = port.plan(connection, self.snapshot)
            port.publish(connection, self.snapshot, prover(connection, planned, self.snapshot))
            published = time.monotonic()
            verify(connection, port, self.snapshot)
            return published - started, time.monotonic() - published

    def delta(self) -> tuple[float, float]:
        from mesh_defs.ports.files.delta_table import DeltaOnS3

        server = {"location": f"s3://{self.place()}", "type": "s3", "format": "delta"}
        return self.deliver(DeltaOnS3(self.target(server), Address("X", self.storage.url)))

    def parquet(self) -> tuple[float, float]:
        from mesh_defs.ports.files.parquet import ParquetPort

        server = {"location": f"s3://{self.place()}", "type": "s3", "format": "parquet"}
        return self.deliver(ParquetPort(self.target(server), Address("X", self.storage.url)))

    def postgres(self) -> tuple[float, float]:
        import psycopg

        from mesh_defs.ports.postgres.port import PostgresPort

        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS shop CASCADE")
        return self.deliver(
            PostgresPort(self.target({"schema": "shop"}), Address("X", self.database))
        )

    def bigquery(self) -> tuple[float, float]:
        from mesh_defs.ports.bigquery.port import BigQueryPort

        server = {"type": "bigquery", "project": "local", "dataset": f"shop{next(self.numbers)}"}
        address = Address("X", f"bigquery://local?endpoint={self.warehouse}")
        return self.deliver(BigQueryPort(self.target(server), address))

    def lake(self) -> tuple[float, float]:
        with duckdb.connect() as connection:
            tune(connection)
            started = time.monotonic()
            rows = read_files(self.snapshot.files)
            tables.replace(connection, f"({_all(rows)})", self.folder / self.place(), {})
            return time.monotonic() - started, 0.0

    def delta_by_hand(self) -> float:
        from deltalake import write_deltalake

        started = time.monotonic()
        with duckdb.connect() as connection:
            rows = connection.sql(_all(read_files(self.snapshot.files))).to_arrow_reader()
            write_deltalake(f"s3://{self.place()}", rows, storage_options=self.options)
        return time.monotonic() - started

    def lake_by_hand(self) -> float:
        from deltalake import write_deltalake

        folder = self.folder / self.place()
        folder.mkdir(parents=True)
        started = time.monotonic()
        with duckdb.connect() as connection:
            rows = connection.sql(_all(read_files(self.snapshot.files))).to_arrow_reader()
            write_deltalake(str(folder), rows)
        return time.monotonic() - started

    def parquet_by_hand(self) -> float:
        import pyarrow.parquet as pq
        from pyarrow.fs import S3FileSystem

        started = time.monotonic()
        lake = S3FileSystem(
            access_key=seaweed.KEY, secret_key=seaweed.SECRET, scheme="http", region="us-east-1",
            endpoint_override=f"127.0.0.1:{self.storage.port}",
        )  # fmt: skip
        with duckdb.connect() as connection:
            rows = connection.sql(_all(read_files(self.snapshot.files))).to_arrow_reader()
            name = f"{self.place()}/orders.parquet"
            with pq.ParquetWriter(name, rows.schema, filesystem=lake, compression="zstd") as writer:
                for batch in rows:
                    writer.write_batch(batch)
        return time.monotonic() - started

    def postgres_by_hand(self) -> float:
        import psycopg

        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS by_hand")
        started = time.monotonic()
        with duckdb.connect() as lake, psycopg.connect(self.database) as connection:
            connection.execute(
                "CREATE TABLE by_hand (order_id bigint PRIMARY KEY, day date NOT NULL, "
                "cents bigint NOT NULL, store_id int, customer text, article text)"
            )
            csv = str(self.folder / "by_hand.csv")
            lake.execute(
                f"COPY ({_all(read_files(self.snapshot.files))}) TO '{csv}' (HEADER false)"
            )
            with (
                connection.cursor() as cursor,
                cursor.copy("COPY by_hand FROM STDIN (FORMAT csv)") as copy,
                Path(csv).open("rb") as file,
            ):
                while chunk := file.read(2**20):
                    copy.write(chunk)
        return time.monotonic() - started

    def bigquery_by_hand(self) -> float:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.bigquery import Client, LoadJobConfig

        dataset = f"hand{next(self.numbers)}"
        at = {"api_endpoint": self.warehouse}
        started = time.monotonic()
        with Client("local", AnonymousCredentials(), client_options=at) as client:
            client.create_dataset(dataset)
            config = LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
            (file,) = self.snapshot.files
            with Path(file).open("rb") as rows:
                client.load_table_from_file(rows, f"{dataset}.orders", job_config=config).result()
        return time.monotonic() - started


def _all(rows: Any) -> str:
    return f"SELECT * FROM {rows.sql('duckdb')}"


def measure_ports(bench: Bench) -> Iterator[tuple[str, float, float, float, float]]:
    """Kind, seconds by hand, ratio of writing, ratio of the delivery with its proof, seconds."""
    kinds: dict[str, By] = {
        "delta, the lake": (bench.lake, bench.lake_by_hand),
        "delta, S3": (bench.delta, bench.delta_by_hand),
        "parquet, S3": (bench.parquet, bench.parquet_by_hand),
        "postgres": (bench.postgres, bench.postgres_by_hand),
        "bigquery, an emulator": (bench.bigquery, bench.bigquery_by_hand),
    }
    for kind, (ours, plain) in (*kinds.items(), *documents(bench.folder, _SQL)):
        ours(), plain()  # imports, and files that the system has in memory
        pairs = [(ours(), plain()) for _ in range(TIMES)]
        hand = statistics.median(p for _, p in pairs)
        wrote = statistics.median((whole - proof) / p for (whole, proof), p in pairs)
        whole = statistics.median(whole / p for (whole, _), p in pairs)
        yield kind, hand, wrote, whole, statistics.median(w for (w, _), _ in pairs)


def measure_mesh(
    folder: Path, database: str, storage: seaweed.Seaweed
) -> Iterator[tuple[int, float]]:
    """Seconds of `mesh run` from nothing, by how many ports a product of 20,000 rows has."""
    servers: list[tuple[str, dict[str, Any]]] = [
        (
            "postgres",
            {"type": "postgres", "host": "h", "port": 1, "database": "d", "schema": "shop"},
        ),
        ("parquet", {"type": "s3", "format": "parquet"}),
        ("delta", {"type": "s3", "format": "delta"}),
        ("parquet", {"type": "s3", "format": "parquet"}),
        ("delta", {"type": "s3", "format": "delta"}),
    ]  # fmt: skip
    for ports in (1, 3, 6):
        lab = Lab(folder / f"mesh-{ports}")
        build(lab.root)
        with (lab.root / "data/orders.csv").open("w") as file:
            file.write("order_id,day,cents\n")
            file.writelines(f"{i},2024-05-{1 + i % 28:02d},{i % 5000}\n" for i in range(20_000))
        environment = {"MESH_HOME": str(lab.root / ".mesh"), "MESH_ROOT": str(lab.root)}
        for n, (kind, server) in enumerate(servers[: ports - 1]):
            place = f"s3://{seaweed.BUCKET}/mesh{ports}-{n}/shop/orders/v1"
            more = {} if kind == "postgres" else {"location": place}
            lab.declare(DESCRIPTOR, "outputPorts", {"name": f"exit{n}", "type": kind})
            lab.declare(CONTRACT, "servers", {"server": f"exit{n}", **server, **more})
            environment[f"MESH_SERVER__EXIT{n}"] = database if kind == "postgres" else storage.url
        assert len(yaml.safe_load((lab.root / DESCRIPTOR).read_text())["outputPorts"]) == ports
        run = timed([str(BIN / "mesh"), "run", "--json"], environment, lab.root)
        assert json.loads(run.output[run.output.index("{") :])["ok"], run.output
        yield ports, run.seconds


def main() -> None:
    console = Console()
    with ExitStack() as stack:
        database = stack.enter_context(postgres.running())
        storage = stack.enter_context(seaweed.running())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mesh-bench-")))
        (folder / "emulator").mkdir()
        warehouse = stack.enter_context(emulator.running(None, folder / "emulator"))
        bench = Bench(folder, database.database(), storage, warehouse.url)
        heads = (
            "port",
            "by hand, s",
            f"write / by hand (aim ≤ {AIM})",
            "with proof / by hand",
            "s",
        )
        shown = Table(*heads, box=None)
        for kind, *figures in measure_ports(bench):
            shown.add_row(kind, *(f"{figure:.2f}" for figure in figures))
        console.print(shown)
        shown = Table("ports", "mesh run, s", "/ one port", box=None)
        first = 0.0
        for ports, seconds in measure_mesh(folder, database.database(), storage):
            first = first or seconds
            shown.add_row(str(ports), f"{seconds:.2f}", f"{seconds / first:.2f}")
        console.print(shown)


if __name__ == "__main__":
    main()
