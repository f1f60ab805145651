"""A model at a port: the same as scikit-learn for every estimator, the same bytes, what is refused,
what the contract rules, and what its card says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mesh_defs.model import MeshError
from mesh_defs.model.training import Training
from mesh_defs.ports.kinds import ports_of, problems
from mesh_defs.ports.models.drift import baseline_of, drift_of
from mesh_defs.ports.models.estimators import PARAMETERS, TASKS, exported, fitted
from mesh_defs.ports.models.frame import Columns, Frame
from mesh_defs.ports.models.measures import TOLERANCE, differences
from mesh_defs.ports.models.runner import Runner
from tests.ports.lab import FIRST, SECOND
from tests.ports.model_lab import SAID, TRAINING, OnnxLab

COLUMNS = Columns(("spend", "visits", "weeks"), ("town", "kind"))
SMALL: dict[str, dict[str, Any]] = {
    "logistic_regression": {},
    "linear_regression": {},
    "random_forest": {"trees": 12},
    "hist_gradient_boosting": {"iterations": 12, "learning_rate": 0.3},
}
OTHER: dict[str, dict[str, Any]] = {
    "logistic_regression": {"l2": 30.0},
    "linear_regression": {"l2": 30.0},
    "random_forest": {"trees": 7, "max_depth": 4, "max_leaf_nodes": 9, "min_samples_leaf": 9},
    "hist_gradient_boosting": {
        "iterations": 8, "l2": 1.0, "max_depth": 3, "max_leaf_nodes": 6, "min_samples_leaf": 9,
    },
}  # fmt: skip


def frame(classes: int, rows: int = 600) -> Frame:
    """Money with cents and counts, missing values, words that few have: what products are like."""
    import numpy as np

    random = np.random.default_rng(7)
    numbers = np.column_stack(
        [
            random.gamma(2, 40, rows).round(2),
            random.integers(0, 30, rows),
            random.integers(0, 3, rows) + 0.1,
        ]
    ).astype(np.float32)
    numbers[random.random(numbers.shape) < 0.1] = np.nan
    towns = random.choice(["here", "there", ""], rows)
    kinds = np.where(np.arange(rows) < 3, "rare", random.choice(["a", "b"], rows))
    words = np.column_stack([towns, kinds]).astype(object)
    score = np.nan_to_num(numbers[:, 0]) - 3 * np.nan_to_num(numbers[:, 1])
    score = score + 25 * (towns == "here") + random.normal(0, 20, rows)
    if not classes:
        return Frame(numbers, words, score)
    edges = np.quantile(score, np.arange(1, classes) / classes)
    return Frame(numbers, words, np.array([f"band {n}" for n in edges.searchsorted(score)]))


def training(task: str, kind: str, said: dict[str, Any]) -> Training:
    features = [*COLUMNS.numbers, *COLUMNS.words]
    return Training.model_validate(
        {**SAID, "task": task, "features": features, "target": "band",
         "estimator": {"kind": kind, **said}}
    )  # fmt: skip


def made(task: str, classes: int, kind: str, said: dict[str, Any]) -> tuple[Any, Frame, bytes]:
    how, rows = training(task, kind, said), frame(classes)
    pipeline = fitted(how, COLUMNS, rows)
    return pipeline, rows, exported(pipeline, how, COLUMNS, "shop.bands")


EVERY = [
    pytest.param(task, classes, kind, said, id=f"{kind} {classes or 'number'} {which}")
    for kind, tasks in TASKS.items()
    for task in tasks
    for classes in ((2, 3) if task == "classification" else (0,))
    for which, said in (("plain", SMALL[kind]), ("other", OTHER[kind]))
]


@pytest.mark.parametrize(("task", "classes", "kind", "said"), EVERY)
def test_what_is_exported_says_what_scikit_learn_says(
    task: str, classes: int, kind: str, said: dict[str, Any]
) -> None:
    pipeline, rows, data = made(task, classes, kind, said)
    runner = Runner(data)
    apart, largest = differences(pipeline, rows, runner)
    assert (apart, largest <= TOLERANCE) == (0, True), largest
    assert runner.inputs == COLUMNS.kinds
    outputs = {"band": "string", "probabilities": "number"} if classes else {"band": "number"}
    assert runner.outputs == outputs
    assert len(runner.classes) == classes
    if classes:
        assert runner.say(rows).probabilities.shape == (len(rows), classes)


@pytest.mark.parametrize(("task", "classes", "kind", "said"), EVERY[::2])
def test_the_same_rows_and_declaration_give_the_same_bytes(
    task: str, classes: int, kind: str, said: dict[str, Any]
) -> None:
    first, second = (made(task, classes, kind, said)[2] for _ in range(2))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


def test_every_parameter_is_tried_and_changes_the_model() -> None:
    for kind, names in PARAMETERS.items():
        assert {*names} <= {*SMALL[kind], *OTHER[kind]}, kind
        task = TASKS[kind][0]
        plain = made(task, 2 if task == "classification" else 0, kind, SMALL[kind])[2]
        other = made(task, 2 if task == "classification" else 0, kind, OTHER[kind])[2]
        assert plain != other


def test_a_word_that_few_rows_have_is_not_learnt_by_heart() -> None:
    for kind in ("random_forest", "logistic_regression"):
        data = made("classification", 2, kind, SMALL[kind])[2]
        assert b"there" in data
        assert b"rare" not in data


def test_drift_is_nothing_of_the_same_rows_and_much_of_others() -> None:
    rows = frame(2)
    was = baseline_of(COLUMNS, rows)
    assert drift_of(was, COLUMNS, rows) == dict.fromkeys(COLUMNS.kinds, 0.0)
    assert "rare" not in json.dumps(was)
    assert all(float(v) not in was["spend"]["edges"] for v in (min(rows.numbers[:, 0]),))
    rows.numbers[:, 0] *= 3
    rows.words[:, 0] = "elsewhere"
    found = drift_of(was, COLUMNS, rows)
    assert min(found["spend"], found["town"]) > 0.25
    assert (found["visits"], found["kind"]) == (0.0, 0.0)


# -- what can be declared --------------------------------------------------------------------------

WRONG = [
    # (what is declared, the field where it is found, what is said)
    ({"features": []}, "features", ""),
    ({"features": ["weight"]}, "features[0]", "no column `weight`"),
    ({"features": ["order_id", "day"]}, "features[1]", "`day` is date"),
    ({"features": ["order_id", "secret"]}, "features[1]", "restricted"),
    ({"features": ["order_id", "order_id"]}, "features[1]", "a second time"),
    ({"features": ["order_id", "cents"]}, "features[1]", "is to be told"),
    ({"target": "secret"}, "target", "restricted"),
    ({"target": "day"}, "target", "a regression tells a number"),
    ({"target": "euros"}, "target", "no column `euros`"),
    ({"baseline": "cents"}, "baseline", "no guess"),
    ({"baseline": "secret"}, "baseline", "restricted"),
    ({"split": {"by": "nobody", "share": 0.5}}, "split.by", "no column `nobody`"),
    ({"split": {"by": "order_id"}}, "split", "either `share` or `since`"),
    ({"split": {"by": "day", "share": 0.1, "since": "2024-05-01"}}, "split", "either"),
    ({"split": {"by": "order_id", "since": "2024-05-01"}}, "split.by", "`since` is a day"),
    ({"split": {"by": "order_id", "share": 1.5}}, "split.share", "less than 1"),
    ({"task": "guessing"}, "task", ""),
    ({"task": "classification"}, "estimator.kind", "for no classification"),
    ({"estimator": {"kind": "oracle"}}, "estimator.kind", ""),
    ({"estimator": {"kind": "linear_regression", "trees": 3}}, "estimator.trees", "no `trees`"),
    ({"estimator": {"kind": "random_forest", "trees": 0}}, "estimator.trees", "greater"),
    ({"estimator": {"kind": "random_forest", "min_samples_leaf": 1}},
     "estimator.min_samples_leaf", "greater"),
    ({"colour": "red"}, "colour", "not a field"),
]  # fmt: skip


def secretive(root: Path) -> OnnxLab:
    """Orders that also say whose they are."""
    lab = OnnxLab(root)
    lab.build()
    secret = {"name": "secret", "description": "Whose.", "logicalType": "string",
              "classification": "restricted"}  # fmt: skip
    lab.change(lambda data: data["schema"][0]["properties"].append(secret))
    return lab


@pytest.mark.parametrize(("said", "field", "words"), WRONG)
def test_what_cannot_be_trained_is_found_by_file_and_line(
    said: dict[str, Any], field: str, words: str, tmp_path: Path
) -> None:
    lab = secretive(tmp_path / "mesh")
    lab.train(**said)
    port = next(p for p in ports_of(lab.product) if p.name == "exit")
    (finding,) = problems(port)
    assert (finding.field, words in finding.problem) == (field, True), finding
    assert finding.file == TRAINING
    line = (lab.root / TRAINING).read_text().splitlines()[finding.line - 1].strip()
    last = "- " if field.endswith("]") else f"{field.rpartition('.')[2]}:"
    assert line.startswith(last), line
    with pytest.raises(MeshError):
        port.open()


def test_what_may_be_declared_has_no_findings(tmp_path: Path) -> None:
    lab = secretive(tmp_path / "mesh")
    for said in (
        {}, {"split": {"by": "secret", "share": 0.2}},
        {"split": {"by": "day", "since": "2024-05-01"}},
    ):  # fmt: skip
        lab.train(**said)
        assert [f for p in ports_of(lab.product) for f in problems(p)] == []


def test_no_file_is_a_finding(tmp_path: Path) -> None:
    lab = secretive(tmp_path / "mesh")
    (lab.root / TRAINING).unlink()
    (finding,) = (f for p in ports_of(lab.product) for f in problems(p))
    assert (finding.file, "is missing" in finding.problem) == (TRAINING, True)


# -- what is held out, what is ruled, what is said ------------------------------------------------


@pytest.fixture
def lab(tmp_path: Path) -> OnnxLab:
    found = OnnxLab(tmp_path / "mesh")
    found.build()
    return found


def test_rows_held_out_by_a_day_and_by_a_hash(lab: OnnxLab) -> None:
    days = "select i::bigint as order_id, date '2024-05-01' + i::int as day, i * 10 as cents from "
    lab.train(split={"by": "day", "since": "2024-05-09"})
    lab.publish(f"{days} range(1, 11) t(i)")
    assert lab.card["data"] | {"learnt": 7, "held_out": 3} == lab.card["data"]
    lab.train(split={"by": "order_id", "share": 0.25})
    lab.publish(f"{days} range(1, 2001) t(i)")
    held = lab.card["data"]["held_out"]
    digests = (hashlib.sha256(f"{SAID['seed']}:{i}".encode()).digest() for i in range(1, 2001))
    assert held == sum(int.from_bytes(d[:7]) / 2**56 < 0.25 for d in digests)
    assert 430 < held < 570
    lab.publish(f"{days} range(1, 2002) t(i)")
    assert lab.card["data"]["held_out"] - held in (0, 1), "others stay where they are"


def test_a_rule_that_is_kept_is_on_the_card(lab: OnnxLab) -> None:
    lab.rule("cheap", metric="mae", mustBeLessThan=0.01)
    lab.rule("shape", inputs={"order_id": "number"}, outputs={"cents": "number"})
    lab.publish(SECOND)
    rules = {r["rule"]: (r["holds"], r["found"]) for r in lab.card["rules"]}
    assert rules["cheap"] == (True, f"mae is {lab.card['metrics']['mae']:g}")
    assert rules["shape"] == (True, "it takes and gives what was promised")
    assert "cheap" in (lab.path.parent / "card.md").read_text()


BROKEN = [
    ({"metric": "gain", "mustBeGreaterThan": 1000}, "promised the gain of exit is more than 1,000"),
    ({"metric": "gain", "mustBeGreaterThan": 1000}, "gain is "),
    ({"inputs": {"order_id": "string"}}, "takes `order_id` as number, where string was promised"),
    ({"inputs": {"order_id": "number", "day": "number"}}, "takes no `day`"),
    ({"outputs": {}}, "gives `cents`, which was not promised"),
]


@pytest.mark.parametrize(("rule", "said"), BROKEN)
def test_a_model_that_breaks_a_rule_is_not_shown(
    rule: dict[str, Any], said: str, lab: OnnxLab
) -> None:
    lab.publish(FIRST)
    lab.rule("strict", **rule)
    lab.snapshot(SECOND)
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert "strict: " in stands.error
    assert said in stands.error
    assert [cents for _, cents in lab.rows()] == [10, 20, 30], "the model before stands"
    assert lab.leftovers() == []


def test_a_rule_that_only_warns_is_a_note(lab: OnnxLab) -> None:
    lab.rule("hoped", metric="gain", mustBeGreaterThan=1000)
    lab.change(lambda data: data["schema"][0]["quality"][-1].update(severity="warning"))
    lab.publish(FIRST)
    assert "hoped: promised" in lab.stands.note
    assert "gain is" in lab.stands.note


def test_what_cannot_be_measured_breaks_a_rule_on_it(lab: OnnxLab) -> None:
    lab.rule("explains", metric="r2", mustBeGreaterThan=0)
    lab.snapshot(FIRST)  # one row is held out: nothing varies
    assert "r2 could not be measured" in lab.deliver().error


def test_a_snapshot_that_cannot_be_learnt_from_leaves_the_model_before(lab: OnnxLab) -> None:
    lab.publish(FIRST)
    for sql, said in [
        (f"select * from ({FIRST}) where false", "rows to learn from"),
        (f"select order_id, day from ({FIRST})", "cents"),
        (f"select * replace ('much' as cents) from ({FIRST})", "cannot be trained"),
    ]:
        lab.snapshot(sql)
        stands = lab.deliver()
        assert (stands.status, stands.snapshot, said in stands.error) == ("failed", 0, True), stands
        assert len(lab.rows()) == 3


def test_another_declaration_trains_anew(lab: OnnxLab) -> None:
    lab.publish(SECOND)
    before = lab.path.read_bytes()
    lab.train(title="The same, called else")
    assert lab.stands.status == "waiting"
    assert lab.deliver().status == "published"
    assert lab.card["title"] == "The same, called else"
    lab.train()
    lab.deliver()
    assert lab.path.read_bytes() == before, "the same snapshot and declaration, the same bytes"
