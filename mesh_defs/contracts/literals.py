"""Values of a contract, as the column's own type has them, ready for SQL; not what they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlglot import exp

from mesh_defs.contracts.columns import Column


def literal(value: Any, column: Column) -> exp.Expression | None:
    """The value as the column's type has it; None for a value the column can never hold."""
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
    return exp.Literal.number(format(number, "f")) if number.is_finite() else None


def _boolean_literal(value: Any, column: Column) -> exp.Expression | None:
    word = _text(value).strip().lower()
    return exp.convert(word == "true") if word in ("true", "false") else None


def _date_literal(value: Any, column: Column) -> exp.Expression | None:
    try:
        return exp.cast(exp.Literal.string(date.fromisoformat(str(value)[:10]).isoformat()), "date")
    except ValueError:
        return None


def _timestamp_literal(value: Any, column: Column) -> exp.Expression | None:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not column.is_zoned:
        return exp.cast(
            exp.Literal.string(moment.replace(tzinfo=None).isoformat(" ")), "timestampntz"
        )
    return exp.cast(exp.Literal.string(moment.isoformat(" ")), "timestamptz")


def _time_literal(value: Any, column: Column) -> exp.Expression | None:
    try:
        return exp.cast(exp.Literal.string(time.fromisoformat(str(value)).isoformat()), "time")
    except ValueError:
        return None


LITERALS: dict[str, Callable[[Any, Column], exp.Expression | None]] = {
    "string": _string_literal,
    "number": _number_literal,
    "boolean": _boolean_literal,
    "date": _date_literal,
    "timestamp": _timestamp_literal,
    "time": _time_literal,
}
