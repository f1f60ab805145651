"""What DuckDB's types are in BigQuery, and how values come back from there. No connection here.

A column is BigQuery's own resource of a field, plain data. Values come back as the REST API has
them: JSON in which each is `{"v": …}`, and what is in a record `{"f": [{"v": …}, …]}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.storage import pipes

if TYPE_CHECKING:
    from google.cloud.bigquery import Client

Field = dict[str, Any]
_SCALARS = {
    **dict.fromkeys(
        ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "INT64"
    ),
    "BOOLEAN": "BOOL",
    "FLOAT": "FLOAT64",
    "DOUBLE": "FLOAT64",
    "VARCHAR": "STRING",
    "BLOB": "BYTES",
    "DATE": "DATE",
    "TIMESTAMP": "DATETIME",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP",
}
# What the API calls some of them.
_LEGACY = {"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}
_STANDARD = {old: new for new, old in _LEGACY.items()}
_LISTS = ("list", "array")
_T = exp.DataType.Type
_ARRAYS, _DECIMALS = (_T.ARRAY, _T.LIST), (_T.DECIMAL, _T.BIGDECIMAL)
# Back again: each holds every value that the type there can have.
_KINDS = {
    "INT64": "BIGINT",
    "BOOL": "BOOLEAN",
    "FLOAT64": "DOUBLE",
    "STRING": "VARCHAR",
    "JSON": "VARCHAR",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
}
# A page of rows is Python's for a moment. BigQuery ends one at 10 MB, however many rows are asked
# for; an emulator looks for its beginning in the whole table.
_PAGE = 50_000

# A row as it comes: its cells, each of which may have more inside.
_CELLS = """from_json(line, '{"f": [{"v": "JSON"}]}').f AS f"""


def field_of(name: str, kind: Any) -> Field:
    """A column of DuckDB in BigQuery. Raises MeshError for a type that it has no equal of."""
    if kind.id in _LISTS:
        inner = field_of(name, kind.children[0][1])
        if inner["mode"] == "REPEATED":
            raise MeshError(
                f"Column `{name}` is {kind}, and BigQuery has no list of lists. "
                "Make it a list of structs."
            )
        return {**inner, "mode": "REPEATED"}
    if kind.id == "struct":
        fields = [field_of(inner, of) for inner, of in kind.children]
        return {"name": name, "type": "RECORD", "mode": "NULLABLE", "fields": fields}
    if kind.id == "decimal":
        (_, width), (_, scale) = kind.children
        fits = scale <= 9 and width - scale <= 29
        return {"name": name, "type": "NUMERIC" if fits else "BIGNUMERIC", "mode": "NULLABLE",
                "precision": str(width), "scale": str(scale)}  # fmt: skip
    if (there := _SCALARS.get(str(kind))) is None:
        raise MeshError(f"BigQuery has no type for column `{name}`, which is {kind}.")
    return {"name": name, "type": _LEGACY.get(there, there), "mode": "NULLABLE"}


def kind_of(field: Mapping[str, Any], promised: Sequence[exp.DataType] = ()) -> exp.DataType:
    """DuckDB's type that holds every value of a column of BigQuery.

    Of a decimal that a query made BigQuery keeps no digits: they are the promised ones, where some
    are promised. Raises MeshError for a type that DuckDB has no equal of.
    """
    if field.get("mode") == "REPEATED":
        items = [p.expressions[0] for p in promised if p.this in _ARRAYS and p.expressions]
        inner = kind_of({**field, "mode": "NULLABLE"}, items)
        return exp.DataType(this=_T.ARRAY, expressions=[inner], nested=True)
    said = _STANDARD.get(str(field["type"]), str(field["type"]))
    if said == "STRUCT":
        parts = [
            exp.ColumnDef(
                this=exp.to_identifier(of["name"], quoted=True),
                kind=kind_of(of, _within(promised, of["name"])),
            )
            for of in field["fields"]
        ]
        return exp.DataType(this=_T.STRUCT, expressions=parts, nested=True)
    if said in ("NUMERIC", "BIGNUMERIC"):
        return _decimal(field, said, promised)
    if (there := _KINDS.get(said)) is None:
        raise MeshError(f"Column `{field['name']}` is {said}, which DuckDB has no type for.")
    return exp.DataType.build(there, dialect="duckdb")


def _within(promised: Sequence[exp.DataType], name: str) -> list[exp.DataType]:
    """What is promised of a field of a struct."""
    structs = (p for p in promised if p.this == _T.STRUCT)
    fields = (f for p in structs for f in p.expressions if isinstance(f, exp.ColumnDef))
    return [f.kind for f in fields if f.name == name and f.kind]


def _decimal(field: Mapping[str, Any], said: str, promised: Sequence[exp.DataType]) -> exp.DataType:
    digits, places = int(field.get("precision") or 0), int(field.get("scale") or 0)
    if not digits:
        sizes = [[int(e.name) for e in p.expressions] for p in promised if p.this in _DECIMALS]
        whole = [38, 9] if said == "NUMERIC" else []
        digits, places = [*next(filter(None, [*sizes, whole]), []), 0, 0][:2]
    if not 0 < digits <= 38:
        raise MeshError(
            f"Column `{field['name']}` is {type_of(field)}, and DuckDB's decimals have 38 digits. "
            "Say in the contract how many it needs: `physicalType: decimal(38,12)`."
        )
    return exp.DataType.build(f"DECIMAL({digits}, {places})", dialect="duckdb")


def type_of(field: Mapping[str, Any]) -> str:
    """GoogleSQL's word for a field's type: `NUMERIC(10, 2)`, `ARRAY<STRUCT<a INT64>>`."""
    said = str(field["type"])
    said = _STANDARD.get(said, said)
    if said == "STRUCT":
        inner = ", ".join(f"{of['name']} {type_of(of)}" for of in field["fields"])
        said = f"STRUCT<{inner}>"
    elif field.get("precision"):
        said = f"{said}({field['precision']}, {field.get('scale') or 0})"
    return f"ARRAY<{said}>" if field.get("mode") == "REPEATED" else said


def has_holes(value: str, kind: Any, depth: int = 0) -> str:
    """SQL that is true of a value with something in it that BigQuery keeps otherwise: no list is an
    empty one there, and no element of a list is null. Empty for a type that can have none."""
    if kind.id in _LISTS:
        each = f"h{depth}"
        inner = has_holes(each, kind.children[0][1], depth + 1)
        hole = f"{each} IS NULL" + (f" OR {inner}" if inner else "")
        return f"({value} IS NULL OR len(list_filter({value}, lambda {each}: {hole})) > 0)"
    if kind.id != "struct":
        return ""
    fields = (
        has_holes(f"({value}).{exp.to_identifier(name, quoted=True).sql('duckdb')}", of, depth)
        for name, of in kind.children
    )
    holes = " OR ".join(filter(None, fields))
    return f"({value} IS NOT NULL AND ({holes}))" if holes else ""


@contextmanager
def rows_of(client: Client, table: Any, kinds: Mapping[str, Any]) -> Iterator[exp.Expression]:
    """A table's rows in DuckDB's types of them, to be read once. They come page by page: none is
    kept."""
    places = {field.name: i for i, field in enumerate(table.schema)}

    def pieces() -> Iterator[bytes]:
        for page in client.list_rows(table, page_size=_PAGE).pages:
            lines = map(json.dumps, page.raw_page.get("rows") or ())
            yield "".join(f"{line}\n" for line in lines).encode()

    with pipes.readable_json(pieces) as source:
        values = [
            exp.alias_(
                exp.maybe_parse(_value(f"f[{places[name] + 1}].v", kind), dialect="duckdb"),
                name,
                quoted=True,
            )
            for name, kind in kinds.items()
        ]
        cells = exp.maybe_parse(_CELLS, dialect="duckdb")
        lines = exp.select(cells).from_(exp.maybe_parse(source, dialect="duckdb")).subquery("lines")
        yield exp.select(*values).from_(lines).subquery("rows")


def _value(there: str, kind: Any, depth: int = 0) -> str:
    if kind.id in _LISTS:
        each = f"v{depth}"
        inner = _value(f"({each}->'$.v')", kind.children[0][1], depth + 1)
        return f"list_transform(CAST({there} AS JSON[]), lambda {each}: {inner})"
    if kind.id == "struct":
        fields = []
        for i, (name, of) in enumerate(kind.children):
            key = exp.Literal.string(name).sql("duckdb")
            inner = _value(f"({there}->'$.f[{i}].v')", of, depth)
            fields.append(f"{key}: {inner}")
        return f"CASE WHEN json_type({there}) = 'OBJECT' THEN {{{', '.join(fields)}}} END"
    text, said = f"({there}->>'$')", str(kind)
    if said == "BLOB":
        return f"from_base64({text})"
    if said == "FLOAT":
        return f"CAST(CAST({text} AS DOUBLE) AS FLOAT)"
    if said == "TIMESTAMP WITH TIME ZONE":
        return f"TIMESTAMPTZ '1970-01-01 00:00:00+00' + to_microseconds(CAST({text} AS BIGINT))"
    return f"CAST({text} AS {said})"
