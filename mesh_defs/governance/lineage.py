"""Column lineage: which columns of which tables a model's columns come from, read from its SQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ColumnLineage = Mapping[str, list[tuple[str, str, str]]]
"""Column → (schema, table, column) of each direct origin."""


def columns_from(
    compiled: Mapping[str, str], shapes: Mapping[tuple[str, str], Mapping[str, str]], cache: Path
) -> dict[str, ColumnLineage]:
    return {}
