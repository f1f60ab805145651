"""A shelf: folders that never change once they are there, and `latest`, which is one of them.

A folder is put there whole; `latest` is a link that is replaced in one step. What is in a folder is
for whoever puts it there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

_LATEST, _FOLDERS = "latest", "snapshots"


class Shelf:
    """One shelf. Its writers exclude each other; readers wait for nobody."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def latest(self) -> Path:
        """Where readers find the newest."""
        return self.place / _LATEST

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold it alone. The operating system frees it when the holder dies."""
        self.place.mkdir(parents=True, exist_ok=True)
        with FileLock(self.place / ".lock"):
            yield

    def current(self) -> Path | None:
        """The folder that readers see now: it is not changed while they read."""
        found = self.latest.resolve()
        return found if self.latest.is_symlink() and found.is_dir() else None

    def put(self, name: str, files: Mapping[str, bytes], look: Callable[[Path], None]) -> Path:
        """Write a folder and look at what was written, while nobody else can see it."""
        folders = self.place / _FOLDERS
        folders.mkdir(exist_ok=True)
        digest = hashlib.sha256()
        waiting = Path(tempfile.mkdtemp(prefix=".", dir=folders))
        try:
            waiting.chmod(0o755)
            for file, data in files.items():
                digest.update(file.encode() + data)
                with (waiting / file).open("wb") as out:
                    out.write(data)
                    out.flush()
                    os.fsync(out.fileno())
            look(waiting)
            made = folders / f"{name}-{digest.hexdigest()[:8]}"
            while made.exists() and not _holds(made, files):  # somebody changed it since
                made = made.with_name(f"{made.name}x")
            if made.exists():
                shutil.rmtree(waiting)
            else:
                waiting.rename(made)
        except BaseException:
            shutil.rmtree(waiting, ignore_errors=True)
            raise
        _settle(folders)
        return made

    def show(self, folder: Path) -> None:
        """From now on readers see this one."""
        link = self.place / f".{_LATEST}"
        with suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(folder.relative_to(self.place))
        link.replace(self.latest)
        _settle(self.place)

    def folders(self) -> list[Path]:
        """All that were finished."""
        return sorted(f for f in self._all() if not f.name.startswith("."))

    def sweep(self, gone: Callable[[Path], bool]) -> None:
        """Remove what was never finished, and whatever else is gone; never what readers see."""
        shown = self.current()
        for folder in self._all():
            if folder != shown and (folder.name.startswith(".") or gone(folder)):
                shutil.rmtree(folder, ignore_errors=True)

    def _all(self) -> list[Path]:
        folders = self.place.resolve() / _FOLDERS
        return list(folders.iterdir()) if folders.is_dir() else []


def _holds(folder: Path, files: Mapping[str, bytes]) -> bool:
    return all((folder / n).is_file() and (folder / n).read_bytes() == d for n, d in files.items())


def _settle(folder: Path) -> None:
    """Have the system write down which names a folder has."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
