"""JSON that does not parse: its row waits in quarantine with the reason, the others are published.

The contract says what is in the JSON. `mesh contract sync` tells dbt, and the word `structured`
makes the columns from what dbt was told: nothing is declared twice.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh
from tests.two_majors import read, write

CONTRACT = "domains/insight/contracts/best_day.odcs.yaml"
SOURCES = """\
sources:
  visits:
    description: What the door sends, as JSON.
    path: data/visits.csv
    columns: {payload: varchar}
"""
MODEL = "{{ structured(source('landing', 'visits'), 'payload', keep=[]) }}\n"
ENFORCED = """\
version: 2
models:
  - name: best_day
    config: {contract: {enforced: true}}
"""
GOOD = ["""{"day": "2024-05-01", "cents": 30}""", """{"day": "2024-05-02", "cents": 20}"""]


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    with (mesh.root / "domains/insight/domain.yaml").open("a", encoding="utf-8") as file:
        file.write(SOURCES)
    models = mesh.root / "dbt_projects/insight/models"
    (models / "best_day.sql").write_text(MODEL, encoding="utf-8")
    (models / "best_day.yml").write_text(ENFORCED, encoding="utf-8")
    contract = read(mesh.root, CONTRACT)
    (schema,) = contract["schema"]
    day, cents = schema["properties"]
    day["physicalType"], cents["physicalType"] = "date", "bigint"
    del day["required"]
    schema["properties"].append(
        {"name": "unparsed", "description": "What did not parse, and why.",
         "logicalType": "array", "physicalType": "varchar[]", "items": {"logicalType": "string"},
         "logicalTypeOptions": {"maxItems": 0},
         "customProperties": [{"property": "onBreach", "value": {"maxItems": "quarantine"}}]}
    )  # fmt: skip
    schema["customProperties"] = [{"property": "quarantineBudget", "value": 2}]
    write(mesh.root, CONTRACT, contract)
    monkeypatch.chdir(mesh.root)
    return mesh


def sent(mesh: TinyMesh, payloads: list[str]) -> None:
    rows = "".join('"' + p.replace('"', '""') + '"\n' for p in payloads)
    (mesh.root / "data/visits.csv").write_text(f"payload\n{rows}", encoding="utf-8")


def test_what_does_not_parse_waits_with_its_reason(mesh: TinyMesh, shell: Shell) -> None:
    sent(mesh, [*GOOD, """{"day": "2024-05-32", "cents": 1}""", """{"day": "2024-05-03", "cents"""])
    assert shell("contract", "sync", "insight").code == 0
    assert shell("validate").code == 0
    said = shell("run", "insight")
    assert said.code == 0, said
    assert "2 rows in quarantine" in said.out

    found = shell(
        "query", "--as", "insight", "select * from insight.best_day order by day", "--json"
    ).json
    assert [(row["day"], row["cents"], row["unparsed"]) for row in found] == [
        ("2024-05-01", 30, []), ("2024-05-02", 20, []),
    ]  # fmt: skip
    held = shell("quarantine", "show", "insight.best_day", "--json").json
    assert {row["rules"][0] for row in held} == {"unparsed.maxItems"}
    assert sorted(str(row["values"]["unparsed"]) for row in held) == [
        "['day: 2024-05-32 is no date']", "['payload: is no JSON']",
    ]  # fmt: skip

    # The door sends it right, and nothing waits any more: rows in = published + in quarantine.
    sent(mesh, [*GOOD, """{"day": "2024-05-31", "cents": 1}""", """{"day": "2024-05-03"}"""])
    assert shell("run", "insight").code == 0
    (count,) = shell(
        "query", "--as", "insight", "select count(*) as n from insight.best_day", "--json"
    ).json
    assert count["n"] == 4
    assert not shell("quarantine", "show", "insight.best_day", "--json").json


def test_more_than_the_budget_and_nothing_is_published(mesh: TinyMesh, shell: Shell) -> None:
    sent(mesh, [*GOOD, "{", "[", "nothing"])
    assert shell("contract", "sync", "insight").code == 0
    assert shell("run", "insight").code != 0
    (row,) = shell("query", "--as", "insight", "select * from insight.best_day", "--json").json
    assert "unparsed" not in row, "what stood stands"
