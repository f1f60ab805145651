"""What is special about the PostgreSQL port; what every kind does is in the conformance suite."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest

from mesh_defs.ports.postgres.grants import role_of
from tests.ports.lab import FIRST, SECOND, WIDER
from tests.ports.postgres_lab import VIEW, PostgresLab

TYPES = [
    # (a value in DuckDB, its type there, its type in PostgreSQL, what a client of psycopg gets)
    ("true", "BOOLEAN", "boolean", True),
    ("-128", "TINYINT", "smallint", -128),
    ("9223372036854775807", "BIGINT", "bigint", 9223372036854775807),
    ("12345678901234567890.123456", "DECIMAL(38,6)", "numeric(38,6)", None),
    ("0.1", "DOUBLE", "double precision", 0.1),
    ("1e300", "DOUBLE", "double precision", 1e300),
    ("'nan'", "DOUBLE", "double precision", None),
    ("'-inf'", "DOUBLE", "double precision", float("-inf")),
    ("0.1", "FLOAT", "real", None),
    ("''", "VARCHAR", "text", ""),
    ("e'a,\"b\"\\n\\r\\t\\\\N \\\\. ß€😀'", "VARCHAR", "text", 'a,"b"\n\r\t\\N \\. ß€😀'),
    ("repeat('x', 3000000)", "VARCHAR", "text", "x" * 3_000_000),
    ("'\\x00\\xFF'", "BLOB", "bytea", b"\x00\xff"),
    ("'0001-01-01'", "DATE", "date", None),
    ("'9999-12-31 23:59:59.999999'", "TIMESTAMP", "timestamp without time zone", None),
    ("'2024-05-01 10:00:00.5+02'", "TIMESTAMPTZ", "timestamp with time zone", None),
    ("[1, null, 3]", "INTEGER[]", "jsonb", [1, None, 3]),
    ("{'b': 'x', 'a': 1.50}", "STRUCT(b VARCHAR, a DECIMAL(5,2))", "jsonb", {"b": "x", "a": 1.5}),
    ("map {'z': 1, 'a': 2}", "MAP(VARCHAR, INTEGER)", "jsonb", {"z": 1, "a": 2}),
    ("[{'m': map {2: 'x', 1: 'y'}}]", "STRUCT(m MAP(INTEGER, VARCHAR))[]", "jsonb", None),
    ("[date '2024-05-01']", "DATE[]", "jsonb", ["2024-05-01"]),
    ("[0.1, 1e300, -1e-9]", "DOUBLE[]", "jsonb", None),
    ("[12345678901.1234]", "DECIMAL(15,4)[]", "jsonb", None),
    ("[9007199254740993]", "BIGINT[]", "jsonb", [9007199254740993]),
]


@pytest.mark.parametrize(
    ("value", "kind", "there", "got"), TYPES, ids=[f"{t[1]} {t[0][:12]}" for t in TYPES]
)
def test_each_type_goes_there_and_comes_back(
    postgres_lab: PostgresLab, value: str, kind: str, there: str, got: Any
) -> None:
    made = postgres_lab.publish(
        f"select 1 as order_id, cast({value} as {kind}) as v union all select 2, null"
    )
    assert dict(postgres_lab.table_port().shape())["v"] == there
    (found,), (nothing,) = postgres_lab.ask(f"SELECT v FROM {VIEW} ORDER BY order_id")
    assert nothing is None
    assert got is None or found == got
    postgres_lab.verify(made)


def test_what_postgres_cannot_keep_fails_and_says_so_without_the_value(
    postgres_lab: PostgresLab,
) -> None:
    postgres_lab.snapshot("select 1 as order_id, 'secret' || chr(0) as v")
    stands = postgres_lab.deliver()
    assert stands.status == "failed"
    assert "0x00" in stands.error
    assert "secret" not in stands.error


def test_a_long_decimal_inside_a_list_is_refused_before_anything_is_sent(
    postgres_lab: PostgresLab,
) -> None:
    postgres_lab.snapshot("select 1 as order_id, [0.1::decimal(16,2)] as v")
    assert "Give it a column of its own" in postgres_lab.deliver().error


def test_key_required_and_descriptions_come_from_the_contract(postgres_lab: PostgresLab) -> None:
    postgres_lab.publish(FIRST)
    (table,) = postgres_lab.tables()
    assert postgres_lab.ask(
        "SELECT conname IS NOT NULL, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %s::regclass AND contype = 'p'",
        f'shop."{table}"',
    ) == [(True, "PRIMARY KEY (order_id)")]
    assert postgres_lab.ask(
        "SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = %s::regclass "
        "AND attnum > 0 ORDER BY attnum",
        f'shop."{table}"',
    ) == [("order_id", True), ("day", True), ("cents", True)]
    assert postgres_lab.ask(
        f"SELECT obj_description('{VIEW}'::regclass), col_description('{VIEW}'::regclass, 2)"
    ) == [("All about orders.", "When it was made.")]


@pytest.mark.parametrize("soft", [("severity", "warning"), ("tolerance", "50%")])
def test_a_rule_that_only_warns_or_tolerates_is_no_constraint(
    postgres_lab: PostgresLab, soft: tuple[str, str]
) -> None:
    def soften(data: dict[str, Any]) -> None:
        own = [{"property": soft[0], "value": soft[1]}]
        data["schema"][0]["customProperties"] = own

    postgres_lab.change(soften)
    made = postgres_lab.publish("select null::bigint as order_id, null::date as day, 1 as cents")
    assert postgres_lab.rows() == [(None, None, 1)]
    postgres_lab.verify(made)


def test_a_transaction_that_began_before_never_finds_it_empty(postgres_lab: PostgresLab) -> None:
    postgres_lab.publish(FIRST)
    with psycopg.connect(postgres_lab.url()) as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.execute("SELECT 1 FROM pg_class LIMIT 1")  # from here on it sees one moment
        postgres_lab.publish(SECOND)
        found = reader.execute(f"SELECT count(*) FROM {VIEW}".encode()).fetchone()
    assert found == (5,)


def test_a_reader_in_between_keeps_what_it_reads_and_the_rest_is_swept_later(
    postgres_lab: PostgresLab,
) -> None:
    postgres_lab.publish(FIRST)
    made = postgres_lab.snapshot(SECOND)
    with psycopg.connect(postgres_lab.url()) as reader:
        reader.execute(f"SELECT * FROM {VIEW}".encode())
        thread = threading.Thread(target=postgres_lab.deliver)
        thread.start()
        time.sleep(0.5)
        found = reader.execute(f"SELECT count(*) FROM {VIEW}".encode()).fetchone()
        assert found == (3,)
        reader.rollback()
        thread.join(30)
    assert len(postgres_lab.rows()) == 5
    postgres_lab.verify(made)


def test_a_view_that_a_consumer_made_of_it_sees_the_next_snapshot(
    postgres_lab: PostgresLab,
) -> None:
    postgres_lab.publish(FIRST)
    postgres_lab.ask(f"CREATE VIEW public.mine AS SELECT sum(cents) AS s FROM {VIEW}")
    postgres_lab.publish(WIDER)
    assert postgres_lab.ask("SELECT s FROM public.mine") == [(300,)]
    postgres_lab.snapshot(f"select order_id::varchar as order_id, cents, day from ({FIRST})")
    stands = postgres_lab.deliver()
    assert stands.status == "failed"
    assert "somebody's views" in stands.error
    assert postgres_lab.ask("SELECT s FROM public.mine") == [(300,)]


def test_rights_by_hand_are_listed_and_can_be_revoked(postgres_lab: PostgresLab) -> None:
    postgres_lab.publish(FIRST)
    lab = postgres_lab
    lab.ask('DROP ROLE IF EXISTS "by hand"')
    lab.ask('CREATE ROLE "by hand"')
    lab.ask(f'GRANT SELECT ON {VIEW} TO "by hand", PUBLIC')
    orphans = {lab.wanted("role:by hand"), lab.wanted("role:PUBLIC")}
    assert set(lab.grants.grants()) == orphans
    for orphan in orphans:
        lab.grants.revoke(orphan)
    assert not lab.grants.grants()
    lab.ask(f'GRANT SELECT (cents) ON {VIEW} TO "by hand"')
    assert set(lab.grants.grants()) == {lab.wanted("role:by hand")}
    lab.grants.revoke(lab.wanted("role:by hand"))
    assert not lab.grants.grants()
    lab.ask('DROP OWNED BY "by hand"')
    lab.ask('DROP ROLE "by hand"')


def test_a_grant_without_the_schema_is_not_in_force(postgres_lab: PostgresLab) -> None:
    postgres_lab.publish(FIRST)
    wanted = postgres_lab.wanted("domain:insight")
    postgres_lab.grants.grant(wanted)
    postgres_lab.ask(f'REVOKE USAGE ON SCHEMA shop FROM "{role_of("domain:insight")}"')
    assert not postgres_lab.grants.grants()
    postgres_lab.grants.grant(wanted)
    assert set(postgres_lab.grants.grants()) == {wanted}


def test_before_the_first_delivery_there_is_nothing_to_grant(postgres_lab: PostgresLab) -> None:
    from mesh_defs.model import MeshError

    with pytest.raises(MeshError, match="not there yet"):
        postgres_lab.grants.grant(postgres_lab.wanted("domain:insight"))
    postgres_lab.grants.revoke(postgres_lab.wanted("domain:insight"))
    assert not postgres_lab.grants.grants()


def test_somebody_elses_table_is_left_alone(postgres_lab: PostgresLab) -> None:
    postgres_lab.ask("CREATE SCHEMA shop")
    postgres_lab.ask(f"CREATE TABLE {VIEW} (x int)")
    postgres_lab.snapshot(FIRST)
    assert "not made by mesh" in postgres_lab.deliver().error
    assert postgres_lab.ask(f"SELECT count(*) FROM {VIEW}") == [(0,)]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://mesh:hunter2@127.0.0.1:1/apps",
        "postgresql://mesh:hunter2@127.0.0.1:hunter2/apps",
        "hunter2",
        "postgresql://mesh:hunter2%zz@127.0.0.1/apps",
        "postgresql:hunter2",
        "mysql://mesh:hunter2@127.0.0.1/apps",
    ],
)
def test_a_server_that_does_not_answer_is_named_without_the_password(
    postgres_lab: PostgresLab, url: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    postgres_lab.snapshot(FIRST)
    monkeypatch.setenv(postgres_lab.variable, url)
    stands = postgres_lab.deliver()
    assert stands.status == "failed"
    record = postgres_lab.state.ports(postgres_lab.product.line, 1)
    said = stands.error + stands.location + "".join(capfd.readouterr())
    assert "hunter2" not in said + (record.read_text() if record.exists() else "")
    assert stands.error
