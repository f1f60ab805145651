"""What every kind of port does: the same suite for all of them, on real servers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.publishing.delivery import deliver
from tests.ports.lab import FIRST, SECOND, WIDER, Lab


def cents(lab: Lab) -> list[int]:
    position = lab.columns().index("cents")
    return [row[position] for row in lab.rows()]


def test_a_snapshot_is_published_and_read_back(lab: Lab) -> None:
    made = lab.publish(FIRST)
    assert cents(lab) == [10, 20, 30]
    assert tuple(lab.columns()) == lab.shown
    assert lab.standing == made.mark
    lab.verify(made)


def test_the_next_snapshot_takes_its_place(lab: Lab) -> None:
    lab.publish(FIRST)
    made = lab.publish(SECOND)
    assert cents(lab) == [20, 40, 60, 80, 100]
    assert lab.standing == made.mark
    lab.verify(made)
    assert lab.leftovers() == []


def test_a_column_more_in_the_same_major_version(tabled: Lab) -> None:
    tabled.publish(FIRST)
    made = tabled.publish(WIDER)
    assert tabled.columns() == ["order_id", "day", "cents", "note"]
    assert tabled.rows()[1][-1] == "no. 2"
    tabled.verify(made)


def test_a_column_of_another_type_and_one_less(lab: Lab) -> None:
    lab.publish(WIDER)
    made = lab.publish(f"select order_id::varchar as order_id, cents, day from ({SECOND})")
    assert sorted(lab.columns()) == sorted(lab.shown)
    assert cents(lab) == [20, 40, 60, 80, 100]
    lab.verify(made)


def test_no_rows_are_a_snapshot_too(tabled: Lab) -> None:
    tabled.publish(FIRST)
    made = tabled.publish(f"select * from ({FIRST}) where false")
    assert tabled.rows() == []
    tabled.verify(made)


def moments(kinds: list[type[Lab]]) -> list[Any]:
    """The moment after which most is lying about is tried every day; `make test-all` tries all."""
    return [
        pytest.param(
            kind.kind, module, name, after, id=f"{kind.kind}: {when} {name.lstrip('_')}",
            marks=()
            if (name, after) == (kind.daily, False) and kind.kind not in ("delta-azure", "bigquery")
            else pytest.mark.slow,
        )
        for kind in kinds
        for module, name in kind.crashes
        for when, after in (("before", False), ("after", True))
    ]  # fmt: skip


def kinds() -> list[type[Lab]]:
    from tests.ports.bigquery_lab import BigQueryLab
    from tests.ports.delta_labs import DeltaAzureLab, DeltaS3Lab
    from tests.ports.document_labs import DashboardLab, PdfLab
    from tests.ports.lab import Lake
    from tests.ports.model_lab import OnnxLab
    from tests.ports.parquet_lab import ParquetLab
    from tests.ports.postgres_lab import PostgresLab

    return [
        Lake,
        DeltaS3Lab,
        DeltaAzureLab,
        PostgresLab,
        ParquetLab,
        BigQueryLab,
        DashboardLab,
        PdfLab,
        OnnxLab,
    ]


@pytest.mark.parametrize(("kind", "module", "name", "after"), moments(kinds()))
def test_killed_anywhere_readers_see_one_snapshot_whole(
    kind: str, module: str, name: str, after: bool, request: pytest.FixtureRequest
) -> None:
    lab: Lab = request.getfixturevalue(f"{kind}_lab")
    lab.publish(FIRST)
    if kind != "delta":
        lab.snapshot(SECOND)
    assert lab.dying(module, name, after) == -9
    assert cents(lab) in ([10, 20, 30], [20, 40, 60, 80, 100])
    made = lab.publish(SECOND)
    assert cents(lab) == [20, 40, 60, 80, 100]
    lab.verify(made)
    assert lab.leftovers() == []
    assert lab.passing() == []


def test_a_value_changed_at_the_target_is_found(beyond: Lab) -> None:
    made = beyond.publish(FIRST)
    beyond.tamper()
    with pytest.raises(MeshError, match=beyond.wrong):
        beyond.verify(made)


def test_what_is_not_what_was_audited_is_never_shown(
    beyond: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond.publish(FIRST)
    beyond.snapshot(SECOND)
    beyond.corrupt(monkeypatch)
    stands = beyond.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert beyond.wrong in stands.error
    assert cents(beyond) == [10, 20, 30]
    assert beyond.leftovers() == []
    monkeypatch.undo()


def test_a_port_that_is_not_configured_says_which_variable(
    served: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(served.variable)
    served.snapshot(FIRST)
    stands = served.deliver()
    assert (stands.status, stands.snapshot, stands.error) == (
        "not configured", None, f"set {served.variable}",
    )  # fmt: skip
    with pytest.raises(MeshError, match=served.variable):
        served.grants.grants()


def test_what_has_been_delivered_is_not_delivered_again(
    beyond: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond.publish(FIRST)
    kind = type(beyond.open())
    monkeypatch.setattr(kind, "publish", lambda *_: pytest.fail("delivered again"))
    assert beyond.deliver().status == "published"


def test_a_newer_snapshot_is_left_standing(beyond: Lab) -> None:
    beyond.publish(SECOND)
    beyond.snapshot(FIRST, moment="2025-01-01T00:00:00.000+00:00")
    stands = beyond.deliver()
    assert stands.status == "failed"
    assert "newer snapshot" in stands.error
    assert len(beyond.rows()) == 5


def test_two_writers_at_once_and_readers_all_the_while(beyond: Lab) -> None:
    """Each writer has a state folder of its own, as two machines would: nothing but the target
    keeps them apart."""
    from mesh_defs.storage.state import State

    beyond.publish(FIRST)
    made = beyond.snapshot(SECOND)
    others = [State(beyond.root / f"other{n}") for n in range(2)]
    for other in others:
        import shutil

        shutil.copytree(beyond.state.home / "lake", other.home / "lake")
    ended: list[str] = []
    product = beyond.product

    def write(state: State) -> None:
        ended.extend(s.status for s in deliver(state, product) if s.name == beyond.port)

    threads = [threading.Thread(target=write, args=(state,)) for state in others]
    for thread in threads:
        thread.start()
    seen = set()
    while any(thread.is_alive() for thread in threads):
        seen.add(tuple(cents(beyond)))
    for thread in threads:
        thread.join()
    assert seen <= {(10, 20, 30), (20, 40, 60, 80, 100)}
    assert ended.count("published") >= 1
    assert set(ended) <= {"published", "failed"}
    assert cents(beyond) == [20, 40, 60, 80, 100]
    beyond.verify(made)


CONSUMERS = [
    "domain:insight",
    "app:" + "a very long name " * 8 + "1",
    "app:" + "a very long name " * 8 + "2",
    'person:O"Hara; drop table x --',
    "team:Größe",
]


@pytest.mark.parametrize("consumer", CONSUMERS)
def test_a_grant_is_listed_and_lets_read_and_a_revoke_ends_both(
    granting: Lab, consumer: str
) -> None:
    granting.publish(FIRST)
    wanted, other = granting.wanted(consumer), granting.wanted("domain:other")
    granting.grants.grant(other)
    granting.grants.grant(wanted)
    granting.grants.grant(wanted)
    assert set(granting.grants.grants()) == {wanted, other}
    assert len(granting.rows_as(consumer) or []) == 3
    granting.grants.revoke(wanted)
    granting.grants.revoke(wanted)
    assert set(granting.grants.grants()) == {other}
    assert granting.rows_as(consumer) is None
    assert len(granting.rows_as("domain:other") or []) == 3


@pytest.mark.parametrize(
    "sql", [SECOND, WIDER, f"select order_id::int as order_id, cents from ({SECOND})"]
)
def test_a_grant_survives_the_next_snapshot(granting: Lab, sql: str) -> None:
    granting.publish(FIRST)
    wanted = granting.wanted("domain:insight")
    granting.grants.grant(wanted)
    granting.publish(sql)
    assert set(granting.grants.grants()) == {wanted}
    assert len(granting.rows_as("domain:insight") or []) == 5


def test_a_grant_of_another_product_is_refused(beyond: Lab) -> None:
    from mesh_defs.ports.grants import Grant

    beyond.publish(FIRST)
    with pytest.raises(MeshError, match="no port of"):
        beyond.grants.grant(Grant("shop.days", beyond.port, 1, "domain:insight"))
    assert not beyond.grants.grants()


def test_a_port_at_another_server_is_delivered_to_again(
    served: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.publish(FIRST)
    monkeypatch.setenv(served.variable, served.elsewhere)
    assert served.stands.status == "waiting"
    stands = served.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0), "nobody is there"
    monkeypatch.setenv(served.variable, served.url())
    assert served.deliver().status == "published"
