"""Where a candidate came from: laws of lineage, tried on graphs nobody thought of."""

from __future__ import annotations

from graphlib import TopologicalSorter

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.publishing.provenance import (
    fingerprint,
    lineages_of,
    merged,
)
from mesh_defs.storage.on_duckdb import DuckDBWorkshop

SOURCES = [f"landing.s{i}" for i in range(4)] + ["sales.purchases@1"]
lineages = st.dictionaries(st.sampled_from(SOURCES), st.integers(0, 50))


@given(st.lists(lineages))
def test_merged_knows_every_source_and_its_oldest_snapshot(of: list[dict[str, int]]) -> None:
    union = merged(of)
    assert set(union) == {source for lineage in of for source in lineage}
    assert all(union[s] == min(x[s] for x in of if s in x) for s in union)
    assert list(union) == sorted(union)


@given(lineages, lineages, lineages)
def test_merging_does_not_depend_on_the_order(
    a: dict[str, int], b: dict[str, int], c: dict[str, int]
) -> None:
    assert merged([a, b]) == merged([b, a])
    assert merged([merged([a, b]), c]) == merged([a, merged([b, c])]) == merged([a, b, c])
    assert merged([a, a]) == merged([a]) == a


@given(st.text(max_size=20), lineages)
def test_a_fingerprint_is_of_code_and_snapshots_and_nothing_else(
    code: str, of: dict[str, int]
) -> None:
    mark = fingerprint(code, of)
    assert mark == fingerprint(code, dict(reversed(of.items())))
    assert len(mark) == 32
    assert mark != fingerprint(code + "x", of)
    assert all(mark != fingerprint(code, {**of, s: of.get(s, 0) + 1}) for s in SOURCES)


Graph = tuple[dict[str, list[str]], dict[str, list[str]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Models with parents among the earlier ones, and sources of their own."""
    names = [f"m{i}" for i in range(draw(st.integers(1, 7)))]
    parents = {
        name: draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else []
        for i, name in enumerate(names)
    }
    sources = {name: draw(st.lists(st.sampled_from(SOURCES), unique=True)) for name in names}
    return parents, sources


def above(model: str, parents: dict[str, list[str]]) -> set[str]:
    return {model}.union(*(above(p, parents) for p in parents[model]))


@given(graphs(), lineages)
def test_a_model_comes_from_the_sources_of_all_models_above_it(
    graph: Graph, mounted: dict[str, int]
) -> None:
    parents, sources = graph
    order = list(TopologicalSorter(parents).static_order())
    found = lineages_of(order, parents, sources, mounted, {"m0": {"landing.gone": 1}})
    for model in order:
        wanted = {s for m in above(model, parents) for s in sources[m] if s in mounted}
        assert found[model] == {s: mounted[s] for s in wanted}


@given(graphs(), lineages, st.data())
def test_what_was_not_built_now_is_as_old_as_it_was(
    graph: Graph, mounted: dict[str, int], data: st.DataObject
) -> None:
    parents, sources = graph
    order = list(TopologicalSorter(parents).static_order())
    known = {m: data.draw(lineages, label=f"known of {m}") for m in order}
    built = data.draw(st.lists(st.sampled_from(order), unique=True), label="built")
    built.sort(key=order.index)
    found = lineages_of(built, parents, sources, mounted, known)
    assert list(found) == built
    for model in built:
        own = {s: mounted[s] for s in sources[model] if s in mounted}
        assert found[model] == merged(
            [own, *(found[p] if p in built else known[p] for p in parents[model])]
        )


def test_a_model_that_lost_its_last_source_forgets_it() -> None:
    known = {"numbers": {"landing.old": 3}, "product": {"landing.old": 3}}
    found = lineages_of(["numbers", "product"], {"product": ["numbers"]}, {}, {}, known)
    assert found == {"numbers": {}, "product": {}}


def test_what_is_recorded_is_read_back_and_replaced() -> None:
    with duckdb.connect() as connection:
        workshop = DuckDBWorkshop(connection)
        assert workshop.builds() == {}
        workshop.note_builds({"a": {"landing.s": 1}, "b": {}}, {"a": "code"}, "run-1")
        workshop.note_builds({"a": {"landing.s": 2}}, {"a": "code"}, "run-2")
        workshop.note_builds({}, {}, "run-3")
        assert workshop.builds() == {"a": {"landing.s": 2}, "b": {}}
