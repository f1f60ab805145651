"""Two states of a mesh side by side: which contracts and descriptors changed; nothing is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from mesh_defs.contracts.changes import Change, Level, descriptor_diff, diff
from mesh_defs.contracts.clauses.properties import column_of, columns_of
from mesh_defs.contracts.levels.amounts import level_name
from mesh_defs.contracts.levels.freshness import end_of_life
from mesh_defs.model import DataProduct, Mesh, ProductRef, YamlSource
from mesh_defs.model.yaml_source import FieldPath

NOTICE = "noticePeriod"
END = "endOfLife"


@dataclass(frozen=True)
class Document:
    """A contract or a descriptor as it stands on one side.

    `ends` are the days on which something is over for good, with the field that says so: by the
    address of a port, or by "" where it is the whole.
    """

    source: YamlSource
    version: str
    ends: Mapping[str, tuple[FieldPath, date]] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """One major version of a product before and now; one side may be missing.

    Where the major is gone, `changes` are those to the version that follows it, if one does.
    `notice` is what the old contract promised.
    """

    ref: ProductRef
    major: int
    document: Literal["contract", "descriptor"]
    old: Document | None
    new: Document | None
    changes: tuple[Change, ...] = ()
    follower: Document | None = None
    notice: str | None = None
    columns: tuple[str, ...] = ()
    """What the published table has, or had."""

    @property
    def gone(self) -> bool:
        return self.old is not None and self.new is None

    @property
    def breaking(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.level is Level.BREAKING)


def compare(old: Mesh, new: Mesh) -> list[Compared]:
    """Every major version of every product, then every descriptor that both sides have."""
    before, now = lines(old), lines(new)
    found = []
    for ref, major in sorted({*before, *now}):
        was, current = before.get((ref, major)), now.get((ref, major))
        later = [m for r, m in now if r == ref and m > major]
        follower = now[ref, min(later)] if was and not current and later else None
        next_one = current or follower
        found.append(
            Compared(
                ref,
                major,
                "contract",
                _contract(was),
                _contract(current),
                diff(was.contract, next_one.contract) if was and next_one else (),
                _contract(follower),
                _notice(was),
                _columns(was, current),
            )
        )
    products, earlier = _products(new), _products(old)
    for ref in sorted(products.keys() & earlier.keys()):
        was, current = earlier[ref], products[ref]
        found.append(
            Compared(
                ref,
                was.contract.major,
                "descriptor",
                _descriptor(was),
                _descriptor(current),
                descriptor_diff(was.descriptor, current.descriptor),
                notice=_notice(was),
            )
        )
    return found


def lines(mesh: Mesh) -> dict[tuple[ProductRef, int], DataProduct]:
    """Every major version of every product that could be read: what consumers bind to."""
    return {(p.line, p.contract.major): p for p in _readable(mesh)}


def readers(mesh: Mesh, ref: ProductRef, major: int) -> list[str]:
    """The domains that declare this major version of a product as an input."""
    return [
        name
        for name, domain in sorted(mesh.domains.items())
        if ref in domain.inputs and domain.inputs[ref].version == major
    ]


def in_question(compared: Iterable[Compared], mesh: Mesh) -> set[str]:
    """The domains of which one has to know what they use, to say who breaks."""
    return {
        domain
        for one in compared
        if one.gone or any(change.columns for change in one.breaking)
        for domain in readers(mesh, one.ref, one.major)
    }


def _products(mesh: Mesh) -> dict[ProductRef, DataProduct]:
    """Current versions, which have the descriptor."""
    return {p.ref: p for p in _readable(mesh) if not p.older_of}


def _readable(mesh: Mesh) -> Iterator[DataProduct]:
    """What could be read, also in a domain where something else could not."""
    for room in mesh.rooms.values():
        yield from room.products.values()


def _columns(*products: DataProduct | None) -> tuple[str, ...]:
    there = [p.contract.objects[0] for p in products if p]
    names = (column_of(c) for o in there for c in columns_of(o))
    return tuple(dict.fromkeys(names))


def _notice(product: DataProduct | None) -> str | None:
    given = product.contract.custom(NOTICE) if product else None
    return None if given is None else str(given)


def _contract(product: DataProduct | None) -> Document | None:
    if product is None:
        return None
    contract, day = product.contract, end_of_life(product.contract)
    levels = enumerate(contract.odcs.slaProperties or ())
    at = next((i for i, level in levels if level_name(level.property) == END), 0)
    path: FieldPath = ("slaProperties", at, "value")
    return Document(contract.source, contract.version, {"": (path, day)} if day else {})


def _descriptor(product: DataProduct) -> Document:
    """A port says in a custom property when it ends, since ODPS has no field for it."""
    ends: dict[str, tuple[FieldPath, date]] = {}
    for i, port in enumerate(product.descriptor.outputPorts):
        for j, item in enumerate(port.customProperties):
            day = _day(item.value)
            if day and item.property == END:
                path: FieldPath = ("outputPorts", i, "customProperties", j, "value")
                ends[f"outputPorts.{port.name}"] = (path, day)
    return Document(product.source, product.descriptor.version, ends)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
