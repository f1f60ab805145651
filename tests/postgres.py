"""A real PostgreSQL for tests: a cluster of one's own on a socket, no port and nobody's settings.

It refuses to run as root, so root runs it as `nobody`. Where there is none, its tests are skipped,
or fail if MESH_POSTGRES_REQUIRED is 1. No test is here.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.servers import started

# The owner's password: with a colon and an at sign, as those that are generated may have.
PASSWORD = "se:cr@et/1"


@dataclass
class Postgres:
    folder: Path
    _names: Any

    def database(self) -> str:
        """The URL of a new, empty database."""
        import psycopg

        name = f"d{next(self._names)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        host = quote(str(self.folder), safe="")
        return f"postgresql://mesh:{quote(PASSWORD, safe='')}@/{database}?host={host}"


@contextmanager
def running() -> Iterator[Postgres]:
    """A cluster for as long as this lasts."""
    programs = _programs()
    if programs is None:
        said = "PostgreSQL's server (initdb, postgres) is not here"
        assert os.environ.get("MESH_POSTGRES_REQUIRED") != "1", f"{said}, and it is required"
        pytest.skip(said)
    # Not in pytest's folders: those are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="mesh-pg-"))
    user = _nobody(folder)
    word = folder / "word"
    word.write_text(PASSWORD)
    word.chmod(0o644)
    data = folder / "data"
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "mesh", "-A", "scram-sha-256",
             f"--pwfile={word}", "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True, capture_output=True, timeout=120, cwd=folder, **user,
        )  # fmt: skip
        found = Postgres(folder, count())
        command: list[str | Path] = [
            programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=",
            "-c", "max_connections=100", "-c", "shared_buffers=16MB",
        ]  # fmt: skip
        # It is asked to disconnect everybody, and to stop.
        with started(command, folder, lambda: _serves(found), end=signal.SIGINT, **user):
            yield found
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """Where the server's programs are: on the path, or where Debian keeps them."""
    on_path = shutil.which("initdb")
    kept = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    for initdb in [*([Path(on_path)] if on_path else []), *kept]:
        folder = initdb.resolve().parent
        if (folder / "postgres").exists():
            return folder
    return None


def _nobody(folder: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    folder.chmod(0o755)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _serves(postgres: Postgres) -> bool:
    import psycopg

    try:
        psycopg.connect(postgres.url("postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
