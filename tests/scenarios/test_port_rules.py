"""A report that says something else than its product is not shown; the product is published."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ports.document_labs import REPORT, PdfLab

pytestmark = pytest.mark.slow

QUERY = "select day, sum(cents) as cents from orders where order_id > 1 group by day"
RULE = {
    "id": "every_cent", "type": "custom", "engine": "report",
    "implementation": {"port": "exit", "section": "Days", "figure": "cents",
                       "query": "select sum(cents) from {object}"},
}  # fmt: skip


def mesh(root: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", "from mesh_defs.cli.main import app; app(prog_name='mesh')",
         *arguments],
        cwd=root, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip
    return done.returncode, done.stdout


def port(root: Path) -> dict[str, Any]:
    shown = json.loads(mesh(root, "show", "shop.orders", "--json")[1])
    assert shown["snapshot"] == 0, "the rows are published all the same"
    return next(p for p in shown["ports"] if p["name"] == "exit")


def test_a_report_that_leaves_a_row_out_until_it_does_not(tmp_path: Path) -> None:
    lab = PdfLab(tmp_path / "mesh")
    lab.build()
    lab.change(lambda data: data["schema"][0]["quality"].append(RULE))
    lab.report(title="Orders", sections=[{"title": "Days", "query": QUERY}])
    assert mesh(lab.root, "validate")[0] == 0, "it is what somebody declared"

    code, said = mesh(lab.root, "run")
    assert code == 1
    assert "shop.orders: the port exit failed" in said
    found = port(lab.root)
    assert (found["status"], found["snapshot"]) == ("failed", None)
    assert "it is 1,040, where the product has 1,290" in found["error"]
    assert not lab.path.exists()
    shown = mesh(lab.root, "show", "shop.orders")[1]
    assert "exit: It breaks its contract: every_cent" in shown
    assert "0 of 1 rules on it hold" in shown

    path = lab.root / REPORT
    path.write_text(path.read_text().replace(" where order_id > 1", ""))
    assert mesh(lab.root, "run")[0] == 0
    found = port(lab.root)
    assert (found["status"], found["snapshot"], found["error"]) == ("published", 0, "")
    assert [(r["rule"], r["holds"]) for r in found["rules"]] == [("every_cent", True)]
    assert lab.path.is_file()

    # who looks at rows alone is told that this rule is not among them
    contract = "domains/shop/contracts/orders.odcs.yaml"
    place = ".mesh/lake/shop/products/orders/v1"
    tested = json.loads(mesh(lab.root, "contract", "test", contract, "--on", place, "--json")[1])
    assert tested["rules_on_ports"] == ["every_cent"]
    assert "every_cent" not in {v["rule"] for v in tested["verdicts"]}
    text = mesh(lab.root, "contract", "test", contract, "--on", place)[1]
    assert "Judged when the port is made: every_cent." in text
