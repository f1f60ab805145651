"""One process of `mesh ui` as its parent sees it: where it answers, its log, how it is ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.orchestration import child

FIRST_PORT = 3000
_PRELOAD = [
    "__main__",
    "mesh_defs.orchestration.location",
    "dagster._grpc.server",
    "dagster_webserver.cli",
    "dagster._daemon.cli",
]
# A Unix socket's path may have 107 bytes.
_SOCKET_BYTES = 100
_CODE = frozenset({".py", ".sql", ".yml", ".yaml", ".csv"})
LOCATION = "mesh"
"""What belongs to no domain, and is a location like theirs."""
_PLATFORM = "mesh_defs.platform"
_NO_CODE = frozenset({"__pycache__", "target", "logs", "dbt_packages"})


@dataclass
class Server:
    name: str
    kind: child.Kind
    arguments: list[str]
    log: Path
    place: str = ""  # of a code server: its socket, or its port on loopback
    process: Any = None
    deaths: list[float] = field(default_factory=list)
    reloading: bool = False

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def launch(self, context: Any, root: Path, environment: Mapping[str, str]) -> None:
        self._unlink()
        self.reloading = False
        arguments = (self.kind, self.arguments, root, self.log, environment)
        self.process = context.Process(target=child.serve, args=arguments, daemon=False)
        self.process.start()

    def answers(self) -> bool:
        """A code server listens as soon as its code was loaded, or could not be."""
        family = socket.AF_INET if self.place.isdigit() else socket.AF_UNIX
        address: Any = ("127.0.0.1", int(self.place)) if self.place.isdigit() else self.place
        with socket.socket(family) as connection:
            connection.settimeout(1)
            try:
                connection.connect(address)
            except OSError:
                return False
        return True

    def entry(self) -> dict[str, Any]:
        """A code server in Dagster's workspace file."""
        place: dict[str, Any] = {"socket": self.place}
        if self.place.isdigit():
            place = {"host": "127.0.0.1", "port": int(self.place)}
        return {"grpc_server": {**place, "location_name": self.name}}

    def tail(self, lines: int = 12) -> str:
        with suppress(OSError):
            text = self.log.read_text(encoding="utf-8", errors="replace")
            return "\n".join(text.rstrip().splitlines()[-lines:])
        return ""

    def reload(self) -> None:
        """Ask a code server to end when none of its runs is in progress, to be launched anew."""
        self.reloading = True
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGUSR1)

    def signal(self, number: int) -> None:
        """Tell the server and everything it has started; a process that is gone is no error."""
        if self.process is None or self.process.pid is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)
        if self.alive:  # it may not lead its group yet
            self.process.terminate() if number == signal.SIGTERM else self.process.kill()

    def bury(self) -> None:
        """Kill what is left of it."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.join(5)
        self._unlink()

    def _unlink(self) -> None:
        if self.place and not self.place.isdigit():
            Path(self.place).unlink(missing_ok=True)


def code_server(name: str, root: Path, sockets: Path, logs: Path) -> Server:
    """The server of one domain's code, or of the mesh's own, on a socket in the state folder."""
    place = str(sockets / f"{name}.sock")
    if len(os.fsencode(place)) > _SOCKET_BYTES:
        place = str(free_port("127.0.0.1", 0))
    arguments = [
        "api", "grpc",
        "--module-name", _PLATFORM if name == LOCATION else f"domains.{name}",
        "--working-directory", str(root),
        "--location-name", name,
        "--lazy-load-user-code",  # an error is shown in the UI instead of ending the server
        "--use-python-environment-entry-point",
        "--log-level", "warning",
        *(["--port", place, "--host", "127.0.0.1"] if place.isdigit() else ["--socket", place]),
    ]  # fmt: skip
    return Server(name, "code", arguments, logs / f"code-{name}.log", place)


def process_context() -> Any:
    """How servers are started: from one process that has imported Dagster, where that works."""
    methods = multiprocessing.get_all_start_methods()
    # macOS's own libraries do not stand being forked with.
    if "forkserver" not in methods or sys.platform == "darwin":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    return context


def free_port(host: str, wanted: int | None = None) -> int:
    """A port nobody listens on: the wanted one, else the first free one from 3000 on."""
    if wanted is not None:
        if (port := _bound(host, wanted)) is None:
            raise MeshError(f"Port {wanted} of {host} is taken. Choose another, or leave it out.")
        return port
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if _bound(host, port) is not None:
            return port
    raise MeshError(f"No free port of {host} from {FIRST_PORT} to {FIRST_PORT + 99}.")


def _bound(host: str, port: int) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def code_stamp(root: Path, domain: str) -> float:
    """Changes when a file that a domain's definitions rest on is written, added or removed.

    Those of the mesh itself rest on none.
    """
    if domain == LOCATION:
        return 0.0
    projects = root / "dbt_projects"
    folders = (root / "domains" / domain, projects / domain, projects / "mesh_utils/macros")
    total = 0.0
    for folder in folders:
        for place, below, files in os.walk(folder):
            below[:] = [name for name in below if name not in _NO_CODE and name[0] != "."]
            for name in files:
                if Path(name).suffix in _CODE and name[0] != ".":
                    with suppress(OSError):
                        total += Path(place, name).stat().st_mtime + 1
    return total
