"""Tokens and reads in the ledger's database, on both kinds of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mesh_defs.storage.ledger import Ledger, ReadRow, Sisters, TokenRow, engine, verify
from mesh_defs.storage.state import State

TOKEN = TokenRow("k1", "h" * 64, "domain:insight", ("shop.orders",), "", "2026-01-01", "Ann",
                 "2026-04-01")  # fmt: skip
READ = ReadRow("r1", "2026-01-02", "domain:insight", "k1", "a1", "shop.orders", 1, 3, ("day",),
               "http", "reading")  # fmt: skip


@pytest.fixture
def sisters(state: State) -> Sisters:
    return Sisters.open(state)


def test_tokens_are_kept_and_changed(sisters: Sisters) -> None:
    sisters.add(TOKEN)
    sisters.add(replace(TOKEN, id="k0", created="2025-01-01", products=()))
    assert sisters.token("k1") == TOKEN
    assert sisters.token("k2") is None
    assert [t.id for t in sisters.tokens()] == ["k0", "k1"]
    assert sisters.change("k1", {"revoked": "now", "revoked_by": "Ann"}, while_not_revoked=True)
    assert not sisters.change("k1", {"hash": "x"}, while_not_revoked=True)
    assert not sisters.change("k9", {"hash": "x"})
    found = sisters.token("k1")
    assert found
    assert (found.revoked, found.hash) == ("now", TOKEN.hash)


def test_a_read_is_told_once(sisters: Sisters) -> None:
    sisters.begin(READ)
    assert sisters.reads() == [READ]
    sisters.end("r1", "read", 5, 100, "2026-01-03")
    sisters.end("r1", "broken off", 1, 1, "2026-01-04")
    told = replace(READ, outcome="read", rows=5, bytes=100, ended="2026-01-03")
    assert sisters.reads("shop.orders") == [told]
    assert sisters.reads("shop.days") == []
    with pytest.raises(DBAPIError, match="is not changed"), sisters._engine.begin() as connection:
        connection.execute(text("UPDATE mesh_read SET who = 'nobody'"))


def test_a_ledger_of_before_is_brought_up_to_date(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import command

    upgrade = command.upgrade
    with monkeypatch.context() as before:
        before.setattr(engine, "NEWEST", "0001")
        before.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        Ledger.open(state)
        with pytest.raises(Exception, match="mesh_token"):
            Sisters.open(state).tokens()
    assert Sisters.open(state).tokens() == []
    assert verify(*Ledger.open(state).whole()) == []
