"""A process that kills itself before, or after, a function of the platform. No test is here."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from typing import Any


def die_at(module: str, name: str, after: bool) -> None:
    """From here on, this process does not survive a call of `name`, such as `Ledger.append`."""
    owner: Any = import_module(module)
    *parts, last = name.split(".")
    for part in parts:
        owner = getattr(owner, part)
    real = getattr(owner, last)

    def deadly(*arguments: Any, **named: Any) -> None:
        if after:
            real(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, deadly)
