"""Checks of a contract's custom properties that mean something here: their names, places, words.

Whatever else a contract says under `customProperties` is its owner's, and nobody looks at it. What
quarantine needs besides is in `quarantine`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mesh_defs.contracts.clauses.properties import CLUSTERING
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.clauses.softening import (
    ABOUT_OTHER_VALUES,
    BREACH,
    BUDGET,
    ON_BREACH,
    POINTS_AT_ROWS,
    QUARANTINE,
    SEVERITY,
    TOLERANCE,
    read_tolerance,
)
from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import Sight
from mesh_defs.model import DataContract, Finding

FieldPath = tuple[str | int, ...]
Problem = tuple[str, str]

_SOFTENED = ("an object", "a column", "a relationship", "a quality clause", "a service level")
# What is read here, and on which elements.
PLACES = {
    SEVERITY: _SOFTENED,
    TOLERANCE: _SOFTENED,
    BREACH: _SOFTENED,
    BUDGET: ("an object",),
    "extraColumns": ("an object", "a column"),
    CLUSTERING: ("an object",),
    "objective": ("a service level",),
    "noticePeriod": ("the contract",),
    "reassessmentPeriod": ("the contract",),
    "accessApproval": ("the contract",),
    "readableColumns": ("a role",),
    "readableRows": ("a role",),
}
EXTRA_COLUMNS = ("allow", "refuse")
_ELEMENTS = {
    "quality": "a quality clause",
    "relationships": "a relationship",
    "slaProperties": "a service level",
    "properties": "a column",
    "items": "a column",
    "key": "a column",
    "value": "a column",
}


def customs_of(holder: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Mapping[str, Any]]]:
    """Every custom property in this element or below it."""
    if isinstance(holder, Mapping):
        for key, value in holder.items():
            if key == "customProperties":
                for i, item in enumerate(value or ()):
                    if isinstance(item, Mapping):
                        yield (*path, key, i), item
            else:
                yield from customs_of(value, (*path, key))
    elif isinstance(holder, list):
        for i, item in enumerate(holder):
            yield from customs_of(item, (*path, i))


def names(sight: Sight) -> Iterator[Finding]:
    """A name that is nearly one of those that are read here, or one that stands elsewhere."""
    for product in sight.products.values():
        source = product.contract.source
        for path, item in customs_of(source.data):
            name, place = str(item.get("property")), _place(path)
            if name not in PLACES:
                near = get_close_matches(name.lower(), [n.lower() for n in PLACES], 1, 0.8)
                for known in PLACES:
                    if known.lower() in near:
                        yield source.finding(
                            (*path, "property"),
                            f"`{name}` means nothing here",
                            f"Did you mean `{known}`?",
                        )
            elif place and place not in PLACES[name]:
                yield source.finding(
                    (*path, "property"),
                    f"`{name}` says nothing on {place}",
                    f"It is read on {', '.join(PLACES[name])}.",
                )


def _place(path: FieldPath) -> str:
    """What carries a custom property, as people say it; nothing for what is read by nobody here."""
    holder = path[:-2]
    if not holder:
        return "the contract"
    if holder[0] == "roles":
        return "a role"
    if holder[0] not in ("schema", "slaProperties"):
        return ""
    if len(holder) == 2:
        return "an object" if holder[0] == "schema" else "a service level"
    named = holder[-2] if isinstance(holder[-1], int) else holder[-1]
    return _ELEMENTS.get(str(named), "")


def words(sight: Sight) -> Iterator[Finding]:
    """What is said about breaches, tolerances and extra columns can be understood."""
    for product in sight.products.values():
        contract = product.contract
        kinds = {rule.kind for rule in rules_of(contract)}
        for path, item in customs_of(contract.source.data):
            name, said = item.get("property"), item.get("value")
            found: list[Problem] = []
            if name == "extraColumns" and said not in EXTRA_COLUMNS:
                expected = f"expected one of {listed(EXTRA_COLUMNS)}, got `{said}`"
                found.append((expected, "As it stands, they are refused."))
            if name == "accessApproval" and said != "automatic":
                expected = f"expected `automatic`, got `{said}`"
                found.append((expected, "Or leave it out. As it stands, the approvers decide."))
            if name == CLUSTERING:
                found += _order(contract, path, said)
            if name in (SEVERITY, TOLERANCE, BREACH):
                of_kinds = said if isinstance(said, Mapping) else {None: said}
                for kind, word in of_kinds.items():
                    found += _of_kind(kind, kinds)
                    if name == TOLERANCE:
                        found += _tolerance(word)
                    if name == BREACH:
                        found += _breach(word, kind or _kind_at(contract, path), path)
            for problem, todo in found:
                yield contract.source.finding((*path, "value"), problem, todo)


def _order(contract: DataContract, path: FieldPath, said: Any) -> Iterator[Problem]:
    """Columns that files can be ordered by: those of the object, each once, and no partition."""
    props = contract.objects[int(path[1])].properties or []
    known = {p.name for p in props if not p.partitioned}
    names = said if isinstance(said, list) and said else [said]
    for name in dict.fromkeys(n if isinstance(n, str) else str(n) for n in names):
        if name not in known:
            what = "a partition" if name in {p.name for p in props} else "no column of it"
            yield f"`{name}` is {what}", "Write a list of its other columns, as `[day, store_id]`."
        elif names.count(name) > 1:
            yield f"`{name}` twice", "Write it once."


def _of_kind(kind: str | None, kinds: set[str]) -> Iterator[Problem]:
    if kind is not None and kind not in kinds:
        yield (f"this contract has no rule of the kind `{kind}`", f"It has {listed(kinds)}.")


def _tolerance(said: Any) -> Iterator[Problem]:
    try:
        read_tolerance(said)
    except ValueError:
        yield (
            f"expected a number of rows or a percentage, got `{said}`",
            'Write `100`, or `"0.5%"`. As it stands, nothing is tolerated.',
        )


def _breach(said: Any, kind: str | None, path: FieldPath) -> Iterator[Problem]:
    """`kind` is that of the only rules that are meant, if they are of one kind."""
    word = str(said).strip().lower()
    if word not in ON_BREACH:
        expected = f"expected one of {listed(ON_BREACH)}, got `{said}`"
        yield expected, "As it stands, the rule blocks."
    elif word == QUARANTINE and kind is not None and kind not in POINTS_AT_ROWS:
        yield (
            f"a rule of the kind `{kind}` cannot say which rows break it, so it blocks",
            "Let it block or warn; rules on a column's values, keys and references can quarantine.",
        )
    elif word == QUARANTINE and kind in ABOUT_OTHER_VALUES and {"items", "map"} & {*path}:
        yield (
            f"a `{kind}` inside a list or map cannot say which rows break it, so it blocks",
            "Let it block or warn.",
        )


def _kind_at(contract: DataContract, path: FieldPath) -> str | None:
    """The kind of the one rule that an element makes; None for elements that make several."""
    holder = path[-4] if len(path) >= 4 else None
    if holder == "relationships":
        return "foreignKey"
    if holder != "quality":
        return None
    clause: Any = contract.source.data
    for step in path[:-2]:
        clause = clause[step]
    metric = clause.get("metric") or clause.get("rule")
    return str(metric or clause.get("type") or "text")
