"""A cell: a child process that runs one query, with little memory, time and nothing to see.

The child's own limits stand against what a query does by accident or on purpose; this side stands
against a child that is stuck.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO

from mesh_defs.access.reading import child
from mesh_defs.model import MeshError
from mesh_defs.storage.workshop import DEFAULT_MEMORY, MEMORY_VARIABLE

_MEMORY = "This takes more memory than there is for it. Ask for less."
_PERMISSION = "A query reads published products and nothing else."


@dataclass(frozen=True)
class Frames:
    """What a query gives: its columns, each with its type, and its rows in the form asked for."""

    columns: Sequence[tuple[str, str]]
    data: Iterator[bytes]


@contextmanager
def cell(
    folder: Path, files: Mapping[str, Sequence[str]], sql: str, arrow: bool, seconds: float | None
) -> Iterator[Frames]:
    """Run a query over files of a folder, by their products' names.

    Raises MeshError for whatever the child says against it, or dies of.
    """
    with subprocess.Popen(
        [sys.executable, "-m", child.__name__],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        late: list[bool] = []

        def stop() -> None:
            late.append(True)
            process.kill()

        timer = Timer(seconds, stop) if seconds is not None else None
        try:
            if timer:
                timer.daemon = True
                timer.start()
            assert process.stdin and process.stdout
            told = {"files": files, "sql": sql, "arrow": arrow, "seconds": seconds}
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(json.dumps(told).encode())
            frames = _frames(process.stdout, late, seconds)
            columns = json.loads(next(frames))
            yield Frames([(name, kind) for name, kind in columns], frames)
        finally:
            if timer:
                timer.cancel()
            process.kill()


def _environment() -> dict[str, str]:
    """Nothing of ours but where Python finds its modules, and how much memory there is."""
    return {
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
        MEMORY_VARIABLE: os.environ.get(MEMORY_VARIABLE, DEFAULT_MEMORY),
    }


def _frames(out: IO[bytes], late: Sequence[bool], seconds: float | None) -> Iterator[bytes]:
    while True:
        head = out.read(9)
        data = out.read(int.from_bytes(head[1:], "big")) if len(head) == 9 else b""
        letter = head[:1]
        if len(head) < 9 or len(data) < int.from_bytes(head[1:], "big"):
            if late:
                raise MeshError(f"This took longer than {seconds:g} s, and was stopped.")
            raise MeshError(_MEMORY)  # the system ended it, or the engine could not go on
        if letter == child.END:
            return
        if letter == child.ERROR:
            said = data.decode(errors="replace")
            known = {"memory": _MEMORY, "permission": _PERMISSION}
            raise MeshError(known.get(said, said))
        yield data
