"""What a contract promises of its columns, as far as a port can keep it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from mesh_defs.contracts.clauses.on_ports import MODEL
from mesh_defs.contracts.clauses.properties import (
    ITEMS,
    clustering_of,
    column_of,
    columns_of,
)
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.levels.amounts import amount, level_name
from mesh_defs.contracts.port_rules import judged, judged_as_read, port_rules, query_over
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.physical import readings
from mesh_defs.contracts.verdicts import NOT_EXECUTABLE, PASSED, Verdict
from mesh_defs.model import DataContract, DataProduct
from mesh_defs.ports.port import Column, Judge, Judged, Measured, Shown
from mesh_defs.storage.house import About

_SOFT = ("unusable", "tolerance", "paths")


def promised_columns(contract: DataContract) -> tuple[Column, ...]:
    """The columns of a contract's table.

    A key, or that a column is required, is said only where every published row keeps to it: not
    where the contract tolerates rows that don't, or only warns of them.
    """
    first = contract.objects[0]
    firm = [rule for rule in rules_of(contract) if rule.object == first.name and _is_firm(rule)]
    required = {name for rule in firm if rule.kind == "required" for name in _columns(rule)}
    key = next((list(_columns(rule)) for rule in firm if rule.kind == "primaryKey"), [])
    return tuple(
        Column(
            column_of(prop),
            required=column_of(prop) in required or column_of(prop) in key,
            key=key.index(column_of(prop)) + 1 if column_of(prop) in key else 0,
            partition=max(prop.partitionKeyPosition or 0, 1) if prop.partitioned else 0,
            description=" ".join((prop.description or "").split()),
            classification=prop.classification or "",
        )
        for prop in columns_of(first)
    )


def promised_types(contract: DataContract) -> dict[str, list[exp.DataType]]:
    """Of columns the types that every published value keeps to, as far as a type is promised: the
    whole of it, or only a field or the items."""
    first, found = contract.objects[0], dict[str, list[exp.DataType]]()
    for rule in rules_of(contract):
        said = rule.params
        firm = rule.severity == "error" and not (said.get("unusable") or said.get("tolerance"))
        if rule.kind != "physicalType" or rule.object != first.name or not firm:
            continue
        for promised in readings(said["type"], said["dialects"])[:1]:
            (column,), (path,) = said["columns"], said.get("paths") or [()]
            if all(step == ITEMS or step.startswith(".") for step in path):
                for step in reversed(path):
                    promised = _around(promised, step)
                found.setdefault(column, []).append(promised)
    return found


def _around(inner: exp.DataType, step: str) -> exp.DataType:
    """A list of items of a type, or a struct with a field of it."""
    kind = exp.DataType.Type
    if step == ITEMS:
        return exp.DataType(this=kind.ARRAY, expressions=[inner], nested=True)
    field = exp.ColumnDef(this=exp.to_identifier(step[1:], quoted=True), kind=inner)
    return exp.DataType(this=kind.STRUCT, expressions=[field], nested=True)


def purpose_of(product: DataProduct) -> str:
    """What a product is for, in a line; its contract's purpose where its descriptor has none."""
    told = product.contract.odcs.description
    said = product.descriptor.description.purpose or (told.purpose if told else None) or ""
    return " ".join(said.split())


def owner_of(product: DataProduct) -> str:
    """The team's name."""
    team = product.descriptor.team
    return (team.name if team else None) or ""


def about(product: DataProduct) -> About:
    """What is to be said of a product's table where its mesh is made."""
    columns = promised_columns(product.contract)
    placed = sorted((c.partition, c.name) for c in columns if c.partition)
    return About(
        purpose_of(product),
        {c.name: c.description for c in columns if c.description},
        tuple(name for _, name in placed),
        clustering_of(product.contract.objects[0]),
        {
            "domain": product.ref.domain,
            "product": product.ref.product,
            "version": product.contract.version,
            "owner": owner_of(product),
        },
    )


def kept_days(contract: DataContract) -> float | None:
    """How long a contract promises to keep a product's snapshots; None where it does not say."""
    for level in contract.odcs.slaProperties or []:
        if level_name(level.property) == "retention" and not level.element:
            found = amount("retention", level.value, level.unit)
            if found and found[0] == "time":
                return float(found[1]) / 86_400
    return None


def ruled_on(contract: DataContract, product: str) -> Judge:
    """What a contract says of the ports that hold no rows. `product` is what its queries read."""

    def judge(port: str, found: Measured | Shown) -> list[Judged]:
        rules = [rule for rule in port_rules(contract) if rule.params.get("port") == port]
        verdicts = [_verdict(rule, found, product) for rule in rules]
        return [
            Judged(v.rule.id, v.rule.promised, v.found, v.outcome == PASSED, v.blocking)
            for v in verdicts
        ]

    return judge


def _verdict(rule: Rule, found: Measured | Shown, product: str) -> Verdict:
    if (rule.params["engine"] == MODEL) != isinstance(found, Measured):
        return Verdict(rule, NOT_EXECUTABLE, None, "the port is of another type")
    if isinstance(found, Measured):
        return judged(rule, found.metrics, found.inputs, found.outputs)
    return judged_as_read(
        rule, found.sections, found.choices, lambda asked: found.ask(query_over(asked, product))
    )


def _is_firm(rule: Rule) -> bool:
    return rule.severity == "error" and not any(rule.params.get(name) for name in _SOFT)


def _columns(rule: Rule) -> Iterator[str]:
    yield from rule.params.get("columns", ())
