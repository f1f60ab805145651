"""Kill -9 at any moment: readers see the old snapshot or the new one, and the next run converges.

The killer is a file dropped into the domain's folder, as any team might drop one: it is imported in
the domain's own process before anything runs there, and ends that process at a chosen point. The
platform itself has no hook for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import duckdb
import pytest
from filelock import FileLock

from mesh_defs.model import Mesh, ProductRef
from mesh_defs.orchestration.headless import run_mesh
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.orchestration.report import RunReport
from mesh_defs.publishing.record import attempts
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot
from tests.scenarios.story import orphans
from tests.tiny_mesh import TinyMesh, build

NEW_ORDERS = "order_id,day,cents\n1,2024-05-01,250\n2,2024-05-01,1000\n3,2024-05-02,4000\n"


@dataclass(frozen=True)
class Moment:
    """Where the process dies: when `name` of `module` is called for `about`, or has come back."""

    told: str
    module: str
    name: str
    about: str
    after: bool = False
    published: bool = False

    def killer(self) -> str:
        return dedent(
            f"""\
            import os, signal
            from importlib import import_module

            owner = import_module({self.module!r})
            for part in {self.name!r}.split(".")[:-1]:
                owner = getattr(owner, part)
            name = {self.name!r}.rpartition(".")[2]
            real = getattr(owner, name)


            def place(table=None, *rest):
                return str(getattr(table, "table_uri", ""))


            def deadly(*args, **kwargs):
                about = {self.about!r} in repr((args, kwargs)) + place(*args)
                if about and not {self.after}:
                    os.kill(os.getpid(), signal.SIGKILL)
                found = real(*args, **kwargs)
                if about:
                    os.kill(os.getpid(), signal.SIGKILL)
                return found


            setattr(owner, name, deadly)
            """
        )


_COMMIT = ("deltalake", "DeltaTable.create_write_transaction")
_PUBLISH = "mesh_defs.publishing.publish"
MOMENTS = [
    Moment("before landing", "mesh_defs.orchestration.landing", "land", "orders"),
    Moment("landing: written, not committed", *_COMMIT, "landing/orders"),
    Moment("landing: committed", "mesh_defs.orchestration.landing", "land", "orders", after=True),
    Moment("before dbt", "mesh_defs.orchestration.models", "invoke", "build"),
    Moment("dbt: a model built", "mesh_defs.orchestration.models", "DbtCoreCliEventMessage", ""),
    Moment("dbt: built, lineage not noted", "mesh_defs.orchestration.models", "_remember", ""),
    Moment("before the audit", _PUBLISH, "audit", "orders"),
    Moment("audited, nothing written", _PUBLISH, "audit", "orders", after=True),
    Moment("publication: written, not committed", *_COMMIT, "products/orders"),
    Moment("publication: on the record", "mesh_defs.publishing.record", "append_json",
           "records/shop/orders", after=True, published=True),
    Moment("publication: committed", "mesh_defs.ports.delta", "publish", "shop.orders",
           after=True, published=True),
    Moment("publication: told", _PUBLISH, "write_json", "audits/shop/orders.json",
           after=True, published=True),
]  # fmt: skip


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> TinyMesh:
    """One mesh that is killed again and again: a story of bad luck."""
    mesh = build(tmp_path_factory.mktemp("killed") / "mesh")
    assert run_mesh(mesh.root).ok
    return mesh


def told() -> list[object]:
    """One moment is quick enough for every day; `make test-all` tries them all."""
    daily = "publication: written, not committed"
    return [
        pytest.param(m, id=m.told, marks=[] if m.told == daily else pytest.mark.slow)
        for m in MOMENTS
    ]


@pytest.mark.parametrize("moment", told())
def test_the_next_run_converges(mesh: TinyMesh, moment: Moment) -> None:
    state = State.of(mesh.root)
    before = answers(state)
    was_low = before["orders"][2][1] == 40
    mesh.orders.write_text(NEW_ORDERS if was_low else NEW_ORDERS.replace("4000", "40"))
    killer = mesh.root / "domains" / "shop" / "killer.py"
    killer.write_text(moment.killer())
    try:
        report = run_mesh(mesh.root, ["shop"])
    finally:
        killer.unlink()

    assert not report.ok
    assert "ended with code -9" in report.errors["shop"]
    assert {p.status for p in report.products} == {"failed"}
    seen = answers(state)
    wanted = [(1, 250), (2, 1000), (3, 4000 if was_low else 40)]
    assert seen["orders"] == (wanted if moment.published else before["orders"])
    assert unlocked(state, "shop")

    report = run_mesh(mesh.root)
    assert report.ok, report
    assert_converged(mesh, report, wanted)
    assert {p.status for p in run_mesh(mesh.root).products} == {"unchanged"}


def assert_converged(mesh: TinyMesh, report: RunReport, wanted: list[tuple[int, int]]) -> None:
    state = State.of(mesh.root)
    found = answers(state)
    assert found["orders"] == wanted
    assert [cents for _, cents in found["days"]] == [1250, wanted[2][1]]
    assert [cents for _, cents in found["best_day"]] == [max(1250, wanted[2][1])]
    assert orphans(mesh.home) == []
    assert all(unlocked(state, domain) for domain in ("shop", "insight"))
    with open_instance(mesh.root, state) as instance:
        last = instance.get_runs(limit=1)[0]
        assert last.is_success
        assert not [r for r in instance.get_runs() if not r.is_finished], "none looks as if it ran"
    for room, product in (("shop", "orders"), ("shop", "days"), ("insight", "best_day")):
        standing = snapshot(state.product(ProductRef(room, product), 1))
        assert standing is not None
        assert standing.metadata["rules_failed"] == 0
        known = attempts(state, Mesh.read(mesh.root).product(f"{room}.{product}"))
        published = [a.snapshot for a in known if a.status == "published"]
        assert published == list(range(standing.version + 1)), "each is on the record once"


def answers(state: State) -> dict[str, list[tuple[object, int]]]:
    """What a reader gets now."""
    found = {}
    with duckdb.connect() as connection:
        for ref, key in (
            (ProductRef("shop", "orders"), "order_id"),
            (ProductRef("shop", "days"), "day"),
            (ProductRef("insight", "best_day"), "day"),
        ):
            standing = snapshot(state.product(ref, 1))
            assert standing is not None
            rows = connection.read_parquet(list(standing.files)).order(key)
            found[ref.product] = rows.project(f"{key}, cents").fetchall()
    return found


def unlocked(state: State, domain: str) -> bool:
    lock = FileLock(state.workshop(domain).with_suffix(".lock"))
    with lock.acquire(timeout=0):
        return Path(lock.lock_file).exists()
