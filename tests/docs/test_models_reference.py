"""docs/reference/models.md names every field, estimator and metric, and its examples are true."""

from __future__ import annotations

from pathlib import Path

import yaml

from mesh_defs.contracts.port_rules import port_rules
from mesh_defs.model import read_contract, read_yaml
from mesh_defs.model.training import Split, Training
from mesh_defs.ports.models.estimators import PARAMETERS, TASKS
from mesh_defs.ports.models.measures import METRICS, TOLERANCE
from tests.docs.pages import blocks, page, table_codes

PAGE = page("docs/reference/models.md")
TEXT = PAGE.read_text(encoding="utf-8")


def _example(title: str) -> dict[str, object]:
    (block,) = (b for b in blocks(PAGE) if b.title == title)
    found: dict[str, object] = yaml.safe_load(block.text)
    return found


def test_every_field_of_a_training_is_in_the_table() -> None:
    said = {code for row in table_codes(PAGE, "How it is trained") for code in row}
    fields = {f for f in Training.model_fields if f not in ("split", "estimator")}
    assert fields | {f"split.{f}" for f in Split.model_fields} | {"estimator.kind"} <= said


def test_every_estimator_has_its_tasks_and_parameters() -> None:
    for kind, tasks in TASKS.items():
        task = tasks[0] if len(tasks) == 1 else "both"
        names = ", ".join(f"`{name}`" for name in PARAMETERS[kind])
        assert f"| `{kind}` | {task} | {names} |" in TEXT


def test_every_metric_of_a_task_is_in_its_row() -> None:
    for task, metrics in METRICS.items():
        (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| {task} | `"))
        assert [m for m in metrics if f"`{m}`" not in row] == []
    assert f"{TOLERANCE:.5f}" in TEXT


def test_the_training_can_be_read_and_its_rules_understood(tmp_path: Path) -> None:
    training = Training.model_validate(_example("domains/shop/models/orders.size.yaml"))
    columns = [
        {"name": name, "logicalType": "string"} for name in (*training.features, training.target)
    ]
    rules = _example("domains/shop/contracts/orders.odcs.yaml")
    said = {
        "apiVersion": "v3.2.0", "kind": "DataContract", "id": "x", "version": "1.0.0",
        "status": "active", "schema": [{"name": "orders", "properties": columns, **rules}],
    }  # fmt: skip
    path = tmp_path / "x.odcs.yaml"
    path.write_text(yaml.safe_dump(said))
    found = port_rules(read_contract(read_yaml(path)))
    assert [(r.id, r.unusable) for r in found] == [
        ("size_is_told_apart", None), ("size_takes_and_gives", None),
    ]  # fmt: skip
    assert set(found[1].params["inputs"]) == set(training.features)
