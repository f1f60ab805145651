"""`mesh ui` as a test drives it: started, read line by line, ended, and nothing left of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = "from mesh_defs.cli.main import app; app()"


@dataclass
class Served:
    root: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def home(self) -> Path:
        return self.root / ".mesh"

    def await_line(self, *words: str, after: int = 0, seconds: float = 90) -> str:
        """Wait for a line that has all the words; the first one from a line number on."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.said[after:]:
                if all(word in line for word in words):
                    return line
            time.sleep(0.1)
        raise AssertionError(f"{words} never said:\n{''.join(self.said)}")

    def processes(self) -> list[int]:
        """The process and all below it."""
        return below(self.process.pid)


@contextmanager
def served(root: Path, *options: str) -> Iterator[Served]:
    """Serve a mesh on a free port, until it answers; end it in the end."""
    environment = {k: v for k, v in os.environ.items() if k not in ("MESH_HOME", "DAGSTER_HOME")}
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "ui", "--port", "0", *options],
        cwd=root,
        env={**environment, "MESH_ROOT": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    found = Served(root, process)
    reader = threading.Thread(target=_read, args=(found,), daemon=True)
    reader.start()
    everything: list[int] = []
    try:
        found.url = found.await_line("ready in").split()[0]
        everything = found.processes()
        yield found
    finally:
        everything += found.processes()
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()
        reader.join(10)
        left = gone(everything)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert not left, f"{len(left)} processes outlived mesh ui"


def gone(pids: list[int], seconds: float = 15) -> list[int]:
    """Those of the processes that are still there after a while."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(_alive(pid) for pid in pids):
        time.sleep(0.1)
    return [pid for pid in pids if _alive(pid)]


def below(pid: int) -> list[int]:
    parents = {int(e.name): _stat(int(e.name))[1] for e in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for parent in found:
        found.extend(p for p, above in parents.items() if above == parent)
    return found


def leaders(pids: list[int]) -> list[int]:
    """Those that lead a process group of their own: the servers."""
    found = []
    for pid in pids:
        with suppress(ProcessLookupError):
            if os.getpgid(pid) == pid:
                found.append(pid)
    return found


def _alive(pid: int) -> bool:
    return _stat(pid)[0] not in ("", "Z")


def _stat(pid: int) -> tuple[str, int]:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", 0
    return fields[0], int(fields[1])


def _read(found: Served) -> None:
    assert found.process.stdout is not None
    for line in found.process.stdout:
        found.said.append(line)
