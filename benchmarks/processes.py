"""Timing a command as a whole: wall seconds, and the peak memory of it and all its children."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timed:
    """`peak` is the sum of proportional set sizes over the process tree, in bytes."""

    seconds: float
    peak: int
    output: str


def timed(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    patience: float | None = None,
) -> Timed:
    """Run a command to its end. Raises RuntimeError with its output when it fails.

    After `patience` seconds it is killed, and subprocess.TimeoutExpired raised.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = [0]
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, peak, done))
    watch.start()
    try:
        output, _ = process.communicate(timeout=patience)
    finally:
        process.kill()  # does nothing to one that has ended
        seconds = time.monotonic() - started
        done.set()
        watch.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{output}")
    return Timed(seconds, peak[0], output)


def _watch(pid: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(0.05):
        peak[0] = max(peak[0], sum(_memory(p) for p in _tree(pid)))


def _tree(pid: int) -> list[int]:
    """A process and all below it (Linux; elsewhere nothing, and the peak is 0)."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for parent in found:
        found.extend(p for p, above in parents.items() if above == parent)
    return found


def _memory(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
