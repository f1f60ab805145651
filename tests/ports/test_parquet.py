"""What is special about the Parquet port; what every kind does is in the conformance suite."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.ports.files.bucket_grants import consumer_of, user_of
from tests.ports.lab import FIRST, SECOND, Lab
from tests.ports.parquet_lab import ParquetLab


def partitioned(lab: Lab, *columns: str) -> None:
    def say(data: dict[str, Any]) -> None:
        for prop in data["schema"][0]["properties"]:
            if prop["name"] in columns:
                prop["partitioned"] = True
                prop["partitionKeyPosition"] = columns.index(prop["name"]) + 1

    lab.change(say)


def test_partitions_are_those_of_the_contract_in_its_order(parquet_lab: ParquetLab) -> None:
    partitioned(parquet_lab, "day", "cents")
    rows = """
    select * from (values (1, date '2024-05-01', 10), (2, null, 10), (3, date '2024-05-02', 7))
    t(order_id, day, cents)
    """
    made = parquet_lab.publish(rows)
    parquet_lab.verify(made)
    told = parquet_lab.pointer()
    assert (told["partitions"], told["rows"]) == (["day", "cents"], 3)
    folders = sorted(f["path"].split("/snapshots/")[1].split("/", 1)[1] for f in told["files"])
    assert [f.rpartition("/")[0] for f in folders] == [
        "day=2024-05-01/cents=10", "day=2024-05-02/cents=7",
        "day=__HIVE_DEFAULT_PARTITION__/cents=10",
    ]  # fmt: skip
    table = parquet_lab.dataset().to_table().sort_by("order_id")
    assert table["order_id"].to_pylist() == [1, 2, 3]
    assert table["cents"].to_pylist() == [10, 10, 7]


@pytest.mark.parametrize(
    "value",
    ["'a b/c=d%'", "''", "'ß😀'", "date '2024-05-01'", "1.50::decimal(5,2)", "true",
     "timestamptz '2024-05-01 10:00:00.123456+02'", "timestamp '2024-05-01 10:00:00'",
     "-7::tinyint"],
)  # fmt: skip
def test_a_partitions_values_come_back(parquet_lab: ParquetLab, value: str) -> None:
    partitioned(parquet_lab, "day")
    made = parquet_lab.publish(f"select 1 as order_id, {value} as day, 1 as cents")
    parquet_lab.verify(made)


def test_no_rows_in_no_partition(parquet_lab: ParquetLab) -> None:
    partitioned(parquet_lab, "day")
    parquet_lab.publish(FIRST)
    made = parquet_lab.publish(f"select * from ({FIRST}) where false")
    assert parquet_lab.pointer()["rows"] == 0
    parquet_lab.verify(made)


def test_a_partition_that_cannot_be_in_a_path_is_refused(parquet_lab: ParquetLab) -> None:
    partitioned(parquet_lab, "day")
    parquet_lab.snapshot("select 1 as order_id, [1] as day, 1 as cents")
    assert "can't be in a path" in parquet_lab.deliver().error


def test_nested_values_and_plain_duckdb(parquet_lab: ParquetLab, tmp_path: Any) -> None:
    made = parquet_lab.publish(
        "select 1 as order_id, {'a': [1, null], 'm': map {'k': 1.5}} as v, 'x'::blob as b"
    )
    parquet_lab.verify(made)
    (file,) = parquet_lab.pointer()["files"]
    copy = tmp_path / "copy.parquet"
    bucket, _, key = file["path"].removeprefix("s3://").partition("/")
    parquet_lab.weed.client().download_file(bucket, key, str(copy))
    assert copy.stat().st_size == file["bytes"]
    assert duckdb.read_parquet(str(copy)).project("v.a, b").fetchall() == [([1, None], b"x")]


def snapshots(lab: ParquetLab) -> list[int]:
    found = {k.split("/snapshots/")[1].split("-")[0] for k in lab.held() if "/snapshots/" in k}
    return sorted(map(int, found))


def test_snapshots_are_kept_as_long_as_is_promised_and_always_the_one_before(
    parquet_lab: ParquetLab,
) -> None:
    for _ in range(3):
        parquet_lab.publish(FIRST)
    assert snapshots(parquet_lab) == [1, 2], "nothing is promised"
    level = {"property": "retention", "value": 10, "unit": "d"}
    parquet_lab.change(lambda data: data.update(slaProperties=[level]))
    now = datetime.now(UTC)
    for days in (20, 15, 9, 1, 0):
        parquet_lab.snapshot(FIRST, moment=(now - timedelta(days=days)).isoformat())
        assert parquet_lab.deliver().status == "published"
    assert snapshots(parquet_lab) == [5, 6, 7]


def test_what_a_killed_writer_left_is_removed_after_a_day(
    parquet_lab: ParquetLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesh_defs.ports.files import parquet

    parquet_lab.publish(FIRST)
    parquet_lab.snapshot(SECOND)
    assert parquet_lab.dying("mesh_defs.storage.objects", "Bucket.upload", True) == -9
    left = [k for k in parquet_lab.held() if "/snapshots/1-" in k]
    assert len(left) == 1
    parquet_lab.publish(SECOND)
    assert left[0] in parquet_lab.held(), "somebody may still be at work on it"
    monkeypatch.setattr(parquet, "_ABANDONED", timedelta(0))
    parquet_lab.publish(FIRST)
    assert left[0] not in parquet_lab.held()


def test_others_words_in_the_policy_stay(parquet_lab: ParquetLab) -> None:
    parquet_lab.publish(FIRST)
    client = parquet_lab.weed.client()
    me = {"AWS": "arn:aws:iam::000000000000:user/me"}
    other = {
        "Sid": "other", "Effect": "Allow", "Principal": me,
        "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{parquet_lab.bucket}/elsewhere/*",
    }  # fmt: skip
    policy = {"Version": "2012-10-17", "Statement": [other]}
    client.put_bucket_policy(Bucket=parquet_lab.bucket, Policy=json.dumps(policy))
    wanted = parquet_lab.wanted("domain:insight")
    parquet_lab.grants.grant(wanted)
    parquet_lab.grants.revoke(wanted)
    told = json.loads(client.get_bucket_policy(Bucket=parquet_lab.bucket)["Policy"])
    assert [s["Sid"] for s in told["Statement"]] == ["other"]


def test_somebody_put_into_our_statement_is_listed_and_can_be_taken_out(
    parquet_lab: ParquetLab,
) -> None:
    parquet_lab.publish(FIRST)
    wanted = parquet_lab.wanted("domain:insight")
    parquet_lab.grants.grant(wanted)
    client = parquet_lab.weed.client()
    text = client.get_bucket_policy(Bucket=parquet_lab.bucket)["Policy"]
    policy = json.loads(text)
    stranger = "arn:aws:iam::000000000000:user/stranger"
    for statement in policy["Statement"]:
        if statement["Sid"] in text and parquet_lab.prefix in json.dumps(statement):
            known = statement["Principal"]["AWS"]
            statement["Principal"]["AWS"] = [
                *([known] if isinstance(known, str) else known),
                stranger,
            ]
    client.put_bucket_policy(Bucket=parquet_lab.bucket, Policy=json.dumps(policy))
    orphan = parquet_lab.wanted(f"role:{stranger}")
    assert set(parquet_lab.grants.grants()) == {wanted, orphan}
    parquet_lab.grants.revoke(orphan)
    assert set(parquet_lab.grants.grants()) == {wanted}


def test_a_consumer_reads_and_writes_nothing_else(parquet_lab: ParquetLab) -> None:
    from botocore.exceptions import ClientError

    parquet_lab.publish(FIRST)
    parquet_lab.weed.client().put_object(Bucket=parquet_lab.bucket, Key="secret", Body=b"x")
    parquet_lab.grants.grant(parquet_lab.wanted("app:reader"))
    made = parquet_lab.weed.client("iam").create_access_key(UserName=user_of("app:reader"))
    key = made["AccessKey"]
    mine = parquet_lab.weed.client(key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    bucket, prefix = parquet_lab.bucket, parquet_lab.prefix
    assert mine.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")["KeyCount"] > 0
    attempts: list[Callable[[], object]] = [
        lambda: mine.get_object(Bucket=bucket, Key="secret"),
        lambda: mine.put_object(Bucket=bucket, Key=f"{prefix}/latest.json", Body=b"{}"),
        lambda: mine.list_objects_v2(Bucket=bucket),
        lambda: mine.delete_object(Bucket=bucket, Key=f"{prefix}/latest.json"),
        lambda: mine.get_bucket_policy(Bucket=bucket),
    ]
    for refused in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()


@pytest.mark.parametrize(
    "url",
    [
        "http://key:hunter2@127.0.0.1:1",
        "http://key:hunter2@127.0.0.1:hunter2",
        "s3://key:hunter2@bucket",
        "hunter2",
        "",
    ],
)
def test_a_server_that_does_not_answer_is_named_without_the_secret(
    parquet_lab: ParquetLab, url: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    parquet_lab.snapshot(FIRST)
    monkeypatch.setenv(parquet_lab.variable, url or parquet_lab.weed.url.replace("hunter2", "no"))
    stands = parquet_lab.deliver()
    assert stands.status == "failed"
    record = parquet_lab.state.ports(parquet_lab.product.line, 1)
    said = stands.error + stands.location + "".join(capfd.readouterr())
    assert "hunter2" not in said + (record.read_text() if record.exists() else "")
    assert stands.error


@given(st.text(), st.text())
def test_no_two_consumers_are_one_user_and_a_user_tells_whose_it_is(one: str, two: str) -> None:
    names = [user_of(one), user_of(two)]
    assert all(len(name) <= 64 for name in names)
    assert (names[0].lower() == names[1].lower()) == (one == two)
    assert consumer_of(names[0]) in (one, None)
    assert (consumer_of(names[0]) is None) == names[0].startswith("mesh+")


def test_a_pointer_that_was_moved_meanwhile_is_not_moved_back(
    parquet_lab: ParquetLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mesh_defs.storage.objects import Bucket

    parquet_lab.publish(FIRST)
    parquet_lab.snapshot(SECOND)
    newer = {**parquet_lab.pointer(), "snapshot": 99, "published_at": "2027-01-01T00:00:00+00:00"}
    real = Bucket.replace

    def overtaken(bucket: Bucket, key: str, data: bytes, tag: str | None) -> None:
        monkeypatch.undo()
        monkeypatch.setenv(parquet_lab.variable, parquet_lab.url())
        bucket.write(key, json.dumps(newer).encode())
        real(bucket, key, data, tag)

    monkeypatch.setattr(Bucket, "replace", overtaken)
    stands = parquet_lab.deliver()
    assert (stands.status, "newer snapshot" in stands.error) == ("failed", True)
    assert parquet_lab.pointer()["snapshot"] == 99
