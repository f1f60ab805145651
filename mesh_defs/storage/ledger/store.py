"""Reading a ledger and appending to it, safe among many processes; not what entries mean."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mesh_defs.model import MeshError
from mesh_defs.storage.ledger.chain import Draft, Head, Record, canonical, chained
from mesh_defs.storage.ledger.engine import WRITES, connect, place, reached
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from sqlalchemy import Engine, Table

_FIELDS = ("seq", "subject", "event", "at", "who", "side", "why", "data", "previous", "hash")


class Overtaken(Exception):
    """Somebody else wrote since the head that a decision was made on: read on, and judge anew."""


class Ledger:
    """One ledger. Nothing is cached: every reading asks the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._entries, self._head = _tables()

    @classmethod
    def open(cls, state: State) -> Ledger:
        """The mesh's ledger, made or brought up to date where it has to be."""
        return cls(connect(place(state)))

    @classmethod
    def known(cls, state: State) -> Ledger | None:
        """The mesh's ledger, or None where there is none yet; nothing is made."""
        url = place(state)
        lite = url.get_backend_name() == "sqlite"
        return None if lite and not Path(url.database or "").is_file() else cls.open(state)

    @property
    def shown(self) -> str:
        """Where it is, without a password."""
        return self._engine.url.render_as_string(hide_password=True)

    def read(self, after: int = 0) -> list[Record]:
        """The entries after a number, in their order."""
        from sqlalchemy import select

        wanted = select(self._entries).where(self._entries.c.seq > after)
        with reached(self._engine.url), self._engine.connect() as connection:
            rows = connection.execute(wanted.order_by(self._entries.c.seq)).mappings().all()
        return [Record(**{**row, "data": _parsed(row["data"])}) for row in rows]

    def whole(self) -> tuple[list[Record], Head]:
        """Every entry and the head that was written with the last, of one moment."""
        from sqlalchemy import select

        # One statement sees one moment, on every database: head and entries don't drift apart.
        e, h = self._entries, self._head
        wanted = (
            select(h.c.seq.label("head_seq"), h.c.hash.label("head_hash"), e)
            .select_from(h.outerjoin(e, e.c.seq > 0))
            .order_by(e.c.seq)
        )
        with reached(self._engine.url), self._engine.connect() as connection:
            rows = connection.execute(wanted).mappings().all()
        if not rows:
            raise MeshError(f"The ledger at {self.shown} lost its head. Restore a backup of it.")
        head = Head(rows[0]["head_seq"], rows[0]["head_hash"])
        found = [{name: row[name] for name in _FIELDS} for row in rows if row["seq"] is not None]
        return [Record(**{**row, "data": _parsed(row["data"])}) for row in found], head

    def append(self, drafts: Iterable[Draft], after: Head) -> list[Record]:
        """Write all of these right after a head, or none. Raises Overtaken if it has moved."""
        from sqlalchemy import insert, update

        records = chained(_writable(drafts), after)
        if not records:
            return []
        head = self._head
        moved = (
            update(head)
            .where(head.c.id == 1, head.c.seq == after.seq, head.c.hash == after.hash)
            .values(seq=records[-1].seq, hash=records[-1].hash)
        )
        rows = [{**vars(r), "data": canonical(dict(r.data))} for r in records]
        with (
            reached(self._engine.url),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            # Whoever moves the head first writes; the others find nothing to move.
            if connection.execute(moved).rowcount != 1:
                raise Overtaken
            connection.execute(insert(self._entries), rows)
        return records


def _tables() -> tuple[Table, Table]:
    from sqlalchemy import Column, Integer, MetaData, Table, Text

    metadata = MetaData()
    columns = [Column(name, Text, nullable=False) for name in _FIELDS[1:]]
    entries = Table("mesh_ledger", metadata, Column("seq", Integer, primary_key=True), *columns)
    head = Table(
        "mesh_ledger_head",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("seq", Integer, nullable=False),
        Column("hash", Text, nullable=False),
    )
    return entries, head


# Whoever reads the log on a screen shall see what stands there: no escape sequence, no turned text.
_HIDDEN = re.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def _parsed(text: str) -> dict[str, object]:
    """An entry's data. What is no JSON any more was changed, and its hash will say so."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"unreadable": text}


def _writable(drafts: Iterable[Draft]) -> Sequence[Draft]:
    kept = list(drafts)
    for draft in kept:
        for text in (draft.subject, draft.who, draft.why, *map(str, draft.data.values())):
            if _HIDDEN.search(text) or text.encode("utf-8", "replace").decode() != text:
                raise MeshError(f"{text!r} has characters that can't be kept. Write it as text.")
    return kept
