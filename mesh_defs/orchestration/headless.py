"""`mesh run`: every domain after its providers, one process each, no server. No Dagster here.

Python's fork server imports Dagster and dbt once and each domain's process starts from there, so
start-up is paid once a run and not once a domain.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from mesh_defs.access.gate import Gate
from mesh_defs.model import Mesh, MeshError, ProductRef
from mesh_defs.orchestration.domain_run import run_domain
from mesh_defs.orchestration.instance import settle_killed_runs
from mesh_defs.orchestration.plan import plan
from mesh_defs.orchestration.report import DomainResult, ProductResult, Progress, RunReport
from mesh_defs.publishing.delivery import undelivered
from mesh_defs.storage.state import State

Listen = Callable[[Progress], None]
_PRELOAD = ["mesh_defs.orchestration.preload"]
# How long a process that was told to end may take for it.
_GRACE_SECONDS = 10.0


def run_mesh(
    root: Path,
    selection: Collection[str] = (),
    force: bool = False,
    jobs: int | None = None,
    listen: Listen = lambda progress: None,
) -> RunReport:
    """Run domains or products (`sales`, `sales.purchases`); all of them when none is named.

    Raises MeshError when there is no mesh, when a name is unknown, or when domains wait for each
    other. What goes wrong in a domain is in the report.
    """
    started = time.monotonic()
    state = State.of(root)
    settle_killed_runs(root, state)
    mesh = Mesh.read(root)
    wanted = _wanted(mesh, selection)
    order = [name for name in mesh.order() if name in wanted]
    results = _broken(mesh, order)
    waiting = [name for name in order if name not in results]
    waiting = _settle_unchanged(root, state, mesh, waiting, wanted, force, results, listen)
    if waiting:
        crew = _Crew(root, state, mesh, wanted, force, listen)
        crew.work(waiting, results, jobs or max(2, os.cpu_count() or 2))
    ordered = tuple(results[name] for name in order)
    return RunReport(ordered, time.monotonic() - started)


def _wanted(mesh: Mesh, selection: Collection[str]) -> dict[str, set[ProductRef] | None]:
    """Domain → its products that are wanted, or None for all of them."""
    wanted: dict[str, set[ProductRef] | None] = {}
    for text in selection:
        if "." in text:
            ref = mesh.product(text).ref
            chosen = wanted.setdefault(ref.domain, set())
            if chosen is not None:
                chosen.add(ref)
        elif text in mesh.rooms:
            wanted[text] = None
        else:
            raise MeshError(f"No domain `{text}`. Domains: {', '.join(sorted(mesh.rooms))}.")
    return wanted if selection else dict.fromkeys(mesh.rooms)


def _broken(mesh: Mesh, order: Collection[str]) -> dict[str, DomainResult]:
    return {
        name: DomainResult(name, error="\n".join(map(str, mesh.rooms[name].findings)))
        for name in order
        if mesh.rooms[name].findings
    }


def _settle_unchanged(
    root: Path,
    state: State,
    mesh: Mesh,
    waiting: list[str],
    wanted: Mapping[str, set[ProductRef] | None],
    force: bool,
    results: dict[str, DomainResult],
    listen: Listen,
) -> list[str]:
    """Domains with nothing to do need no process. Those that consume a changing one must wait."""
    changing: set[str] = set()
    gate = Gate(mesh, state)
    for name in waiting:
        work = force or mesh.providers(name) & changing
        if work or _has_work(root, state, mesh, gate, name, wanted):
            changing.add(name)
            continue
        results[name] = run_domain(root, state, mesh, gate, name, wanted[name], False, listen)
        _announce(results[name], listen)
    return [name for name in waiting if name in changing]


def _has_work(
    root: Path,
    state: State,
    mesh: Mesh,
    gate: Gate,
    name: str,
    wanted: Mapping[str, set[ProductRef] | None],
) -> bool:
    prepared = state.dbt(name) / "prepared.json"
    if not prepared.exists():
        return True  # must be parsed first, which a domain's own process does
    room, chosen = mesh.rooms[name], wanted[name]
    try:
        waits = (undelivered(state, p) for p in room.products.values())
        return any(waits) or plan(root, state, room, chosen, refused=gate.refused(name)).work
    except MeshError:
        return True


def _announce(result: DomainResult, listen: Listen) -> None:
    for product in result.products:
        name = product.product.partition(".")[2]
        listen(Progress(result.domain, "done", name, product.rows, product.status, product.reason))
    listen(Progress(result.domain, "done", text=result.error))


@dataclass
class _Crew:
    """The processes of one run: who works, who waits for whom, who is done."""

    root: Path
    state: State
    mesh: Mesh
    wanted: Mapping[str, set[ProductRef] | None]
    force: bool
    listen: Listen
    running: dict[Connection, tuple[str, Any, float]] = field(default_factory=dict)

    def work(self, waiting: list[str], results: dict[str, DomainResult], jobs: int) -> None:
        context = multiprocessing.get_context(_start_method())
        if hasattr(context, "set_forkserver_preload"):
            context.set_forkserver_preload(_PRELOAD)
        left = list(waiting)
        for name in left:
            self.listen(Progress(name, "waiting"))
        try:
            if _start_method() == "forkserver":
                _start_fork_server()
            while left or self.running:
                busy = {name for name, _, _ in self.running.values()}
                for name in list(left):
                    if len(self.running) >= jobs:
                        break
                    if not self.mesh.providers(name) & (busy | set(left) - {name}):
                        left.remove(name)
                        busy.add(name)
                        self._start(context, name)
                for connection in wait(list(self.running)):
                    self._hear(connection, results)  # type: ignore[arg-type]
        except BaseException:
            self._stop()
            _end_fork_server()  # after its children: it is the one who tells when they ended
            raise
        finally:
            self._stop()

    def _start(self, context: Any, name: str) -> None:
        ours, theirs = context.Pipe(duplex=False)
        arguments = (self.root, self.mesh, name, self.wanted[name], self.force, theirs)
        process = context.Process(target=_domain_process, args=arguments, daemon=False)
        process.start()
        theirs.close()
        self.running[ours] = (name, process, time.monotonic())

    def _hear(self, connection: Connection, results: dict[str, DomainResult]) -> None:
        name, process, started = self.running[connection]
        try:
            said = connection.recv()
        except EOFError:
            process.join()
            del self.running[connection]
            if name not in results:
                results[name] = self._died(name, process.exitcode, started)
            _announce(results[name], self.listen)
            return
        if isinstance(said, DomainResult):
            results[name] = said
        else:
            self.listen(said)

    def _died(self, name: str, code: int | None, started: float) -> DomainResult:
        said = f"the process of {name} ended with code {code} before it was done; run again"
        seconds = time.monotonic() - started
        products = tuple(
            ProductResult(str(p.ref), name, "failed", p.contract.version, reason=said)
            for p in self.mesh.rooms[name].products.values()
        )
        return DomainResult(name, products, said, seconds)

    def _stop(self) -> None:
        for _, process, _ in self.running.values():
            process.terminate()
        for connection, (_, process, _) in self.running.items():
            process.join(_GRACE_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
            connection.close()
        self.running.clear()


def _start_method() -> str:
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def _start_fork_server() -> None:
    """Ctrl-C reaches every process of a terminal: only the parent shall act on it.

    The fork server would die of it with a traceback while it imports; it ends when its parent does.
    Blocked, not ignored, so that a Ctrl-C of this very moment still reaches us.
    """
    resource_tracker.ensure_running()  # else the server starts it, and that unblocks the signal
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _end_fork_server() -> None:
    """Told to stop, nothing of ours goes on: else the server would first import all it was told to,
    and then start a process that had been asked of it.
    """
    # Python has no public word for it; without one the server ends by itself a few seconds later.
    pid = getattr(getattr(forkserver, "_forkserver", None), "_forkserver_pid", None)
    if pid:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _domain_process(
    root: Path,
    mesh: Mesh,
    name: str,
    wanted: Collection[ProductRef] | None,
    force: bool,
    connection: Connection,
) -> None:
    """What a domain's process does: everything that is printed there goes to its log."""
    state = State.of(root)
    log = state.home / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.path.insert(0, str(root))
        os.environ["MESH_ROOT"] = str(root)  # what a domain's own code reads is read of this mesh
        gate = Gate(mesh, state)
        result = run_domain(root, state, mesh, gate, name, wanted, force, connection.send)
        connection.send(result)
        sys.stdout.flush()
        sys.stderr.flush()
    connection.close()
