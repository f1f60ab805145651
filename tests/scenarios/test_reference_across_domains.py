"""A reference into another domain's product: who breaks it is held back, up to a budget, and waits.

`insight` counts visitors by day, and may speak only of days on which `shop` sold something.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.tiny_mesh import ORDERS, TinyMesh
from tests.two_majors import read, write

pytestmark = pytest.mark.slow  # a story of whole runs

CONTRACT = "domains/insight/contracts/best_day.odcs.yaml"
DOMAIN = "domains/insight/domain.yaml"
SOURCES = """\
sources:
  visits:
    description: The door's log, one row a day.
    path: data/visits.csv
    columns: {day: date, visitors: bigint}
"""
RULE = "day_is_a_day_of_sales"
SOLD = "2024-05-01,30\n2024-05-02,20\n"


@pytest.fixture
def mesh(tiny_mesh: TinyMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyMesh:
    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(tiny_mesh.root, mesh.root)
    with (mesh.root / DOMAIN).open("a", encoding="utf-8") as file:
        file.write(SOURCES)
    (mesh.root / "dbt_projects/insight/models/best_day.sql").write_text(
        "select day, visitors as cents from {{ source('landing', 'visits') }}\n", encoding="utf-8"
    )
    contract = read(mesh.root, CONTRACT)
    (schema,) = contract["schema"]
    held = {"property": "onBreach", "value": "quarantine"}
    schema["properties"][0]["relationships"] = [
        {"id": RULE, "to": "shop.orders.day", "customProperties": [held]}
    ]
    schema["customProperties"] = [{"property": "quarantineBudget", "value": 1}]
    write(mesh.root, CONTRACT, contract)
    monkeypatch.chdir(mesh.root)
    return mesh


def visited(mesh: TinyMesh, days: str) -> None:
    (mesh.root / "data/visits.csv").write_text(f"day,visitors\n{days}", encoding="utf-8")


def published(shell: Shell) -> list[str]:
    said: list[dict[str, Any]] = shell(
        "query", "--as", "insight", "select day from insight.best_day order by day", "--json"
    ).json
    return [row["day"] for row in said]


def test_its_rows_wait_for_the_other_domain(mesh: TinyMesh, shell: Shell) -> None:
    visited(mesh, f"{SOLD}2024-05-09,5\n")
    assert shell("validate").code == 0
    said = shell("run", "insight")
    assert said.code == 0, said
    assert "1 row in quarantine" in said.out
    assert published(shell) == ["2024-05-01", "2024-05-02"]
    (row,) = shell("quarantine", "show", "insight.best_day", "--json").json
    assert (row["rules"], row["values"]["day"]) == ([RULE], "2024-05-09")
    (outcome,) = (
        v
        for v in shell("show", "insight.best_day", "--json").json["audit"]["verdicts"]
        if v["rule"] == RULE
    )
    assert (outcome["outcome"], outcome["quarantined"], outcome["failing"]) == ("passed", 1, 0)

    # One more than the budget, and nothing is published: what stood stands, here and there.
    visited(mesh, "2024-05-01,31\n2024-05-08,1\n2024-05-09,5\n")
    said = shell("run", "insight")
    assert said.code == 1
    assert "2 rows would go to quarantine, whose budget is 1 row" in said.out
    assert published(shell) == ["2024-05-01", "2024-05-02"]
    assert [r["values"]["day"] for r in shell("quarantine", "show", "insight.best_day", "--json")
            .json] == ["2024-05-09"]  # fmt: skip

    # The other domain sells on those days: the rows need nobody to mend them.
    mesh.orders.write_text(f"{ORDERS}4,2024-05-09,10\n", encoding="utf-8")
    assert shell("run", "shop").code == 0
    visited(mesh, f"{SOLD}2024-05-08,1\n2024-05-09,5\n")
    said = shell("quarantine", "replay", "insight.best_day", "--json")
    assert (said.code, said.json["before"], said.json["left"], said.json["came"]) == (0, 1, 1, 1)
    assert published(shell) == ["2024-05-01", "2024-05-02", "2024-05-09"]


def test_a_reference_that_blocks_keeps_the_last_good_snapshot(mesh: TinyMesh, shell: Shell) -> None:
    contract = read(mesh.root, CONTRACT)
    del contract["schema"][0]["properties"][0]["relationships"][0]["customProperties"]
    write(mesh.root, CONTRACT, contract)
    visited(mesh, SOLD)
    assert shell("run", "insight").code == 0
    visited(mesh, f"{SOLD}2024-05-09,5\n")
    said = shell("run", "--json")
    assert said.code == 1
    statuses = {p["product"]: p["status"] for p in said.json["products"]}
    assert statuses["insight.best_day"] == "failed"
    assert "failed" not in {s for p, s in statuses.items() if p.startswith("shop.")}
    (failed,) = (p for p in said.json["products"] if p["status"] == "failed")
    assert (
        f"{RULE}: promised every day exists in shop.orders; 1 of 3 rows has an unknown day"
        in (failed["reason"])
    )
    assert published(shell) == ["2024-05-01", "2024-05-02"]


def test_a_reference_that_nobody_agreed_to_is_found_before_any_run(
    mesh: TinyMesh, shell: Shell
) -> None:
    visited(mesh, SOLD)
    domain = read(mesh.root, DOMAIN)
    del domain["inputs"]
    write(mesh.root, DOMAIN, domain)
    said = shell("validate")
    assert said.code == 1
    assert "`shop.orders` is no declared input of `insight`, so nobody could check this" in said.out
