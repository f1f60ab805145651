"""A domain's own functions in Python: built, called, built again when they changed."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from mesh_defs.orchestration.headless import run_mesh
from tests.orchestration.test_dbt_project import DESCRIBED, EUROS, FUNCTIONS
from tests.tiny_mesh import TinyMesh


@pytest.fixture
def shop(unpublished_mesh: TinyMesh) -> TinyMesh:
    """A mesh whose shop sums what a function of its own makes of cents."""
    folder = unpublished_mesh.root / FUNCTIONS
    folder.mkdir()
    (folder / "functions.yml").write_text(DESCRIBED, encoding="utf-8")
    (folder / "euros.py").write_text(EUROS.replace("/ 100", "* 2"), encoding="utf-8")
    days = unpublished_mesh.root / "dbt_projects/shop/models/days.sql"
    text = days.read_text(encoding="utf-8")
    assert "sum(cents)" in text
    text = text.replace("sum(cents)", "sum({{ function('euros') }}(cents))")
    days.write_text(text, encoding="utf-8")
    return unpublished_mesh


def sums(mesh: TinyMesh) -> list[Any]:
    with duckdb.connect(str(mesh.root / ".mesh/workshops/shop.duckdb"), read_only=True) as there:
        return [cents for (cents,) in there.execute("SELECT cents FROM days").fetchall()]


def test_a_function_is_called_and_a_changed_one_is_called_anew(shop: TinyMesh) -> None:
    report = run_mesh(shop.root, ["shop"])
    assert report.ok, report
    with duckdb.connect() as there:
        query = f"SELECT sum(cents) FROM '{shop.root}/data/orders.csv' GROUP BY day"
        cents = sorted(int(total) for (total,) in there.execute(query).fetchall())
    assert sorted(sums(shop)) == [2 * total for total in cents]
    path = shop.root / FUNCTIONS / "euros.py"
    path.write_text(EUROS.replace("/ 100", "* 3"), encoding="utf-8")
    assert run_mesh(shop.root, ["shop"]).ok
    assert sorted(sums(shop)) == [3 * total for total in cents]


WRONG = [
    ("euros.py", "def main(cents) return", "euros.py cannot be read: SyntaxError"),
    ("euros.py", "def other(cents): pass", "euros.py has no function `main`"),
    ("euros.py", 'def main(cents): return f"{{1, 3}}"', "euros.py has `{{`: on BigQuery"),
    ("functions.yml", DESCRIBED.replace("INT64", "MONEY!"), "`MONEY!` is no type of GoogleSQL"),
]


@pytest.mark.parametrize(("file", "text", "said"), WRONG)
def test_a_function_that_cannot_be_says_why(
    shop: TinyMesh, file: str, text: str, said: str
) -> None:
    (shop.root / FUNCTIONS / file).write_text(text, encoding="utf-8")
    report = run_mesh(shop.root, ["shop"])
    assert not report.ok
    assert said in str(report)
