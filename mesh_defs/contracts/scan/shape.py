"""Kinds of rules about a table's shape: its columns and fields, and their types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.bench import Bench, Judgement, Plan, counted, kind
from mesh_defs.contracts.scan.columns import stands_for
from mesh_defs.contracts.scan.physical import is_of, readings, unsized
from mesh_defs.contracts.scan.spots import CannotCheck, Spot, spots_of
from mesh_defs.contracts.wording import listing


@kind("columns")
def _columns(rule: Rule, bench: Bench) -> Plan:
    promised, there = _names(rule, bench)
    missing = [c for c in promised if c not in there]
    others = {c.lower(): c for c in there}
    said = [f"{c} (there is `{others[c.lower()]}`)" if c.lower() in others else c for c in missing]
    all_there = f"all {len(promised)} are there" if len(promised) > 1 else "it is there"
    found = f"missing: {listing(said)}" if missing else all_there
    return Plan(lambda _: Judgement(not missing, None, found))


@kind("extraColumns")
def _extra_columns(rule: Rule, bench: Bench) -> Plan:
    promised, there = _names(rule, bench)
    extra = [c for c in there if c not in promised]
    found = f"not promised: {listing(extra)}" if extra else "no others"
    return Plan(lambda _: Judgement(not extra, None, found))


def _names(rule: Rule, bench: Bench) -> tuple[Sequence[str], Sequence[str]]:
    """The promised columns and those of the table; or fields, of an object inside a column."""
    if "fields" not in rule.params:
        return rule.params["columns"], list(bench.columns)
    (at,) = spots_of(rule, bench.columns)
    if not at.column.fields:
        raise CannotCheck(f"{at.column.name} is {at.column.engine_type}, it has no fields")
    return rule.params["fields"], list(at.column.fields)


@kind("logicalType")
def _logical_type(rule: Rule, bench: Bench) -> Plan:
    (at,) = spots_of(rule, bench.columns)
    ok = stands_for(at.column, rule.params["type"], dict(rule.params))
    return Plan(lambda _: Judgement(ok, None, f"the column is {at.column.engine_type}"))


@kind("physicalType")
def _physical_type(rule: Rule, bench: Bench) -> Plan:
    (at,) = spots_of(rule, bench.columns)
    column, said, longest = at.column, rule.params["type"], rule.params["length"]
    meant = readings(said, rule.params["dialects"])
    if not meant:
        raise CannotCheck(f"`{said}` is no type that is known here")
    if column.type is None:
        raise CannotCheck(f"{column.name} is {column.engine_type}, which is not known here")
    ok = any(is_of(promised, column.type) for promised in meant)
    found = f"the column is {column.engine_type}"
    # The engine keeps no length, or no digits, so the values must.
    if ok and longest is not None and not column.type.expressions:
        long = exp.GT(this=exp.Length(this=column.text), expression=exp.convert(longest))
        return _unless(long, at, rule, bench, found, ("is too long", "are too long"))
    digits = next((d for promised in meant if (d := unsized(promised, column.type))), None)
    if not ok and digits:
        wide = _beyond_digits(column.sql, *digits)
        return _unless(wide, at, rule, bench, found, ("does not fit", "do not fit"))
    return Plan(lambda _: Judgement(ok, None, found))


def _beyond_digits(value: exp.Expression, digits: int, places: int) -> exp.Expression:
    """Whether a decimal has more digits, or more after the point."""
    rounded = exp.Round(this=value.copy(), decimals=exp.convert(places))
    size = exp.Abs(this=value.copy())
    return exp.or_(
        exp.NEQ(this=rounded, expression=value.copy()),
        exp.GTE(this=size, expression=exp.Literal.number(10 ** (digits - places))),
    )


def _unless(
    wrong: exp.Expression, at: Spot, rule: Rule, bench: Bench, found: str, said: tuple[str, str]
) -> Plan:
    """The type is right, and so are the values, unless this is true of one."""
    breaks = at.in_row(wrong)

    def judge(values: Sequence[Any]) -> Judgement:
        judged = counted(rule, bench, int(values[0] or 0), *said)
        return Judgement(judged.ok, judged.failing, f"{found}, {judged.found}")

    return Plan(
        judge,
        aggregates=(exp.CountIf(this=breaks),),
        breaks=breaks,
        examples=breaks,
        shown=(at.shown(wrong),),
    )


# ODCS's element types of a vector → the engine's types. The others no engine here has.
ELEMENTS = {
    "float32": exp.DataType.Type.FLOAT,
    "float64": exp.DataType.Type.DOUBLE,
    "int8": exp.DataType.Type.TINYINT,
    "uint8": exp.DataType.Type.UTINYINT,
}


@kind("elementType")
def _element_type(rule: Rule, bench: Bench) -> Plan:
    (at,) = spots_of(rule, bench.columns)
    said, column = rule.params["value"], at.column
    if said not in ELEMENTS:
        raise CannotCheck(f"no column here has elements of type {said}")
    inner = column.type.expressions if column.type is not None else []
    if not column.families & {"vector"} or not inner:
        raise CannotCheck(f"{column.name} is {column.engine_type}, not a vector")
    ok = inner[0].this == ELEMENTS[said]
    return Plan(lambda _: Judgement(ok, None, f"the column is {column.engine_type}"))
