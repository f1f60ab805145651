"""The tiny mesh's `shop.orders` in two major versions; no test is here."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

CONTRACT = "domains/shop/contracts/orders.odcs.yaml"
OLDER = "domains/shop/contracts/orders.v1.odcs.yaml"
DESCRIPTOR = "domains/shop/products/orders.odps.yaml"


def read(root: Path, name: str) -> Any:
    return yaml.safe_load((root / name).read_text(encoding="utf-8"))


def write(root: Path, name: str, data: Any) -> None:
    (root / name).write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def next_major(root: Path, older_model: str | None = None) -> None:
    """`cents` is called `amount` from version 2 on; version 1 stays, and says when it ends."""
    new = read(root, CONTRACT)
    old = copy.deepcopy(new)
    old.update(version="1.1.0", status="deprecated")
    old["slaProperties"] = [{"property": "endOfLife", "value": "2030-01-01"}]
    if older_model:
        old["schema"][0]["physicalName"] = older_model
    write(root, OLDER, old)
    new["version"] = "2.0.0"
    new["schema"][0]["properties"][2]["name"] = "amount"
    write(root, CONTRACT, new)
    descriptor = read(root, DESCRIPTOR)
    (port,) = descriptor["outputPorts"]
    descriptor["version"] = "1.1.0"
    descriptor["outputPorts"] = [
        {**port, "version": "2.0.0"},
        {**port, "name": "orders_v1", "version": "1.1.0"},
    ]
    write(root, DESCRIPTOR, descriptor)
