"""The lab of the Parquet port, on a real server; its readers use pyarrow's own client of S3."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from mesh_defs.ports.files.bucket_grants import user_of
from tests.ports.lab import Lab, Row
from tests.seaweed import KEY, SECRET, Seaweed

_PORT = "mesh_defs.ports.files.parquet"


class ParquetLab(Lab):
    kind = "parquet"
    elsewhere = "http://key:hunter2@127.0.0.1:1"
    daily = "Bucket.replace"
    crashes = (
        (_PORT, "laid_out"),
        ("mesh_defs.storage.objects", "Bucket.upload"),
        (_PORT, "_reading"),
        ("mesh_defs.storage.objects", "Bucket.write"),
        ("mesh_defs.storage.objects", "Bucket.replace"),
        (_PORT, "ParquetPort._sweep"),
        ("mesh_defs.publishing.delivery", "_write"),
    )

    def __init__(self, root: Path, port: int, folder: str) -> None:
        super().__init__(root)
        self.weed = Seaweed(port, None)
        self.folder = folder
        self.bucket, _, self.prefix = f"{folder}/shop/orders/v1".partition("/")

    def told(self) -> dict[str, Any]:
        return {"port": self.weed.port, "folder": self.folder}

    def server(self) -> dict[str, Any]:
        return {"type": "s3", "location": f"s3://{self.bucket}/{self.prefix}", "format": "parquet"}

    def url(self) -> str:
        return self.weed.url

    def pointer(self, client: Any = None) -> dict[str, Any]:
        key = f"{self.prefix}/latest.json"
        found = (client or self.weed.client()).get_object(Bucket=self.bucket, Key=key)
        return dict(json.loads(found["Body"].read()))

    def dataset(self, key: str = KEY, secret: str = SECRET) -> Any:
        """What a plain client makes of the pointer: it knows Parquet, and nothing of the mesh."""
        import pyarrow.dataset as ds
        from pyarrow.fs import S3FileSystem

        told = self.pointer(self.weed.client(key=key, secret=secret))
        lake = S3FileSystem(
            access_key=key, secret_key=secret, scheme="http", region="us-east-1",
            endpoint_override=f"127.0.0.1:{self.weed.port}",
        )  # fmt: skip
        files = [f["path"].removeprefix("s3://") for f in told["files"]]
        return ds.dataset(files, filesystem=lake, format="parquet", partitioning="hive")

    def rows(self, key: str = KEY, secret: str = SECRET) -> list[Row]:
        table = self.dataset(key, secret).to_table().sort_by("order_id")
        return [tuple(row.values()) for row in table.to_pylist()]

    def columns(self) -> list[str]:
        return list(self.dataset().schema.names)

    def tamper(self) -> None:
        import duckdb

        (file,) = self.pointer()["files"]
        key = file["path"].removeprefix(f"s3://{self.bucket}/")
        place = str(self.root / "tampered.parquet")
        self.weed.client().download_file(self.bucket, key, place)
        with duckdb.connect() as connection:
            connection.execute(
                f"CREATE TABLE t AS SELECT * REPLACE (cents + (order_id = 2)::int AS cents) "
                f"FROM '{place}'"
            )
            connection.execute(f"COPY t TO '{place}' (FORMAT parquet)")
        self.weed.client().upload_file(place, self.bucket, key)

    def rows_as(self, consumer: str) -> list[Row] | None:
        made = self.weed.key_of(user_of(consumer))
        if made is None:
            return None
        try:
            return self.rows(*made)
        except ClientError as error:
            assert "AccessDenied" in str(error), error
            return None

    def held(self) -> list[str]:
        found = self.weed.client().list_objects_v2(Bucket=self.bucket, Prefix=self.prefix)
        return [o["Key"] for o in found.get("Contents", ())]

    def leftovers(self) -> list[str]:
        """Everything is of a snapshot that is finished; what was never finished is kept a day."""
        return []
