"""Two versions of a contract, or of a descriptor, compared: everything that changed for consumers.

What is not recognised as anything else is `other.changed`: nothing is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from mesh_defs.contracts.changes.change import Both, Change, Element
from mesh_defs.contracts.changes.kinds import Level
from mesh_defs.contracts.changes.pairing import by, own_id, paired
from mesh_defs.contracts.changes.schema import objects
from mesh_defs.contracts.changes.service import service_levels
from mesh_defs.contracts.changes.terms import terms

_ORDER = list(Level)
_WORDS = (
    "apiVersion", "kind", "name", "tags", "authoritativeDefinitions", "context",
    "contractCreatedTs", "productCreatedTs", "managementPorts",
)  # fmt: skip
# `version` is what is asked for of a change, not a change.
_COMPARED = {
    "version", "schema", "slaProperties", "customProperties", "description", "price", "roles",
    "support", "servers", "team", "status", "id", "domain", "dataProduct", "tenant",
    "inputPorts", "outputPorts",
}  # fmt: skip


class Contract(Protocol):
    """A contract of any origin: its ODCS document is all that is compared."""

    @property
    def odcs(self) -> Any: ...


def diff(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every change between two versions of a contract, what breaks first."""
    return compare(*(c.odcs.model_dump(by_alias=True, exclude_none=True) for c in (old, new)))


def compare(old: Element, new: Element) -> tuple[Change, ...]:
    """The same for ODCS documents as plain data."""
    both = Both(old, new)
    return _sorted([*objects(both), *service_levels(both), *terms(both), *_rest(both)])


def descriptor_diff(old: Any, new: Any) -> tuple[Change, ...]:
    """Every change between two descriptors (ODPS); their ports are what consumers see of them."""
    both = Both(*(d.model_dump(mode="json", by_alias=True, exclude_none=True) for d in (old, new)))
    found = [*_ports(both), *terms(both), *_rest(both)]
    if both.differ("inputPorts"):
        found.append(both.change("lineage.changed", "inputPorts"))
    return _sorted(found)


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: _ORDER.index(change.level)))


def _rest(both: Both) -> Iterator[Change]:
    for field in sorted({*both.old, *both.new} - _COMPARED):
        if both.differ(field):
            yield both.field("words.changed" if field in _WORDS else "other.changed", field)


def _ports(both: Both) -> Iterator[Change]:
    pairs = paired(*both.value("outputPorts"), (own_id, by("name"), by("contractId", "type")))
    for was, now in pairs:
        names = [f"outputPorts.{(e or {}).get('name')}" for e in (was or now, now or was)]
        port = both.below(was, now, *names)
        if was is None:
            yield port.change("port.added")
        elif now is None:
            yield port.change("port.removed")
        else:
            for field in sorted({*was, *now} - {"version"}):
                if port.differ(field):
                    yield port.field(_PORT_FIELDS.get(field, "words.changed"), field)


_PORT_FIELDS = {
    "name": "port.renamed",
    "type": "port.type",
    "contractId": "port.contract",
    "inputContracts": "lineage.changed",
    "customProperties": "custom.changed",
}
