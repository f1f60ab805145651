"""What keeps LookML from being generated, by file and line; where Looker reads: by files alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from mesh_defs.model import DataProduct, Finding, MeshError
from mesh_defs.model.report import Looker, read_looker, read_report
from mesh_defs.model.yaml_source import YamlSource
from mesh_defs.ports.documents.figures import classified
from mesh_defs.ports.documents.queries import Wrong
from mesh_defs.ports.documents.translated import (
    KINDS,
    Warehouse,
    expression_of,
    translated,
    warehouse,
)
from mesh_defs.ports.port import Target

_FOR_PEOPLE = ("pdf", "dashboard")


class Declared(Protocol):
    """A port of the product, as its descriptor declares it."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def target(self) -> Target: ...


def reads_at(product: DataProduct, port: str, ports: Sequence[Declared]) -> Warehouse:
    """Where, of its product's ports, Looker reads what a port declares. Raises MeshError with
    findings."""
    return _reads_at(product, ports, *read_looker(product, port))


def looker_problems(
    product: DataProduct, port: str, ports: Sequence[Declared]
) -> Iterator[Finding]:
    """What is wrong with a port for Looker as it is declared, and with what it would show there."""
    try:
        looker, source = read_looker(product, port)
        there = _reads_at(product, ports, looker, source)
    except MeshError as error:
        yield from error.findings
        return
    yield from _measures(product, there)
    if looker.report is not None:
        yield from _report(product, looker.report, source, ports, there)


def _reads_at(
    product: DataProduct, ports: Sequence[Declared], looker: Looker, source: YamlSource
) -> Warehouse:
    found = next((p for p in ports if p.name == looker.port and p.kind in KINDS), None)
    if found is None:
        known = ", ".join(f"`{p.name}`" for p in ports if p.kind in KINDS) or "none"
        raise MeshError(
            source.finding(
                ("port",),
                f"`{product.line}` has no port `{looker.port}` at which Looker can read",
                f"It reads ports of the type {' or '.join(f'`{k}`' for k in KINDS)}: {known}.",
            )
        )
    return warehouse(found.kind, found.target)


def _measures(product: DataProduct, there: Warehouse) -> Iterator[Finding]:
    columns, contract = classified(product.contract), product.contract
    for n, prop in enumerate(contract.objects[0].properties or []):
        if prop.semanticType != "measure":
            continue
        path = ("schema", 0, "properties", n, "transformLogic")
        try:
            expression_of(prop.transformLogic or "", product.line.product, columns, there)
        except Wrong as wrong:
            todo = "Write it as an aggregate of columns, such as `sum(amount)`."
            yield contract.source.finding(path, f"`{prop.name}` {wrong}", todo)


def _report(
    product: DataProduct,
    report: str,
    source: YamlSource,
    ports: Sequence[Declared],
    there: Warehouse,
) -> Iterator[Finding]:
    shown = [p.name for p in ports if p.kind in _FOR_PEOPLE]
    if report not in shown:
        known = ", ".join(f"`{name}`" for name in shown) or "none"
        yield source.finding(
            ("report",),
            f"`{product.line}` has no port `{report}` with a report",
            f"It has {known}; without a report there is no dashboard.",
        )
        return
    try:
        declared = read_report(product, report)
    except MeshError as error:
        yield from error.findings
        return
    columns = classified(product.contract)
    for n, section in enumerate(declared.report.sections):
        try:
            translated(section.query, product.line.product, columns, there)
        except Wrong as wrong:
            yield declared.source.finding(
                ("sections", n, "query"), f"for Looker, this query {wrong}", "Ask it another way."
            )
