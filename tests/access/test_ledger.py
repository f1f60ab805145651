"""The ledger on both databases: what is appended stays, in order, and tampering is found."""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mesh_defs.model import MeshError
from mesh_defs.storage.ledger import (
    GENESIS,
    Draft,
    Head,
    Ledger,
    Overtaken,
    Record,
    digest,
    engine,
    verify,
)
from mesh_defs.storage.ledger.chain import chained
from mesh_defs.storage.state import State
from tests.postgres import PASSWORD, Postgres

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def drafts(*names: str) -> list[Draft]:
    return [
        Draft("a1", name, NOW, "Änne 🙂", "consumer", "why", {"b": 1, "a": "ü"}) for name in names
    ]


def written(ledger: Ledger, count: int = 5) -> list[Record]:
    head = Head()
    for i in range(count):
        made = ledger.append(drafts(f"e{i}"), head)
        head = Head(made[-1].seq, made[-1].hash)
    return ledger.read()


def execute(ledger: Ledger, *statements: str) -> None:
    """What somebody with the database in their hands can do, triggers or not."""
    lite = ledger._engine.dialect.name == "sqlite"
    names = ("no_UPDATE", "no_DELETE") if lite else ("append_only",)
    on = "" if lite else " ON mesh_ledger"
    off = [f"DROP TRIGGER IF EXISTS mesh_ledger_{n}{on}" for n in names]
    with ledger._engine.begin() as connection:
        for statement in [*off, *statements]:
            connection.execute(text(statement))


def test_what_is_appended_is_read_in_order(ledger: Ledger, state: State) -> None:
    assert ledger.read() == []
    records = written(ledger)
    assert [r.event for r in records] == ["e0", "e1", "e2", "e3", "e4"]
    assert [r.seq for r in Ledger.open(state).read(after=3)] == [4, 5]
    assert (records[0].who, dict(records[0].data)) == ("Änne 🙂", {"a": "ü", "b": 1})
    assert verify(*ledger.whole()) == []


def test_a_hash_can_be_made_by_anybody(ledger: Ledger) -> None:
    """As the page says: SHA-256 of the canonical JSON of all other fields."""
    first = written(ledger, 1)[0]
    fields = {
        "seq": 1, "subject": "a1", "event": "e0", "at": "2026-01-31T12:00:00.000000+00:00",
        "who": "Änne 🙂", "side": "consumer", "why": "why", "data": {"a": "ü", "b": 1},
        "previous": "0" * 64,
    }  # fmt: skip
    said = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert first.hash == hashlib.sha256(said.encode()).hexdigest()
    assert first.previous == GENESIS


def test_whoever_was_overtaken_is_told(ledger: Ledger, state: State) -> None:
    ledger.append(drafts("first"), Head())
    with pytest.raises(Overtaken):
        Ledger.open(state).append(drafts("second"), Head())
    assert [r.event for r in ledger.read()] == ["first"]


def test_several_entries_are_written_whole_or_not_at_all(ledger: Ledger) -> None:
    ledger.append(drafts("a", "b"), Head())
    with pytest.raises(MeshError, match="characters that can't be kept"):
        head = ledger.whole()[1]
        ledger.append([*drafts("c"), replace(drafts("d")[0], why="no\0pe")], head)
    assert [r.event for r in ledger.read()] == ["a", "b"]
    assert verify(*ledger.whole()) == []


@pytest.mark.parametrize(
    "statement",
    ["UPDATE mesh_ledger SET why = 'x'", "DELETE FROM mesh_ledger WHERE seq = 2"],
)
def test_the_database_refuses_to_change_entries(ledger: Ledger, statement: str) -> None:
    records = written(ledger)
    with pytest.raises(DBAPIError, match="append-only"), ledger._engine.begin() as connection:
        connection.execute(text(statement))
    assert ledger.read() == records


_SWAP = (
    "UPDATE mesh_ledger SET seq = 99 WHERE seq = 2",
    "UPDATE mesh_ledger SET seq = 2 WHERE seq = 4",
    "UPDATE mesh_ledger SET seq = 4 WHERE seq = 99",
)
_INSERT = (
    "UPDATE mesh_ledger SET seq = -seq - 1 WHERE seq >= 3",
    "UPDATE mesh_ledger SET seq = -seq WHERE seq < 0",
    "INSERT INTO mesh_ledger SELECT 3, subject, event, at, 'Mallory', side, why, data, previous, "
    "hash FROM mesh_ledger WHERE seq = 2",
    "UPDATE mesh_ledger_head SET seq = 6",
)


@pytest.mark.parametrize(
    ("statements", "seqs", "said"),
    [
        (["UPDATE mesh_ledger SET why = 'other' WHERE seq = 3"], [3], "changed after"),
        (["UPDATE mesh_ledger SET at = '2027-01-01' WHERE seq = 1"], [1], "changed after"),
        (["UPDATE mesh_ledger SET data = '{}' WHERE seq = 5"], [5], "changed after"),
        (["UPDATE mesh_ledger SET data = 'oops' WHERE seq = 5"], [5], "changed after"),
        (["DELETE FROM mesh_ledger WHERE seq = 3"], [3], "was removed"),
        (["DELETE FROM mesh_ledger WHERE seq in (2, 3)"], [2], "and all up to 3 were removed"),
        (["DELETE FROM mesh_ledger WHERE seq = 1"], [1], "was removed"),
        (["DELETE FROM mesh_ledger WHERE seq = 5"], [5], "was removed from the end"),
        (_SWAP, [2, 4], "was written as entry"),
        (_INSERT, [3, 4, 5, 6], "changed after|was written as entry"),
        (["UPDATE mesh_ledger_head SET seq = 4"], [5], "was put at the end"),
        ([f"UPDATE mesh_ledger_head SET hash = '{GENESIS}'"], [5], "says its last entry"),
    ],
)
def test_tampering_is_found_and_where(
    ledger: Ledger, statements: list[str], seqs: list[int], said: str
) -> None:
    written(ledger)
    execute(ledger, *statements)
    found = verify(*ledger.whole())
    assert sorted({w.seq for w in found}) == seqs
    assert any(re.search(said, w.problem) for w in found), found


def test_a_long_ledger_in_which_all_was_changed_is_looked_at_in_its_length() -> None:
    made = chained(drafts(*(f"e{i}" for i in range(3_000))), Head())
    changed = [replace(record, who="Mallory") for record in made]
    began = time.process_time()
    found = verify(changed, Head(changed[-1].seq, changed[-1].hash))
    assert [wrong.seq for wrong in found] == list(range(1, 3_001))
    assert time.process_time() - began < 5, "each entry was compared with each place"


def test_a_replaced_entry_with_a_good_hash_breaks_the_chain(ledger: Ledger) -> None:
    records = written(ledger)
    forged = replace(records[1], who="Mallory")
    execute(
        ledger,
        f"UPDATE mesh_ledger SET who = 'Mallory', hash = '{digest(forged)}' WHERE seq = 2",
    )
    (found,) = verify(*ledger.whole())
    assert found.seq == 3
    assert "does not follow entry 2 as it stands" in found.problem


def test_a_ledger_that_was_written_anew_is_found_by_a_head_that_was_kept() -> None:
    true = chained(drafts("a", "b"), Head())
    forged = chained(drafts("a", "c", "d"), Head())
    head = Head(3, forged[-1].hash)
    assert verify(forged, head) == []
    assert [w.seq for w in verify(forged, head, Head(2, true[1].hash))] == [2]
    assert [w.seq for w in verify(forged[:1], Head(1, forged[0].hash), Head(2, "x"))] == [2]
    assert verify(true, Head(2, true[1].hash), Head(1, true[0].hash)) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u:{}@h/d", "kind `mysql`"),
        ("sqlite://", "kind `sqlite`"),
        ("{}", "no address"),
        ("postgresql://u:se@h:{}/d@h/d", "no address"),  # a password that is not quoted
        ("sqlite:////dev/null/{}/l.db", "no place for the ledger"),
        ("postgresql://u:{}@/d?host=/nowhere", "does not answer"),
        ("postgresql+asyncpg://u:{}@/d?host=/nowhere", "does not answer"),
    ],
)
def test_a_bad_url_is_said_without_its_password(
    url: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_LEDGER_URL", url.format("hunter2"))
    with pytest.raises(MeshError, match=said) as error:
        Ledger.open(State(tmp_path))
    assert "hunter2" not in str(error.value) or url.startswith("sqlite")


def test_a_wrong_password_is_not_shown(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = postgres.database()
    monkeypatch.setenv("MESH_LEDGER_URL", good.replace("mesh:se", "mesh:wrong"))
    with pytest.raises(MeshError, match="does not answer") as error:
        Ledger.open(State(tmp_path))
    assert "wrong" not in str(error.value)
    monkeypatch.setenv("MESH_LEDGER_URL", good)
    shown = Ledger.open(State(tmp_path)).shown
    assert PASSWORD not in shown
    assert "cr%40et" not in shown


def test_a_newer_schema_is_left_alone(ledger: Ledger, state: State) -> None:
    execute(ledger, "UPDATE mesh_ledger_version SET version_num = '9999'")
    with pytest.raises(MeshError, match="written by a newer one"):
        Ledger.open(state)


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    folder = Path(engine.__file__).parent / "migrations" / "versions"
    newest = max(path.name for path in folder.glob("v*.py"))
    assert newest[1:5] == engine.NEWEST


def test_the_default_is_in_the_state_folder(tmp_path: Path) -> None:
    Ledger.open(State(tmp_path))
    assert (tmp_path / "ledger" / "ledger.db").is_file()
