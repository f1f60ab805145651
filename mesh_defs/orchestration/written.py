"""What a model's code is: its own text, and the macros and functions that it uses; nothing of dbt.

Whether that makes it stale is for the plan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any


def hash_of(*parts: bytes) -> str:
    """128 bits of BLAKE2b over parts that cannot be mistaken for others."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


class Written:
    """What this repository wrote of a project: dbt's own part is covered by its version."""

    def __init__(self, manifest: Any) -> None:
        self.functions = manifest.functions
        own = manifest.metadata.project_name
        self.macros = {u: m for u, m in manifest.macros.items() if m.package_name == own}
        # A macro is called by its name without the engine's: what it comes to is dbt's to choose.
        self.named: dict[str, list[str]] = {}
        for uid in self.macros:
            self.named.setdefault(_called(uid), []).append(uid)
        # What takes the place of one of dbt's own macros is called from there.
        theirs = {_called(u) for u in manifest.macros if u not in self.macros}
        self.everywhere = sorted(theirs & {*self.named})

    def code(self, node: Any) -> str:
        """A hash of a node's text and settings, and of the macros and functions it uses."""
        settings = repr(sorted(node.unrendered_config.items(), key=str))
        parts = [node.checksum.checksum, settings]
        used = self._used([*node.depends_on.macros, *self.everywhere])
        parts += [macro.macro_sql for _, macro in sorted(used.items())]
        called = [u for u in getattr(node.depends_on, "nodes", []) if u in self.functions]
        parts += [self.code(self.functions[u]) for u in sorted(called)]
        return hash_of(*(p.encode() for p in parts))

    def _used(self, above: Iterable[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        waiting = list(above)
        while waiting:
            for uid in self.named.get(_called(waiting.pop()), ()):
                if uid not in found:
                    found[uid] = self.macros[uid]
                    waiting += found[uid].depends_on.macros
        return found


def _called(macro: str) -> str:
    """`week_start`, of `macro.sales.duckdb__week_start`."""
    return macro.rpartition(".")[2].rpartition("__")[2]
