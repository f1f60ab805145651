"""A tiny mesh of one's own to break, and what validation finds in it; no test is here."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mesh_defs.governance.validation import validate
from mesh_defs.model import Finding, Mesh

REPOSITORY = Path(__file__).resolve().parents[2]
SHOP, INSIGHT = "domains/shop/domain.yaml", "domains/insight/domain.yaml"
ORDERS = "domains/shop/contracts/orders.odcs.yaml"
ORDERS_ODPS = "domains/shop/products/orders.odps.yaml"
BEST = "domains/insight/contracts/best_day.odcs.yaml"
BEST_ODPS = "domains/insight/products/best_day.odps.yaml"
BEST_SQL = "dbt_projects/insight/models/best_day.sql"


@dataclass(frozen=True)
class Room:
    """A mesh of one's own to break."""

    root: Path

    def edit(self, file: str, old: str, new: str, count: int = 1) -> Room:
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{old!r} is not in {file}:\n{text}"
        path.write_text(text.replace(old, new, count))
        return self

    def write(self, file: str, text: str = "") -> Room:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def with_port(self, name: str, kind: str, file: str, said: dict[str, Any]) -> Room:
        """`shop.orders` with one more port, and the file that declares what it shows."""
        data = yaml.safe_load((self.root / ORDERS_ODPS).read_text())
        data["outputPorts"].append({**data["outputPorts"][0], "name": name, "type": kind})
        self.write(ORDERS_ODPS, yaml.safe_dump(data, sort_keys=False))
        return self.write(file, yaml.safe_dump(said, sort_keys=False))

    def remove(self, file: str) -> Room:
        path = self.root / file
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return self

    def line(self, file: str, text: str, nth: int = 1) -> int:
        lines = (self.root / file).read_text().splitlines()
        return [i for i, line in enumerate(lines, 1) if text in line][nth - 1]

    def findings(self) -> list[Finding]:
        return validate(Mesh.read(self.root), self.root)

    def only(self, file: str, line: int | str, field: str, *said: str) -> None:
        """There is one finding, here, and it says this. A line may be given by what is on it."""
        found = self.findings()
        assert len(found) == 1, "\n".join(map(str, found)) or "nothing was found"
        assert found[0].file == file
        assert found[0].field == field
        assert found[0].line == (self.line(file, line) if isinstance(line, str) else line)
        for text in said:
            assert text in f"{found[0].problem} | {found[0].todo}"
        assert found[0].todo.endswith((".", "?"))
        assert not found[0].problem.endswith(".")


DAYS_SQL = "dbt_projects/shop/models/days.sql"


def quarantining(mesh: Room, said: str, budget: str = '"1%"') -> Room:
    """`shop.orders` with something said of a breach, and no other product made from its rows."""
    mesh.edit(DAYS_SQL, "ref('orders')", "source('landing', 'orders')")
    customs = "  customProperties:\n" + f"  - property: onBreach\n    value: {said}\n"
    if budget:
        customs += f"  - property: quarantineBudget\n    value: {budget}\n"
    return mesh.edit(ORDERS, "  quality:\n", f"{customs}  quality:\n")


def saying(mesh: Room, *customs: str) -> Room:
    """`shop.orders` with these custom properties on its object."""
    said = "".join(f"  - {item}\n" for item in customs)
    return mesh.edit(ORDERS, "  quality:\n", f"  customProperties:\n{said}  quality:\n")
