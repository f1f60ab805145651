"""A real S3 for tests: SeaweedFS in one process group, on ports of its own. No test is here.

Where there is none, its tests are skipped, or fail if MESH_S3_REQUIRED is 1.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.loopback import free_ports
from tests.servers import started

KEY, SECRET = "adminkey", "hunter2secret"
BUCKET = "mesh"


@dataclass
class Seaweed:
    port: int
    _names: Any

    @property
    def url(self) -> str:
        """As it stands in the environment: the administrator's."""
        return f"http://{KEY}:{SECRET}@127.0.0.1:{self.port}"

    def folder(self) -> str:
        """A folder of one's own in the one bucket. (A bucket each would need a disk each.)"""
        return f"{BUCKET}/f{next(self._names)}"

    def key_of(self, user: str) -> tuple[str, str] | None:
        """A new key of a user, and its secret; None where there is no such user."""
        iam = self.client("iam")
        if user not in {known["UserName"] for known in iam.list_users()["Users"]}:
            return None
        for old in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=user, AccessKeyId=old["AccessKeyId"])
        made = iam.create_access_key(UserName=user)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def client(self, service: str = "s3", key: str = KEY, secret: str = SECRET) -> Any:
        import boto3
        from botocore.config import Config

        return boto3.client(
            service, endpoint_url=f"http://127.0.0.1:{self.port}", aws_access_key_id=key,
            aws_secret_access_key=secret, region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )  # fmt: skip


@contextmanager
def running() -> Iterator[Seaweed]:
    """A server for as long as this lasts."""
    weed = shutil.which(
        "weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if weed is None:
        said = "SeaweedFS (weed) is not here"
        assert os.environ.get("MESH_S3_REQUIRED") != "1", f"{said}, and it is required"
        pytest.skip(said)
    folder = Path(tempfile.mkdtemp(prefix="mesh-s3-"))
    identity = {
        "name": "admin",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    names = ("master", "volume", "filer", "s3")
    ports = free_ports(2 * len(names))
    places: list[str] = []
    for i, name in enumerate(names):
        places += [f"-{name}.port={ports[2 * i]}", f"-{name}.port.grpc={ports[2 * i + 1]}"]
    found = Seaweed(ports[6], count())
    command = [weed, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *places,
               "-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0",
               "-s3.iam.readOnly=false", f"-s3.config={folder / 's3.json'}",
               f"-s3.localSocket={folder / 's3.sock'}", f"-filer.localSocket={folder / 'f.sock'}",
               "-volume.max=60", "-master.volumeSizeLimitMB=64",
               "-master.telemetry=false"]  # fmt: skip
    try:
        # It takes its time to end well, and nobody wants what it has.
        with started(command, folder, lambda: _serves(found)):
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serves(server: Seaweed) -> bool:
    """It answers long before it can store anything."""
    from botocore.exceptions import BotoCoreError, ClientError

    client = server.client()
    try:
        with suppress(client.exceptions.BucketAlreadyExists,
                      client.exceptions.BucketAlreadyOwnedByYou):  # fmt: skip
            client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
    except (BotoCoreError, ClientError):
        return False
    return True
