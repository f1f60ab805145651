"""One mesh's files, made on two engines in folders of their own; no test is here.

The judge of BigQuery is an emulator.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mesh_defs.contracts.audit import Audit
from tests.emulator.running import Emulator
from tests.scenarios.story import Said, Story

Rows = list[tuple[Any, ...]]


# Pseudonyms are of one key, so that they can be compared; a key in tests is nobody's.
_KEY = {"MESH_PSEUDONYM_KEY": "key"}


class OnDuckDB(Story):
    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, **_KEY}

    def rows(self, product: str, columns: str) -> Rows:
        return [tuple(r.values()) for r in self.ask(f"select {columns} from {product}")]

    def verdicts(self, product: str) -> dict[str, Any]:
        """Of the newest audit: rule → outcome, rows that break it, rows held back."""
        return _verdicts(self.home, product)


@dataclass(frozen=True)
class OnBigQuery(Story):
    emulator: Emulator | None = field(default=None, kw_only=True)
    prefix: str = field(kw_only=True)
    """What the names of its datasets begin with: the emulator is the session's."""

    @property
    def environment(self) -> dict[str, str]:
        assert self.emulator
        return {**super().environment, **_KEY, **self.emulator.host, "MESH_TARGET": "bigquery",
                "MESH_BIGQUERY_PROJECT": "local", "MESH_BIGQUERY_PREFIX": self.prefix}  # fmt: skip

    def rows(self, product: str, columns: str) -> Rows:
        """What a reader of the published dataset sees."""
        domain, name = product.split(".")
        return self.query(f"select {columns} from {self.prefix}_published_{domain}.{name}_v1")

    def query(self, sql: str) -> Rows:
        assert self.emulator
        found = self.emulator.client.query(sql).result()
        return [tuple(map(_plain, row.values())) for row in found]

    def verdicts(self, product: str) -> dict[str, Any]:
        return _verdicts(self.home / "bigquery", product)


@dataclass
class Both:
    here: OnDuckDB
    there: OnBigQuery

    def run(self, *arguments: str) -> tuple[Said, Said]:
        """At the same time: they meet nowhere."""
        here = self.here.start("run", "--json", *arguments)
        there = self.there.run(*arguments)
        out, err = here.communicate(timeout=600)
        return Said(here.returncode, out, err), there

    def agree_on_lists(self) -> None:
        """What is listed is the same; of times none are."""
        here, there = _steady(self.here.listed()), _steady(self.there.listed())
        assert {n: (here[n], there.get(n)) for n in here if here[n] != there.get(n)} == {}


def _steady(listed: dict[str, dict[str, Any]]) -> Any:
    return {n: {k: v for k, v in p.items() if k != "published_at"} for n, p in listed.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if hasattr(value, "isoformat") else value


def _verdicts(state: Path, product: str) -> dict[str, Any]:
    domain, name = product.split(".")
    attempt = json.loads((state / "audits" / domain / f"{name}.json").read_text())
    found = Audit.from_json(attempt["audit"])
    # Where one engine's type says that every value is right, another's values are looked at: none
    # is wrong on either.
    return {v.rule.id: (v.outcome, v.failing or 0, v.quarantined) for v in found.verdicts}
