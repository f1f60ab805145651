"""Delta tables: what crosses a boundary. Each commit is one snapshot; nothing is half there.

DuckDB writes the file, delta-rs commits it: the commit is the moment of publication. A table has
one writer, whoever holds its domain's lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.storage.commits import Part, added, commit, commit_info, said_of, schema_of, storable
from mesh_defs.storage.held import LONGEST_READ, committed, held_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Snapshot:
    """One version of a table: its files, and what was said of it when it was committed."""

    folder: Path
    version: int
    files: tuple[str, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def location(self) -> str:
        return str(self.folder)

    @property
    def bytes(self) -> int:
        return sum(Path(f).stat().st_size for f in self.files)

    @property
    def is_whole(self) -> bool:
        """Whether every file of it is still there."""
        return all(Path(f).is_file() for f in self.files)


def snapshot(folder: Path, version: int | None = None) -> Snapshot | None:
    """The newest snapshot of a table, or the one asked for; None where nothing was committed."""
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    if not (folder / "_delta_log").is_dir():
        return None
    try:
        delta = DeltaTable(str(folder), version=version)
    except TableNotFoundError:
        return None
    found = delta.version()
    return Snapshot(folder, found, tuple(sorted(delta.file_uris())), _said(folder, found) or {})


def history(folder: Path, limit: int | None = None) -> list[tuple[int, Mapping[str, Any]]]:
    """Versions, newest first, each with what was said of it; as far back as the log is kept."""
    from itertools import count, islice, takewhile

    newest = snapshot(folder)
    if newest is None:
        return []
    each = ((v, _said(folder, v)) for v in count(newest.version, -1))
    kept = takewhile(lambda found: found[1] is not None, each)
    return [(version, said or {}) for version, said in islice(kept, limit)]


def oldest(folder: Path) -> tuple[int, Mapping[str, Any]] | None:
    """The oldest version that can still be read, as can all after it, and what was said of it."""
    from itertools import takewhile

    there = list(takewhile(lambda found: _is_there(folder, found[0]), history(folder)))
    return there[-1] if there else None


def readable(folder: Path) -> list[int]:
    """The versions that can still be read, newest first."""
    return [version for version, _ in history(folder) if _is_there(folder, version)]


def _is_there(folder: Path, version: int) -> bool:
    """Whether the files that a version brought are there."""
    return all((folder / name).is_file() for name in added(_text(folder, version) or ""))


def clean(
    folder: Path, keep: timedelta, now: datetime, pinned: Callable[[], Collection[int]]
) -> int:
    """Remove the files of versions that are older than `keep` and that nobody can be reading; how
    many. The newest version, the one before and the pinned ones stay."""
    newest = snapshot(folder)
    before = (now - max(keep, LONGEST_READ)).timestamp()
    old = [file for file in folder.glob("part-*.parquet") if file.stat().st_mtime < before]
    if newest is None or not old:
        return 0
    held = held_files(newest.version, lambda v: _text(folder, v), now, keep, pinned())
    gone = [file for file in old if file.name not in held]
    for file in gone:
        file.unlink()
    return len(gone)


def _log(folder: Path, version: int) -> Path:
    return folder / "_delta_log" / f"{version:020d}.json"


def committed_at(folder: Path, version: int) -> datetime | None:
    """When a version was committed; None where there is no such commit any more."""
    return committed(commit_info(_text(folder, version) or ""))


def _said(folder: Path, version: int) -> dict[str, Any] | None:
    """What was said of a version when it was committed; None where there is no such commit."""
    text = _text(folder, version)
    return None if text is None else said_of(commit_info(text))


def _text(folder: Path, version: int) -> str | None:
    """What the log has of a commit; None where there is none any more."""
    try:
        return _log(folder, version).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def replace(
    connection: DuckDBPyConnection,
    relation: exp.Expression | str,
    folder: Path,
    metadata: Mapping[str, Any],
) -> Snapshot:
    """Commit a relation's rows as the table's next snapshot; the ones before stay readable."""
    folder.mkdir(parents=True, exist_ok=True)
    before = snapshot(folder)
    _remove_orphans(folder, before)
    query = storable(connection, relation)
    schema = schema_of(connection.sql(query))
    name = f"part-{time.time_ns()}.parquet"
    target = exp.convert(str(folder / name)).sql("duckdb")
    _, rows, size, _, columns, _ = connection.execute(
        f"COPY ({query}) TO {target} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS)"
    ).fetchall()[0]
    version, told = (before.version, before.metadata) if before else (None, {})
    said = {"rows": rows, **metadata}
    commit(str(folder), version, schema, [Part(name, size, rows, columns)], said, told)
    committed = snapshot(folder)
    assert committed is not None
    return committed


def _remove_orphans(folder: Path, current: Snapshot | None) -> None:
    """Files of a writer that died between writing and committing: newer than the last commit."""
    last = 0.0
    kept: set[str] = set()
    if current is not None:
        kept = {Path(f).name for f in current.files}
        log = _log(folder, current.version)
        last = log.stat().st_mtime if log.exists() else time.time()
    for file in folder.glob("part-*.parquet"):
        if file.name not in kept and file.stat().st_mtime > last:
            file.unlink()
