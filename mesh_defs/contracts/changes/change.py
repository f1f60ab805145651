"""One change between two versions, and an element that both of them have; nothing is judged here
but the level's softening.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mesh_defs.contracts.changes.kinds import KINDS, Level

Element = Mapping[str, Any]
"""A part of a contract as plain data."""

NOTHING: Element = {}
_MISSING: Element = {}  # told apart from NOTHING by what it is, not by what it holds
_SOFTLY = "The old contract only warned about it, so nobody could rely on it."


@dataclass(frozen=True)
class Change:
    """What changed, where, and what it is to consumers.

    `element` is the address in the old version (in the new one, where the old has none), and
    `renamed_to` the one in the new version if it differs. `columns` are the old version's stored
    columns that are touched; none means that everybody who reads the object or the product is.
    """

    element: str
    kind: str
    level: Level
    why: str
    old: Any = None
    new: Any = None
    renamed_to: str | None = None
    object: str | None = None
    columns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "element": self.element,
            "renamed_to": self.renamed_to,
            "kind": self.kind,
            "level": str(self.level),
            "why": self.why,
            "old": self.old,
            "new": self.new,
            "object": self.object,
            "columns": list(self.columns),
        }


@dataclass(frozen=True)
class Both:
    """One element in both versions. An element that one of them lacks is empty there."""

    old: Element
    new: Element
    old_at: str = ""
    new_at: str = ""
    object: str | None = None
    columns: tuple[str, ...] = ()
    above: tuple[tuple[Element, Element], ...] = ()
    """The elements around this one, the nearest first."""

    def value(self, field: str) -> tuple[Any, Any]:
        return self.old.get(field), self.new.get(field)

    def differ(self, field: str) -> bool:
        old, new = self.value(field)
        return not same(old, new)

    def below(
        self,
        old: Element | None,
        new: Element | None,
        old_name: str,
        new_name: str,
        object: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> Both:
        """An element inside of this one."""
        return Both(
            _MISSING if old is None else old,
            _MISSING if new is None else new,
            joined(self.old_at, old_name),
            joined(self.new_at, new_name),
            object or self.object,
            self.columns if columns is None else tuple(columns),
            ((self.old, self.new), *self.above),
        )

    def change(
        self,
        kind: str,
        field: str = "",
        old: Any = None,
        new: Any = None,
        *,
        columns: Sequence[str] | None = None,
        soft: bool = False,
    ) -> Change:
        """A change of this element, or of a field of it. `soft` where nobody could rely on it."""
        known = KINDS[kind]
        level, why = known.level, known.why
        if soft and level is Level.BREAKING:
            level, why = Level.RISKY, f"{why} {_SOFTLY}"
        old_at = "" if self.old is _MISSING else joined(self.old_at, field)
        new_at = "" if self.new is _MISSING else joined(self.new_at, field)
        return Change(
            old_at or new_at,
            kind,
            level,
            why,
            old,
            new,
            new_at if old_at and new_at and new_at != old_at else None,
            self.object,
            self.columns if columns is None else tuple(columns),
        )

    def field(self, kind: str, field: str, **more: Any) -> Change:
        """A change of one field, with its value in both versions."""
        return self.change(kind, field, *self.value(field), **more)


def joined(at: str, name: str) -> str:
    return f"{at}.{name}" if at and name else at or name


def same(old: Any, new: Any) -> bool:
    """Whether two values say the same. What is empty says as little as what is not there."""
    return canonical(old) == canonical(new)


def canonical(value: Any) -> str:
    return json.dumps(_plain(value), sort_keys=True, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = {str(k): _plain(v) for k, v in value.items()}
        return {k: v for k, v in found.items() if v is not None} or None
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value] or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return None if value is False or value == "" else value
