"""Which files of a Delta table somebody may still read, by its log; who deletes the others is not
here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from mesh_defs.storage.commits import added, commit_info

# Whoever opened a version reads it for no longer than this; a writer writes for no longer.
LONGEST_READ = timedelta(days=1)


def held_files(
    newest: int,
    log: Callable[[int], str | None],
    now: datetime,
    keep: timedelta,
    pinned: Collection[int] = (),
) -> set[str]:
    """The files, as the log names them, of the snapshots that are kept.

    Those are the newest and the one before it, what was committed less than `keep` ago, what gave
    way less than a day ago, and the pinned ones. A version without files of its own has those of
    the snapshot before.
    """
    held: set[str] = set()
    snapshots = 0
    gave_way = now
    for version in range(newest, -1, -1):
        text = log(version)
        if text is None:
            break
        files = added(text)
        at = committed(commit_info(text)) or now
        is_kept = snapshots < 2 or at > now - keep or gave_way > now - LONGEST_READ
        if is_kept:
            held |= files
        if not is_kept:
            break
        if files or snapshots == 0:
            snapshots += 1
        gave_way = at
    for version in pinned:
        held |= added(log(version) or "")
    return held


def committed(info: dict[str, Any]) -> datetime | None:
    """When it was committed, as it says itself."""
    at = info.get("timestamp")
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC)
