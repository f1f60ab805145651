"""Queries read the snapshots they name, and nothing else whatever they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mesh_defs.access.reading.asking import asking
from mesh_defs.access.reading.questions import named_products
from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage.state import State
from tests.tiny_mesh import TinyMesh


def ask(mesh: TinyMesh, sql: str, who: str = "shop") -> list[tuple[Any, ...]]:
    with asking(mesh.root, who, sql, seconds=20) as (found, _):
        return list(found.rows)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select 1", []),
        ("values (1), (2)", []),
        ("from shop.orders", ["shop.orders"]),
        ("select * from Shop.ORDERS", ["shop.orders"]),
        ("with x as (from shop.orders) select * from x join b.c using (i)", ["shop.orders", "b.c"]),
        ("select (select max(i) from a.b) union all select j from c.d", ["a.b", "c.d"]),
        ("select * from range(3), a.b where exists (from c.d)", ["a.b", "c.d"]),
        ("describe shop.orders", ["shop.orders"]),
        ("summarize shop.orders", ["shop.orders"]),
        ("select * from '/etc/passwd'", ["/etc/passwd"]),
        ("select * from memory.shop.orders", ["memory.shop.orders"]),
    ],
)
def test_names_the_products_of_a_query(sql: str, names: list[str]) -> None:
    assert sorted(named_products(sql)) == sorted(names)


def test_reads_two_products(tiny_mesh: TinyMesh) -> None:
    sql = "select o.cents from shop.orders o join shop.days d using (day) order by 1"
    assert ask(tiny_mesh, sql) == [(40,), (250,), (1000,)]


def test_says_which_snapshots_it_read(tiny_mesh: TinyMesh) -> None:
    with asking(tiny_mesh.root, "Shop team", "from shop.days") as (found, read):
        assert [(r.address, r.snapshot.version, r.right.consumer) for r in read] == [
            ("shop.days", 0, "domain:shop")
        ]
        assert [c.name for c in found.columns] == ["day", "cents"]


NOT_YOURS = "`{}` is no product that you may read"


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ("from shop.nothing", "shop.nothing"),
        ("from nowhere.orders", "nowhere.orders"),
        ("from insight.best_day", "insight.best_day"),
        ("from orders", "orders"),
        ("from information_schema.tables", "information_schema.tables"),
        ("from pg_catalog.pg_class", "pg_catalog.pg_class"),
    ],
)
def test_what_is_not_there_and_what_is_not_yours_sound_alike(
    tiny_mesh: TinyMesh, sql: str, name: str
) -> None:
    with pytest.raises(MeshError) as error:
        ask(tiny_mesh, sql)
    assert str(error.value).replace(name, "x.y") == (
        "`x.y` is no product that you may read. `mesh list` shows what there is; "
        "`mesh access request` asks for it."
    )


@pytest.mark.parametrize("sql", ["", "-- nothing"])
def test_no_query_at_all(tiny_mesh: TinyMesh, sql: str) -> None:
    with pytest.raises(MeshError, match="Expected one query, got 0"):
        ask(tiny_mesh, sql)


@pytest.mark.parametrize("name", ["read_csv", "glob", "duckdb_settings"])
def test_a_function_in_from_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(MeshError, match=rf"^`{name}\(…\)` gives rows"):
        named_products(f"from {name}('/etc/passwd')")


def test_a_product_that_was_never_published(unpublished_mesh: TinyMesh) -> None:
    with pytest.raises(MeshError, match=r"`shop\.orders` was never published"):
        ask(unpublished_mesh, "from shop.orders")


ESCAPES = [
    "select * from read_csv('{outside}')",
    "select * from read_text('{outside}')",
    "select * from read_blob('{outside}')",
    "select * from '{outside}'",
    "select * from read_parquet('{days}')",
    "select * from read_parquet('{days}') union all from shop.orders",
    "select * from '{days}'",
    "select * from parquet_metadata('{days}')",
    "select * from glob('{root}/**')",
    "select * from read_csv('{root}/data/*.csv')",
    "select * from sniff_csv('{root}/data/orders.csv')",
    "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
    "select getenv('PATH')",
    "select * from query('copy (select 1) to ''{new}''')",
    "select * from query_table('shop.days')",
    "select * from json_execute_serialized_sql(json_serialize_sql('from ''{days}'''))",
    "select * from mesh_secrets.main.keys",
    "select * from duckdb_secrets(), read_text('{outside}')",
    "copy shop.orders to '{new}'",
    "copy (select 1) to '{new}'",
    "export database '{new}'",
    "attach '{new}'",
    "detach memory",
    "pragma enable_profiling",
    "pragma database_list",
    "set enable_external_access = true",
    "reset enable_external_access",
    "install httpfs",
    "load httpfs",
    "call pragma_version()",
    "explain analyze select 1",
    "create table x as select 1",
    "insert into shop.orders values (1)",
    "update shop.orders set cents = 0",
    "delete from shop.orders",
    "drop view shop.orders",
    "alter view shop.orders rename to x",
    "prepare p as select 1",
    "execute p",
    "begin",
    "checkpoint",
    "vacuum",
    "use shop",
    "show tables",
    "select 1; select 2",
    "select 1; drop view shop.orders",
    "from shop.orders; set threads = 1",
    "pivot shop.orders on day using sum(cents)",
    "select * from secret_of_ours",
    "select * from duckdb_views()",
    "select * from duckdb_settings()",
    "select * from duckdb_tables(), shop.orders",
    "select current_setting('allowed_paths')",
    "select * from shop.orders where current_setting('temp_directory') <> ''",
    "select filename from shop.orders",
    "select * from sqlite_master",
    "select * from repeat_row(1, num_rows = 3), read_csv_auto('{outside}')",
    "select * from x.y.read_text('{outside}')",
    "from summary((from '{outside}'))",
    "select unnest(glob('{root}/**'))",
    "select (select content from read_text('{outside}'))",
    "with t as (from read_text('{outside}')) from t",
    "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t, "
    "read_blob('{outside}')",
    "select * from st_read('{outside}')",
    "select * from parquet_scan('{days}')",
    "select * from parquet_schema('{days}')",
    "select * from test_all_types(), '{days}'",
]


@pytest.mark.parametrize("sql", ESCAPES)
def test_no_way_out(tiny_mesh: TinyMesh, tmp_path: Path, sql: str) -> None:
    secret_of_ours = [{"a": 1}]  # a variable of the process is not a table either
    days = next((tiny_mesh.home / "lake/shop/products/days/v1").glob("*.parquet"))
    outside = tmp_path / "outside.txt"
    outside.write_text("not for you")
    new = tmp_path / "new"
    text = sql.format(root=tiny_mesh.root, days=days, outside=outside, new=new)
    with pytest.raises(MeshError):
        ask(tiny_mesh, text)
    assert secret_of_ours
    assert not new.exists()


def test_the_lock_holds_without_the_parser(tiny_mesh: TinyMesh, tmp_path: Path) -> None:
    """Were the first look at the SQL ever deceived, the connection would still refuse."""
    import duckdb

    from mesh_defs.access.reading import reader
    from mesh_defs.storage.tables import snapshot

    state = State.of(tiny_mesh.root)
    ref = ProductRef("shop", "orders")
    mounted = snapshot(state.product(ref, 1))
    assert mounted is not None
    with reader(state, {ref: mounted}) as connection:
        assert connection.execute("select count(*) from shop.orders").fetchall() == [(3,)]
        for sql in (
            f"copy shop.orders to '{tmp_path / 'new'}'",
            f"copy (select 1 as a) to '{mounted.files[0]}'",
            f"attach '{tmp_path / 'new'}'",
            "set enable_external_access = true",
            "set allowed_paths = ['/']",
            "set lock_configuration = false",
            "install httpfs",
            "load httpfs",
            "create persistent secret (type s3, key_id 'x')",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(sql)
    assert list(tmp_path.iterdir()) == []


BOMBS = [
    "select count(*) from range(100000000000) a, range(100000000000) b",
    "select max(n) from (with recursive t(n) as (select 1 union all select n + 1 from t) from t)",
    "select list(i) from range(2000000000) t(i)",
    "select repeat('x', 2000000000)",
    "select length(string_agg(repeat('x', 1000000), '')) from range(10000)",
    "select count(distinct i) from range(3000000000) t(i)",
    "select len(list_transform(range(3000000000), lambda x: x + 1))",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_are_stopped(tiny_mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch, bomb: str) -> None:
    monkeypatch.setenv("MESH_MEMORY_LIMIT", "200MB")
    with (
        pytest.raises(MeshError, match=r"took longer|more memory|Out of Range|maximum|exceeds"),
        asking(tiny_mesh.root, "shop", bomb, seconds=2) as (found, _),
    ):
        list(found.rows)


def test_what_does_not_fit_spills_into_the_state_folder(
    tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESH_MEMORY_LIMIT", "60MB")
    sql = "select count(*) from (select distinct i::varchar || 'xxxxxxxx' from range(1500000) t(i))"
    assert ask(tiny_mesh, sql) == [(1_500_000,)]
    assert list(tmp_path.iterdir()) == []
    assert not list((tiny_mesh.home / "tmp").glob("scratch-*"))
