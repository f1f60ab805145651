"""Checks of what a contract says about a breach: words, budgets, rows that others would keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.softening import (
    BREACH,
    BUDGET,
    ON_BREACH,
    POINTS_AT_ROWS,
    QUARANTINE,
    read_tolerance,
)
from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import DbtFiles, Sight, text_of
from mesh_defs.model import DataProduct, Finding

FieldPath = tuple[str | int, ...]
_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_REF = re.compile(r"""\bref\s*\(\s*(['"])([^'"]+)\1\s*(?:,\s*(['"])([^'"]+)\3\s*)?\)""")


def words(sight: Sight) -> Iterator[Finding]:
    """`onBreach` says something that a rule can do."""
    for product in sight.products.values():
        source = product.contract.source
        for path, item in _customs(source.data, BREACH):
            said = item.get("value")
            of_kinds = said if isinstance(said, Mapping) else {None: said}
            for kind, word in of_kinds.items():
                if str(word).strip().lower() not in ON_BREACH:
                    yield source.finding(
                        (*path, "value"),
                        f"expected one of {listed(ON_BREACH)}, got `{word}`",
                        "As it stands, the rule blocks.",
                    )
                elif word == QUARANTINE and kind is not None and kind not in POINTS_AT_ROWS:
                    yield source.finding(
                        (*path, "value"),
                        f"a rule of the kind `{kind}` cannot say which rows break it",
                        f"Kinds that can: {listed(sorted(POINTS_AT_ROWS))}.",
                    )


def budgets(sight: Sight) -> Iterator[Finding]:
    """Whoever quarantines has a budget."""
    for product in sight.products.values():
        source = product.contract.source
        for i, schema_object in enumerate(source.data.get("schema") or ()):
            given = [(p, item) for p, item in _customs(schema_object, BUDGET) if len(p) == 2]
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
                QUARANTINE in str(item.get("value")) for _, item in _customs(schema_object, BREACH)
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


def _customs(holder: Any, name: str, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Every custom property of that name in this element or below it."""
    if isinstance(holder, Mapping):
        for key, value in holder.items():
            if key == "customProperties":
                for i, item in enumerate(value or ()):
                    if isinstance(item, Mapping) and item.get("property") == name:
                        yield (*path, key, i), item
            else:
                yield from _customs(value, name, (*path, key))
    elif isinstance(holder, list):
        for i, item in enumerate(holder):
            yield from _customs(item, name, (*path, i))


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
