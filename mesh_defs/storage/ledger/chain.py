"""The chain of hashes: how an entry is hashed, and what is wrong with a ledger; pure, no database.

An entry's hash is the SHA-256 of its canonical JSON: every field but `hash`, keys sorted, no
blanks, UTF-8. The first entry follows GENESIS.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
"""What the first entry says the hash before it was."""


@dataclass(frozen=True)
class Draft:
    """An entry that is not written yet."""

    subject: str
    event: str
    at: datetime
    who: str
    side: str
    why: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """An entry as it is kept. `at` is text, so that what was hashed is what is read."""

    seq: int
    subject: str
    event: str
    at: str
    who: str
    side: str
    why: str
    data: Mapping[str, Any]
    previous: str
    hash: str = ""


@dataclass(frozen=True)
class Head:
    """How far a ledger was read or written: the last entry's number and hash."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Wrong:
    """Something that is not as it was written, and where."""

    seq: int
    problem: str


_SEARCHES = 20


def canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(record: Record) -> str:
    said = {name: value for name, value in vars(record).items() if name != "hash"}
    return hashlib.sha256(canonical({**said, "data": dict(record.data)}).encode()).hexdigest()


def chained(drafts: Iterable[Draft], head: Head) -> list[Record]:
    """The drafts as the entries that follow a head."""
    made = []
    for draft in drafts:
        at = draft.at.isoformat(timespec="microseconds")
        # What is read back is what JSON keeps of the data, so that is what is hashed.
        data = json.loads(canonical(dict(draft.data)))
        record = Record(
            head.seq + 1, draft.subject, draft.event, at, draft.who, draft.side, draft.why, data,
            head.hash,
        )  # fmt: skip
        record = replace(record, hash=digest(record))
        head = Head(record.seq, record.hash)
        made.append(record)
    return made


def verify(records: Sequence[Record], head: Head, kept: Head | None = None) -> list[Wrong]:
    """What is wrong with a whole ledger: changed, removed, inserted and moved entries.

    `head` is what the ledger itself says its last entry is. `kept` is a head that somebody wrote
    down elsewhere: against it, a ledger that was written anew from the start is found, too.
    """
    found = list(_wrong(records))
    last = records[-1].seq if records else 0
    if last < head.seq:
        found.append(Wrong(last + 1, f"{_entries(last + 1, head.seq)} removed from the end"))
    elif last > head.seq:
        found.append(Wrong(head.seq + 1, f"{_entries(head.seq + 1, last)} put at the end"))
    elif records and records[-1].hash != head.hash:
        found.append(Wrong(last, "is not what the ledger says its last entry is"))
    if kept and kept.seq:
        there = next((r for r in records if r.seq == kept.seq), None)
        if there is None:
            found.append(Wrong(kept.seq, "was written down as the last one once, and is not there"))
        elif there.hash != kept.hash:
            found.append(Wrong(kept.seq, "has another hash than was written down"))
    return found


def _wrong(records: Sequence[Record]) -> Iterator[Wrong]:
    before, whole, sought = Head(), True, 0
    for record in records:
        if record.seq > before.seq + 1:
            yield Wrong(before.seq + 1, f"{_entries(before.seq + 1, record.seq - 1)} removed")
            whole = False
        intact = digest(record) == record.hash
        if not intact:
            # Each search hashes as often as there are entries; where all were changed, few do.
            sought += 1
            was = _written_as(record, len(records) + 1) if sought <= _SEARCHES else None
            yield Wrong(
                record.seq,
                f"was written as entry {was}, and stands in another place"
                if was
                else "was changed after it was written",
            )
        elif whole and record.previous != before.hash:
            follows = f"entry {before.seq}" if before.seq else "the beginning"
            yield Wrong(
                record.seq,
                f"does not follow {follows} as it stands: that one was replaced, or one of the two "
                "was put in",
            )
        # Where the one before is wrong and said so, that this one does not follow it says no more.
        before, whole = Head(record.seq, record.hash), intact


def _written_as(record: Record, last: int) -> int | None:
    """The number under which an entry has the hash that it carries."""
    for seq in range(1, last + 1):
        if seq != record.seq and digest(replace(record, seq=seq)) == record.hash:
            return seq
    return None


def _entries(first: int, last: int) -> str:
    return "was" if first == last else f"and all up to {last} were"
