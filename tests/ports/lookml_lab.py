"""The lab of LookML: a product with a port in PostgreSQL, and LookML of it as lkml parses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lkml
import yaml

from tests.ports.document_labs import ShelvedLab
from tests.ports.lab import DESCRIPTOR

BOARD = "domains/shop/reports/orders.board.yaml"
NAME = "shop_orders_v1"
SECTIONS: list[dict[str, Any]] = [
    {
        "title": "Sold each day",
        "text": 'In cents, by "size".',
        "query": "select day as \"Day\", case when cents > 20 then 'large' else 'small' end "
        'as "Size", sum(cents) as "Cents (USD)" from orders group by all order by "Day" desc',
        "chart": {"kind": "bar", "x": "Day", "y": "Cents (USD)", "colour": "Size",
                  "alt": "Bars of what was sold."},
    },
    {
        "title": "In short",
        "query": 'select count(*) as "Orders", count(distinct order_id) as "Numbers" from orders',
    },
]  # fmt: skip


class LookmlLab(ShelvedLab):
    """`shop.orders` with a port in PostgreSQL, a report, and LookML of both."""

    kind = "lookml"

    def __init__(self, root: Path, report: bool = False) -> None:
        super().__init__(root)
        self.with_report = report

    def told(self) -> dict[str, Any]:
        return {"report": self.with_report}

    def build(self) -> None:
        super().build()
        self.declare(DESCRIPTOR, "outputPorts", {"name": "apps", "type": "postgres"})
        self.change(_with_server)
        said = {"connection": "analytics", "port": "apps"}
        if self.with_report:
            self.declare(DESCRIPTOR, "outputPorts", {"name": "board", "type": "dashboard"})
            self.report_of("board", title="What was sold", text="In cents.\n\nAll of it.",
                           filters=["Size"], sections=SECTIONS)  # fmt: skip
            said["report"] = "board"
        self.report_of("exit", **said)

    def report_of(self, name: str, **said: Any) -> None:
        path = self.root / f"domains/shop/reports/orders.{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(said, sort_keys=False))

    @property
    def latest(self) -> Path:
        return self.shelved().shelf.latest

    def files(self) -> dict[str, str]:
        return {p.name: p.read_text() for p in self.latest.glob("shop_*")}

    def views(self) -> dict[str, Any]:
        found = [lkml.load(t) for n, t in self.files().items() if n.endswith(".view.lkml")]
        return {view["name"]: view for each in found for view in each["views"]}

    def tamper(self) -> None:
        path = self.latest / f"{NAME}.view.lkml"
        path.write_text(path.read_text().replace("type: number", "type: string", 1))


def _with_server(contract: dict[str, Any]) -> None:
    contract["servers"] = [
        {"server": "lake", "type": "local", "path": "x", "format": "delta"},
        {"server": "apps", "type": "postgres", "host": "h", "port": 5432, "database": "d",
         "schema": "shop"},
    ]  # fmt: skip
