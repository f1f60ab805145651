"""What is special about the BigQuery port; what every kind does is in the conformance suite.

On the emulator, which keeps what it is told of labels, layout and policies. What it does otherwise
than BigQuery is tried as requests, on a server of the test's own: see `test_bigquery_requests`.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.ports.bigquery.grants import consumer_of, group_of
from mesh_defs.ports.kinds import ports_of, problems
from mesh_defs.storage.bigquery.types import field_of, type_of
from tests.ports.bigquery_lab import GROUPS, TAG, BigQueryLab
from tests.ports.lab import FIRST, SECOND, WIDER

VALUES = [
    # (a value in DuckDB, its type there, its type in BigQuery, what a client of Google's gets)
    ("true", "BOOLEAN", "BOOL", True),
    ("-128", "TINYINT", "INT64", -128),
    ("9223372036854775807", "BIGINT", "INT64", 9223372036854775807),
    ("12345678.12", "DECIMAL(10,2)", "NUMERIC(10, 2)", None),
    ("12345678901234567890.123456", "DECIMAL(38,6)", "BIGNUMERIC(38, 6)", None),
    ("0.1", "DOUBLE", "FLOAT64", 0.1),
    ("1e300", "DOUBLE", "FLOAT64", 1e300),
    ("'nan'", "DOUBLE", "FLOAT64", None),
    ("'-inf'", "DOUBLE", "FLOAT64", float("-inf")),
    ("0.1", "FLOAT", "FLOAT64", None),
    ("''", "VARCHAR", "STRING", ""),
    ("e'a,\"b\"\\n\\r\\t\\\\N \\\\. ß€😀'", "VARCHAR", "STRING", 'a,"b"\n\r\t\\N \\. ß€😀'),
    ("'\\x00\\xFF'", "BLOB", "BYTES", b"\x00\xff"),
    ("'0001-01-01'", "DATE", "DATE", None),
    ("'9999-12-31 23:59:59.999999'", "TIMESTAMP", "DATETIME", None),
    ("'2024-05-01 10:00:00.5+02'", "TIMESTAMPTZ", "TIMESTAMP", None),
    ("[1, 3]", "INTEGER[]", "ARRAY<INT64>", [1, 3]),
    ("{'b': 'x', 'a': 1.50}", "STRUCT(b VARCHAR, a DECIMAL(5,2))",
     "STRUCT<b STRING, a NUMERIC(5, 2)>", None),
    ("[{'a': 1, 'b': [true]}]", "STRUCT(a INTEGER, b BOOLEAN[])[]",
     "ARRAY<STRUCT<a INT64, b ARRAY<BOOL>>>", [{"a": 1, "b": [True]}]),
    ("[date '2024-05-01']", "DATE[]", "ARRAY<DATE>", None),
]  # fmt: skip


def test_each_type_goes_there_and_comes_back(bigquery_lab: BigQueryLab) -> None:
    """All in one table: each of its own would be a minute."""
    columns = [f"cast({v} as {kind}) as v{i}" for i, (v, kind, _, _) in enumerate(VALUES)]
    nothing = [
        f"cast({'[]' if kind.endswith('[]') else 'null'} as {kind})" for _, kind, _, _ in VALUES
    ]
    made = bigquery_lab.publish(
        f"select 1 as order_id, {', '.join(columns)} union all select 2, {', '.join(nothing)}"
    )
    shape = dict(bigquery_lab.table_port().shape())
    assert [shape[f"v{i}"] for i in range(len(VALUES))] == [there for _, _, there, _ in VALUES]
    (_, *found), (_, *empty) = bigquery_lab.rows()
    for (value, _, _, got), there in zip(VALUES, found, strict=True):
        assert got is None or there == got, value
    assert all(there in (None, []) for there in empty)
    bigquery_lab.verify(made)


_ROW = "INSERT INTO t (order_id, day, cents) VALUES (3, DATE '2024-05-01', 30)"
TAMPERED = [
    # What somebody does to `orders_v1`, what is found, and what puts it right again.
    ("UPDATE t SET cents = 20 WHERE order_id = 1", "column `cents` has other values",
     "UPDATE t SET cents = 10 WHERE order_id = 1"),
    ("UPDATE t SET cents = NULL WHERE order_id = 1", "column `cents` has 1 nulls, where 0",
     "UPDATE t SET cents = 10 WHERE order_id = 1"),
    ("UPDATE t SET cents = 30 - cents WHERE order_id < 3", "values have changed places",
     "UPDATE t SET cents = 30 - cents WHERE order_id < 3"),
    ("DELETE FROM t WHERE order_id = 3", "2 rows, where 3 were published", _ROW),
    (_ROW, "4 rows, where 3 were published", "DELETE FROM t WHERE order_id = 3"),
]  # fmt: skip


def test_what_is_changed_there_is_found_and_no_rows_are_listed(
    bigquery_lab: BigQueryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from google.cloud.bigquery import Client

    from mesh_defs.model import MeshError

    lab = bigquery_lab
    monkeypatch.setattr(Client, "list_rows", lambda *_, **__: pytest.fail("rows are listed"))
    made = lab.publish(FIRST)
    for done, said, undone in TAMPERED:
        lab.verify(made)
        lab.ask(done.replace(" t ", " shop.orders_v1 "))
        with pytest.raises(MeshError, match=said):
            lab.verify(made)
        lab.ask(undone.replace(" t ", " shop.orders_v1 "))


def test_a_delivery_keeps_to_the_budget(bigquery_lab: BigQueryLab) -> None:
    """The emulator estimates nothing, so that here even nothing is too much."""
    bigquery_lab.publish(FIRST)
    bigquery_lab.snapshot(SECOND)
    stands = bigquery_lab.deliver(budget=-1)
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert "domains/shop/domain.yaml: `budget.audit` is -1 bytes" in stands.error
    assert len(bigquery_lab.rows()) == 3
    assert bigquery_lab.deliver(budget=0).status == "published"


def test_every_job_of_a_delivery_says_whose_it_is(bigquery_lab: BigQueryLab) -> None:
    with bigquery_lab.client() as client:
        before = {job.job_id for job in client.list_jobs(all_users=True)}
        bigquery_lab.publish(FIRST)
        jobs = [job for job in client.list_jobs(all_users=True) if job.job_id not in before]
    assert sorted(job.job_type for job in jobs) == ["copy", "load", "query"]
    for job in jobs:
        assert job.labels == {
            "mesh_prefix": "mesh", "mesh_domain": "shop", "mesh_product": "orders",
            "mesh_port": "exit",
        }, job.job_type  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("cast(null as integer[])", "no list at all"),
        ("[1, null]", "one in a list"),
        ("{'a': [{'b': cast(null as varchar[])}]}", "no list at all"),
        ("[[1]]", "no list of lists"),
        ("map {'a': 1}", "no type for column `v`"),
    ],
)
def test_what_bigquery_cannot_keep_is_refused_before_anything_is_sent(
    bigquery_lab: BigQueryLab, sql: str, said: str
) -> None:
    bigquery_lab.snapshot(f"select 1 as order_id, {sql} as v")
    stands = bigquery_lab.deliver()
    assert (stands.status, said in stands.error) == ("failed", True), stands
    assert bigquery_lab.tables() == []


def test_rows_that_are_not_taken_are_not_quoted(bigquery_lab: BigQueryLab) -> None:
    """The emulator has no room for 38 digits, and its words for that quote them."""
    digits = "9" * 38
    bigquery_lab.snapshot(f"select 1 as order_id, {digits}::decimal(38,0) as v")
    stands = bigquery_lab.deliver()
    assert stands.status == "failed"
    assert "did not take the rows (invalid): see its job" in stands.error
    assert "9" * 12 not in stands.error, "a job has a name of its own, in which some may be"
    assert bigquery_lab.rows() == []
    assert bigquery_lab.standing is None


def contract(**said: Any) -> Any:
    """Says on the object, and on the columns by their names, what is given."""

    def change(data: dict[str, Any]) -> None:
        own = data["schema"][0]
        own.update(said.get("object", {}))
        for column in own["properties"]:
            column.update(said.get(column["name"], {}))

    return change


def test_layout_labels_and_descriptions_come_from_the_contract(bigquery_lab: BigQueryLab) -> None:
    clustering = {"customProperties": [{"property": "clustering", "value": ["cents", "order_id"]}]}
    bigquery_lab.change(
        contract(
            object=clustering,
            day={"partitioned": True},
            cents={"classification": "restricted"},
            order_id={"classification": "public", "description": "Its number. " * 200},
        )
    )
    made = bigquery_lab.publish(FIRST)
    table = bigquery_lab.table()
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "day")
    assert table.clustering_fields == ["cents", "order_id"]
    assert table.description == "All about orders."
    assert table.expires is None
    fields = {field.name: field for field in table.schema}
    assert fields["day"].description == "When it was made."
    assert len(fields["order_id"].description) <= 1024, "BigQuery takes no more"
    assert fields["order_id"].description.endswith("number. …")
    assert {name: f.policy_tags and f.policy_tags.names for name, f in fields.items()} == {
        "order_id": None, "day": None, "cents": (TAG,),
    }  # fmt: skip
    assert table.labels == {
        "domain": "shop", "product": "orders", "version": "1_0_0", "owner": "shop_team",
        "mesh_snapshot": "0", "mesh_published_at": "2026-01-01t00_00_00p000u00_00",
    }  # fmt: skip
    assert bigquery_lab.standing == made.mark
    assert [t.table_id for t in bigquery_lab.tables()] == ["orders_v1"]


def test_what_partitions_and_has_no_days_clusters(bigquery_lab: BigQueryLab) -> None:
    bigquery_lab.change(contract(cents={"partitioned": True, "partitionKeyPosition": 1}))
    bigquery_lab.publish(FIRST)
    table = bigquery_lab.table()
    assert (table.time_partitioning, table.clustering_fields) == (None, ["cents"])
    bigquery_lab.change(contract(cents={"partitioned": True}, day={"partitioned": True}))
    bigquery_lab.snapshot(SECOND)
    stands = bigquery_lab.deliver()
    assert stands.status == "failed"
    assert "by nothing, and the contract says by the day of `day`" in stands.error
    assert len(bigquery_lab.rows()) == 3


def test_readers_see_what_the_job_has_decided(
    bigquery_lab: BigQueryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the copy and what is written about it afterwards, and where the copy never came."""
    from mesh_defs.ports.bigquery.port import BigQueryPort

    first = bigquery_lab.publish(FIRST)
    second = bigquery_lab.snapshot(SECOND)
    with monkeypatch.context() as patch:
        patch.setattr(BigQueryPort, "_settle", lambda *_: None)
        bigquery_lab.deliver()
    assert bigquery_lab.table().labels["mesh_snapshot"] == str(first.mark.snapshot)
    assert bigquery_lab.standing == second.mark
    assert len(bigquery_lab.rows()) == 5
    third = bigquery_lab.snapshot(WIDER)
    with monkeypatch.context() as patch:
        patch.setattr(BigQueryPort, "_copy", lambda *_: None)
        patch.setattr(BigQueryPort, "_settle", lambda *_: None)
        assert bigquery_lab.deliver().status == "failed"
    assert bigquery_lab.table().labels["mesh_next"].startswith(f"{third.mark.snapshot}_")
    assert bigquery_lab.standing == second.mark
    begun = time.monotonic()
    assert bigquery_lab.deliver().status == "published"
    assert time.monotonic() - begun > 2, "whoever announced it was given time"
    assert bigquery_lab.standing == third.mark
    assert "mesh_next" not in bigquery_lab.table().labels


def test_a_copy_that_comes_too_late_fails(
    bigquery_lab: BigQueryLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who announced a snapshot and then slept does not overwrite who came meanwhile."""
    import duckdb

    from mesh_defs.ports.bigquery.port import BigQueryPort
    from mesh_defs.ports.proof import prover

    bigquery_lab.publish(FIRST)
    bigquery_lab.snapshot(SECOND)
    real = BigQueryPort._copy
    newer = []

    def late(self: BigQueryPort, client: Any, token: str) -> None:
        monkeypatch.undo()
        monkeypatch.setenv(bigquery_lab.variable, bigquery_lab.url())
        made = bigquery_lab.snapshot(WIDER)
        with duckdb.connect() as connection:
            other = bigquery_lab.open()
            other.publish(connection, made, prover(connection, other.plan(connection, made), made))
        newer.append(made)
        real(self, client, token)

    monkeypatch.setattr(BigQueryPort, "_copy", late)
    stands = bigquery_lab.deliver()
    assert (stands.status, "Not found" in stands.error) == ("failed", True), stands
    assert bigquery_lab.standing == newer[0].mark
    assert bigquery_lab.columns()[-1] == "note"


def test_rights_by_hand_are_listed_and_can_be_revoked(bigquery_lab: BigQueryLab) -> None:
    lab = bigquery_lab
    assert not lab.grants.grants()
    lab.grants.revoke(lab.wanted("domain:insight"))
    lab.publish(FIRST)
    wanted = lab.wanted("domain:insight")
    lab.grants.grant(wanted)
    by_hand = [
        {"role": "roles/bigquery.dataEditor", "members": ["user:eve@example.com"]},
        {"role": "roles/bigquery.dataViewer",
         "members": ["allUsers", f"group:{group_of('domain:insight', GROUPS)}",
                     f"group:mesh.Odd@{GROUPS}"]},
        {"role": "roles/bigquery.metadataViewer", "members": ["user:kim@example.com"]},
    ]  # fmt: skip
    place = "local.shop.orders_v1"
    with lab.client() as client:
        policy = client.get_iam_policy(place)
        policy.bindings = by_hand
        client.set_iam_policy(place, policy)
    orphans = {
        lab.wanted(f"role:{who}")
        for who in ("user:eve@example.com", "allUsers", f"group:mesh.Odd@{GROUPS}")
    }
    assert set(lab.grants.grants()) == {wanted, *orphans}
    for orphan in orphans:
        lab.grants.revoke(orphan)
    assert set(lab.grants.grants()) == {wanted}
    with lab.client() as client:
        left = {b["role"]: set(b["members"]) for b in client.get_iam_policy(place).bindings}
    assert left["roles/bigquery.metadataViewer"] == {"user:kim@example.com"}


def test_before_the_first_delivery_there_is_nothing_to_grant(bigquery_lab: BigQueryLab) -> None:
    from mesh_defs.model import MeshError

    with pytest.raises(MeshError, match="not there yet"):
        bigquery_lab.grants.grant(bigquery_lab.wanted("domain:insight"))


def test_somebody_elses_table_is_left_alone(bigquery_lab: BigQueryLab) -> None:
    with bigquery_lab.client() as client:
        client.create_dataset("shop")
        client.query("CREATE TABLE shop.orders_v1 AS SELECT 1 AS x").result()
    bigquery_lab.snapshot(FIRST)
    assert "not made by mesh" in bigquery_lab.deliver().error
    assert bigquery_lab.rows() == [(1,)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dataset": "other"}, "dataset `other`"),
        ({"readerGroups": "x y"}, "readerGroups `x y`"),
        ({"policyTags": ["x"]}, "policyTags that are no classifications"),
        ({"policyTags": {"restricted": "secret"}}, "policyTags of `restricted`: `secret`"),
    ],
)
def test_a_server_that_cannot_be_is_found(changed: Any, said: str, tmp_path: Any) -> None:
    lab = BigQueryLab(tmp_path / "mesh", "http://127.0.0.1:1")
    real = lab.server()
    own = {item["property"]: item["value"] for item in real.pop("customProperties")}
    for name, value in changed.items():
        (real if name in real else own)[name] = value
    said_there = [{"property": name, "value": value} for name, value in own.items()]
    lab.server = lambda: {**real, "customProperties": said_there}  # type: ignore[method-assign]
    lab.build()
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    (finding,) = problems(port)
    assert said in finding.problem


def test_its_place_is_known_before_anybody_knows_its_server(tmp_path: Any) -> None:
    lab = BigQueryLab(tmp_path / "mesh", "")
    lab.build()
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    assert (list(problems(port)), port.location) == ([], "bigquery:shop-data.shop.orders_v1")


@pytest.mark.parametrize(
    "url",
    ["bigquery://", "bigquery://me:hunter2@project", "bigquery://project/hunter2",
     "bigquery://project?password=hunter2", "postgresql://project"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_quoting_it(
    url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = BigQueryLab(tmp_path / "mesh", "")
    lab.build()
    lab.snapshot(FIRST)
    monkeypatch.setenv(lab.variable, url)
    stands = lab.deliver()
    assert (stands.status, lab.variable in stands.error) == ("failed", True), stands
    assert "hunter2" not in stands.error + stands.location


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_two_consumers_are_one_group(one: str, other: str) -> None:
    groups = [group_of(name, GROUPS) for name in (one, other)]
    assert (groups[0].casefold() == groups[1].casefold()) == (one == other)
    local, _, where = groups[0].partition("@")
    assert (len(local) <= 60, where) == (True, GROUPS)
    assert consumer_of(groups[0], GROUPS) == (one if local.startswith("mesh.") else None)


def test_a_decimal_is_bignumeric_where_numeric_has_no_room() -> None:
    import duckdb

    wanted = {(38, 9): "NUMERIC", (38, 10): "BIGNUMERIC", (38, 0): "BIGNUMERIC", (29, 0): "NUMERIC"}
    for (width, scale), there in wanted.items():
        (kind,) = duckdb.sql(f"select 0::decimal({width},{scale})").types
        assert type_of(field_of("x", kind)) == f"{there}({width}, {scale})"
