"""Blobs in an Azure container: how it is reached, and what it refuses; not what they mean.

The URL in the environment is the account's endpoint, with its key or a shared access signature:
`https://ACCOUNT:KEY@ACCOUNT.blob.core.windows.net`, or `https://ACCOUNT.blob.….net?sv=…&sig=…`.
The client is Arrow's own, which is here anyway.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mesh_defs.model import MeshError
from mesh_defs.storage.objects import Object
from mesh_defs.storage.servers import Address

_LOCATION = re.compile(
    r"abfss://(?P<container>[^@/]+)@(?P<host>(?P<account>[^./]+)\.[^/]+)/(?P<path>.+)"
)


@dataclass(frozen=True)
class Place:
    """Where a folder is in Azure."""

    account: str
    container: str
    path: str


def place_of(location: str) -> Place:
    """The place that `abfss://container@account.dfs.core.windows.net/path` names. Raises ValueError
    for anything else."""
    found = _LOCATION.fullmatch(location.rstrip("/"))
    if not found:
        raise ValueError(f"`{location}` is not abfss://container@account.dfs.core.windows.net/path")
    return Place(found["account"], found["container"], found["path"])


class Container:
    """A container of a storage account."""

    def __init__(self, address: Address, place: Place) -> None:
        self.address = address
        self.place = place

    @property
    def endpoint(self) -> str:
        """The account's endpoint as anybody may see it; an emulator has the account in the path."""
        return (
            f"{self.address.parts.scheme}://{self._authority}{self.address.parts.path.rstrip('/')}"
        )

    @property
    def is_azure(self) -> bool:
        return (self.address.parts.hostname or "").endswith(".windows.net")

    @property
    def _authority(self) -> str:
        parts = self.address.parts
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    def options(self) -> dict[str, str]:
        """How delta-rs reaches it."""
        found = {
            "azure_storage_account_name": self.place.account,
            "azure_storage_endpoint": self.endpoint,
            "timeout": "60s",
            "connect_timeout": "10s",
        }
        if self.address.parts.scheme == "http":
            found["allow_http"] = "true"
        key, signature = self._login
        if key:
            return {**found, "azure_storage_account_key": key}
        return {**found, "azure_storage_sas_token": signature}

    @property
    def _login(self) -> tuple[str, str]:
        """The account's key, or a signature. Raises MeshError where there is neither."""
        parts = self.address.parts
        if unquote(parts.username or self.place.account) != self.place.account:
            raise MeshError(f"{self.address.variable} is not of the account {self.place.account}.")
        if not parts.password and "sig=" not in parts.query:
            raise MeshError(
                f"{self.address.variable} has neither a key nor a signature: expected "
                "https://ACCOUNT:KEY@… or https://…?sv=…&sig=…"
            )
        return unquote(parts.password or ""), parts.query

    @cached_property
    def _files(self) -> Any:
        from pyarrow.fs import AzureFileSystem

        scheme, (key, signature) = self.address.parts.scheme, self._login
        return AzureFileSystem(
            self.place.account,
            blob_storage_authority=self._blob_authority,
            dfs_storage_authority=self._blob_authority.replace(".blob.", ".dfs.", 1),
            blob_storage_scheme=scheme,
            dfs_storage_scheme=scheme,
            **({"account_key": key} if key else {"sas_token": f"?{signature}"}),
        )

    @property
    def _blob_authority(self) -> str:
        """Arrow puts the account before what begins with a dot, and behind an emulator's port."""
        return self._authority.removeprefix(self.place.account)

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """What the server refuses, as an error for people, without the secret."""
        from pyarrow.lib import ArrowException

        try:
            yield
        except FileNotFoundError:
            raise
        except (ArrowException, OSError, ValueError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise MeshError(f"{self.endpoint}: {self.address.hide(said)}") from None

    def _full(self, key: str) -> str:
        return f"{self.place.container}/{key}"

    def read(self, key: str) -> tuple[bytes, str] | None:
        """A blob, and no tag; None where there is none."""
        try:
            with self._answers(), self._files.open_input_stream(self._full(key)) as stream:
                return bytes(stream.read()), ""
        except FileNotFoundError:
            return None

    def upload(self, file: Path, key: str) -> None:
        with (
            self._answers(),
            file.open("rb") as source,
            self._files.open_output_stream(self._full(key)) as target,
        ):
            shutil.copyfileobj(source, target, 4 * 2**20)

    def download(self, key: str, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with (
                self._answers(),
                self._files.open_input_stream(self._full(key)) as source,
                file.open("wb") as target,
            ):
                shutil.copyfileobj(source, target, 4 * 2**20)
        except FileNotFoundError:
            raise MeshError(f"{self.endpoint}: {self._full(key)} is not there.") from None

    def objects(self, prefix: str) -> Iterator[Object]:
        """Every blob below a folder."""
        from pyarrow.fs import FileSelector, FileType

        folder = self._full(prefix.rstrip("/"))
        with self._answers():
            found = self._files.get_file_info(
                FileSelector(folder, recursive=True, allow_not_found=True)
            )
        for info in found:
            if info.type == FileType.File:
                at = info.mtime or datetime.now(UTC)
                yield Object(info.path.partition("/")[2], info.size, at)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            try:
                with self._answers():
                    self._files.delete_file(self._full(key))
            except FileNotFoundError:
                continue
