"""Typing `mesh access …` in a test, and writing who governs and what a contract says. No test is
here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.tiny_mesh import TinyMesh

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

CONSUMER, PROVIDER = "Insight team", "Shop team"
REQUEST = ["request", "shop.orders", "--purpose", "To find the best day."]
NOTHING = {"ok": True, "done": [], "orphans": [], "stuck": [], "troubles": []}
IN_A_WEEK = (datetime.now(UTC).date() + timedelta(days=7)).isoformat()


class Access:
    """`access("approve", "a1", who=…)` says what `mesh access approve a1` says."""

    def __init__(self, shell: Shell, mesh: TinyMesh) -> None:
        self.shell, self.mesh = shell, mesh

    def __call__(self, *arguments: str, who: str | None = None) -> Any:
        said = self.shell("access", *arguments, *(["--as", who] if who else []), "--json")
        assert said.code == 0, said.err
        return said.json

    def refused(self, *arguments: str, who: str | None = None) -> str:
        said = self.shell("access", *arguments, *(["--as", who] if who else []))
        assert said.code == 1
        assert said.out == ""
        return said.err

    def state(self, id: str = "a1") -> Any:
        return self("show", id)["state"]

    def active(self) -> None:
        self(*REQUEST, who=CONSUMER)
        self("approve", "a1", who=PROVIDER)


def governance(root: Path) -> None:
    (root / "governance.yaml").write_text(
        "team:\n  name: Governance group\n  email: governance@example.com\n"
        "  members: [{name: Gus Vogt, role: steward, email: gus@example.com}]\n",
        encoding="utf-8",
    )


def contract(mesh: TinyMesh, more: str) -> None:
    path = mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
