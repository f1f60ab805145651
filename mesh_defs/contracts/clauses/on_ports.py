"""What a contract promises of a port that people look at, or of its model: how a clause says it.

ODCS leaves `implementation` to whoever's engine it is; its own operators are used inside. How a
rule is judged is in `port_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.options import plain
from mesh_defs.contracts.rules import Unusable
from mesh_defs.contracts.wording import OPERATORS, listing, must

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality

MODEL = "onnx"
ROWS = "rowCount"
_OF_A_MODEL = ("port", "metric", "inputs", "outputs")
_OF_A_DOCUMENT = ("port", "section", "figure", "where", "metric", "filter", "query")


def port_of(quality: DataQuality) -> dict[str, Any]:
    """What a clause is about, be it usable or not: its engine, and the port where it names one."""
    said = quality.implementation
    port = said.get("port") if isinstance(said, dict) else None
    return {"engine": quality.engine, **({"port": port} if isinstance(port, str) else {})}


def on_a_port(quality: DataQuality) -> tuple[str, dict[str, Any]]:
    """What a clause promises, in words, and what its rule needs beside `port_of`. Raises
    Unusable."""
    said = quality.implementation
    if not isinstance(said, dict) or "port" not in port_of(quality):
        raise Unusable("`implementation` names the `port` that it is about")
    said = {name: plain(value) for name, value in said.items()}
    model = quality.engine == MODEL
    known = _OF_A_MODEL if model else _OF_A_DOCUMENT
    if odd := [n for n in said if n not in (*known, *OPERATORS)]:
        there = listing((*known, *OPERATORS), most=20)
        raise Unusable(f"`implementation.{odd[0]}` is not known; there is {there}")
    return _of_a_model(said) if model else _of_a_document(said)


def _of_a_document(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A rule on a figure, on the number of a section's rows, or on what a filter offers."""
    texts = ("section", "figure", "filter", "query")
    if odd := [n for n in texts if n in said and not (isinstance(said[n], str) and said[n])]:
        raise Unusable(f"`implementation.{odd[0]}` is a text")
    subject = {n: said[n] for n in ("section", "figure", "where", "metric", "filter") if n in said}
    port = said["port"]
    if "filter" in said:
        if set(said) != {"port", "filter", "query"}:
            raise Unusable("a rule on a `filter` has a `query`, whose every value is offered, and "
                           "nothing else")  # fmt: skip
        promised = f"the filter {said['filter']} of {port} offers every value that the query gives"
        return promised, {**subject, "query": said["query"]}
    if "section" not in said or ("figure" in said) == ("metric" in said):
        raise Unusable("`implementation` needs a `section` with a `figure` or with "
                       f"`metric: {ROWS}`, or a `filter`")  # fmt: skip
    if said.get("metric", ROWS) != ROWS:
        raise Unusable(f"`{said['metric']}` is no metric of a section; there is {ROWS}")
    what = f"{said.get('figure', 'the number of rows')} in {said['section']} of {port}"
    if "where" in said:
        where = said["where"]
        if not isinstance(where, dict) or not where or any(
            isinstance(value, dict | list) for value in where.values()
        ):  # fmt: skip
            raise Unusable("`implementation.where` gives columns of the section a value each")
        what += f", where {listing(f'{name} is {value}' for name, value in where.items())},"
    if "query" in said:
        if set(said) & {*OPERATORS}:
            raise Unusable("a rule has a `query`, which gives what it must be, or an operator")
        return f"{what} is what the query gives", {**subject, "query": said["query"]}
    operator, value = _operator(said, "a figure")
    return f"{what} is {must(operator, value)}", {**subject, "operator": operator, "value": value}


def _of_a_model(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """A rule on one of a model's metrics, or on what it takes and gives."""
    port, metric = said["port"], said.get("metric")
    if metric is None:
        if set(said) & {*OPERATORS} or not ({"inputs", "outputs"} & set(said)):
            raise Unusable("`implementation` needs a `metric` and an operator, or what the model "
                           "takes and gives (`inputs`, `outputs`)")  # fmt: skip
        return _signature(port, said)
    if {"inputs", "outputs"} & set(said) or not isinstance(metric, str):
        raise Unusable("a rule is on one `metric`, or on `inputs` and `outputs`")
    operator, value = _operator(said, "a metric")
    promised = f"the {metric} of {port} is {must(operator, value)}"
    return promised, {"metric": metric, "operator": operator, "value": value}


def _operator(said: dict[str, Any], what: str) -> tuple[str, Any]:
    operators = {name: said[name] for name in OPERATORS if name in said}
    if len(operators) != 1:
        raise Unusable(f"{what} needs exactly one operator (mustBe …)")
    ((operator, value),) = operators.items()
    values = value if operator.endswith("Between") and isinstance(value, list) else [value]
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in values):
        raise Unusable(f"{operator} of {what} wants a number, got `{value}`")
    if operator.endswith("Between") and (len(values) != 2 or values[0] > values[1]):
        raise Unusable(f"{operator} wants two numbers, the smaller first, got `{value}`")
    return operator, value


def _signature(port: str, said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    promised, params = [], dict[str, Any]()
    for field, verb in (("inputs", "takes"), ("outputs", "gives")):
        if field not in said:
            continue
        kinds = said[field]
        if not isinstance(kinds, dict) or any(
            k not in ("number", "string") for k in kinds.values()
        ):
            raise Unusable(f"`implementation.{field}` gives each name `number` or `string`")
        params[field] = kinds
        promised.append(f"{verb} {listing(f'{n} ({k})' for n, k in kinds.items())}")
    return f"{port} {' and '.join(promised)}", params
