"""What runs inside a process of `mesh ui`: one of Dagster's own commands, and nothing of ours.

Every such process leads a group of its own and ends with the process that started it, however that
one ended; so do the runs that it has started.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

Kind = Literal["code", "web", "daemon"]
# How often the daemon looks for new snapshots. Dagster's own floor is a constant of 5 s, by which
# alone a consumer would wait 2.5 s on average and 5 s at worst.
LOOK_EACH_SECONDS = 1.0
_GRACE_SECONDS = 5.0


def serve(
    kind: Kind, arguments: Sequence[str], root: Path, log: Path, environment: Mapping[str, str]
) -> None:
    """Run one command of Dagster until it is told to end. Everything it prints goes to its log."""
    gc.freeze()  # what the fork server imported stays shared: no collection writes to it
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGUSR1, _end_when_idle)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.argv = [f"mesh ui: {kind}", *arguments]
    if kind == "web":
        from dagster_webserver.cli import main
    elif kind == "daemon":
        _look_often()
        from dagster._daemon.cli import main
    else:
        from dagster._cli import main
    main()  # type: ignore[no-untyped-call, unused-ignore]


def prepare(root: Path, log: Path, environment: Mapping[str, str]) -> None:
    """Make Dagster's databases before several processes do so at once; settle runs that died."""
    from mesh_defs.orchestration.instance import fail_dead_runs, open_instance
    from mesh_defs.storage.state import State

    with log.open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.update(environment)
    with open_instance(root, State.of(root)) as instance:
        fail_dead_runs(instance)


def _look_often() -> None:
    from dagster._daemon import asset_daemon

    # No setting reaches this one. A test holds that it is still there; without it the daemon
    # works as ever, only at its own pace.
    if hasattr(asset_daemon, "MIN_INTERVAL_LOOP_SECONDS"):
        asset_daemon.MIN_INTERVAL_LOOP_SECONDS = LOOK_EACH_SECONDS  # type: ignore[assignment]


def _end_when_idle(number: int, frame: object) -> None:
    """End once no run is in progress: a domain is reloaded by starting its server anew."""

    def wait() -> None:
        while multiprocessing.active_children():
            time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.killpg(0, signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)
