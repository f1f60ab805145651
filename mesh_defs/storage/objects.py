"""Objects in an S3 bucket: how it is reached, and what it refuses; not what they mean.

The URL in the environment is the server's endpoint: `https://KEY:SECRET@s3.example.com?region=…`.
Without a key in it, credentials are looked for where every client of S3 does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from mesh_defs.model import MeshError
from mesh_defs.storage.passing import passing
from mesh_defs.storage.servers import Address
from mesh_defs.storage.state import State

HOW_TO_INSTALL = "S3's client is not installed: `pip install 'mesh-defs[s3]'`."
_SECONDS = 60
_GONE = ("NoSuchKey", "404", "NotFound", "NoSuchBucketPolicy", "NoSuchEntity")
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class Overtaken(Exception):
    """Somebody else wrote the object since it was read."""


@dataclass(frozen=True)
class Object:
    key: str
    bytes: int
    modified: datetime


class Store(Protocol):
    """Where objects are, by their keys, whatever they are called there."""

    address: Address

    def read(self, key: str) -> tuple[bytes, str] | None:
        """An object and its tag, if there are tags; None where there is none."""

    def upload(self, file: Path, key: str) -> None: ...

    def download(self, key: str, file: Path) -> None: ...

    def objects(self, prefix: str) -> Iterator[Object]:
        """Every object below a folder."""

    def delete(self, keys: Sequence[str]) -> None: ...

    def options(self) -> dict[str, str]:
        """How delta-rs reaches it."""


@contextmanager
def fetched(store: Store, keys: Sequence[str], folder: str, state: State) -> Iterator[list[Path]]:
    """Objects as files again, in the same folders below one, for as long as this lasts."""
    with passing(state) as place:
        files = [place / key.removeprefix(f"{folder}/") for key in keys]
        for key, file in zip(keys, files, strict=True):
            store.download(key, file)
        yield files


class Bucket:
    """A bucket at an endpoint."""

    def __init__(self, address: Address, name: str) -> None:
        self.address = address
        self.name = name

    @property
    def endpoint(self) -> str:
        """The endpoint as anybody may see it."""
        parts = self.address.parts
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}"

    @property
    def is_aws(self) -> bool:
        return (self.address.parts.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))

    @cached_property
    def _s3(self) -> Any:
        return self._client("s3", self.endpoint)

    @cached_property
    def _iam(self) -> Any:
        return self._client("iam", None if self.is_aws else self.endpoint)

    def _client(self, service: str, endpoint: str | None) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ModuleNotFoundError:
            raise MeshError(HOW_TO_INSTALL) from None
        options = Config(
            connect_timeout=10,
            read_timeout=_SECONDS,
            retries={"max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "auto" if self.is_aws else "path"},
        )
        session = boto3.session.Session()
        return session.client(
            service, endpoint_url=endpoint, region_name=self._region, config=options, **self._key
        )

    @property
    def _region(self) -> str:
        return parse_qs(self.address.parts.query).get("region", ["us-east-1"])[0]

    @property
    def _key(self) -> dict[str, str]:
        """Nothing where credentials are those that every client of S3 finds."""
        parts = self.address.parts
        if not parts.username:
            return {}
        return {
            "aws_access_key_id": unquote(parts.username),
            "aws_secret_access_key": unquote(parts.password or ""),
        }

    def options(self) -> dict[str, str]:
        """How delta-rs reaches it. Its commits are writes on a condition, as our own are."""
        found = {
            **self._key,
            "aws_region": self._region,
            "aws_conditional_put": "etag",
            "timeout": f"{_SECONDS}s",
            "connect_timeout": "10s",
        }
        if not self.is_aws:
            found["aws_endpoint_url"] = self.endpoint
        if self.address.parts.scheme == "http":
            found["aws_allow_http"] = "true"
        return found

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """What the server refuses, as an error for people, without the secret."""
        try:
            from boto3.exceptions import Boto3Error
            from botocore.exceptions import BotoCoreError, ClientError
        except ModuleNotFoundError:
            raise MeshError(HOW_TO_INSTALL) from None
        try:
            yield
        except ClientError as error:
            if _code(error) in _OVERTAKEN:
                raise Overtaken from None
            said = error.response.get("Error", {}).get("Message") or _code(error)
            raise MeshError(f"{self.endpoint}: {self.address.hide(str(said))}") from None
        except (Boto3Error, BotoCoreError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise MeshError(f"{self.endpoint}: {self.address.hide(said)}") from None

    def read(self, key: str) -> tuple[bytes, str] | None:
        """An object and its tag; None where there is none."""
        with self._answers(), _NothingThere():
            found = self._s3.get_object(Bucket=self.name, Key=key)
            return found["Body"].read(), str(found["ETag"])
        return None

    def write(self, key: str, data: bytes) -> None:
        with self._answers():
            self._s3.put_object(Bucket=self.name, Key=key, Body=data)

    def replace(self, key: str, data: bytes, tag: str | None) -> None:
        """Write an object if it is still the one that was read; without a tag, if there is none.

        Raises Overtaken otherwise.
        """
        only: dict[str, str] = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        with self._answers():
            self._s3.put_object(Bucket=self.name, Key=key, Body=data, **only)

    def upload(self, file: Path, key: str) -> None:
        with self._answers():
            self._s3.upload_file(str(file), self.name, key)

    def download(self, key: str, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._answers():
            self._s3.download_file(self.name, key, str(file))

    def objects(self, prefix: str) -> Iterator[Object]:
        with self._answers():
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    yield Object(found["Key"], found["Size"], found["LastModified"])

    def delete(self, keys: Sequence[str]) -> None:
        with self._answers():
            for start in range(0, len(keys), 1000):
                named = [{"Key": key} for key in keys[start : start + 1000]]
                self._s3.delete_objects(Bucket=self.name, Delete={"Objects": named, "Quiet": True})

    def policy(self) -> dict[str, Any]:
        """The bucket's policy as it is in force."""
        with self._answers(), _NothingThere():
            found = self._s3.get_bucket_policy(Bucket=self.name)["Policy"]
            return dict(json.loads(found)) if found else {}
        return {}

    def set_policy(self, policy: dict[str, Any]) -> None:
        with self._answers():
            if policy.get("Statement"):
                self._s3.put_bucket_policy(Bucket=self.name, Policy=json.dumps(policy))
            else:
                self._s3.delete_bucket_policy(Bucket=self.name)

    def user(self, name: str, make: bool = False) -> str | None:
        """The ARN of a user, who is made without a key if there is none and that is wanted."""
        with self._answers(), _NothingThere():
            return str(self._iam.get_user(UserName=name)["User"]["Arn"])
        if not make:
            return None
        with self._answers():
            return str(self._iam.create_user(UserName=name)["User"]["Arn"])


def bucket_of(location: str) -> tuple[str, str]:
    """Bucket and prefix of `s3://bucket/prefix`. Raises ValueError for anything else."""
    parts = urlsplit(location)
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"`{location}` is not s3://bucket/prefix")
    return parts.netloc, parts.path.strip("/")


class _NothingThere:
    """Goes on after it where the server says that there is none."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        from botocore.exceptions import ClientError

        return isinstance(error, ClientError) and _code(error) in _GONE


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
