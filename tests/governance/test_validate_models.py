"""`mesh validate` of dbt projects: models, names, sources."""

from __future__ import annotations

import pytest

from tests.governance.room import BEST, BEST_SQL, INSIGHT, ORDERS, SHOP, Room


def test_domain_without_a_dbt_project(mesh: Room) -> None:
    mesh.remove("dbt_projects/insight").only(
        "dbt_projects/insight", 0, "", "the dbt project of `insight` is missing"
    )


def test_dbt_project_without_its_file(mesh: Room) -> None:
    file = "dbt_projects/insight/dbt_project.yml"
    mesh.remove(file).only(file, 0, "", "the file is missing")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("name: insight", "name: insights", "name"),
        ("profile: mesh", "profile: my_own", "profile"),
        ("profile: mesh\n", "", "profile"),
    ],
)
def test_dbt_project_that_is_called_otherwise(mesh: Room, old: str, new: str, field: str) -> None:
    file = "dbt_projects/insight/dbt_project.yml"
    mesh.edit(file, old, new).only(
        file, new if new else 1, field, f"expected `{old.strip()[-4:]}"[:9]
    )


def test_models_of_no_domain(mesh: Room) -> None:
    mesh.write("dbt_projects/left_over/models/x.sql", "select 1 as a").only(
        "dbt_projects/left_over", 0, "", "models of no domain: `x`", "domains/left_over"
    )


def test_product_that_no_model_makes(mesh: Room) -> None:
    sql = "dbt_projects/shop/models/orders.sql"
    mesh.edit("dbt_projects/shop/models/days.sql", "ref('orders')", "ref('order')")
    (mesh.root / sql).rename(mesh.root / "dbt_projects/shop/models/order.sql")
    mesh.only(
        ORDERS, mesh.line(ORDERS, "- name: orders"), "schema[0].name",
        "no model, seed or snapshot `orders` in dbt_projects/shop", "Did you mean `order`?",
    )  # fmt: skip


def test_physical_name_that_no_model_has(mesh: Room) -> None:
    mesh.edit(ORDERS, "- name: orders\n", "- name: orders\n  physicalName: order_lines\n")
    assert [(f.file, f.field) for f in mesh.findings()] == [
        ("dbt_projects/shop/models/orders.sql", ""),
        (ORDERS, "schema[0].physicalName"),
    ]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/deep/down/orders.sql", "select 1"),
        ("models/orders.py", "def model(dbt, session): ..."),
        ("seeds/orders.csv", "order_id\n1\n"),
        ("snapshots/any.sql", "{%- snapshot orders -%} select 1 {% endsnapshot %}"),
        ("snapshots/any.yml", "snapshots:\n  - {name: orders, relation: ref('x')}\n"),
    ],
)
def test_what_can_make_a_product(mesh: Room, file: str, text: str) -> None:
    mesh.remove("dbt_projects/shop/models/orders.sql").write(f"dbt_projects/shop/{file}", text)
    assert mesh.findings() == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/orders.txt", "select 1"),
        ("models/orders.csv", "a\n1\n"),
        ("seeds/orders.sql", "select 1"),
        ("analyses/orders.sql", "select 1"),
        ("target/models/orders.sql", "select 1"),
        ("models/target/orders.sql", "select 1"),
        ("snapshots/orders.sql", "{% snapshot others %} select 1 {% endsnapshot %}"),
        ("snapshots/any.yml", "snapshots:\n  - {name: orders, description: Only said.}\n"),
    ],
)
def test_what_makes_no_product(mesh: Room, file: str, text: str) -> None:
    mesh.remove("dbt_projects/shop/models/orders.sql").write(f"dbt_projects/shop/{file}", text)
    assert ORDERS in {f.file for f in mesh.findings()}


def test_model_paths_of_its_own(mesh: Room) -> None:
    file = "dbt_projects/shop/dbt_project.yml"
    mesh.edit(file, "model-paths: [models,", "model-paths: [sql,")
    assert len(mesh.findings()) == 2
    (mesh.root / "dbt_projects/shop/models").rename(mesh.root / "dbt_projects/shop/sql")
    assert mesh.findings() == []


@pytest.mark.parametrize("name", ["Best", "best-day", "1st"])
def test_model_with_another_kind_of_name(mesh: Room, name: str) -> None:
    file = f"dbt_projects/insight/models/{name}.sql"
    mesh.write(file, "select 1 as a").only(file, 0, "", "lower case letters")


@pytest.mark.parametrize("name", ["landing", "products"])
def test_model_with_a_name_that_is_taken(mesh: Room, name: str) -> None:
    file = f"dbt_projects/insight/models/{name}.sql"
    mesh.write(file, "select 1 as a").only(file, 0, "", f"no model can be called `{name}`")


def test_models_of_one_name(mesh: Room) -> None:
    mesh.write("dbt_projects/insight/seeds/best_day.csv", "a\n1\n").only(
        "dbt_projects/insight/seeds/best_day.csv", 0, "", "already the name of", BEST_SQL
    )


def test_model_called_as_a_product_that_is_made_of_another(mesh: Room) -> None:
    mesh.write("dbt_projects/insight/models/best.sql", "select 1 as a")
    mesh.edit(BEST, "- name: best_day\n", "- name: best_day\n  physicalName: best\n").only(
        BEST_SQL, 0, "", "called as the product `insight.best_day`", "made of `best`"
    )


UNDECLARED = "select 1\nfrom\n  {{ source('shop', 'days') }}\n"


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("models/x.sql", UNDECLARED, 3),
        ("models/x.sql", "{# a\nb\n#}\n" + UNDECLARED, 6),
        ("models/x.sql", "{{\n config() }} {% set a =\n source (\"shop\",\n 'days') %}", 3),
        ("models/x.sql", "-- {{ source('shop', 'days') }} is rendered even here", 1),
        ("tests/x.sql", UNDECLARED, 3),
        ("models/x.py", "def model(dbt, s):\n    return dbt.source('shop', 'days')\n", 2),
        ("models/x.yml", "a: 1\nb:\n  - to: source('shop', 'days')\n", 3),
    ],
)
def test_source_that_is_not_declared(mesh: Room, file: str, text: str, line: int) -> None:
    file = f"dbt_projects/insight/{file}"
    mesh.write(file, text).only(
        file, line, "source('shop', 'days')", "`insight` declares no such source",
        f"Declare `shop.days` in {INSIGHT} under `inputs` (there: `shop.orders`).",
    )  # fmt: skip


def test_landing_source_that_is_not_declared(mesh: Room) -> None:
    file = "dbt_projects/shop/models/x.sql"
    mesh.write(file, "from {{ source('landing', 'order') }}").only(
        file, 1, "source('landing', 'order')",
        f"Declare `order` in {SHOP} under `sources` (there: `orders`).",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("models/x.sql", "{# {{ source('shop', 'days') }} #} select 1 as a"),
        ("models/x.sql", "-- was source('shop', 'days') once"),
        ("models/x.sql", "from {{ my_source('shop', 'days') }}"),
        ("models/x.sql", "from {{ source(which, 'days') }}"),
        ("models/x.py", "x = 1  # source('shop', 'days')"),
        ("target/x.sql", UNDECLARED),
        ("seeds/x.csv", UNDECLARED),
    ],
)
def test_what_is_no_source(mesh: Room, file: str, text: str) -> None:
    assert mesh.write(f"dbt_projects/insight/{file}", text).findings() == []


def test_sql_that_is_not_utf8(mesh: Room) -> None:
    path = mesh.root / "dbt_projects/insight/models/x.sql"
    path.write_bytes(b"-- caf\xe9\n{{ source('a', 'b') }}")
    assert [f.line for f in mesh.findings()] == [2]
