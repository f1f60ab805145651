"""What a contract rules on a port that holds no rows, such as a model; judged where it is made.

ODCS has a place for what an engine of somebody's own checks (`type: custom`). The engine is the
kind of port, and the operators are ODCS's own, inside of `implementation`:

    - id: tells_bands_apart
      type: custom
      engine: onnx
      implementation: {port: next_month, metric: auc, mustBeGreaterOrEqualTo: 0.8}
    - id: takes_and_gives
      type: custom
      engine: onnx
      implementation: {port: next_month, inputs: {visits: number}, outputs: {band: string}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.operators import holds
from mesh_defs.contracts.rules import PORT_KIND, Rule
from mesh_defs.contracts.verdicts import FAILED, NOT_EXECUTABLE, PASSED, Verdict
from mesh_defs.contracts.wording import number
from mesh_defs.model import DataContract


def port_rules(contract: DataContract) -> tuple[Rule, ...]:
    """The rules of a contract that are about ports."""
    return tuple(rule for rule in rules_of(contract) if rule.kind == PORT_KIND)


def judged(
    rule: Rule,
    metrics: Mapping[str, float],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> Verdict:
    """What a rule comes to, with the figures that were found. A figure that is not there breaks a
    rule on it: nobody knows that it holds."""
    params = rule.params
    if rule.unusable:
        return Verdict(rule, NOT_EXECUTABLE, None, rule.unusable)
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
