"""Contracts in a line, each saying one thing, and what changed between two. No test is here."""

from __future__ import annotations

from typing import Any

from mesh_defs.contracts.changes import Change, compare
from tests.contracts.contract_lab import contract as parsed

Data = dict[str, Any]


def column(**clauses: Any) -> Data:
    """A contract of one object with one column that says this."""
    return obj(properties=[{"name": "c", **clauses}])


def options(logical: str, **said: Any) -> Data:
    return column(logicalType=logical, logicalTypeOptions=said)


def columns(*names: str, **more: Any) -> Data:
    return obj(properties=[{"name": n, "description": f"The {n}.", **more} for n in names])


def obj(**clauses: Any) -> Data:
    return {"schema": [{"name": "t", "properties": [{"name": "c"}], **clauses}]}


def rule(**clauses: Any) -> Data:
    return obj(quality=[{"id": "q", **clauses}])


def rows(**clauses: Any) -> Data:
    return rule(type="library", metric="rowCount", **clauses)


def nulls(**clauses: Any) -> Data:
    return column(quality=[{"id": "q", "type": "library", "metric": "nullValues", **clauses}])


def invalid(values: list[str], **clauses: Any) -> Data:
    said = {"id": "q", "type": "library", "metric": "invalidValues", **clauses}
    return column(quality=[{**said, "arguments": {"validValues": values}}])


def sla(name: str, value: Any, unit: str | None = None, **more: Any) -> Data:
    level = {"property": name, "value": value, "unit": unit, **more}
    return {"slaProperties": [{k: v for k, v in level.items() if v is not None}]}


def custom(name: str, value: Any) -> list[Data]:
    return [{"property": name, "value": value}]


def notice(period: str) -> Data:
    return {"customProperties": custom("noticePeriod", period)}


def enum(*values: str) -> list[Data]:
    return [{"value": v} for v in values]


def price(amount: float, currency: str = "EUR") -> Data:
    return {"price": {"priceAmount": amount, "priceCurrency": currency, "priceUnit": "month"}}


def role(**clauses: Any) -> Data:
    return {"roles": [{"role": "reader", "access": "read", **clauses}]}


WARN = {"customProperties": custom("severity", "warning")}
EMPTY: Data = {}


def changes(old: Data, new: Data) -> tuple[Change, ...]:
    """Compared as the platform does it: both documents are valid to ODCS's own classes."""
    documents = (parsed(d).odcs.model_dump(by_alias=True, exclude_none=True) for d in (old, new))
    return compare(*documents)
