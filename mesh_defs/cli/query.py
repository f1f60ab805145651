"""`mesh query`: SQL over published products. How it is kept to them is in `access.reading`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mesh_defs.cli.access.given import somebody

if TYPE_CHECKING:
    from mesh_defs.access.reading.library import Readable
    from mesh_defs.access.reading.questions import Answer

_SCREENFUL = 100


def register(app: typer.Typer) -> None:
    app.command()(query)


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One query; `-` reads it from stdin.")],
    json: Annotated[bool, typer.Option("--json", help="A list of objects.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help=f"At most so many rows (a table: {_SCREENFUL}; else all)."),
    ] = None,
    who: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="NAME",
            callback=somebody,
            help="Who reads: a domain, a name, an e-mail address, a team, or app:NAME.",
        ),
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.1, help="Stop after so long; never if left out.")
    ] = None,
) -> None:
    """Ask published products with SQL (DuckDB's). They are called `domain.product`.

    You read the products of your own domain, and those that an active agreement opens to you. Each
    is read at its newest snapshot; the query can read nothing else and write nothing.

    \b
    Examples:
      mesh query --as sales "select count(*) from sales.purchases"
      mesh query --as "Growth team" "describe sales.purchases"
      mesh query --csv "from growth.campaign_uplift" > uplift.csv
      mesh query - < question.sql
    """
    from mesh_defs.access.reading.asking import asking
    from mesh_defs.model import find_root

    if json and as_csv:
        raise typer.BadParameter("take --json or --csv, one of them")
    text = sys.stdin.read() if sql == "-" else sql
    with asking(find_root(), who, text, seconds) as (found, read):
        if json:
            _say_json(found, islice(found.rows, limit))
        elif as_csv:
            _say_csv(found, islice(found.rows, limit))
        else:
            _say_table(found, read, _SCREENFUL if limit is None else limit)


def _say_table(found: Answer, readables: Sequence[Readable], limit: int) -> None:
    from mesh_defs.cli.say import console, error, plain, some_rows, table

    names = _distinct([c.name for c in found.columns])
    numbers = tuple(n for n, c in zip(names, found.columns, strict=True) if _is_number(c.type))
    made = table(*map(plain, names), numbers=tuple(map(plain, numbers)))
    rows = list(islice(found.rows, limit + 1))
    for row in rows[:limit]:
        made.add_row(*("" if v is None else plain(_shown(v)) for v in row))
    console().print(made)
    read = ", ".join(f"{r.address} snapshot {r.snapshot.version}" for r in readables)
    size = (
        f"the first {limit:,} rows; --limit shows more"
        if len(rows) > limit
        else some_rows(len(rows))
    )
    error(f"({'; '.join(part for part in (size, read) if part)})")


def _say_json(found: Answer, rows: Iterable[Sequence[Any]]) -> None:
    """A row a line, as they come, so that a large answer needs no memory."""
    from json import dumps

    names = _distinct([c.name for c in found.columns])
    before = "[\n"
    for row in rows:
        said = dict(zip(names, map(for_json, row), strict=True))
        sys.stdout.write(f"{before}  {dumps(said, ensure_ascii=False)}")
        before = ",\n"
    sys.stdout.write("[]\n" if before == "[\n" else "\n]\n")


def _say_csv(found: Answer, rows: Iterator[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(c.name for c in found.columns)
    for row in rows:
        writer.writerow("" if v is None else _shown(v) for v in row)


def _distinct(names: Sequence[str]) -> list[str]:
    """SQL allows two columns of one name; an object does not."""
    found: list[str] = []
    for name in names:
        number = 1
        while (candidate := name if number == 1 else f"{name}_{number}") in found:
            number += 1
        found.append(candidate)
    return found


def for_json(value: Any) -> Any:
    """A value as JSON has it: whole decimals are integers, moments are text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else str(value)  # JSON has no word for infinity
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {str(k): for_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [for_json(v) for v in value]
    return _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _is_number(kind: str) -> bool:
    return kind.startswith(("NUMBER", "DECIMAL", "DOUBLE", "FLOAT")) or "INT" in kind
