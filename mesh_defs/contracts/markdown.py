"""A contract and its verdicts as text for people: Markdown for a product page, lines for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.levels.amounts import level_name
from mesh_defs.contracts.levels.freshness import AUDITED
from mesh_defs.contracts.levels.standing import ServiceLevel, budget_words, strip
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.wording import number

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        OpenDataContractStandard,
        SchemaObject,
        SchemaProperty,
    )

    from mesh_defs.contracts.audit import Audit
    from mesh_defs.model import DataContract


def contract_markdown(contract: DataContract) -> str:
    """Everything a consumer wants to know of a contract, sections that are empty left out."""
    odcs = contract.odcs
    rules = rules_of(contract)
    parts = [_head(odcs)]
    for schema_object in odcs.schema_ or []:
        parts.append(_columns(schema_object))
        parts.append(_rules([r for r in rules if r.object == schema_object.name]))
    parts += [section(odcs) for section in SECTIONS]
    return "\n\n".join(part for part in parts if part) + "\n"


def verdict_lines(audit: Audit, *, only_bad: bool = False) -> list[str]:
    """One line a verdict: what it came to, the rule, what was found."""
    lines = []
    for verdict in audit.verdicts:
        if only_bad and verdict.outcome == "passed":
            continue
        word = {"not_executable": "unchecked"}.get(verdict.outcome, verdict.outcome)
        if verdict.outcome == "failed" and verdict.rule.severity != "error":
            word = verdict.rule.severity
        lines.append(f"{word:<9}  {verdict.rule.id}: {verdict.found}")
    return lines


def levels_markdown(levels: Iterable[ServiceLevel]) -> str:
    """Service levels as they stand, a line each."""
    rows = [
        (
            f"`{x.level}`" if x.element is None else f"`{x.level}` of `{x.element}`",
            x.promised,
            f"{x.state}: {x.found}",
            budget_words(x),
            strip(x.history),
        )
        for x in levels
    ]
    head = ("Level", "What is promised", "Now", "Error budget", "Last 30 days")
    return as_table(head, rows)


def _head(odcs: OpenDataContractStandard) -> str:
    title = odcs.name or odcs.dataProduct or odcs.id or "Contract"
    facts = [("version", odcs.version), ("status", odcs.status), ("domain", odcs.domain)]
    lines = [f"# {title}", " · ".join(f"{name} {_cell(said)}" for name, said in facts if said)]
    if about := odcs.description:
        lines += [
            f"**{label}:** {said.strip()}"
            for label, said in (
                ("Purpose", about.purpose),
                ("Usage", about.usage),
                ("Limitations", about.limitations),
            )
            if said
        ]
    return "\n\n".join(line for line in lines if line)


def _columns(schema_object: SchemaObject) -> str:
    lines = [f"## {schema_object.name}"]
    lines += [t for t in (schema_object.description, _granularity(schema_object)) if t]
    rows = [
        (_named(p), _type(p), _marks(p), p.classification, _about(p))
        for p in schema_object.properties or []
    ]
    table = as_table(("Column", "Type", "", "Class", "Meaning"), rows)
    return "\n\n".join([*lines, table] if table else lines)


def _named(prop: SchemaProperty) -> str:
    """What to ask for, and what else it is called."""
    title = f" ({prop.name})" if prop.physicalName and prop.physicalName != prop.name else ""
    return f"`{prop.physicalName or prop.name}`{title}"


def _granularity(schema_object: SchemaObject) -> str:
    said = schema_object.dataGranularityDescription
    return f"*One row: {said}*" if said else ""


def _type(prop: SchemaProperty) -> str:
    inner = f" of {prop.items.logicalType}" if prop.items and prop.items.logicalType else ""
    return f"{prop.logicalType or prop.physicalType or ''}{inner}"


def _marks(prop: SchemaProperty) -> str:
    marks = (
        (prop.primaryKey, "key"),
        (prop.required, "required"),
        (prop.unique, "unique"),
        (prop.criticalDataElement, "critical"),
        (prop.deprecated, "deprecated"),
        (prop.semanticType == "measure", "measure"),
    )
    return ", ".join(word for given, word in marks if given)


def _about(prop: SchemaProperty) -> str:
    name = f"**{prop.businessName}.** " if prop.businessName else ""
    values = ", ".join(
        f"`{v.value}`" + (f" ({v.label or v.description})" if v.label or v.description else "")
        for v in prop.enum or []
    )
    return f"{name}{prop.description or ''}" + (f" One of: {values}." if values else "")


def _rules(rules: Iterable[Rule]) -> str:
    rows = [
        (
            f"`{r.id}`",
            r.promised + (f" — *not checked: {r.unusable}*" if r.unusable else ""),
            r.severity,
        )
        for r in rules
    ]
    table = as_table(("Rule", "What is promised", "Severity"), rows)
    return f"### Rules\n\n{table}" if table else ""


def _levels(odcs: OpenDataContractStandard) -> str:
    rows = [
        (
            level.property,
            f"{number(level.value)} {level.unit or ''}".strip(),
            f"`{level.element}`" if level.element else None,
            "at every audit" if level_name(level.property) in AUDITED else "over time",
            level.description,
        )
        for level in odcs.slaProperties or []
    ]
    table = as_table(("Service level", "Value", "Of", "Seen", "Meaning"), rows)
    return f"## Service levels\n\n{table}" if table else ""


def _price(odcs: OpenDataContractStandard) -> str:
    price = odcs.price
    if price is None or price.priceAmount is None:
        return ""
    unit = f" per {price.priceUnit}" if price.priceUnit else ""
    amount = f"{number(price.priceAmount)} {price.priceCurrency or ''}".strip()
    return f"## Price\n\n{'free' if not price.priceAmount else amount + unit}"


def _team(odcs: OpenDataContractStandard) -> str:
    team = odcs.team
    if not team:
        return ""
    members = team if isinstance(team, list) else team.members or []
    name = None if isinstance(team, list) else team.name
    about = None if isinstance(team, list) else team.description
    table = as_table(
        ("Who", "Role", "Contact"),
        [(m.name or m.username, m.role, m.username if m.name else None) for m in members],
    )
    parts = ["## Team", " — ".join(t for t in (name, about) if t), table]
    return "\n\n".join(p for p in parts if p)


def _support(odcs: OpenDataContractStandard) -> str:
    rows = [(s.channel, s.tool, s.scope, s.url, s.description) for s in odcs.support or []]
    table = as_table(("Channel", "Tool", "Scope", "Address", "Meaning"), rows)
    return f"## Support\n\n{table}" if table else ""


def _roles(odcs: OpenDataContractStandard) -> str:
    rows = [
        (
            r.role,
            r.access,
            ", ".join(filter(None, (r.firstLevelApprovers, r.secondLevelApprovers))),
            r.description,
        )
        for r in odcs.roles or []
    ]
    table = as_table(("Role", "Access", "Approved by", "Meaning"), rows)
    return f"## Roles\n\n{table}" if table else ""


def _terms(odcs: OpenDataContractStandard) -> str:
    lines = [f"- **{c.property}:** {_cell(c.value)}" for c in odcs.customProperties or []]
    return "## Terms\n\n" + "\n".join(lines) if lines else ""


SECTIONS: tuple[Callable[[OpenDataContractStandard], str], ...] = (
    _levels,
    _price,
    _team,
    _support,
    _roles,
    _terms,
)


def as_table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    """A Markdown table without the columns that nobody filled in."""
    rows = list(rows)
    kept = [i for i in range(len(head)) if any(row[i] not in (None, "") for row in rows)]
    if not kept:
        return ""
    lines = ["| " + " | ".join(head[i] for i in kept) + " |", "|" + " --- |" * len(kept)]
    lines += ["| " + " | ".join(_cell(row[i]) for i in kept) + " |" for row in rows]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
