"""Who runs when, and what becomes of it: order, circles, `jobs`, processes that die.

What a domain's process does is put in here; that it does the real work is for the scenarios.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh_defs.model import Domain, DomainRoom, Finding, Mesh, MeshError, ProductRef
from mesh_defs.model.domain import DomainFile, Input, Kind, Team
from mesh_defs.orchestration import headless
from mesh_defs.orchestration.headless import run_mesh
from mesh_defs.orchestration.report import DomainResult, ProductResult, Progress, RunReport
from tests.tiny_mesh import TinyMesh

Graph = Mapping[str, Collection[str]]
"""A domain and the domains that it reads."""


def mesh_of(graph: Graph, broken: Collection[str] = ()) -> Mesh:
    rooms = {}
    for name, providers in graph.items():
        inputs = {f"{p}.things": Input(version=1, purpose="To see.") for p in providers}
        file = DomainFile(
            title=name, kind=Kind.AGGREGATE, purpose="p", team=Team(name=name, email=""),
            inputs=inputs,
        )  # fmt: skip
        findings = (Finding(f"domains/{name}/domain.yaml", 3, "kind", "odd"),)
        folder = Path("domains") / name
        rooms[name] = DomainRoom(
            name, folder, Domain(name=name, folder=folder, file=file), {},
            findings if name in broken else (),
        )  # fmt: skip
    return Mesh(Path(), rooms)


@dataclass
class Stage:
    """A mesh whose domains only tell when they began and ended."""

    root: Path
    patch: pytest.MonkeyPatch
    told: list[Progress] = field(default_factory=list)

    @property
    def diary(self) -> Path:
        return self.root / "diary"

    def run(
        self,
        graph: Graph,
        *selection: str,
        jobs: int | None = None,
        broken: Collection[str] = (),
        changed: Collection[str] | None = None,
        act: Callable[[str], None] = lambda name: time.sleep(0.01),
        listen: Callable[[Progress], None] | None = None,
    ) -> RunReport:
        mesh = mesh_of(graph, broken)
        self.diary.write_text("")

        def process(
            root: Path, mesh: Mesh, name: str, wanted: Any, force: bool, connection: Connection
        ) -> None:
            self._note(name, "began")
            connection.send(Progress(name, "planning"))
            act(name)
            self._note(name, "ended")
            made = ProductResult(f"{name}.things", name, "published")
            connection.send(DomainResult(name, (made,)))
            connection.close()

        self.patch.setattr(Mesh, "read", classmethod(lambda cls, root: mesh))
        self.patch.setattr(
            headless, "_has_work", lambda r, s, m, g, name, w: changed is None or name in changed
        )
        self.patch.setattr(headless, "run_domain", self._unchanged)
        self.patch.setattr(headless, "_start_method", lambda: "fork")
        self.patch.setattr(headless, "_domain_process", process)
        # Forked from a process in which dbt may have run, one does not always end by itself.
        self.patch.setattr(headless, "_GRACE_SECONDS", 1.0)
        return run_mesh(self.root, selection, jobs=jobs, listen=listen or self.told.append)

    def _unchanged(
        self, root: Path, state: Any, mesh: Mesh, gate: Any, name: str, *rest: Any
    ) -> DomainResult:
        return DomainResult(name, (ProductResult(f"{name}.things", name, "unchanged"),))

    def _note(self, name: str, what: str) -> None:
        with self.diary.open("a") as file:
            file.write(f"{name} {what}\n")

    @property
    def events(self) -> list[tuple[str, str]]:
        lines = self.diary.read_text().splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    def at_once(self) -> int:
        """The most domains that were at work at the same time."""
        most = now = 0
        for _, what in self.events:
            now += 1 if what == "began" else -1
            most = max(most, now)
        return most


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


DEMO: Graph = {
    "assortment": ["sales", "catalog"],
    "catalog": [],
    "customers": [],
    "growth": ["sales", "customers", "marketing"],
    "marketing": ["catalog"],
    "sales": ["catalog"],
}


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Domains without a circle: each reads only those of smaller number, in any alphabet."""
    size = draw(st.integers(1, 6))
    names = draw(st.permutations([f"d{i}" for i in range(size)]))
    return {
        name: draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else []
        for i, name in enumerate(names)
    }


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(graph=graphs(), jobs=st.integers(1, 4))
def test_each_begins_after_its_providers_and_no_more_at_once_than_jobs(
    stage: Stage, graph: Graph, jobs: int
) -> None:
    report = stage.run(graph, jobs=jobs)
    assert report.ok
    assert sorted(d.domain for d in report.domains) == sorted(graph)
    events = stage.events
    assert len(events) == 2 * len(graph)
    for name, providers in graph.items():
        for provider in providers:
            assert events.index((provider, "ended")) < events.index((name, "began"))
    assert stage.at_once() <= jobs


def test_independent_domains_run_side_by_side(stage: Stage) -> None:
    stage.run(DEMO, act=lambda name: time.sleep(0.2))
    assert stage.at_once() >= 2
    assert {name for name, what in stage.events[:2] if what == "began"} == {"catalog", "customers"}


def test_the_report_names_each_domain_after_its_providers(stage: Stage) -> None:
    names = [d.domain for d in stage.run(DEMO).domains]
    assert sorted(names) == sorted(DEMO)
    assert all(names.index(p) < names.index(n) for n, providers in DEMO.items() for p in providers)


def test_providers_that_were_not_asked_for_are_not_waited_for(stage: Stage) -> None:
    report = stage.run(DEMO, "growth", "assortment")
    assert {d.domain for d in report.domains} == {"growth", "assortment"}
    assert {name for name, _ in stage.events} == {"growth", "assortment"}


@pytest.mark.parametrize(
    ("graph", "circle"),
    [
        ({"a": ["b"], "b": ["a"]}, {"a", "b"}),
        ({"a": ["c"], "b": ["a"], "c": ["b", "d"], "d": []}, {"a", "b", "c"}),
    ],
)
def test_a_circle_is_named_and_nothing_runs(
    stage: Stage, graph: Graph, circle: Collection[str]
) -> None:
    with pytest.raises(MeshError) as found:
        stage.run(graph)
    said = str(found.value)
    assert said.startswith("Domains wait for each other: ")
    assert "Take one of these inputs out of a domain.yaml." in said
    names = said.partition("other: ")[2].partition(". Take")[0].split(" → ")
    assert names[0] == names[-1]
    assert set(names) == circle
    assert stage.events == []


def test_a_broken_domain_is_named_and_the_others_run(stage: Stage) -> None:
    report = stage.run(DEMO, broken=["catalog"])
    assert not report.ok
    assert list(report.errors) == ["catalog"]
    assert "domains/catalog/domain.yaml:3: kind: odd" in report.errors["catalog"]
    assert {name for name, _ in stage.events} == set(DEMO) - {"catalog"}


@pytest.mark.parametrize(
    ("end", "code"),
    [(lambda: os._exit(7), 7), (lambda: os.kill(os.getpid(), signal.SIGKILL), -signal.SIGKILL)],
)
def test_a_process_that_dies_fails_its_domain_and_no_other(
    stage: Stage, end: Callable[[], None], code: int
) -> None:
    report = stage.run(DEMO, act=lambda name: end() if name == "sales" else None)
    assert not report.ok
    said = f"the process of sales ended with code {code} before it was done; run again"
    assert report.errors == {"sales": said}
    ended = {name for name, what in stage.events if what == "ended"}
    assert ended == set(DEMO) - {"sales"}, "its consumers run on the snapshot that stands"


def test_an_interrupted_run_leaves_no_process(stage: Stage) -> None:
    def interrupted(progress: Progress) -> None:
        if progress.stage == "planning":
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        stage.run(DEMO, act=lambda name: time.sleep(30), listen=interrupted)
    assert time.monotonic() - started < 25, "they were ended, and did not end by themselves"
    assert "ended" not in {what for _, what in stage.events}
    assert multiprocessing.active_children() == []


def test_what_is_told_while_it_goes(stage: Stage) -> None:
    stage.run({"a": [], "b": ["a"]})
    told = [(p.domain, p.stage) for p in stage.told]
    assert told == [
        ("a", "waiting"), ("b", "waiting"), ("a", "planning"), ("a", "done"), ("a", "done"),
        ("b", "planning"), ("b", "done"), ("b", "done"),
    ]  # fmt: skip


def test_unchanged_is_settled_without_a_process_unless_a_provider_changes(stage: Stage) -> None:
    report = stage.run(DEMO, changed=["marketing"])
    assert {name for name, _ in stage.events} == {"marketing", "growth"}, "growth reads marketing"
    assert {p.domain for p in report.products if p.status == "unchanged"} == {
        "assortment", "catalog", "customers", "sales",
    }  # fmt: skip
    assert report.ok


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        ((), {"shop": None, "insight": None}),
        (("shop",), {"shop": None}),
        (("shop.days",), {"shop": {"days"}}),
        (("shop.days", "shop.orders", "insight"), {"shop": {"days", "orders"}, "insight": None}),
        (("shop.days", "shop"), {"shop": None}),
        (("shop", "shop.days"), {"shop": None}),
    ],
)
def test_what_is_asked_for(
    tiny_mesh: TinyMesh, selection: Collection[str], wanted: dict[str, Any]
) -> None:
    found = headless._wanted(Mesh.read(tiny_mesh.root), selection)
    assert found == {
        domain: None if names is None else {ProductRef(domain, n) for n in names}
        for domain, names in wanted.items()
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sohp", "No domain `sohp`. Domains: insight, shop."),
        ("sohp.days", "No domain `sohp`. Domains: insight, shop."),
        ("shop.dyas", "No product `dyas` in `shop`. Products: days, orders."),
        ("", "No domain ``"),
        ("shop.days.v1", "shop.days.v1"),
    ],
)
def test_an_unknown_name_names_what_there_is(tiny_mesh: TinyMesh, name: str, said: str) -> None:
    with pytest.raises(MeshError) as found:
        run_mesh(tiny_mesh.root, [name])
    assert said in str(found.value)
