"""What a profile says of a table and its columns, as plain data; how it is found is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mesh_defs.contracts.drafts.guesses import Shape
from mesh_defs.contracts.scan.columns import Column


@dataclass(frozen=True)
class ColumnFacts:
    """What every row of a column has in common.

    `distinct` is an estimate. Bounds are numbers, or moments as ISO text; they are None where
    there is no such thing. `values` are all values there are, where they are few.
    """

    column: Column
    filled: int
    distinct: int = 0
    bounds: tuple[Any, Any] = (None, None)
    lengths: tuple[int, int] | None = None
    shape: Shape | None = None
    values: tuple[str, ...] = ()
    personal: str | None = None

    @property
    def name(self) -> str:
        return self.column.name


@dataclass(frozen=True)
class Profile:
    """A table: its rows, its columns, the columns that identify a row, and those that repeat
    nothing."""

    rows: int
    columns: tuple[ColumnFacts, ...]
    key: tuple[str, ...] = ()
    unique: frozenset[str] = field(default_factory=frozenset)
