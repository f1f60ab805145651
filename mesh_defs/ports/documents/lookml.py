"""LookML of a product and its report, as plain data: views and explores; no dashboard, no file.

A section of a report is a view of its own over the section's query (a derived table), so that
Looker shows what the report shows, whatever the query asks. Only the product's own view is made of
its columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from mesh_defs.ports.documents.figures import Figures
from mesh_defs.ports.documents.translated import Translated, Warehouse, named

_FRAMES = ["raw", "date", "week", "month", "quarter", "year"]
_MOMENTS = ["raw", "time", "hour", *_FRAMES[1:]]
_KINDS = {exp.Sum: "sum", exp.Avg: "average"}


@dataclass(frozen=True)
class Field:
    """A column of the product as its contract and the snapshot say it. `type` is DuckDB's."""

    name: str
    type: str
    label: str = ""
    description: str = ""
    hidden: bool = False
    key: int = 0


@dataclass(frozen=True)
class Measure:
    """An aggregate that the contract declares, parsed and in the warehouse's SQL."""

    name: str
    expression: exp.Expression
    sql: str
    label: str = ""
    description: str = ""


@dataclass(frozen=True)
class Shown:
    """A section of the report: its figures tell which columns there are, the query is Looker's."""

    figures: Figures
    query: Translated


def text_of(words: str) -> str:
    """Words in which Looker finds no quote's end, no escape and no template."""
    plain = " ".join(words.split()).replace("\\", "/")
    return plain.replace("{{", "{ {").replace("{%", "{ %")


def product_view(
    name: str, fields: Sequence[Field], measures: Sequence[Measure], there: Warehouse
) -> dict[str, Any]:
    """The product's columns, and how they are added up."""
    names = named(f.name for f in fields)
    keys = sorted((f for f in fields if f.key), key=lambda f: f.key)
    one = keys[0].name if len(keys) == 1 and not _frames(keys[0].type) else None
    dimensions, groups = [], []
    for field in fields:
        told: dict[str, Any] = {"name": names[field.name]}
        told |= _about(field.label, field.description)
        if field.hidden or _is_nested(field.type):
            told["hidden"] = "yes"
        if frames := _frames(field.type):
            told["name"] = _apart(told["name"], frames, names.values())
            told |= {"type": "time", "timeframes": frames, "convert_tz": "no"}
            told["datatype"] = "date" if frames is _FRAMES else "datetime"
            groups.append(told | {"sql": there.column(field.name)})
            continue
        if field.name == one:
            told["primary_key"] = "yes"
        dimensions.append(told | {"type": _type(field.type), "sql": there.column(field.name)})
    taken = [*names.values()]
    if keys and one is None:
        key = _fresh("primary_key", taken)
        taken.append(key)
        dimensions.append({"name": key, "primary_key": "yes", "hidden": "yes", "type": "string",
                           "sql": _together(keys, there)})  # fmt: skip
    counts = [{"name": _fresh("count", taken), "type": "count"}]
    taken.append(counts[0]["name"])
    for measure in measures:
        made = {"name": _fresh(named([measure.name])[measure.name], taken)}
        taken.append(made["name"])
        counts.append(made | _about(measure.label, measure.description) | _measured(measure, there))
    return {
        "name": name, "sql_table_name": there.table.sql(there.dialect, identify=True),
        "dimensions": dimensions, **({"dimension_groups": groups} if groups else {}),
        "measures": counts,
    }  # fmt: skip


def section_view(name: str, shown: Shown, there: Warehouse) -> dict[str, Any]:
    """A section's query as a table; what its chart measures is summed, as far as it is filtered."""
    figures = shown.figures
    dimensions = [
        {
            "name": field, "label": text_of(column), "type": _shown_type(type_),
            **({"convert_tz": "no"} if _frames(type_) else {}), "sql": there.column(called),
        }
        for field, called, column, type_ in zip(
            shown.query.fields, shown.query.columns, figures.columns, figures.types, strict=True
        )
    ]  # fmt: skip
    view: dict[str, Any] = {
        "name": name, "derived_table": {"sql": shown.query.sql}, "dimensions": dimensions,
    }  # fmt: skip
    if measured := measure_of(figures):
        called = dict(zip(figures.columns, shown.query.columns, strict=True))[measured]
        view["measures"] = [
            {"name": total_of(shown), "label": text_of(measured), "type": "sum",
             "sql": there.column(called)}
        ]  # fmt: skip
    return view


def model(
    name: str, connection: str, includes: Sequence[str], title: str, description: str,
    sections: Mapping[str, Shown],
) -> dict[str, Any]:  # fmt: skip
    """The connection, and what can be explored: the product, and each section of its report, which
    is found by the dashboard and not in the menu."""
    hidden = [
        {"name": view, "label": text_of(shown.figures.section.title), "hidden": "yes"}
        for view, shown in sections.items()
    ]
    about = {"label": text_of(title), **_about("", description)}
    return {
        "connection": connection, "includes": list(includes),
        "explores": [{"name": name, **about}, *hidden],
    }  # fmt: skip


def measure_of(figures: Figures) -> str | None:
    """What a section's chart measures, as on the page."""
    if (chart := figures.section.chart) is None:
        return None
    kinds = dict(zip(figures.columns, figures.kinds, strict=True))
    return next((name for name in (chart.y, chart.x) if kinds[name] == "number"), None)


def field_of(view: str, shown: Shown, column: str) -> str:
    return f"{view}.{shown.query.fields[shown.figures.columns.index(column)]}"


def total_of(shown: Shown) -> str:
    return _fresh("total", shown.query.fields)


def _fresh(name: str, taken: Sequence[str]) -> str:
    made, n = name, 1
    while made in taken:
        n += 1
        made = f"{name}_{n}"
    return made


def _apart(name: str, frames: Sequence[str], others: Iterable[str]) -> str:
    """A name for a group of fields, none of which (`day_week`) has a column's name."""
    taken = {*others}
    while taken & {f"{name}_{frame}" for frame in frames}:
        name = f"{name}_in"
    return name


def _about(label: str, description: str) -> dict[str, str]:
    told = {"label": text_of(label), "description": text_of(description)}
    return {name: said for name, said in told.items() if said}


def _measured(measure: Measure, there: Warehouse) -> dict[str, str]:
    """Sums and averages of a column in Looker's own words: it keeps them right over joins."""
    found = measure.expression
    inner = found.this if isinstance(found, tuple(_KINDS)) else None
    if isinstance(inner, exp.Column):
        sql = measure.sql[measure.sql.index("(") + 1 : measure.sql.rindex(")")].strip()
        return {"type": _KINDS[type(found)], "sql": sql}
    return {"type": "number", "sql": measure.sql}


def _together(keys: Sequence[Field], there: Warehouse) -> str:
    kind = "STRING" if there.dialect == "bigquery" else "VARCHAR"
    return " || '|' || ".join(f"CAST({there.column(k.name)} AS {kind})" for k in keys)


def _base(type: str) -> str:
    return type.lower().partition("(")[0]


def _is_nested(type: str) -> bool:
    return type.endswith("]") or _base(type) in ("struct", "map", "union", "blob", "bit", "json")


def _frames(type: str) -> list[str]:
    if _base(type) == "date":
        return _FRAMES
    return _MOMENTS if _base(type).startswith("timestamp") else []


def _type(type: str) -> str:
    if _is_nested(type):
        return "string"
    if _base(type) == "boolean":
        return "yesno"
    return "number" if _is_number(type) else "string"


def _is_number(type: str) -> bool:
    return _base(type) in (
        "tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint",
        "uinteger", "ubigint", "uhugeint", "float", "double", "decimal",
    )  # fmt: skip


def _shown_type(type: str) -> str:
    frames = _frames(type)
    if not frames:
        return _type(type)
    return "date" if frames is _FRAMES else "date_time"
