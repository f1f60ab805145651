"""Scoring as an asset: with a domain's own model, and with one that it has an agreement for."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import yaml

import mesh
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.access.reading.rights import Denied
from mesh_defs.model import MeshError
from mesh_defs.orchestration.headless import run_mesh
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot
from tests.ports.lab import SECOND
from tests.ports.model_lab import OnnxLab

OWN = '''
"""What orders should cost, by our own model."""

import dagster as dg

import mesh


@dg.asset(deps=[["products", "orders"]])
def expected() -> dg.MaterializeResult:
    model = mesh.model("shop.orders", "exit", consumer="shop")
    rows = mesh.read("shop.orders", consumer="shop")
    scored = model.score(rows)
    total = sum(scored["cents"].to_pylist())
    return dg.MaterializeResult(
        metadata={"rows": scored.num_rows, "snapshot": model.snapshot, "total": total,
                  "drift": max(model.drift(rows).values())}
    )
'''
OTHERS = '''
import mesh


def scores():
    """Orders as shop's model sees them; the model is the version that was agreed."""
    model = mesh.model("shop.orders", "exit", 1, consumer="insight")
    return model.score(mesh.read("shop.orders", columns=["order_id"], consumer="insight"))
'''
SOURCE = {
    "description": "What shop's model says of its orders.",
    "function": "scoring.scores",
    "columns": {"order_id": "bigint", "cents": "double"},
}
LINEAR = "order_id,day,cents\n" + "".join(f"{n},2024-05-01,{n * 100}\n" for n in range(1, 201))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OnnxLab:
    found = OnnxLab(tmp_path / "mesh")
    found.build()
    (found.root / "data/orders.csv").write_text(LINEAR)
    monkeypatch.setenv("MESH_ROOT", str(found.root))
    return found


def agree(lab: OnnxLab) -> str:
    """Asked for by insight; shop approves of it in its file, as of all that insight asks for."""
    (lab.root / "governance.yaml").write_text(
        "team: {name: Guards, email: g@example.com, members: [{name: Gus, role: steward}]}\n"
    )
    desk = Desk(lab.root, "Insight team")
    return desk.request("shop.orders", "To see what is dear.", "insight", port="exit").id


def consume(lab: OnnxLab) -> None:
    """Insight lands what shop's model says, and publishes the dearest order by it."""
    folder = lab.root / "domains/insight"
    (folder / "scoring.py").write_text(OTHERS)
    domain = yaml.safe_load((folder / "domain.yaml").read_text())
    domain["sources"] = {"scores": SOURCE}
    (folder / "domain.yaml").write_text(yaml.safe_dump(domain, sort_keys=False))
    (lab.root / "dbt_projects/insight/models/best_day.sql").write_text(
        "select max(o.day) as day, max(round(s.cents))::bigint as cents\n"
        "from {{ source('landing', 'scores') }} as s\n"
        "join {{ source('shop', 'orders') }} as o using (order_id)\n"
    )


def test_a_domain_scores_with_its_own_model_after_it_was_published(lab: OnnxLab) -> None:
    (lab.root / "domains/shop/scoring.py").write_text(OWN)
    report = run_mesh(lab.root, ["shop"])
    assert report.ok, report
    import dagster as dg

    with open_instance(lab.root, State(lab.root / ".mesh")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["shop", "expected"]))
    assert event and event.asset_materialization
    said = {k: v.value for k, v in event.asset_materialization.metadata.items()}
    assert (said["rows"], said["snapshot"]) == (200, 0)
    assert said["total"] == pytest.approx(sum(n * 100 for n in range(1, 201)), rel=1e-5)
    assert isinstance(said["drift"], float)
    assert 0 <= said["drift"] < 0.1


def test_another_domain_scores_when_it_was_agreed_and_its_models_read_that(lab: OnnxLab) -> None:
    assert run_mesh(lab.root, ["shop"]).ok
    consume(lab)
    refused = run_mesh(lab.root, ["insight"])
    assert not refused.ok
    assert "`exit`" in str(refused) and "may read" in str(refused), refused
    agree(lab)
    report = run_mesh(lab.root, ["insight"])
    assert report.ok, [p.reason for d in report.domains for p in d.products]
    state = State(lab.root / ".mesh")
    landed = snapshot(state.landing("insight", "scores"))
    assert landed
    rows = duckdb.read_parquet(list(landed.files)).order("order_id").fetchall()
    assert [(n, round(c)) for n, c in rows] == [(n, n * 100) for n in range(1, 201)]
    from mesh_defs.model import Mesh

    standing = snapshot(state.product(Mesh.read(lab.root).product("insight.best_day").ref, 1))
    assert standing
    assert duckdb.read_parquet(list(standing.files)).fetchall()[0][1] == 20_000


def test_who_may_take_a_model_and_when_no_more(lab: OnnxLab) -> None:
    lab.publish(SECOND)
    with pytest.raises(Denied, match="port `exit`"):
        mesh.model("shop.orders", "exit", consumer="insight")
    id = agree(lab)
    found = mesh.model("shop.orders", "exit", consumer="insight")
    assert (found.version, found.snapshot, found.card["model"]) == (1, 0, "shop.orders.exit")
    Desk(lab.root, "Gus").act(id, lambda a, who, at: do.suspend(a, who, at, "a leak"))
    with pytest.raises(Denied):
        mesh.model("shop.orders", "exit", consumer="insight")
    with pytest.raises(Denied):
        mesh.model("shop.orders", "entrance", consumer="shop")


def test_what_is_scored_and_what_cannot_be(lab: OnnxLab) -> None:
    lab.publish(SECOND)
    model = mesh.model("shop.orders", "exit", consumer="shop")
    rows = pa.table({"order_id": [7, 8], "cents": [0, 0], "note": ["a", "b"]})
    scored = model.score(rows)
    assert scored.column_names == ["order_id", "note", "cents"]
    assert [round(c) for c in scored["cents"].to_pylist()] == [140, 160]
    assert model.drift(rows)["order_id"] > 0.25
    for wrong, said in [
        (pa.table({"note": ["a"]}), "no column `order_id`"),
        (pa.table({"order_id": ["seven"]}), "cannot be scored"),
    ]:
        with pytest.raises(MeshError, match=said):
            model.score(wrong)


def test_probabilities_of_classes(lab: OnnxLab) -> None:
    lab.train(
        task="classification", split={"by": "order_id", "share": 0.2},
        estimator={"kind": "logistic_regression"},
    )  # fmt: skip
    lab.publish(
        "select i::bigint as order_id, date '2024-05-01' as day, (i > 50)::int as cents"
        " from range(1, 101) t(i)"
    )
    model = mesh.model("shop.orders", "exit", consumer="shop")
    scored = model.score(pa.table({"order_id": [3, 97, None]}))
    assert scored["cents"].to_pylist()[:2] == ["0", "1"]
    shares = scored["probabilities"].to_pylist()
    assert [*shares[0]] == ["0", "1"] == model.card["classes"]
    assert all(sum(s.values()) == pytest.approx(1, abs=1e-6) for s in shares)
    assert json.loads((lab.path.parent / "card.json").read_text()) == model.card
