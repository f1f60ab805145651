"""Files as they stood at a revision of the git repository around a folder; nothing is changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mesh_defs.model import MeshError

_WAIT = 60


@contextmanager
def files_at(root: Path, ref: str, under: Sequence[str]) -> Iterator[Path]:
    """A folder, as long as the block lasts, with some of the root's files as they were.

    `under` are files or folders in the root; what was not there is not there. Raises MeshError if
    there is no repository, or no such revision in it.
    """
    commit = commit_of(root, ref)
    listed = _git(root, "ls-tree", "-r", "-z", "--name-only", commit, "--", *under)
    with TemporaryDirectory(prefix="mesh-at-") as folder:
        for name in listed.decode().split("\0"):
            if name:
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_git(root, "show", f"{commit}:./{name}"))
        yield Path(folder)


def commit_of(root: Path, ref: str) -> str:
    """The full id of the commit that a revision means."""
    _git(root, "rev-parse", "--git-dir")
    try:
        found = _git(
            root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
        )
    except MeshError:
        raise MeshError(
            f"Git knows no revision `{ref}` here. In a shallow clone fetch it first "
            "(`git fetch --unshallow`), or name another one."
        ) from None
    return found.decode().strip()


def _git(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, timeout=_WAIT, check=False
        )
    except FileNotFoundError:
        raise MeshError("`git` is not installed, or not on the PATH. Install it.") from None
    except subprocess.TimeoutExpired:
        raise MeshError(f"`git {arguments[0]}` did not answer for {_WAIT} seconds.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        if "not a git repository" in said:
            raise MeshError(f"`{root}` is not in a git repository: there is nothing to compare.")
        raise MeshError(f"`git {arguments[0]}` failed: {said or 'without a word'}")
    return done.stdout
