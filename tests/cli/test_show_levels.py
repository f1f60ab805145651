"""Service levels in `mesh show`: a line each, and everything in its JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import yaml

from mesh_defs.contracts.levels.attempts import Attempt
from mesh_defs.model import ProductRef
from mesh_defs.storage.state import State, append_json
from tests.cli.conftest import Said, Shell
from tests.docs.pages import blocks, page
from tests.tiny_mesh import TinyMesh

LEVELS = [
    {"id": "fresh", "property": "freshness", "value": 9, "unit": "d", "element": "days.day",
     "customProperties": [{"property": "objective", "value": "50%"}]},
    {"property": "errorRate", "value": 50, "unit": "percent"},
    {"property": "timeToRepair", "value": 1, "unit": "h"},
    {"property": "endOfSupport", "value": "2020-01-01"},
    {"property": "tn", "value": 5, "unit": "m"},
]  # fmt: skip


def show(shell: Shell, mesh: TinyMesh, *options: str) -> Said:
    """A product that was published three days ago, not since, and stale from yesterday on."""
    path = mesh.root / "domains/shop/contracts/days.odcs.yaml"
    contract = {**yaml.safe_load(path.read_text()), "slaProperties": LEVELS}
    path.write_text(yaml.safe_dump(contract))
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    then, newest = midnight - timedelta(days=3), midnight - timedelta(days=10)
    for attempt in (
        Attempt(then, "published", snapshot=0, times={"days.day": (newest, newest)}),
        Attempt(now - timedelta(seconds=1), "failed", snapshot=0, readable=True),
    ):
        append_json(State.of(mesh.root).record(ProductRef("shop", "days"), 1), attempt.to_json())
    said = shell("show", "shop.days", *options)
    assert (said.code, said.err) == (0, "")
    return said


def test_a_line_each(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    section = show(shell, in_unpublished_mesh).out.partition("\nService levels\n")[2]
    lines = [line.rstrip() for line in section.partition("\n\n")[0].splitlines()]
    begun = [line.split("  ")[0] for line in lines]
    assert begun == ["level", "fresh", "errorRate", "timeToRepair", "endOfSupport", "timeToNotify"]
    fresh, errors, repair, support, notify = lines[1:]
    assert re.search(r"  the newest day is at most 9 d old +10 d( .*)? old  +broken  ", fresh)
    assert re.search(r"  ·{26}▇▇▁▁  1 d( .*)? of 1 d( .*)? used$", fresh)
    assert "  1 of 2 attempts failed (50%)" in errors
    assert errors.endswith("1 attempt of 1 attempt used")
    assert "  an issue is open for " in repair
    assert "  ended " in support
    assert re.search(r"  ended +– +–$", support)  # noqa: RUF001
    assert "  nobody is notified yet" in notify
    assert re.search(r"  not measured +– +–$", notify)  # noqa: RUF001


def test_as_json(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    found = show(shell, in_unpublished_mesh, "--json").json
    documented = next(
        json.loads(b.text)["service_levels"][0]
        for b in blocks(page("docs/reference/command.md"))
        if b.title.startswith("mesh show ")
    )
    for level in found["service_levels"]:
        assert list(level) == list(documented)
        assert {tuple(day) for day in level["history"]} == {tuple(documented["history"][0])}
        assert level["budget"] is None or list(level["budget"]) == list(documented["budget"])
    assert found["contract"]["service_levels"][4] == {"property": "tn", "value": 5, "unit": "m"}


def test_a_product_without_levels_has_no_section(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    assert "Service levels" not in shell("show", "shop.days").out
    assert shell("show", "shop.days", "--json").json["service_levels"] == []
