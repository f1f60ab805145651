"""What a contract's role may read: all of the product, or some of its columns and rows; pure.

The standard has roles but no words for columns and rows: they are custom properties of the role.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.type_names import query_dialects
from mesh_defs.model import DataContract

if TYPE_CHECKING:
    from sqlglot import exp

COLUMNS = "readableColumns"
ROWS = "readableRows"


@dataclass(frozen=True)
class Narrowing:
    """The columns that may be read, and the rows for which a condition holds; None is all."""

    columns: tuple[str, ...] | None = None
    rows: exp.Expression | None = None


@dataclass(frozen=True)
class Unclear:
    """Something a role says that means nothing: which custom property, and why."""

    index: int
    problem: str


WHOLE = Narrowing()


def narrowing_of(contract: DataContract, role: str | None) -> Narrowing | None:
    """What may be read under a role; None where the contract has no such role, or says it wrongly.

    An agreement that was made without a role is for the whole product.
    """
    if role is None:
        return WHOLE
    for found in contract.source.data.get("roles") or ():
        if found.get("role") == role:
            narrowing, unclear = read_role(contract, found)
            return None if unclear else narrowing
    return None


def read_role(contract: DataContract, role: Mapping[str, Any]) -> tuple[Narrowing, list[Unclear]]:
    """What a role's custom properties narrow, and what in them can't be understood."""
    known = columns_of(contract)
    kept: tuple[str, ...] | None = None
    rows: exp.Expression | None = None
    unclear = []
    for index, item in enumerate(role.get("customProperties") or ()):
        name, said = item.get("property"), item.get("value")
        if name == COLUMNS:
            wanted = said if isinstance(said, list) else []
            if not wanted or not all(isinstance(c, str) for c in wanted):
                unclear.append(Unclear(index, f"expected a list of columns, got `{said}`"))
            elif missing := [c for c in wanted if c not in known]:
                unclear.append(
                    Unclear(
                        index, f"there is no column {_listed(missing)}; it has {_listed(known)}"
                    )
                )
            else:
                kept = tuple(c for c in known if c in wanted)
        elif name == ROWS:
            from mesh_defs.contracts.conditions import NoCondition, condition

            try:
                rows = condition(str(said), known, (query_dialects(contract.odcs) or ["duckdb"])[0])
            except NoCondition as error:
                unclear.append(Unclear(index, f"this is no condition on rows: {error}"))
    return Narrowing(kept, rows), unclear


def columns_of(contract: DataContract) -> list[str]:
    """The columns of the product, as they are called where it is published."""
    first = contract.objects[:1]
    return [str(p.physicalName or p.name) for found in first for p in found.properties or ()]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
