"""Row tests of values that hold others: arrays, vectors, objects, maps, JSON. The rest: `kinds`."""

from __future__ import annotations

from sqlglot import exp

from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.kinds import is_null, row_test
from mesh_defs.contracts.scan.spots import CannotCheck


@row_test("minItems", "has too few items", "have too few items", "array")
def _min_items(rule: Rule, column: Column) -> exp.Expression:
    return exp.LT(this=_items(column), expression=exp.convert(rule.params["value"]))


@row_test("maxItems", "has too many items", "have too many items", "array")
def _max_items(rule: Rule, column: Column) -> exp.Expression:
    return exp.GT(this=_items(column), expression=exp.convert(rule.params["value"]))


@row_test("uniqueItems", "has an item twice", "have an item twice", "array")
def _unique_items(rule: Rule, column: Column) -> exp.Expression:
    if column.is_json:
        raise CannotCheck(f"{column.name} is {column.engine_type}: its items are not compared")
    # Two nulls are the same item, too; `list_distinct` drops them all.
    every, filled = _items(column), _of_list("list_count", column)
    nulls = exp.Paren(this=exp.Sub(this=every, expression=filled))
    once = exp.Least(this=nulls, expressions=[exp.convert(1)])
    distinct = exp.Anonymous(this="len", expressions=[_of_list("list_distinct", column)])
    different = exp.Paren(this=exp.Add(this=distinct, expression=once))
    return exp.LT(this=different, expression=_items(column))


def _of_list(function: str, column: Column) -> exp.Expression:
    return exp.Anonymous(this=function, expressions=[column.sql])


@row_test("normalized", "has another length than 1", "have another length than 1", "vector")
def _normalized(rule: Rule, column: Column) -> exp.Expression:
    number = exp.cast(exp.column("number", quoted=True), "double")
    squares = exp.Transform(
        this=column.sql,
        expression=exp.Lambda(
            this=exp.Mul(this=number, expression=number.copy()),
            expressions=[exp.to_identifier("number", quoted=True)],
        ),
    )
    square = exp.Anonymous(this="list_sum", expressions=[squares])
    off = exp.Abs(this=exp.Sub(this=square, expression=exp.convert(1)))
    # Half of a float's digits: what rounding to 16 bits leaves of a length of 1.
    return exp.GT(this=off, expression=exp.Literal.number("1e-3"))


@row_test("minProperties", "has too few properties", "have too few properties", "object")
def _min_properties(rule: Rule, column: Column) -> exp.Expression:
    return exp.LT(this=_properties(column), expression=exp.convert(rule.params["value"]))


@row_test("maxProperties", "has too many properties", "have too many properties", "object")
def _max_properties(rule: Rule, column: Column) -> exp.Expression:
    return exp.GT(this=_properties(column), expression=exp.convert(rule.params["value"]))


@row_test("requiredProperties", "lacks a property", "lack a property", "object")
def _required_properties(rule: Rule, column: Column) -> exp.Expression:
    names = rule.params["value"]
    if column.is_map or column.is_json:
        there = "json_keys" if column.is_json else "map_keys"
        held = _of_list(there, column)
        missing = [exp.not_(exp.Anonymous(this="list_contains", expressions=[
            held.copy(), exp.Literal.string(name)])) for name in names]  # fmt: skip
    else:
        if unknown := [name for name in names if name not in column.fields]:
            raise CannotCheck(f"{column.name} has no field {', '.join(unknown)}")
        missing = [field.is_(exp.null()) for n, field in _fields(column) if n in names]
    return exp.and_(exp.not_(is_null(column)), exp.or_(*missing))


def _properties(column: Column) -> exp.Expression:
    """How many properties an object has; a field of a struct that is null is not there."""
    if column.is_map:
        return _of_list("cardinality", column)
    if column.is_json:
        return exp.Anonymous(this="len", expressions=[_of_list("json_keys", column)])
    filled = [exp.cast(exp.not_(field.is_(exp.null())), "int") for _, field in _fields(column)]
    total: exp.Expression = exp.convert(0)
    for one in filled:
        total = exp.Add(this=total, expression=one)
    # Null for no object at all, so that nothing is said of it.
    return exp.Case(ifs=[exp.If(this=exp.not_(is_null(column)), true=exp.Paren(this=total))])


def _fields(column: Column) -> list[tuple[str, exp.Expression]]:
    return [
        (
            name,
            exp.Dot(
                this=exp.Paren(this=column.sql), expression=exp.to_identifier(name, quoted=True)
            ),
        )
        for name in column.fields
    ]


@row_test("dimensions", "has other dimensions", "have other dimensions", "vector")
def _dimensions(rule: Rule, column: Column) -> exp.Expression:
    return exp.NEQ(this=_items(column), expression=exp.convert(rule.params["value"]))


def _items(column: Column) -> exp.Expression:
    if column.is_json:
        return exp.Anonymous(this="json_array_length", expressions=[column.sql])
    return exp.ArraySize(this=column.sql)
