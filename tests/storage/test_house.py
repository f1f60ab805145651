"""Which engine a mesh is made on: said by the environment, and never half."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from mesh_defs.model import MeshError, ProductRef
from mesh_defs.storage import tables
from mesh_defs.storage.bigquery.loading import SNAPSHOT_LABEL, load_landing
from mesh_defs.storage.bigquery.warehouse import Warehouse
from mesh_defs.storage.houses import house_of
from mesh_defs.storage.state import State
from tests.emulator.running import Emulator

ORDERS = ProductRef("shop", "orders")


@pytest.fixture
def on_bigquery(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> State:
    monkeypatch.setenv("MESH_TARGET", "bigquery")
    monkeypatch.setenv("MESH_BIGQUERY_PROJECT", "acme-mesh")
    return State.of(tmp_path)


@pytest.mark.parametrize("said", [None, "", "duckdb"])
def test_a_mesh_is_made_on_duckdb_if_nothing_is_said(
    said: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if said is not None:
        monkeypatch.setenv("MESH_TARGET", said)
    state = State.of(tmp_path)
    assert state.home == state.common == tmp_path / ".mesh"
    assert house_of(state).products(ORDERS, 1).location == str(state.product(ORDERS, 1))


def test_another_engine_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MESH_TARGET", "snowflake")
    with pytest.raises(MeshError, match="MESH_TARGET: `snowflake` is no engine"):
        State.of(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("MESH_BIGQUERY_PROJECT", "", "MESH_BIGQUERY_PROJECT is not set"),
        ("MESH_BIGQUERY_PROJECT", "a`b", "MESH_BIGQUERY_PROJECT `a`b` is no project"),
        ("MESH_BIGQUERY_PREFIX", "my-mesh", "MESH_BIGQUERY_PREFIX: `my-mesh`"),
    ],
)
def test_what_it_needs_to_know_is_named(
    variable: str, value: str, expected: str, on_bigquery: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(MeshError) as raised:
        house_of(on_bigquery)
    assert expected in str(raised.value)


def test_what_is_made_on_two_engines_never_meets(on_bigquery: State, tmp_path: Path) -> None:
    here = State(tmp_path / ".mesh")
    assert on_bigquery.audit(ORDERS) != here.audit(ORDERS)
    assert on_bigquery.dbt("shop") != here.dbt("shop")
    assert on_bigquery.landing("shop", "orders") != here.landing("shop", "orders")
    assert (on_bigquery.secrets, on_bigquery.common) == (here.secrets, here.common)


def test_what_reads_the_lake_is_told_that_nothing_is_there(on_bigquery: State) -> None:
    for place in (on_bigquery.product, on_bigquery.quarantine):
        with pytest.raises(MeshError, match="products are tables there"):
            place(ORDERS, 1)


def test_no_two_datasets_have_one_name() -> None:
    there = Warehouse("acme-mesh")
    domains = ["shop", "private_shop", "published_shop", "inputs_shop", "quarantine_shop"]
    kinds = (there.private, there.inputs, there.published, there.quarantined)
    named = [of(domain) for of in kinds for domain in domains]
    assert len({*named, there.secrets}) == len(named) + 1


COLUMNS = """
select 1::bigint as whole, 1.25::decimal(9, 2) as exact, 7::decimal(38, 0) as large, 0.1::double as
about, 'ä' as said, true as yes, date '2024-02-29' as day, timestamp '2024-02-29 12:00:00.123456' as
there, timestamptz '2024-02-29 12:00:00.123456+02' as moment, [1, 2]::bigint[] as list,
{'a': 1::bigint, 'b': ['x']} as inside
union all select null, null, null, null, null, null, null, null, null, null, null
"""


@pytest.fixture
def landed(tmp_path: Path) -> Any:
    def land(sql: str) -> tables.Snapshot:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return tables.replace(connection, f"({sql})", tmp_path / "orders", {})

    return land


@pytest.mark.slow
def test_a_landing_is_loaded_without_loss_and_once(emulator: Emulator, landed: Any) -> None:
    to, client = f"local.{emulator.dataset()}.orders", emulator.client
    snapshot = landed(COLUMNS)
    load_landing(client, snapshot, to)
    first, last = sorted(client.query(f"select * from {to}").result(), key=lambda r: r[0] is None)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        expected = connection.sql(COLUMNS).fetchall()[0]
    assert first.values()[:9] == expected[:9]
    assert first["list"] == [1, 2]
    assert first["inside"] == {"a": 1, "b": ["x"]}
    assert set(last.values()[:9]) == {None}
    loaded = client.get_table(to)
    load_landing(client, snapshot, to)
    assert client.get_table(to).modified == loaded.modified
    load_landing(client, landed("select 2::bigint as whole"), to)
    assert [row.values() for row in client.query(f"select * from {to}").result()] == [(2,)]
    assert client.get_table(to).labels[SNAPSHOT_LABEL].startswith("1-")


def test_a_column_that_bigquery_has_no_type_for_is_named(landed: Any) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.bigquery import Client

    class Nowhere(Client):  # type: ignore[misc]  # Google's types are not read
        def get_table(self, *args: Any, **more: Any) -> Any:
            from google.api_core.exceptions import NotFound

            raise NotFound("not there")

    client = Nowhere(project="local", credentials=AnonymousCredentials())
    with pytest.raises(MeshError, match="no type for column `m`"):
        load_landing(client, landed("select map {'a': 1} as m"), "local.d.orders")
