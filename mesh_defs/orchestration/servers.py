"""`mesh ui`: Dagster's web server and daemon, and a code server a domain; no run is made here.

Python's fork server imports Dagster and dbt once and every server starts from there, so six domains
are up in the time that one takes, and share most of their memory.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from mesh_defs.model import Mesh, MeshError
from mesh_defs.orchestration import child
from mesh_defs.orchestration.instance import prepare_home
from mesh_defs.orchestration.server_process import (
    LOCATION,
    Server,
    code_server,
    code_stamp,
    free_port,
    process_context,
)
from mesh_defs.storage.state import State, read_json, write_json, write_text

WEB, DAEMON = "web server", "daemon"
# A domain that hangs while it loads must not keep the others from being seen.
_STRAGGLER_SECONDS = 30.0
_WEB_SECONDS = 120.0
_GRACE_SECONDS = 15.0
_RESTARTS, _RESTART_WINDOW = 3, 60.0
_LOOK_SECONDS = 1.0
_STATUS = """
{ workspaceOrError { ... on Workspace { locationEntries { name updatedTimestamp
  locationOrLoadError { __typename ... on PythonError { message causes { message } } }
} } } }
"""


@dataclass(frozen=True)
class Said:
    """Something that happened to a domain's code server, the web server or the daemon."""

    name: str
    status: str  # starting | answers | loaded | broken | changed | died | ready
    text: str = ""


Listen = Callable[[Said], None]


class Servers:
    """All processes behind one address. `serve` returns when it was told to end."""

    def __init__(
        self,
        root: Path,
        host: str = "127.0.0.1",
        port: int | None = None,
        read_only: bool = False,
        listen: Listen = lambda said: None,
    ) -> None:
        self.root = root
        self.state = State.of(root)
        self.host, self.port, self.read_only = host, port, read_only
        self.listen = listen
        self.locations = [*sorted(Mesh.read(root).rooms), LOCATION]
        self.logs = self.state.home / "logs"
        self.servers: list[Server] = []
        self.told = 0
        self._context = process_context()
        self._loading: dict[str, float] = {}
        self._code: dict[str, float] = {}
        self._unsettled: dict[str, float] = {}
        self._looked = 0.0

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def serve(self) -> None:
        """Start everything, look after it, end everything. Raises MeshError if it can't start."""
        with self._alone(), self._told_by_signals():
            try:
                self._start()
                while not self.told:
                    time.sleep(0.2)
                    self._look_after()
            finally:
                self._end()

    def _start(self) -> None:
        self.port = free_port(self.host, self.port)
        self.logs.mkdir(parents=True, exist_ok=True)
        prepare_home(self.root, self.state)
        self._prepare()
        sockets = self.state.home / "sockets"
        sockets.mkdir(exist_ok=True)
        code = [code_server(name, self.root, sockets, self.logs) for name in self.locations]
        workspace = self.state.dagster / "workspace.yaml"
        # JSON is YAML, and Dagster reads it.
        write_text(workspace, json.dumps({"load_from": [s.entry() for s in code]}, indent=1))
        self._code = {name: code_stamp(self.root, name) for name in self.locations}
        for server in code:
            self._launch(server)
        self._await_code(code)
        options = ["--workspace", str(workspace), "--code-server-log-level", "warning"]
        web = ["--host", self.host, "--port", str(self.port), *options]
        if self.read_only:
            web.append("--read-only")
        if not self.told:
            self._launch(Server(WEB, "web", web, self.logs / "web-server.log"))
            self._launch(Server(DAEMON, "daemon", ["run", *options], self.logs / "daemon.log"))
        self._await_web()
        write_json(self._note, {"url": self.url, "pid": os.getpid()})

    def _prepare(self) -> None:
        log = self.logs / "instance.log"
        log.unlink(missing_ok=True)
        arguments = (self.root, log, self._environment())
        process = self._context.Process(target=child.prepare, args=arguments, daemon=True)
        process.start()
        process.join()
        if process.exitcode and not self.told:
            said = Server("", "code", [], log).tail()
            raise MeshError(f"Dagster's databases can't be opened ({log}):\n{said}")

    def _launch(self, server: Server) -> None:
        if server not in self.servers:
            server.log.unlink(missing_ok=True)
            self.servers.append(server)
        self.listen(Said(server.name, "starting"))
        server.launch(self._context, self.root, self._environment())

    def _await_code(self, code: list[Server]) -> None:
        waiting, deadline = list(code), float("inf")
        while waiting and not self.told and time.monotonic() < deadline:
            for server in list(waiting):
                if server.answers():
                    self.listen(Said(server.name, "answers"))
                    deadline = min(deadline, time.monotonic() + _STRAGGLER_SECONDS)
                    waiting.remove(server)
                elif not server.alive and not self._restart(server):
                    waiting.remove(server)
            time.sleep(0.05)

    def _await_web(self) -> None:
        server = next((s for s in self.servers if s.name == WEB), None)
        deadline = time.monotonic() + _WEB_SECONDS
        while server and not self.told:
            if not server.alive or time.monotonic() > deadline:
                raise MeshError(f"The web server does not start ({server.log}):\n{server.tail()}")
            with suppress(OSError, ValueError):
                self._loading = dict.fromkeys(self.locations, 0.0)
                self._say_loaded()
                self.listen(Said(WEB, "ready", self.url))
                return
            time.sleep(0.1)

    def _say_loaded(self) -> None:
        """What the UI shows of domains that were loading: loaded, or the error that prevents it."""
        request = urllib.request.Request(
            f"{self.url}/graphql",
            json.dumps({"query": _STATUS}).encode(),
            {"Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as answer:
            entries = json.load(answer)["data"]["workspaceOrError"]["locationEntries"]
        for entry in entries:
            name, found = entry["name"], entry["locationOrLoadError"]
            if not found or entry["updatedTimestamp"] < self._loading.get(name, float("inf")):
                continue
            del self._loading[name]
            if found["__typename"] == "PythonError":
                said = [found["message"], *(c["message"] for c in found["causes"])][-1]
                self.listen(Said(name, "broken", said.strip()))
            else:
                self.listen(Said(name, "loaded"))

    def _look_after(self) -> None:
        for server in self.servers:
            if server.process is None or server.alive or self.told:
                continue
            if server.reloading:
                self._launch(server)
            else:
                self._restart(server)
            if server.kind == "code":
                self._loading[server.name] = time.time()
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS and not self.told:
            self._looked = now
            self._notice_changes()
            if self._loading:
                with suppress(OSError, ValueError):
                    self._say_loaded()

    def _notice_changes(self) -> None:
        """A domain whose files have changed, and changed no more since the last look, is reloaded.

        Dagster's own reload button does nothing for a code server that it has not started.
        """
        for server in self.servers:
            if server.kind != "code" or server.reloading or not server.alive:
                continue
            stamp = code_stamp(self.root, server.name)
            if stamp == self._code[server.name]:
                continue
            if self._unsettled.get(server.name) == stamp:
                self._code[server.name] = stamp
                self.listen(Said(server.name, "changed"))
                server.reload()
            self._unsettled[server.name] = stamp

    def _restart(self, server: Server) -> bool:
        """Start a server again that died by itself, unless it does so over and over."""
        now = time.monotonic()
        code = server.process.exitcode
        server.bury()
        server.deaths = [t for t in server.deaths if now - t < _RESTART_WINDOW] + [now]
        again = len(server.deaths) < _RESTARTS
        after = "it is started again" if again else "it is not started again"
        text = f"ended with code {code}; {after} ({server.log})\n{server.tail()}"
        self.listen(Said(server.name, "died", text.rstrip()))
        if again:
            self._launch(server)
        else:
            server.process = None
        return again

    def _end(self) -> None:
        """End every process: asked first, made to when it takes long or when told twice."""
        for server in self.servers:
            server.signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while any(s.alive for s in self.servers) and time.monotonic() < deadline and self.told < 2:
            time.sleep(0.05)
        for server in self.servers:
            server.bury()
        self._note.unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        before = os.environ.get("PYTHONPATH")
        return {
            "MESH_ROOT": str(self.root),
            "MESH_HOME": str(self.state.common),
            "DAGSTER_HOME": str(self.state.dagster),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": os.pathsep.join([str(self.root), *([before] if before else [])]),
        }

    @property
    def _note(self) -> Path:
        return self.state.home / "ui.json"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One UI a state folder: two daemons on one instance would start every run twice."""
        self.state.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.state.home / "ui.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            url = (read_json(self._note) or {}).get("url", "it is just starting or ending")
            raise MeshError(f"The UI of this mesh is served already: {url}") from None
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _told_by_signals(self) -> Iterator[None]:
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._hear) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: object) -> None:
        self.told += 1
