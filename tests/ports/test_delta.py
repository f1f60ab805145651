"""What is special about a Delta table beyond the lake; what every kind does is in the conformance
suite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.ports.files import delta_table
from mesh_defs.storage import held
from mesh_defs.storage.commits import commit
from tests.ports.delta_labs import DeltaLab, DeltaS3Lab
from tests.ports.lab import FIRST, SECOND
from tests.ports.test_parquet import partitioned

DAYS = """
    select * from (values (1, date '2024-05-01', 10), (2, null, 10), (3, date '2024-05-02', 7))
    t(order_id, day, cents)
"""


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> DeltaS3Lab:
    found: DeltaS3Lab = request.getfixturevalue("delta-s3_lab")
    return found


def test_its_commit_says_which_snapshot_it_is(lab: DeltaLab) -> None:
    lab.publish(FIRST)
    made = lab.publish(SECOND)
    told = lab.delta().history(1)[0]["mesh"]
    assert f'"snapshot": {made.mark.snapshot}' in told
    assert '"product": "shop.orders"' in told
    assert made.mark.published_at in told


def test_history_and_time_travel(lab: DeltaLab) -> None:
    lab.publish(FIRST)
    lab.publish(SECOND)
    assert lab.delta().version() == 1
    assert [row[2] for row in lab.rows(version=0)] == [10, 20, 30]
    assert [row[2] for row in lab.rows(version=1)] == [20, 40, 60, 80, 100]


def test_a_reader_at_work_keeps_its_snapshot(lab: DeltaLab) -> None:
    lab.publish(FIRST)
    opened = lab.delta()
    for _ in range(3):
        lab.publish(SECOND)
    assert opened.to_pyarrow_table().num_rows == 3


def test_partitions_are_those_of_the_contract_in_its_order(lab: DeltaLab) -> None:
    partitioned(lab, "day", "cents")
    made = lab.publish(DAYS)
    lab.verify(made)
    table = lab.delta()
    assert table.metadata().partition_columns == ["day", "cents"]
    actions = table.get_add_actions(flatten=True)
    assert sorted(p.rpartition("/")[0] for p in actions["path"].to_pylist()) == [
        "day=2024-05-01/cents=10", "day=2024-05-02/cents=7",
        "day=__HIVE_DEFAULT_PARTITION__/cents=10",
    ]  # fmt: skip
    assert lab.rows() == [
        (1, date(2024, 5, 1), 10), (2, None, 10), (3, date(2024, 5, 2), 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("'a b/c=d%'", "a b/c=d%"),
        ("'ß😀'", "ß😀"),
        ("date '2024-05-01'", date(2024, 5, 1)),
        ("1.50::decimal(5,2)", Decimal("1.50")),
        ("true", True),
        ("-7::tinyint", -7),
        (
            "timestamptz '2024-05-01 10:00:00.123456+02'",
            datetime(2024, 5, 1, 8, microsecond=123456, tzinfo=UTC),
        ),
        ("timestamp '2024-05-01 10:00:00.5'", datetime(2024, 5, 1, 10, microsecond=500000)),
    ],
)
def test_a_partitions_values_come_back(lab: DeltaLab, value: str, wanted: Any) -> None:
    partitioned(lab, "day")
    made = lab.publish(f"select 1 as order_id, {value} as day, 1 as cents")
    lab.verify(made)
    assert lab.rows() == [(1, wanted, 1)]


def test_an_empty_text_in_a_partition_is_refused(lab: DeltaLab) -> None:
    partitioned(lab, "day")
    lab.snapshot("select 1 as order_id, '' as day, 1 as cents")
    assert "empty text" in lab.deliver().error


def test_no_rows_in_no_partition(lab: DeltaLab) -> None:
    partitioned(lab, "day")
    lab.publish(FIRST)
    made = lab.publish(f"select * from ({FIRST}) where false")
    assert lab.rows() == []
    lab.verify(made)
    lab.verify(lab.publish(SECOND))


def test_other_partitions_are_another_table_in_its_place(lab: DeltaLab) -> None:
    lab.publish(FIRST)
    partitioned(lab, "day")
    lab.verify(lab.publish(SECOND))
    assert lab.delta().metadata().partition_columns == ["day"]
    assert [row[2] for row in lab.rows(version=0)] == [10, 20, 30]


def test_a_timestamp_without_a_zone_may_come_later(lab: DeltaLab) -> None:
    lab.publish(FIRST)
    made = lab.publish(f"select *, timestamp '2024-01-01 10:00:00' as at from ({SECOND})")
    lab.verify(made)
    assert lab.rows()[0][-1] == datetime(2024, 1, 1, 10)


def test_z_order_is_the_contracts(lab: DeltaLab, monkeypatch: pytest.MonkeyPatch) -> None:
    from mesh_defs.storage import layout

    def say(data: dict[str, Any]) -> None:
        data["schema"][0]["customProperties"] = [
            {"property": "clustering", "value": ["day", "cents"]}
        ]

    lab.change(say)
    monkeypatch.setattr(layout, "TARGET_BYTES", 500)
    made = lab.publish(
        "select i as order_id, date '2024-05-01' + (i % 10)::int as day, i % 13 as cents "
        "from range(2000) t(i)"
    )
    lab.verify(made)
    actions = lab.delta().get_add_actions(flatten=True)
    assert actions.num_rows > 5
    low, high = (actions[f"{side}.day"].to_pylist() for side in ("min", "max"))
    spans = [(b - a).days for a, b in zip(low, high, strict=True)]
    assert sum(spans) / len(spans) < 5, "each file has some of the days"


def test_files_are_kept_as_long_as_is_promised_and_while_they_can_be_read(
    lab: DeltaLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        lab.publish(FIRST)
    assert len(lab.held()) == 3, "what gave way a moment ago may be read still"
    monkeypatch.setattr(held, "LONGEST_READ", timedelta(0))
    monkeypatch.setattr(delta_table, "LONGEST_READ", timedelta(0))
    lab.publish(FIRST)
    assert len(lab.held()) == 2, "nothing is promised; the one before stays"
    assert len(lab.rows(version=2)) == 3
    level = {"property": "retention", "value": 10, "unit": "d"}
    lab.change(lambda data: data.update(slaProperties=[level]))
    for _ in range(3):
        lab.publish(FIRST)
    assert len(lab.held()) == 5
    assert [len(lab.rows(version=v)) for v in range(2, 7)] == [3] * 5


def test_what_a_killed_writer_left_is_removed_when_no_writer_can_be_at_it(
    lab: DeltaLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.publish(FIRST)
    lab.snapshot(SECOND)
    assert lab.dying("mesh_defs.storage.objects", "Bucket.upload", True) == -9
    left = [name for name in lab.held() if "part-1-" in name]
    assert len(left) == 1
    lab.publish(SECOND)
    assert left[0] in lab.held()
    monkeypatch.setattr(held, "LONGEST_READ", timedelta(0))
    monkeypatch.setattr(delta_table, "LONGEST_READ", timedelta(0))
    lab.publish(FIRST)
    assert left[0] not in lab.held()


def test_somebody_elses_table_is_left_alone(lab: DeltaLab) -> None:
    import pyarrow
    from deltalake import write_deltalake

    options = {**lab.options(), "aws_conditional_put": "etag"}
    write_deltalake(lab.table, pyarrow.table({"a": [1]}), storage_options=options)
    lab.snapshot(FIRST)
    assert "somebody else" in lab.deliver().error
    assert lab.delta().to_pyarrow_table().num_rows == 1


def test_files_that_somebody_compacted_are_the_same_snapshot(lab: DeltaLab) -> None:
    partitioned(lab, "day")
    made = lab.publish(DAYS)
    table = lab.delta(aws_conditional_put="etag")
    table.optimize.z_order(["order_id"])
    assert lab.delta().version() == 1
    lab.verify(made)
    lab.verify(lab.publish(SECOND))


def test_a_commit_that_was_overtaken_looks_again(
    lab: DeltaLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer snapshot comes between the look and the commit: it is left standing."""
    lab.publish(FIRST)
    made = lab.snapshot(SECOND)

    def overtaken(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(delta_table, "commit", commit)
        newer = {"published_at": "2027-01-01T00:00:00+00:00", "snapshot": 99}
        table, version, schema, parts, said, before, partitions, options = given
        commit(table, version, schema, parts, {**said, **newer}, before, partitions, options)
        commit(*given, **named)

    monkeypatch.setattr(delta_table, "commit", overtaken)
    stands = lab.deliver()
    assert (stands.status, "newer snapshot" in stands.error) == ("failed", True), made
    assert lab.standing is not None
    assert lab.standing.snapshot == 99


def test_its_kind_in_an_agreement_is_not_the_lakes(lab: DeltaLab) -> None:
    from mesh_defs.access.offers import port_of

    assert port_of(lab.product, "exit") == ("exit", "delta-s3")
    assert port_of(lab.product) == ("orders", "delta")


@pytest.mark.slow
def test_azure_gives_no_permission_and_says_so(request: pytest.FixtureRequest) -> None:
    lab: DeltaLab = request.getfixturevalue("delta-azure_lab")
    lab.publish(FIRST)
    with pytest.raises(MeshError, match="can't be given from here"):
        lab.grants.grant(lab.wanted("domain:insight"))
    assert not lab.grants.grants()


@pytest.mark.slow
def test_an_agreement_on_azure_is_never_active(request: pytest.FixtureRequest) -> None:
    from tests.ports.test_agreed import Agreed

    lab: DeltaLab = request.getfixturevalue("delta-azure_lab")
    agreed = Agreed(lab)
    id = agreed.approved()
    state, permission, granted = agreed.state(id)
    assert (state == "active", permission == "granted", granted) == (False, False, False)
    kept = agreed.desk("x").register.book()[id]
    assert kept.kind == "delta-azure"


@pytest.mark.slow
def test_azure_with_a_signature_instead_of_the_key(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    lab: Any = request.getfixturevalue("delta-azure_lab")
    monkeypatch.setenv(lab.variable, lab.azurite.signed())
    lab.verify(lab.publish(FIRST))
    lab.snapshot(SECOND)
    monkeypatch.setenv(lab.variable, lab.azurite.signed("rl"))
    stands = lab.deliver()
    assert stands.status == "failed"
    signature = lab.azurite.signed("rl").partition("sig=")[2]
    said = stands.error + stands.location + "".join(capfd.readouterr())
    assert signature not in said
    assert len(lab.rows()) == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/meshtest", "neither a key nor a signature"),
        ("http://other:aHVudGVyMg%3D%3D@127.0.0.1:1", "not of the account meshtest"),
        ("http://meshtest:hunter2@127.0.0.1:1", "127.0.0.1:1"),
    ],
)
def test_azure_that_cannot_be_reached_is_named_without_the_secret(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, url: str, said: str
) -> None:
    lab: DeltaLab = request.getfixturevalue("delta-azure_lab")
    lab.snapshot(FIRST)
    monkeypatch.setenv(lab.variable, url)
    stands = lab.deliver()
    assert (stands.status, said in stands.error) == ("failed", True), stands
    assert "hunter2" not in stands.error + stands.location
