"""A real server of Azure's blobs for tests: Azurite, on a port of its own. No test is here.

It is installed once by npm, into pytest's cache. It speaks Blob and not the file system's protocol.
Where it can't be had, its tests are skipped, or fail if MESH_AZURITE_REQUIRED is 1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from filelock import FileLock

from tests.loopback import free_ports
from tests.servers import started

PINS = Path(__file__).parent / "azurite" / "package.json"
ACCOUNT = "meshtest"
# An account's key is 64 bytes in base64: with what has to be written otherwise in a URL.
KEY = base64.b64encode(bytes(range(192, 256))).decode()
CONTAINER = "mesh"
_API = "2023-11-03"


@dataclass
class Azurite:
    port: int
    _names: Any

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def url(self) -> str:
        """As it stands in the environment: with the account's key."""
        return f"http://{ACCOUNT}:{quote(KEY, safe='')}@127.0.0.1:{self.port}/{ACCOUNT}"

    def folder(self) -> str:
        """A folder of one's own in the one container."""
        return f"f{next(self._names)}"

    def signed(self, rights: str = "rwdlac", minutes: int = 60) -> str:
        """The endpoint with a shared access signature of the account, as Azure hands them out
        (Create an account SAS, version 2023-11-03)."""
        until = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = [ACCOUNT, rights, "b", "sco", "", until, "", "https,http", _API, "", ""]
        signature = hmac.new(base64.b64decode(KEY), "\n".join(told).encode(), hashlib.sha256)
        said = {
            "sv": _API, "ss": "b", "srt": "sco", "sp": rights, "se": until, "spr": "https,http",
            "sig": base64.b64encode(signature.digest()).decode(),
        }  # fmt: skip
        return f"{self.endpoint}?{urlencode(said)}"

    def files(self) -> Any:
        from pyarrow.fs import AzureFileSystem

        here = f"127.0.0.1:{self.port}"
        return AzureFileSystem(
            ACCOUNT, account_key=KEY, blob_storage_authority=here, dfs_storage_authority=here,
            blob_storage_scheme="http", dfs_storage_scheme="http",
        )  # fmt: skip


def _program(cache: Path) -> Path | None:
    """Azurite's blob server, installed if it was not yet."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    made = cache / hashlib.sha256(PINS.read_bytes()).hexdigest()[:12]
    program = made / "node_modules/azurite/dist/src/blob/main.js"
    # Tests run in several processes, and each of them may be the first to ask.
    with FileLock(made.with_suffix(".lock")):
        if not (made / "complete").exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            shutil.copy(PINS, made)
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
                cwd=made, capture_output=True, text=True, timeout=600,
            )  # fmt: skip
            if done.returncode:
                print(done.stderr[-2000:])
                return None
            (made / "complete").touch()
    return program


@contextmanager
def running(cache: Path) -> Iterator[Azurite]:
    """A server for as long as this lasts."""
    program = _program(cache)
    if program is None:
        said = "Azurite is not here, and npm did not bring it"
        assert os.environ.get("MESH_AZURITE_REQUIRED") != "1", f"{said}, and it is required"
        pytest.skip(said)
    folder = Path(tempfile.mkdtemp(prefix="mesh-azure-"))
    (port,) = free_ports(1)
    found = Azurite(port, count())
    # Arrow asks in a version of the protocol that is newer than Azurite's newest.
    command: list[str | Path] = ["node", program, "--blobPort", str(port), "--location",
                                 folder / "data", "--silent", "--disableTelemetry",
                                 "--skipApiVersionCheck"]  # fmt: skip
    try:
        with started(
            command, folder, lambda: _serves(found), env={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
        ):
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serves(server: Azurite) -> bool:
    try:
        # Arrow would ask for a long time where nobody listens yet.
        socket.create_connection(("127.0.0.1", server.port), 1).close()
        server.files().create_dir(CONTAINER)
    except OSError:
        return False
    return True
