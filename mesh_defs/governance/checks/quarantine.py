"""Checks of quarantine: whether it has a budget, and whether others would keep its rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.softening import (
    BREACH,
    BUDGET,
    QUARANTINE,
    read_tolerance,
)
from mesh_defs.governance.checks.customs import customs_of
from mesh_defs.governance.sight import DbtFiles, Sight, text_of
from mesh_defs.model import DataProduct, Finding

_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_REF = re.compile(r"""\bref\s*\(\s*(['"])([^'"]+)\1\s*(?:,\s*(['"])([^'"]+)\3\s*)?\)""")


def budgets(sight: Sight) -> Iterator[Finding]:
    """Whoever quarantines has a budget."""
    for product in sight.products.values():
        source = product.contract.source
        for i, schema_object in enumerate(source.data.get("schema") or ()):
            customs = [*customs_of(schema_object)]
            given = [(p, c) for p, c in customs if c.get("property") == BUDGET and len(p) == 2]
            for path, item in given:
                try:
                    read_tolerance(item.get("value"))
                except ValueError:
                    yield source.finding(
                        ("schema", i, *path, "value"),
                        f"expected a number of rows or a percentage, got `{item.get('value')}`",
                        'Write `100`, or `"0.5%"`.',
                    )
            if not given and any(
                c.get("property") == BREACH and QUARANTINE in str(c.get("value"))
                for _, c in customs
            ):
                yield source.finding(
                    ("schema", i, "customProperties"),
                    "rows should go to quarantine, but there is no budget, so the rules block",
                    f'Add `{{property: {BUDGET}, value: "0.5%"}}`, or a number of rows.',
                )


def shared_rows(sight: Sight) -> Iterator[Finding]:
    """No other product of the domain is made from a model whose rows can go to quarantine."""
    for room in sight.rooms:
        project = sight.project(room.name)
        for product in room.products.values():
            if not any("quarantine" in rule.params for rule in rules_of(product.contract)):
                continue
            own = _models(product)
            for other in room.products.values():
                if other.ref != product.ref and own & _above(project, _models(other)) - _models(
                    other
                ):
                    yield product.contract.source.finding(
                        ("schema", 0, "customProperties"),
                        f"`{other}` is made from the same model, and would still contain the rows "
                        "in quarantine; so the rules block",
                        f"Let the rules of `{product}` block, or make `{other}` from other models.",
                    )


def _models(product: DataProduct) -> set[str]:
    contract = product.contract
    return {contract.relation_of(o) for o in contract.objects}


def _above(project: DbtFiles, models: set[str]) -> set[str]:
    """Models, and all that they are made from."""
    found: set[str] = set()
    waiting = set(models)
    while waiting:
        name = waiting.pop()
        found.add(name)
        for path in project.models.get(name, ()):
            text = _COMMENT.sub("", text_of(path)) if path.suffix == ".sql" else ""
            waiting |= {m.group(4) or m.group(2) for m in _REF.finditer(text)} - found
    return found
