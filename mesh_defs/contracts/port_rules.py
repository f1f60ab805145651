"""What a contract rules on a port that holds no rows: a report, a dashboard, a model; judged where
that is made, on what was made. How a clause says it is in `clauses.on_ports`.

ODCS has a place for what an engine of somebody's own checks (`type: custom`):

    - id: every_campaign_is_told
      type: custom
      engine: report
      implementation:
        {port: monday, section: By kind, figure: Campaigns, query: select count(*) from {object}}
    - id: tells_bands_apart
      type: custom
      engine: onnx
      implementation: {port: next_month, metric: auc, mustBeGreaterOrEqualTo: 0.8}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import isclose
from typing import Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import PORT_KIND, Rule
from mesh_defs.contracts.verdicts import FAILED, NOT_EXECUTABLE, PASSED, Verdict
from mesh_defs.contracts.wording import number
from mesh_defs.model import DataContract, MeshError

Rows = Sequence[Mapping[str, str]]
"""A section's rows: of each column what people read there."""
_NOISE = 1e-9  # sums of floating point numbers depend on the order


def port_rules(contract: DataContract) -> tuple[Rule, ...]:
    """The rules of a contract that are about ports."""
    return tuple(rule for rule in rules_of(contract) if rule.kind == PORT_KIND)


def query_over(rule: Rule, product: str) -> str:
    """A rule's query, in which the product has its own name."""
    return str(rule.params["query"]).replace("{object}", product).replace("${table}", product)


def judged(
    rule: Rule,
    metrics: Mapping[str, float],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> Verdict:
    """What a rule on a model comes to, with the figures that were found. A figure that is not there
    breaks a rule on it: nobody knows that it holds."""
    params = rule.params
    if unusable := _unusable(rule):
        return unusable
    if "metric" in params:
        value = metrics.get(params["metric"])
        if value is None:
            return Verdict(rule, FAILED, None, f"{params['metric']} could not be measured")
        kept = holds(params["operator"], value, params["value"])
        said = f"{params['metric']} is {number(value)}"
        return Verdict(rule, PASSED if kept else FAILED, None, said, measured=float(value))
    wrong = [
        *_differ("takes", params.get("inputs"), inputs),
        *_differ("gives", params.get("outputs"), outputs),
    ]
    found = "; ".join(wrong) or "it takes and gives what was promised"
    return Verdict(rule, FAILED if wrong else PASSED, None, found)


def judged_as_read(
    rule: Rule,
    sections: Mapping[str, Rows],
    choices: Mapping[str, Sequence[str]],
    ask: Callable[[Rule], Sequence[str]],
) -> Verdict:
    """What a rule on a document comes to, with what was read in it: its sections by their titles,
    and what its filters offer. `ask` gives what the rule's query says of the product, as a document
    prints it; it raises MeshError."""
    if unusable := _unusable(rule):
        return unusable
    try:
        if "filter" in rule.params:
            return _offered(rule, choices, ask)
        return _told(rule, _value(rule, sections), ask)
    except MeshError as error:
        return Verdict(rule, FAILED, None, str(error).rstrip("."))


def _unusable(rule: Rule) -> Verdict | None:
    return Verdict(rule, NOT_EXECUTABLE, None, rule.unusable) if rule.unusable else None


def _offered(
    rule: Rule, choices: Mapping[str, Sequence[str]], ask: Callable[[Rule], Sequence[str]]
) -> Verdict:
    name = rule.params["filter"]
    if name not in choices:
        raise MeshError(f"it has no filter {name}")
    wanted = set(ask(rule))
    # How many, and not which: those who read a verdict may not be those who read the page.
    if missing := len(wanted - set(choices[name])):
        found = f"{missing:,} of {len(wanted):,} values can't be chosen"
        return Verdict(rule, FAILED, None, found, measured=float(missing))
    return Verdict(rule, PASSED, None, f"all of {len(wanted):,} values can be chosen", measured=0)


def _value(rule: Rule, sections: Mapping[str, Rows]) -> Decimal:
    """The number that a document shows: a figure, several of them added up, or how many rows."""
    params = rule.params
    if params["section"] not in sections:
        raise MeshError(f"it has no section {params['section']}")
    where = params.get("where", {})
    rows = [
        row
        for row in sections[params["section"]]
        if all(name in row and _alike(row[name], value) for name, value in where.items())
    ]
    if "metric" in params:
        return Decimal(len(rows))
    figure = params["figure"]
    if not rows:
        raise MeshError(f"it shows no {figure}: no such row is there")
    if any(figure not in row for row in rows):
        raise MeshError(f"it has no column {figure}")
    values = [_number(row[figure]) for row in rows]
    if odd := values.count(None):
        raise MeshError(f"in {odd:,} of {len(rows):,} rows {figure} is no number")
    return sum((v for v in values if v is not None), Decimal(0))


def _told(rule: Rule, value: Decimal, ask: Callable[[Rule], Sequence[str]]) -> Verdict:
    shown = f"it is {_said(value)}"
    if "query" not in rule.params:
        kept = holds(rule.params["operator"], float(value), rule.params["value"])
    else:
        answer = ask(rule)
        wanted = _number(answer[0]) if len(answer) == 1 else None
        if wanted is None:
            raise MeshError("the query does not give one number")
        whole = value == value.to_integral_value() and wanted == wanted.to_integral_value()
        kept = value == wanted if whole else isclose(value, wanted, rel_tol=_NOISE)
        shown += "" if kept else f", where the product has {_said(wanted)}"
    return Verdict(rule, PASSED if kept else FAILED, None, shown, measured=float(value))


def _number(shown: str) -> Decimal | None:
    """What people read, as a number; None for what is none."""
    try:
        found = Decimal(shown.replace(",", ""))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _said(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def _alike(shown: str, value: Any) -> bool:
    """Whether what is read in a cell is a value that a contract writes."""
    if isinstance(value, bool):
        return shown == ("yes" if value else "no")
    if isinstance(value, int | float):
        return _number(shown) == Decimal(str(value))
    return shown == " ".join(str(value).split())


def _differ(verb: str, promised: Mapping[str, Any] | None, there: Mapping[str, str]) -> list[str]:
    if promised is None:
        return []
    odd = [f"it {verb} no `{name}`" for name in promised if name not in there]
    odd += [f"it {verb} `{name}`, which was not promised" for name in there if name not in promised]
    return odd + [
        f"it {verb} `{name}` as {there[name]}, where {kind} was promised"
        for name, kind in promised.items()
        if name in there and there[name] != kind
    ]
