"""Column lineage of a domain's models, remembered by what it was read from; queries are read in
`select_lineage`.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.storage.state import read_json, write_json

ColumnLineage = Mapping[str, list[tuple[str, str, str]]]
"""Column → (schema, table, column) of each direct origin. What nobody could tell is left out."""

Shapes = Mapping[tuple[str, str], Mapping[str, str]]

Places = Mapping[tuple[str, str], tuple[str, str]]
"""(schema, table) as SQL has it, in small letters → as `shapes` has it."""

MODELS = "main"
"""The schema in which a domain's models lie."""

_FORMAT = 1  # bump when the same SQL gives another answer, or the file looks different
# What is longer or deeper was generated. It takes many seconds to read; and brackets some thousands
# deep end the whole process, because the parser is compiled.
_LONGEST = 100_000
_DEEPEST = 300
_PARTS = {"sql", "tables", "shapes", "columns"}
_log = logging.getLogger(__name__)


def columns_from(
    compiled: Mapping[str, str],
    shapes: Shapes,
    cache: Path,
    dialect: str = "duckdb",
    places: Places = MappingProxyType({}),
) -> dict[str, ColumnLineage]:
    """Each model's columns with their direct origins, from its SQL as it was sent to the engine.

    `shapes` are the columns of the tables and views that there are, in their order; `places` says
    what the SQL calls them, where that is not what lineage does. Never raises:
    a model whose SQL is not understood is not in the answer, nor is a single column whose origin
    can't be told. A column made of constants has no origins: an empty list. What was read once is
    read from `cache` as long as neither the SQL nor a table it names changes.
    """
    known = _remembered(cache)
    lower = {(s.lower(), t.lower()): (s, t) for s, t in shapes}
    fresh: dict[str, Any] = {}
    for model, sql in compiled.items():
        mark = _hash(_reader(), dialect, sql)
        entry = known.get(model)
        if (
            not entry
            or entry["sql"] != mark
            or entry["shapes"] != _shapes_hash(entry["tables"], shapes, lower)
        ):
            tables, columns = _read(model, _Query(sql, dialect, places), shapes, lower)
            fresh[model] = {
                "sql": mark,
                "tables": tables,
                "shapes": _shapes_hash(tables, shapes, lower),
                "columns": columns,
            }
    if fresh:
        gone = {m for m in known if m not in compiled and (MODELS, m.lower()) not in lower}
        known = {m: entry for m, entry in {**known, **fresh}.items() if m not in gone}
        try:
            write_json(cache, {"models": known})
        except OSError as error:
            _log.warning("column lineage is not remembered: %s", error)
    return {m: _lineage(known[m]) for m in compiled if known[m]["columns"] is not None}


def remembered(cache: Path) -> dict[str, ColumnLineage]:
    """The lineage of every model that the last runs read, without reading any SQL."""
    return {m: _lineage(e) for m, e in _remembered(cache).items() if e["columns"] is not None}


def closure(
    lineages: Mapping[str, ColumnLineage], models: Iterable[str] | None = None
) -> dict[str, ColumnLineage]:
    """Each model's columns with their ends: what they come from through all models above them.

    An end in another schema than `main` is a column of a source or of an input. An end in `main` is
    a seed, a snapshot of an earlier run, or a column whose own origin nobody could tell.
    """
    lower = {
        (model.lower(), column.lower()): origins
        for model, lineage in lineages.items()
        for column, origins in lineage.items()
    }

    def ends(model: str, column: str) -> list[tuple[str, str, str]]:
        found = set()
        seen = {(model.lower(), column.lower())}
        waiting = list(lineages[model][column])
        while waiting:
            schema, table, name = waiting.pop()
            step = (table.lower(), name.lower())
            if schema.lower() != MODELS or step not in lower:
                found.add((schema, table, name))
            elif step not in seen:
                seen.add(step)
                waiting += lower[step]
        return sorted(found)

    return {
        model: {column: ends(model, column) for column in lineages[model]}
        for model in (lineages if models is None else models)
        if model in lineages
    }


def reached_from(
    lineages: Mapping[str, ColumnLineage], origin: tuple[str, str, str]
) -> list[tuple[str, str]]:
    """Every (model, column) whose value comes from a column, through whatever models."""
    looked_for = tuple(part.lower() for part in origin)
    return sorted(
        (model, column)
        for model, columns in closure(_without(lineages, looked_for)).items()
        for column, origins in columns.items()
        if any(tuple(part.lower() for part in o) == looked_for for o in origins)
    )


def _without(lineages: Mapping[str, ColumnLineage], end: tuple[str, ...]) -> dict[str, Any]:
    """Lineages in which one column is an end, even when it is a model's."""
    return {
        model: {c: o for c, o in lineage.items() if end != (MODELS, model.lower(), c.lower())}
        for model, lineage in lineages.items()
    }


@dataclass(frozen=True)
class _Query:
    sql: str
    dialect: str
    places: Places

    def parsed(self) -> Any:
        """The query, over tables called as lineage calls them."""
        from sqlglot import exp

        from mesh_defs.governance.select_lineage import parsed

        if len(self.sql) > _LONGEST or _depth(self.sql) > _DEEPEST:
            raise ValueError("too long or too deep")
        tree = parsed(self.sql, self.dialect)
        for table in tree.find_all(exp.Table) if self.places else ():
            if place := self.places.get((table.db.lower(), table.name.lower())):
                for part, name in zip(("db", "this"), place, strict=True):
                    table.set(part, exp.to_identifier(name, quoted=True))
        return tree


def _read(
    model: str, query: _Query, shapes: Shapes, lower: Mapping[tuple[str, str], tuple[str, str]]
) -> tuple[list[list[str]], list[Any] | None]:
    """The tables a model's SQL names, itself among them, and its columns if it is understood."""
    from mesh_defs.governance.select_lineage import Reading, tables_in

    own = (MODELS, model.lower())
    tables = {own}
    try:
        tree = query.parsed()
        named = tables_in(tree)
        tables |= named
        known = {lower[t]: shapes[lower[t]] for t in named if t in lower}
        columns = Reading(tree, known, query.dialect).columns()
    except Exception as error:  # whatever a parser does with SQL it does not know
        _log.debug("no column lineage of %s: %s: %s", model, type(error).__name__, error)
        return _listed(tables), None
    return _listed(tables), [
        [name, sorted(map(list, origins))]
        for name, origins in _as_spelled(columns, list(shapes.get(lower.get(own, own), ())))
        if origins is not None
    ]


def _listed(tables: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [list(table) for table in sorted(tables)]


def _as_spelled(columns: list[tuple[str, Any]], own: list[str]) -> list[tuple[str, Any]]:
    """Columns called as the engine calls them, which also names those that have no alias."""
    if not own:
        return columns
    left = {name.lower(): name for name in own}
    found: dict[int, str] = {}
    for position, (name, _) in enumerate(columns):
        if name in left:
            found[position] = left.pop(name)
    if len(columns) == len(own):
        for position, name in enumerate(own):
            if position not in found and name.lower() in left:
                found[position] = left.pop(name.lower())
    return [(found[i], origins) for i, (_, origins) in enumerate(columns) if i in found]


def _lineage(entry: Mapping[str, Any]) -> ColumnLineage:
    return {name: [(s, t, c) for s, t, c in origins] for name, origins in entry["columns"]}


def _remembered(cache: Path) -> dict[str, Any]:
    try:
        models = dict((read_json(cache) or {})["models"])
        return {m: entry for m, entry in models.items() if set(entry) >= _PARTS}
    except (MeshError, KeyError, TypeError, ValueError, OSError):
        return {}  # it is only a cache: read the SQL again


def _shapes_hash(
    tables: Iterable[Iterable[str]], shapes: Shapes, lower: Mapping[Any, tuple[str, str]]
) -> str:
    found = []
    for schema, table in tables:
        key = lower.get((schema, table))
        found.append([schema, table, list(shapes[key].items()) if key else None])
    return _hash(json.dumps(found))


def _depth(sql: str) -> int:
    steps = (1 if bracket in "([{" else -1 for bracket in re.findall(r"[(){}\[\]]", sql))
    return max(accumulate(steps), default=0)


@once
def _reader() -> str:
    return f"{_FORMAT} {version('sqlglot')}"


def _hash(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()
