"""Environments of other programs that tests run: they pin other versions than we do.

Each is made once from its own file of pins, in pytest's cache. No test is here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

JUDGES = Path(__file__).parent / "judges"
_CACHE = Path(__file__).parents[1] / ".pytest_cache" / "d"


def judges(config: pytest.Config) -> Path:
    """The Python of the public linters and testers of contracts."""
    return environment(config, JUDGES / "requirements.txt", "MESH_JUDGES_VENV")


def environment(
    config: pytest.Config | None, pins: Path, given: str | None = None, python: str = sys.executable
) -> Path:
    """The Python of an environment with `pins` in it, or of the one that `given` names.

    Without pytest's config it is where pytest would have it.
    """
    if given and (folder := os.environ.get(given)):
        return Path(folder) / "bin" / "python"
    version = subprocess.run([python, "-VV"], check=True, capture_output=True, timeout=60).stdout
    mark = hashlib.sha256(pins.read_bytes() + version).hexdigest()[:12]
    kept = config.cache.mkdir(pins.parent.name) if config else _CACHE / pins.parent.name
    kept.mkdir(parents=True, exist_ok=True)
    made = kept / mark
    # Tests run in several processes, and each of them may be the first to ask.
    with FileLock(made.with_suffix(".lock")):
        if not (made / "complete").exists():
            subprocess.run([python, "-m", "venv", "--clear", made], check=True, timeout=300)
            # Pins are complete, and some are against what a package asks for: no dependencies.
            subprocess.run(
                [made / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps",
                 "--disable-pip-version-check", "-r", pins],
                check=True,
                timeout=900,
            )  # fmt: skip
            (made / "complete").touch()
    return made / "bin" / "python"


def python_of(version: str) -> str | None:
    """An interpreter of a version such as 3.13: on the path, or where pyenv keeps them."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted(str(p) for p in pyenv.glob(f"{version}.*/bin/python{version}"))
    return next(_that_run([shutil.which(f"python{version}"), *kept]), None)


def _that_run(candidates: list[str | None]) -> Iterator[str]:
    for python in candidates:
        if (
            python
            and not subprocess.run(
                [python, "-c", ""], check=False, capture_output=True, timeout=60
            ).returncode
        ):
            yield python
