"""The outside judges' own environment: they pin other versions than we do; no test is here.

It is the folder that MESH_JUDGES_VENV names, or one made once in pytest's cache.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

JUDGES = Path(__file__).resolve().parent


def environment(config: pytest.Config) -> Path:
    if given := os.environ.get("MESH_JUDGES_VENV"):
        return Path(given)
    pins = JUDGES / "requirements.txt"
    mark = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = config.cache.mkdir("judges") / mark
    done = folder / "complete"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run(
            [folder / "bin" / "python", "-m", "pip", "install", "-q",
             "--disable-pip-version-check", "-r", pins],
            check=True,
            timeout=900,
        )  # fmt: skip
        done.touch()
    return folder
