"""Labs of the Delta port, in a bucket and in a container; the readers are delta-rs' own and Polars.

What a consumer may do is tried with boto3, as for the Parquet port.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from mesh_defs.ports.files.bucket_grants import user_of
from tests.azure import ACCOUNT, CONTAINER, Azurite
from tests.azure import KEY as AZURE_KEY
from tests.ports.lab import Lab, Row
from tests.seaweed import KEY, SECRET, Seaweed

_CRASHES = (
    ("mesh_defs.ports.files.delta_table", "laid_out"),
    ("mesh_defs.ports.files.delta_table", "rows_of"),
    ("deltalake", "DeltaTable.create_write_transaction"),
    ("mesh_defs.ports.files.delta_table", "_DeltaPort._sweep"),
    ("mesh_defs.publishing.delivery", "_write"),
)


class DeltaLab(Lab):
    daily = "DeltaTable.create_write_transaction"
    prefix = "shop/orders/v1"

    @property
    def table(self) -> str:
        raise NotImplementedError

    def options(self) -> dict[str, str]:
        """How a reader of Delta reaches it."""
        raise NotImplementedError

    def store(self) -> Any:
        """What lies there, asked behind the port's back."""
        return self.open().store  # type: ignore[attr-defined]

    def build(self) -> None:
        super().build()
        text = (self.root / "domains/shop/products/orders.odps.yaml").read_text()
        assert self.kind in text
        (self.root / "domains/shop/products/orders.odps.yaml").write_text(
            text.replace(self.kind, "delta")
        )

    def delta(self, version: int | None = None, **options: str) -> Any:
        from deltalake import DeltaTable

        return DeltaTable(self.table, version, {**self.options(), **options})

    def rows(self, version: int | None = None, **options: str) -> list[Row]:
        import polars as pl

        found = pl.scan_delta(
            self.table, version=version, storage_options={**self.options(), **options}
        )
        rows: list[Row] = found.collect().sort("order_id").rows()
        return rows

    def columns(self) -> list[str]:
        return [field.name for field in self.delta().schema().fields]

    def tamper(self) -> None:
        import duckdb

        (path,) = self.delta().get_add_actions()["path"].to_pylist()
        place = self.root / "tampered.parquet"
        self.store().download(f"{self.prefix}/{path}", place)
        with duckdb.connect() as connection:
            connection.execute(
                f"CREATE TABLE t AS SELECT * REPLACE (cents + (order_id = 2)::int AS cents) "
                f"FROM '{place}'"
            )
            connection.execute(f"COPY t TO '{place}' (FORMAT parquet)")
        self.store().upload(place, f"{self.prefix}/{path}")

    def held(self) -> list[str]:
        """The names of what lies there, but the log."""
        found = self.store().objects(f"{self.prefix}/")
        names = [each.key.removeprefix(f"{self.prefix}/") for each in found]
        return sorted(name for name in names if not name.startswith("_"))

    def leftovers(self) -> list[str]:
        """What a killed writer left is kept a day, as is what gave way."""
        return []


class DeltaS3Lab(DeltaLab):
    kind = "delta-s3"
    elsewhere = "http://key:hunter2@127.0.0.1:1"
    crashes = (*_CRASHES, ("mesh_defs.storage.objects", "Bucket.upload"))

    def __init__(self, root: Path, port: int, folder: str) -> None:
        super().__init__(root)
        self.weed = Seaweed(port, None)
        self.folder = folder
        self.bucket, _, self.prefix = f"{folder}/shop/orders/v1".partition("/")

    def told(self) -> dict[str, Any]:
        return {"port": self.weed.port, "folder": self.folder}

    @property
    def table(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def server(self) -> dict[str, Any]:
        return {"type": "s3", "location": self.table, "format": "delta"}

    def url(self) -> str:
        return self.weed.url

    def options(self) -> dict[str, str]:
        return {
            "aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "aws_region": "us-east-1",
            "aws_endpoint_url": f"http://127.0.0.1:{self.weed.port}", "aws_allow_http": "true",
        }  # fmt: skip

    def rows_as(self, consumer: str) -> list[Row] | None:
        made = self.weed.key_of(user_of(consumer))
        if made is None:
            return None
        mine = self.weed.client(key=made[0], secret=made[1])
        log = f"{self.prefix}/_delta_log/{0:020d}.json"
        try:
            text = mine.get_object(Bucket=self.bucket, Key=log)["Body"].read()
        except ClientError as error:
            assert "AccessDenied" in str(error), error
            return None
        assert json.loads(text.splitlines()[0])
        return self.rows(aws_access_key_id=made[0], aws_secret_access_key=made[1])


class DeltaAzureLab(DeltaLab):
    kind = "delta-azure"
    elsewhere = f"http://{ACCOUNT}:aHVudGVyMg%3D%3D@127.0.0.1:1/{ACCOUNT}"
    crashes = (*_CRASHES, ("mesh_defs.storage.azure", "Container.upload"))

    def __init__(self, root: Path, port: int, folder: str) -> None:
        super().__init__(root)
        self.azurite = Azurite(port, None)
        self.folder = folder
        self.prefix = f"{folder}/shop/orders/v1"

    def told(self) -> dict[str, Any]:
        return {"port": self.azurite.port, "folder": self.folder}

    @property
    def table(self) -> str:
        return f"abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/{self.prefix}"

    def server(self) -> dict[str, Any]:
        return {"type": "azure", "location": self.table, "format": "delta"}

    def url(self) -> str:
        return self.azurite.url

    def options(self) -> dict[str, str]:
        return {
            "azure_storage_account_name": ACCOUNT, "azure_storage_account_key": AZURE_KEY,
            "azure_storage_endpoint": self.azurite.endpoint, "allow_http": "true",
        }  # fmt: skip
