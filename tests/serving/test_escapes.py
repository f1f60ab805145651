"""SQL of strangers against the running service: no way out, no bomb that harms, nothing told."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.access.test_reading import BOMBS, ESCAPES
from tests.serving.conftest import Served


def alive(served: Served) -> None:
    assert served.get("/health").json() == {"ok": True}
    said = served.query("select count(*) as n from shop.orders", served.tokens["part"])
    assert said.text == '{"n":9}\n', said.text


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_way_out(served: Served, tmp_path: Path, sql: str) -> None:
    products = served.mesh.home / "lake/shop/products"
    days = next((products / "days/v1").glob("*.parquet"))
    outside, new = tmp_path / "outside.txt", tmp_path / "new"
    outside.write_text("not for you")
    text = sql.format(root=served.mesh.root, days=days, outside=outside, new=new)
    said = served.query(text, served.tokens["part"])
    assert said.status_code in (400, 404), said.text
    assert not new.exists()
    assert "not for you" not in said.text
    for told in (str(served.mesh.home), "reading-"):
        assert told not in said.text.replace(str(days), "")


ABOUT_THE_FILES = [
    "select * from read_parquet('shop.orders.parquet')",
    "select * from 'shop.orders.parquet'",
    "select * from parquet_metadata('shop.orders.parquet')",
    "select * from parquet_file_metadata('shop.orders.parquet')",
    "select sql from duckdb_views()",
    "select * from duckdb_logs()",
    "select * from duckdb_databases()",
    "select * from pragma_database_list()",
    "select * from information_schema.views",
    "select * from pg_catalog.pg_views",
    "select * from sqlite_master",
    "select filename from shop.orders",
    "select file_row_number from shop.orders",
    "select * from duckdb_settings()",
    "select * from duckdb_secrets()",
    "select current_setting('secret_directory')",
    "select getvariable('x')",
    "show all tables",
    "describe information_schema.tables",
]


@pytest.mark.parametrize("sql", ABOUT_THE_FILES)
def test_nothing_is_told_about_files_or_others(served: Served, sql: str) -> None:
    said = served.query(sql, served.tokens["part"])
    assert said.status_code in (400, 404), said.text
    assert str(served.mesh.root) not in said.text
    assert "days" not in said.text


def test_plans_and_shapes_name_no_file(served: Served) -> None:
    for sql in ("describe shop.orders", "summarize shop.orders", "from shop.orders limit 1"):
        said = served.query(sql, served.tokens["part"])
        assert said.status_code == 200, said.text
        assert "parquet" not in said.text.lower()
        assert "cents" not in said.text
    said = served.query("explain select * from shop.orders", served.tokens["part"])
    assert said.status_code == 400


@pytest.mark.slow
def test_a_lock_that_the_parser_never_saw(served: Served, tmp_path: Path) -> None:
    """What a child would do if the first look at the SQL were ever deceived: it still refuses, and
    in its folder there is only what may be read."""
    from mesh_defs.access.reading.cell import cell
    from mesh_defs.access.reading.library import Library
    from mesh_defs.access.reading.questions import stage
    from mesh_defs.model import MeshError

    library = Library(served.mesh.root)
    part = library.find(["app:part"], "shop.orders")
    staged = stage(library.state, tmp_path, [part])
    assert [f.name for f in tmp_path.iterdir()] == ["shop.orders.parquet"]

    def run(sql: str) -> int:
        with cell(tmp_path, staged, sql, arrow=True, seconds=20) as found:
            return sum(len(d) for d in found.data)

    assert run("select * from shop.orders") > 0
    # Around the view, there is the file, and in it there is what may be read.
    assert run("select * from read_parquet('shop.orders.parquet')") > 0
    with pytest.raises(MeshError, match="cents"):
        run("select cents from read_parquet('shop.orders.parquet')")
    days = next((served.mesh.home / "lake/shop/products/days/v1").glob("*.parquet"))
    for sql in (
        f"select * from read_parquet('{days}')", "select * from read_text('/proc/self/environ')",
        "select * from glob('*')", "copy shop.orders to 'x.csv'", "attach 'x.db'", "load httpfs",
        "install httpfs", "set lock_configuration = false", "set memory_limit = '100GB'",
        "export database 'x'", "select 1; select 2",
        "select * from 'http://127.0.0.1:9/x.parquet'", "create table x as select 1",
        "select getenv('HOME')", "set temp_directory = '/tmp'", "reset memory_limit",
    ):  # fmt: skip
        with pytest.raises(MeshError):
            run(sql)
    assert {f.name for f in tmp_path.iterdir()} <= {"shop.orders.parquet", "spill"}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs(served: Served, bomb: str) -> None:
    assert served.process
    said = served.query(bomb, served.tokens["own"])
    assert said.status_code == 400, said.text[:200]
    assert re.search(r"took longer|more memory|Out of Range|maximum|exceeds", said.text), said.text
    assert psutil.Process(served.process.pid).memory_info().rss < 1_500_000_000
    alive(served)


LONG = [
    "select " + "(" * 20_000 + "1" + ")" * 20_000,
    "select " + " + ".join(["1"] * 30_000),
    "select '" + "x" * 90_000 + "'",
    "select " + "-" * 1 + " -" * 20_000 + "1",
    "with " + ", ".join(f"a{i} as (select 1)" for i in range(3_000)) + " select 1",
    "select 1 " + "union all select 1 " * 4_000,
    "x" * 200_000,
]


@pytest.mark.parametrize("sql", LONG, ids=range(len(LONG)))
def test_long_sql(served: Served, sql: str) -> None:
    assert served.query(sql, served.tokens["own"]).status_code in (200, 400)
    alive(served)


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", b'{"sql": 1}', b'{"sql": "select 1", "format": 1}', b"\xff",
     b'{"sql": "select 1", "format": "xml"}',
     b'{"sql": "select \'\\ud800\'"}', b"[" * 200_000, b"x" * 1_100_000],
)  # fmt: skip
def test_bodies_that_are_none(served: Served, body: bytes) -> None:
    import httpx

    headers = {"Authorization": f"Bearer {served.tokens['own']}"}
    said = httpx.post(f"{served.http}/query", content=body, headers=headers, timeout=30)
    assert said.status_code in (400, 413)


@pytest.mark.slow
def test_several_bombs_at_once_leave_the_others_reading(served: Served) -> None:
    with ThreadPoolExecutor(6) as pool:
        bombs = [pool.submit(served.query, BOMBS[i], served.tokens["own"]) for i in (0, 1, 5)]
        while not all(b.done() for b in bombs):
            said = served.get("/products/shop.orders", served.tokens["part"], format="csv")
            assert said.text.count("\n") == 10
        assert {b.result().status_code for b in bombs} == {400}
    alive(served)
    assert served.process
    assert not [c for c in psutil.Process(served.process.pid).children() if c.status() != "zombie"]
    assert not list((served.mesh.home / "tmp").glob("reading-*"))
