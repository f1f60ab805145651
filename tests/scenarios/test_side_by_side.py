"""Two people type `mesh run sales` at the same moment, and a new batch is there.

Runs that publish anew whatever there is, of one domain and of two, are in test_the_demo.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from mesh_defs.orchestration.instance import open_instance
from mesh_defs.storage.state import State
from tests.scenarios.story import Said, Story, orphans, raw, write

pytestmark = pytest.mark.slow


def together(demo: Story, *commands: tuple[str, ...]) -> list[Said]:
    """What came of commands that were started at the same moment."""
    started = [demo.start("run", "--json", *command) for command in commands]
    return [ended(process) for process in started]


def ended(process: subprocess.Popen[str]) -> Said:
    out, err = process.communicate(timeout=300)
    said = Said(process.returncode, out, err)
    assert said.code == 0, said
    assert json.loads(out)["ok"] is True
    return said


def assert_all_is_told_and_nothing_left(demo: Story, runs: int) -> None:
    """The newest runs succeeded, no run looks as if it still went on, no file is nobody's."""
    with open_instance(demo.root, State(demo.home)) as instance:
        assert all(run.is_success for run in instance.get_runs(limit=runs))
        assert all(run.is_finished for run in instance.get_runs())
    assert orphans(demo.home) == []
    for log in (demo.home / "logs").glob("*.log"):
        text = log.read_text(encoding="utf-8")
        assert "database is locked" not in text
        assert "Could not set lock" not in text


def test_one_domain_twice_at_once(demo: Story, tmp_path: Path) -> None:
    """One of them publishes the new batch; for the other there is nothing left to publish."""
    before = demo.listed()
    new = write(
        tmp_path / "transactions.parquet",
        "from good where basket_id <> (select min(basket_id) from good)",
        good=raw("transactions"),
    )
    fed = demo.feeding(sales__transactions=new)
    first, second = together(fed, ("sales",), ("sales",))
    for name in ("sales.purchases", "sales.baskets"):
        said = sorted((first.statuses[name], second.statuses[name]))
        assert said == ["published", "unchanged"], name
        stands = demo.listed()[name]
        assert stands["snapshot"] == before[name]["snapshot"] + 1
        assert stands["rows"] < before[name]["rows"]
    assert demo.listed()["sales.baskets"]["rows"] == before["sales.baskets"]["rows"] - 1
    assert_all_is_told_and_nothing_left(demo, 2)
    assert set(fed.run("sales").statuses.values()) == {"unchanged"}
