"""The ledger's sister tables: tokens as rows, and reads as they begin and end; not what they mean.

They lie in the ledger's database, and are no part of its chain of hashes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mesh_defs.storage.ledger.engine import WRITES, connect, place, reached
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

READING = "reading"


@dataclass(frozen=True)
class TokenRow:
    """A token as it is kept: what it is recognised by, and never the secret itself."""

    id: str
    hash: str
    consumer: str
    products: tuple[str, ...]
    purpose: str
    created: str
    created_by: str
    expires: str
    rotated: str | None = None
    last_used: str | None = None
    revoked: str | None = None
    revoked_by: str | None = None


@dataclass(frozen=True)
class ReadRow:
    """One read: who, what, how it ended. `rows` and `bytes` are None while it goes on."""

    id: str
    at: str
    who: str
    token: str | None
    agreement: str | None
    product: str
    version: int | None
    snapshot: int | None
    columns: tuple[str, ...] | None
    way: str
    outcome: str
    rows: int | None = None
    bytes: int | None = None
    ended: str | None = None


class Sisters:
    """Tokens and reads. Nothing is cached: a token that was revoked is revoked at the next look."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tokens, self._reads = _table("mesh_token", TokenRow), _table("mesh_read", ReadRow)

    @classmethod
    def open(cls, state: State) -> Sisters:
        return cls(connect(place(state)))

    def token(self, id: str) -> TokenRow | None:
        """The token of an id."""
        found = self._select(self._tokens, self._tokens.c.id == id)
        return _token(found[0]) if found else None

    def tokens(self) -> list[TokenRow]:
        """Every token, in the order in which they were made."""
        return sorted(map(_token, self._select(self._tokens)), key=lambda t: (t.created, t.id))

    def add(self, token: TokenRow) -> None:
        from sqlalchemy import insert

        row = {**vars(token), "products": json.dumps(list(token.products))}
        self._write(lambda connection: connection.execute(insert(self._tokens).values(row)))

    def change(self, id: str, said: Mapping[str, Any], while_not_revoked: bool = False) -> bool:
        """Say something else of a token; whether there was one to say it of."""
        from sqlalchemy import update

        t = self._tokens
        changed = update(t).where(t.c.id == id).values(**said)
        if while_not_revoked:
            changed = changed.where(t.c.revoked.is_(None))
        return bool(self._write(lambda connection: connection.execute(changed).rowcount))

    def begin(self, read: ReadRow) -> None:
        """Put a read down before its first row is handed out."""
        from sqlalchemy import insert

        columns = None if read.columns is None else json.dumps(list(read.columns))
        row = {**vars(read), "columns": columns}
        self._write(lambda connection: connection.execute(insert(self._reads).values(row)))

    def end(self, id: str, outcome: str, rows: int, size: int, ended: str) -> None:
        from sqlalchemy import update

        r = self._reads
        told = update(r).where(r.c.id == id, r.c.outcome == READING)
        said = told.values(outcome=outcome, rows=rows, bytes=size, ended=ended)
        self._write(lambda connection: connection.execute(said))

    def reads(self, product: str | None = None) -> list[ReadRow]:
        """The reads, in the order in which they began."""
        r = self._reads
        found = self._select(r, *([r.c.product == product] if product else []))
        return sorted(map(_read, found), key=lambda read: (read.at, read.id))

    def _select(self, table: Table, *where: Any) -> list[Mapping[str, Any]]:
        from sqlalchemy import select

        with reached(self._engine.url), self._engine.connect() as connection:
            return [dict(r) for r in connection.execute(select(table).where(*where)).mappings()]

    def _write(self, act: Callable[[Connection], Any]) -> Any:
        with (
            reached(self._engine.url),
            self._engine.connect().execution_options(**WRITES) as connection,
            connection.begin(),
        ):
            return act(connection)


def new_read_id() -> str:
    return uuid4().hex


def _token(row: Mapping[str, Any]) -> TokenRow:
    return TokenRow(**{**row, "products": tuple(json.loads(row["products"]))})


def _read(row: Mapping[str, Any]) -> ReadRow:
    columns = None if row["columns"] is None else tuple(json.loads(row["columns"]))
    return ReadRow(**{**row, "columns": columns})


def _table(name: str, of: type[Any]) -> Table:
    from sqlalchemy import BigInteger, Column, MetaData, Table, Text

    numbers: Iterable[str] = ("version", "snapshot", "rows", "bytes")
    columns = [
        Column(f.name, BigInteger if f.name in numbers else Text, primary_key=f.name == "id")
        for f in fields(of)
    ]
    return Table(name, MetaData(), *columns)
