"""A git repository around a mesh, in a test's own folder and with nobody's settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_NOBODY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ola",
    "GIT_AUTHOR_EMAIL": "ola@example.com",
    "GIT_COMMITTER_NAME": "Ola",
    "GIT_COMMITTER_EMAIL": "ola@example.com",
}


def commit(root: Path) -> None:
    """Commit all files of a mesh as they stand, in a repository that is made if there is none."""
    if not (root / ".git").exists():
        git(root, "init", "--quiet")
        (root / ".git" / "info" / "exclude").write_text(".mesh/\n", encoding="utf-8")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "As it stands")


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **_NOBODY},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout
