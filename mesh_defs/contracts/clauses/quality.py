"""What a contract's quality section promises: library metrics, SQL, and what only people can check.

A metric counts rows. `nullValues`: the column is null. `missingValues`: it is null or one of the
listed values. `invalidValues`: it is not null, and not one of `validValues` or does not match
`pattern`. `duplicateValues`: the row repeats the value of another row, the first of them not
counted; null repeats nothing. On an object the columns are named in `arguments.properties`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mesh_defs.contracts.clauses.on_ports import on_a_port, port_of
from mesh_defs.contracts.clauses.options import plain
from mesh_defs.contracts.clauses.properties import (
    Place,
    column_of,
    columns_of,
    place_named,
    withheld_classes,
)
from mesh_defs.contracts.clauses.schema import at, make
from mesh_defs.contracts.rules import PORT_ENGINES, PORT_KIND, Clause, Unusable
from mesh_defs.contracts.schedules import schedule_of
from mesh_defs.contracts.wording import OPERATORS, listing, must

if TYPE_CHECKING:
    from open_data_contract_standard.model import DataQuality, SchemaObject

METRICS = {
    "nullValues": "rows where {} is null",
    "missingValues": "rows where {} is missing",
    "invalidValues": "rows where {} is not valid",
    "duplicateValues": "rows that repeat another row's {}",
    "rowCount": "rows",
}


def quality_clauses(
    schema_object: SchemaObject, where: Place | None, dialects: Sequence[str]
) -> list[Clause]:
    """Those of an object or a property; `dialects` are what its queries may be written in."""
    holder = where.prop if where else schema_object
    return [_clause(schema_object, where, quality, dialects) for quality in holder.quality or []]


def _clause(
    schema_object: SchemaObject, where: Place | None, quality: DataQuality, dialects: Sequence[str]
) -> Clause:
    metric = quality.metric or quality.rule
    kind = quality.type or ("library" if metric else "text")
    place = where.name if where else schema_object.name or ""
    promised, params = f"{place}: {quality.name or kind}", dict[str, Any]()
    try:
        if kind == "library":
            kind = metric or "library"
            promised, params = _library(schema_object, where, quality, kind)
        elif kind == "sql":
            promised, params = _sql(place, quality, dialects)
        elif kind == "custom" and quality.engine in PORT_ENGINES:
            kind = PORT_KIND
            promised, params = on_a_port(quality)
        elif kind == "custom":
            promised, params = _custom(schema_object, place, quality)
        else:
            params = {"unusable": _out_of_reach(kind)}
    except Unusable as reason:
        params = {"unusable": str(reason)}
    if kind == PORT_KIND:
        params |= port_of(quality)
    try:
        schedule = schedule_of(quality)
        if schedule and kind == PORT_KIND:
            raise ValueError("a rule on a port is judged whenever that is made")
        params |= schedule
    except ValueError as wrong:
        params.setdefault("unusable", f"schedule `{quality.schedule}`: {wrong}")
    return make(
        schema_object,
        where,
        kind,
        promised,
        elements=(quality,),
        own_id=quality.id,
        stem=_slug(quality.name) or kind,
        description=quality.description,
        **params,
    )


def _slug(name: str | None) -> str:
    return re.sub(r"[^a-z0-9]+", "_", (name or "").lower()).strip("_")


def operator_of(quality: DataQuality) -> tuple[str, Any]:
    """The one operator of a clause and its value."""
    said = [
        (name, getattr(quality, name)) for name in OPERATORS if name in quality.model_fields_set
    ]
    said = [(name, plain(value)) for name, value in said if value is not None]
    if len(said) != 1:
        have = f"it has {listing(n for n, _ in said)}" if said else "it has none"
        raise Unusable(f"a quality clause needs exactly one operator (mustBe …); {have}")
    name, value = said[0]
    if name.endswith("Between") and value[0] > value[1]:
        raise Unusable(f"{name} wants the smaller number first, got {value}")
    return name, value


def _library(
    schema_object: SchemaObject, where: Place | None, quality: DataQuality, metric: str
) -> tuple[str, dict[str, Any]]:
    if metric not in METRICS:
        raise Unusable(f"`{metric}` is not an ODCS metric; there are {listing(METRICS)}")
    operator, value = operator_of(quality)
    values = value if isinstance(value, list) else [value]
    if any(isinstance(v, bool) or not isinstance(v, int | float) for v in values):
        raise Unusable(f"{operator} of a metric wants a number, got `{value}`")
    unit = (quality.unit or "rows").lower()
    if unit not in ("rows", "percent"):
        raise Unusable(f"unit `{quality.unit}` is not checked, only rows and percent are")
    if metric == "rowCount" and unit == "percent":
        raise Unusable("a row count has no percentage to be compared with")
    arguments = _known_arguments(metric, where, quality)
    params: dict[str, Any] = {"operator": operator, "value": value, "unit": unit}
    places: list[Place] = []
    if metric != "rowCount":
        places = [where] if where else _named(schema_object, arguments)
        params |= at(*places)
    params |= ARGUMENTS.get(metric, lambda _: {})(arguments)
    subject = METRICS[metric].format(listing(p.name for p in places))
    if unit == "percent":
        return f"the share of {subject} is {must(operator, value)} percent", params
    return f"the number of {subject} is {must(operator, value)}", params


def _known_arguments(metric: str, where: Place | None, quality: DataQuality) -> dict[str, Any]:
    """An argument that nobody reads would change what is promised without a word."""
    known = (
        *ARGUMENT_NAMES.get(metric, ()),
        *(() if where or metric == "rowCount" else ("properties",)),
    )
    given = quality.arguments or {}
    if odd := [name for name in given if name not in known]:
        there = f"it has {listing(known)}" if known else "it has none"
        raise Unusable(f"`arguments.{odd[0]}` is not known for {metric} here; {there}")
    return given


def _named(schema_object: SchemaObject, arguments: dict[str, Any]) -> list[Place]:
    """The places that a metric of an object is about."""
    names = arguments.get("properties")
    if not isinstance(names, list) or not names:
        raise Unusable("on an object this metric needs `arguments.properties`, a list of columns")
    try:
        return [place_named(schema_object, str(name).split(".")) for name in names]
    except ValueError as unknown:
        raise Unusable(str(unknown)) from None


def _missing_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    values = arguments.get("missingValues", [])
    if not isinstance(values, list):
        raise Unusable("`arguments.missingValues` must be a list")
    return {"values": [plain(v) for v in values if v is not None]}


def _valid_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if values is None and pattern is None:
        raise Unusable("invalidValues needs `arguments.validValues` or `arguments.pattern`")
    if values is not None and not isinstance(values, list):
        raise Unusable("`arguments.validValues` must be a list")
    if pattern is not None and not isinstance(pattern, str):
        raise Unusable("`arguments.pattern` must be text")
    said = None if values is None else [plain(v) for v in values if v is not None]
    return {"values": said, "pattern": pattern}


ARGUMENT_NAMES = {"missingValues": ("missingValues",), "invalidValues": ("validValues", "pattern")}
ARGUMENTS = {"missingValues": _missing_arguments, "invalidValues": _valid_arguments}


def _sql(place: str, quality: DataQuality, dialects: Sequence[str]) -> tuple[str, dict[str, Any]]:
    if not (quality.query or "").strip():
        raise Unusable("a quality clause of type sql needs a `query`")
    operator, value = operator_of(quality)
    named = quality.name or "the query's answer"
    promised = f"{place}: {named} is {must(operator, value)}"
    params = {"operator": operator, "value": value, "query": quality.query}
    return promised, params | {"dialects": list(dialects)}


def _custom(
    schema_object: SchemaObject, place: str, quality: DataQuality
) -> tuple[str, dict[str, Any]]:
    engine = re.sub(r"[^a-z]", "", (quality.engine or "").lower())
    if engine not in ("greatexpectations", "gx"):
        raise Unusable(f"no engine `{quality.engine or '(none named)'}` is connected to the audit")
    expectations = [_expectation(found) for found in _implemented(quality.implementation)]
    if not expectations:
        raise Unusable("`implementation` has no expectation")
    said = listing(f"{e['type']} {_arguments(e['kwargs'], place)}".strip() for e in expectations)
    others = {p.name: column_of(p) for p in columns_of(schema_object) if p.name != column_of(p)}
    return f"{place}: {quality.name or said}", {
        "expectations": expectations,
        "names": others,
        "withheld": [*withheld_classes(schema_object)],
    }


def _implemented(written: Any) -> list[Any]:
    """One expectation or several, from YAML or JSON as text, or from plain data."""
    import yaml

    if isinstance(written, str):
        try:
            written = yaml.safe_load(written)
        except yaml.YAMLError as error:
            raise Unusable(f"`implementation` is not YAML: {str(error).splitlines()[0]}") from None
    if isinstance(written, dict) and "expectations" in written:
        written = written["expectations"]
    return written if isinstance(written, list) else [written]


def _expectation(found: Any) -> dict[str, Any]:
    said = found if isinstance(found, dict) else {}
    name, kwargs = said.get("type") or said.get("expectation_type"), said.get("kwargs") or {}
    if not isinstance(name, str) or not isinstance(kwargs, dict):
        raise Unusable("an expectation is written `{type: expect_…, kwargs: {…}}`")
    # The standard's own example writes minValue where Great Expectations has min_value.
    return {"type": name, "kwargs": {_snake(k): plain(v) for k, v in kwargs.items()}}


def _snake(name: str) -> str:
    return name if "_" in name else re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _arguments(kwargs: dict[str, Any], place: str) -> str:
    return ", ".join(f"{name} {value}" for name, value in kwargs.items() if value != place)


def _out_of_reach(kind: str) -> str:
    if kind == "text":
        return "a promise in words: no engine can check it"
    return f"quality type `{kind}` is not known"
