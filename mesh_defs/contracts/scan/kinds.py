"""The registry: what each kind of rule means for one row, as a sqlglot expression.

A row test is true for a row that breaks the rule, and false or null for every other. Kinds that
look at more than a row (keys, totals, other tables) are in `plans`; the tests of arrays, vectors
and objects in `containers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.formats import FLOAT_FORMATS, INTEGER_FORMATS, STRING_FORMATS
from mesh_defs.contracts.scan.literals import literal
from mesh_defs.contracts.scan.moments import TEMPORAL
from mesh_defs.contracts.scan.spots import CannotCheck, Spot

INFINITY = exp.cast(exp.Literal.string("Infinity"), "double")
RowBuilder = Callable[[Rule, Column], exp.Expression]


@dataclass(frozen=True)
class RowTest:
    """What breaks the rule in one column, and how a broken row is spoken of."""

    build: RowBuilder
    singular: str
    plural: str
    families: frozenset[str] = frozenset()


ROW_TESTS: dict[str, RowTest] = {}


def row_test(
    kind: str, singular: str, plural: str, *families: str
) -> Callable[[RowBuilder], RowBuilder]:
    """Register a builder; `families` are the logical types the test makes sense for."""

    def register(build: RowBuilder) -> RowBuilder:
        ROW_TESTS[kind] = RowTest(build, singular, plural, frozenset(families))
        return build

    return register


def breaks(rule: Rule, spots: Sequence[Spot]) -> exp.Expression:
    """The condition under which a row breaks a rule of a row kind."""
    return exp.or_(*(at.in_row(broken(rule, at.column)) for at in spots))


def broken(rule: Rule, column: Column) -> exp.Expression:
    """The condition under which a value breaks a rule. Raises CannotCheck for a wrong type."""
    test = ROW_TESTS[rule.kind]
    if test.families & {*TEMPORAL} and rule.kind != "format":
        column = measured_as(rule, column)
    if test.families and not column.families & test.families:
        wanted = " or ".join(sorted(test.families))
        raise CannotCheck(f"{column.name} is {column.engine_type}, not {wanted}")
    return test.build(rule, column)


def measured_as(rule: Rule, column: Column) -> Column:
    """The column as values to compare: a moment that is kept as text is read in its format."""
    written = rule.params.get("written")
    if not written or "string" not in column.families:
        return column
    kind = "timestamptz" if written["zoned"] and written["as"] == "timestamp" else written["as"]
    type_ = exp.DataType.build("timestampntz" if kind == "timestamp" else kind)
    text = column.text
    if written["zoned"]:
        utc = [exp.Literal.string("Z$"), exp.Literal.string("+00:00")]
        text = exp.Anonymous(this="regexp_replace", expressions=[text, *utc])
    form = exp.Literal.string(written["strptime"])
    moment = exp.Anonymous(this="try_strptime", expressions=[text, form])
    return column.inside(column.name, type_, exp.cast(moment, type_))


def is_null(column: Column) -> exp.Expression:
    return column.sql.is_(exp.null())


def none_of(values: list[Any], column: Column) -> exp.Expression:
    """True where the column is not null and none of the values."""
    literals = [found for v in values if (found := literal(v, column)) is not None]
    if not literals:
        return exp.not_(is_null(column))
    return exp.not_(_comparable(column).isin(*literals))


def _comparable(column: Column) -> exp.Expression:
    """UUIDs and the like are compared as text: a value that is none must not be an error."""
    return column.text if "string" in column.families else column.sql


def bound(rule: Rule, column: Column) -> exp.Expression:
    found = literal(rule.params["value"], column, rule.params.get("zone", "UTC"))
    if found is None:
        raise CannotCheck(f"`{rule.params['value']}` is no value for a {column.engine_type}")
    return found


for _kind in ("required", "nullValues"):
    row_test(_kind, "is null", "are null")(lambda rule, column: is_null(column))


@row_test("missingValues", "is missing a value", "are missing a value")
def _missing(rule: Rule, column: Column) -> exp.Expression:
    literals = [found for v in rule.params["values"] if (found := literal(v, column)) is not None]
    if not literals:
        return is_null(column)
    return exp.or_(is_null(column), _comparable(column).isin(*literals))


@row_test("enum", "holds another value", "hold another value")
def _enum(rule: Rule, column: Column) -> exp.Expression:
    return none_of(rule.params["values"], column)


@row_test("invalidValues", "is not valid", "are not valid")
def _invalid(rule: Rule, column: Column) -> exp.Expression:
    tests = []
    if rule.params["values"] is not None:
        tests.append(none_of(rule.params["values"], column))
    if rule.params["pattern"] is not None:
        if "string" not in column.families:
            raise CannotCheck(f"{column.name} is {column.engine_type}: a pattern is for text")
        tests.append(does_not_match(column, rule.params["pattern"]))
    return exp.or_(*tests)


def does_not_match(column: Column, pattern: str) -> exp.Expression:
    text = column.text
    return exp.not_(exp.RegexpLike(this=text, expression=exp.Literal.string(pattern)))


@row_test("pattern", "does not match", "do not match", "string")
def _pattern(rule: Rule, column: Column) -> exp.Expression:
    return does_not_match(column, rule.params["value"])


FORMATTED = ("string", "number", "binary", *TEMPORAL)


@row_test("format", "has another format", "have another format", *FORMATTED)
def _format(rule: Rule, column: Column) -> exp.Expression:
    said = rule.params["value"]
    if written := rule.params.get("written"):
        if "string" not in column.families:
            return exp.false()  # not written at all: the format is about text
        not_there = measured_as(rule, column).sql.is_(exp.null())
        return exp.or_(
            does_not_match(column, written["pattern"]),
            exp.and_(exp.not_(is_null(column)), not_there),
        )
    if said in INTEGER_FORMATS and "number" in column.families:
        low, high = INTEGER_FORMATS[said]
        return exp.not_(exp.Between(this=column.sql, low=_digits(low), high=_digits(high)))
    if said in STRING_FORMATS and "string" in column.families:
        return does_not_match(column, STRING_FORMATS[said])
    if said in ("binary", "byte") and "binary" in column.families:
        return exp.false()
    if said in FLOAT_FORMATS and "number" in column.families:
        largest = FLOAT_FORMATS[said]
        if largest is None:
            return exp.false()
        # Not infinite, and yet beyond what so few bits hold.
        size = exp.Abs(this=exp.cast(column.sql, "double"))
        beyond = exp.GT(this=size, expression=exp.Literal.number(largest))
        return exp.and_(beyond, exp.LT(this=size.copy(), expression=INFINITY.copy()))
    raise CannotCheck(f"format {said} is not for {column.engine_type}")


def _digits(number: int) -> exp.Expression:
    return exp.Literal.number(str(number))


@row_test("minLength", "is too short", "are too short", "string")
def _min_length(rule: Rule, column: Column) -> exp.Expression:
    return exp.LT(this=_length(column), expression=exp.convert(rule.params["value"]))


@row_test("maxLength", "is too long", "are too long", "string")
def _max_length(rule: Rule, column: Column) -> exp.Expression:
    return exp.GT(this=_length(column), expression=exp.convert(rule.params["value"]))


def _length(column: Column) -> exp.Expression:
    return exp.Length(this=column.text)


ORDERED = ("number", "date", "timestamp", "time")


def _out_of(beyond: type[exp.Binary], rule: Rule, column: Column) -> exp.Expression:
    """What is no number is within no bound; engines sort it in at either end, or nowhere."""
    out = beyond(this=column.sql, expression=bound(rule, column))
    return exp.or_(out, exp.IsNan(this=column.sql)) if column.is_float else out


@row_test("minimum", "is smaller", "are smaller", *ORDERED)
def _minimum(rule: Rule, column: Column) -> exp.Expression:
    return _out_of(exp.LT, rule, column)


@row_test("maximum", "is larger", "are larger", *ORDERED)
def _maximum(rule: Rule, column: Column) -> exp.Expression:
    return _out_of(exp.GT, rule, column)


@row_test("exclusiveMinimum", "is not larger", "are not larger", *ORDERED)
def _exclusive_minimum(rule: Rule, column: Column) -> exp.Expression:
    return _out_of(exp.LTE, rule, column)


@row_test("exclusiveMaximum", "is not smaller", "are not smaller", *ORDERED)
def _exclusive_maximum(rule: Rule, column: Column) -> exp.Expression:
    return _out_of(exp.GTE, rule, column)


@row_test("multipleOf", "is no multiple", "are no multiple", "number")
def _multiple_of(rule: Rule, column: Column) -> exp.Expression:
    step = bound(rule, column)
    if not column.is_float:
        return exp.NEQ(this=exp.Mod(this=column.sql, expression=step), expression=exp.convert(0))
    # Floats are multiples up to their own rounding: 0.3 % 0.1 is 0.1 in binary.
    times = exp.Div(this=column.sql, expression=exp.cast(step, "double"))
    off = exp.Abs(this=exp.Sub(this=times, expression=exp.Round(this=times.copy())))
    size = exp.Greatest(this=exp.convert(1), expressions=[exp.Abs(this=times.copy())])
    return exp.GT(this=off, expression=exp.Mul(this=exp.Literal.number("1e-9"), expression=size))
