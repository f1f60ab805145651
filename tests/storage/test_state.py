"""The state folder: one place for all that is written, and files that are whole or not there."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mesh_defs.model import MeshError
from mesh_defs.storage.secrets import key_id, pseudonym_key
from mesh_defs.storage.state import (
    State,
    append_json,
    read_json,
    read_json_lines,
    write_json,
    write_text,
)


def test_state_lies_in_the_root_unless_mesh_home_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert State.of(tmp_path).home == tmp_path / ".mesh"
    monkeypatch.setenv("MESH_HOME", "elsewhere")
    assert State.of(tmp_path).home == tmp_path / "elsewhere"
    monkeypatch.setenv("MESH_HOME", str(tmp_path / "far"))
    assert State.of(tmp_path / "root").home == tmp_path / "far"


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": 2})
    assert read_json(path) == {"a": 2}
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert read_json(path) == {"a": 2}
    assert [p.name for p in path.parent.iterdir()] == ["x.json"]


def test_json_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    assert read_json(tmp_path / "no.json") is None
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(MeshError, match=r"bad\.json.*Remove it"):
        read_json(tmp_path / "bad.json")


def test_lines_are_added_and_what_was_half_written_goes(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.jsonl"
    assert read_json_lines(path) == []
    append_json(path, {"n": 1})
    append_json(path, {"n": "two\nlines"})
    whole = path.read_bytes()
    for torn in (b"{", b'{"n": 3}', b'{"n": "\xc3'):
        path.write_bytes(whole + torn)
        assert read_json_lines(path) == [{"n": 1}, {"n": "two\nlines"}]
        append_json(path, {"n": 4})
        assert read_json_lines(path) == [{"n": 1}, {"n": "two\nlines"}, {"n": 4}]
    path.write_bytes(b'{"n": 1')
    append_json(path, {"n": 5})
    assert read_json_lines(path) == [{"n": 5}]


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"n": 1}\nno\n{"n": 3}\n')
    with pytest.raises(MeshError, match=r"Line 2 of .*x\.jsonl.*Remove the line"):
        read_json_lines(tmp_path / "x.jsonl")


def test_the_demo_key_is_made_once_and_only_its_owner_can_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = State(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: pseudonym_key(state), range(16)))
    assert len(keys) == 1
    file = state.secrets / "pseudonym.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.secrets.stat().st_mode) == 0o700
    monkeypatch.setenv("MESH_PSEUDONYM_KEY", "given")
    assert pseudonym_key(state) == "given"
    assert key_id("given") != key_id(keys.pop())
    assert "given" not in key_id("given")
    assert os.environ["MESH_PSEUDONYM_KEY"] == "given"
