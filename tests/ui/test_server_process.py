"""What `mesh ui` rests on that needs no server: ports, places, what counts as a change."""

from __future__ import annotations

import inspect
import os
import socket
from pathlib import Path

import pytest

from mesh_defs.model import MeshError
from mesh_defs.orchestration.server_process import code_server, code_stamp, free_port


def test_finds_a_free_port_and_refuses_a_taken_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(MeshError, match=f"Port {port} of 127.0.0.1 is taken"):
            free_port("127.0.0.1", port)
        found = free_port("127.0.0.1")
    assert found >= 3000
    assert free_port("127.0.0.1", 0) > 0


def test_serves_on_a_socket_or_where_its_path_is_too_long_on_a_port(tmp_path: Path) -> None:
    near = code_server("sales", tmp_path, Path("/s"), tmp_path)
    assert near.entry() == {"grpc_server": {"socket": "/s/sales.sock", "location_name": "sales"}}
    assert not near.answers()
    far = code_server("sales", tmp_path, Path("/" + "deep/" * 30), tmp_path)
    place = far.entry()["grpc_server"]
    assert place["host"] == "127.0.0.1"
    assert place["port"] == int(far.place)


def test_notices_changes_of_code_and_nothing_else(tmp_path: Path) -> None:
    model = tmp_path / "dbt_projects/sales/models/one.sql"
    model.parent.mkdir(parents=True)
    model.write_text("select 1")
    before = code_stamp(tmp_path, "sales")
    for other in ("logs/dbt.log", "target/run.sql", "models/.one.sql.swp", "models/notes.md"):
        path = tmp_path / "dbt_projects/sales" / other
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert code_stamp(tmp_path, "sales") == before
    os.utime(model, (1, 1))
    touched = code_stamp(tmp_path, "sales")
    assert touched != before
    shared = tmp_path / "dbt_projects/mesh_utils/macros/m.sql"
    shared.parent.mkdir(parents=True)
    shared.write_text("{% macro m() %}{% endmacro %}")
    assert code_stamp(tmp_path, "sales") != touched
    shared.unlink()
    model.unlink()
    assert code_stamp(tmp_path, "sales") == 0


def test_dagster_still_reads_its_floor_where_we_change_it() -> None:
    from dagster._daemon import asset_daemon

    assert asset_daemon.MIN_INTERVAL_LOOP_SECONDS == 5
    loop = inspect.getsource(asset_daemon.AssetDaemon.core_loop)
    assert "MIN_INTERVAL_LOOP_SECONDS" in loop
