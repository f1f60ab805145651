"""Servers that tests start: awaited until they serve, and gone with what asked for them. No test.

Which program, and when it serves, is said by each server's own file.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def started(
    command: Sequence[str | Path],
    folder: Path,
    serves: Callable[[], bool],
    *,
    end: signal.Signals = signal.SIGKILL,
    env: dict[str, str] | None = None,
    **user: Any,
) -> Iterator[None]:
    """A server in a folder, from when it serves; all that it started ends with it.

    `end` is how it is asked to. One that has ended before it served fails with its log.
    """
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True,
            env={**os.environ, **(env or {})}, **user,
        ) as server,
    ):  # fmt: skip
        try:
            deadline = time.monotonic() + 90
            while not serves():
                told = (folder / "log").read_text()[-4000:]
                assert server.poll() is None and time.monotonic() < deadline, told
                time.sleep(0.05)
            yield
        finally:
            try:
                server.send_signal(end)
                server.wait(30)
            except subprocess.TimeoutExpired:
                pass
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
