"""Values of a contract, as the column's own type has them, ready for SQL; not what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from sqlglot import exp

from mesh_defs.contracts.scan.columns import Column


def literal(value: Any, column: Column, zone: str = "UTC") -> exp.Expression | None:
    """The value as the column's type has it; None for a value the column can never hold.

    A moment that names no time zone is of `zone`, in the contract as in the table.
    """
    if "timestamp" in column.families:
        return _timestamp_literal(value, column, ZoneInfo(zone))
    for family, read in LITERALS.items():
        if family in column.families:
            return read(value, column)
    return exp.cast(exp.Literal.string(_text(value)), column.type) if column.type else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _string_literal(value: Any, column: Column) -> exp.Expression:
    return exp.Literal.string(_text(value))


def _number_literal(value: Any, column: Column) -> exp.Expression | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    if column.is_float and column.type:  # its nearest value, not one that arithmetic comes to
        return exp.cast(exp.Literal.string(str(number)), column.type)
    return exp.Literal.number(format(number, "f"))


def _boolean_literal(value: Any, column: Column) -> exp.Expression | None:
    word = _text(value).strip().lower()
    return exp.convert(word == "true") if word in ("true", "false") else None


def _date_literal(value: Any, column: Column) -> exp.Expression | None:
    try:
        return exp.cast(exp.Literal.string(date.fromisoformat(str(value)[:10]).isoformat()), "date")
    except ValueError:
        return None


def _timestamp_literal(value: Any, column: Column, zone: ZoneInfo) -> exp.Expression | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if column.is_zoned:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return exp.cast(exp.Literal.string(moment.astimezone(UTC).isoformat(" ")), "timestamptz")
    moment = moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
    return exp.cast(exp.Literal.string(moment.isoformat(" ")), "timestampntz")


def _time_literal(value: Any, column: Column) -> exp.Expression | None:
    try:
        moment = time.fromisoformat(str(value))
    except ValueError:
        return None
    if column.is_zoned:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return exp.cast(exp.Literal.string(moment.isoformat()), "timetz")
    return None if moment.tzinfo else exp.cast(exp.Literal.string(moment.isoformat()), "time")


LITERALS: dict[str, Callable[[Any, Column], exp.Expression | None]] = {
    "string": _string_literal,
    "number": _number_literal,
    "boolean": _boolean_literal,
    "date": _date_literal,
    "time": _time_literal,
}
