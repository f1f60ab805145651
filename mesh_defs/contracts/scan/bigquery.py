"""BigQuery as the engine of an audit: each query is a job. Opens no connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlglot import exp

from mesh_defs.contracts.scan.columns import Column
from mesh_defs.contracts.scan.engine import EngineError
from mesh_defs.storage.bigquery.googlesql import NoSuchWord, in_googlesql

if TYPE_CHECKING:
    from google.cloud.bigquery import Client, SchemaField
    from google.cloud.bigquery.table import RowIterator

T = TypeVar("T")

# A job's schema has the names of old.
_NAMES = {
    "INTEGER": "INT64",
    "FLOAT": "FLOAT64",
    "BOOLEAN": "BOOL",
    "RECORD": "STRUCT",
}
# GoogleSQL's types → pandas' own that know null; the others are kept as Python's objects.
_SERIES = {"INT64": "Int64", "FLOAT64": "float64", "BOOL": "boolean"}


class BigQueryEngine:
    """A client of BigQuery.

    A query that BigQuery refuses for what it says, or for a table that is not there, raises
    EngineError and becomes a verdict. Anything else (rights, quotas, network) is raised as it is.
    """

    dialect = "bigquery"

    def __init__(self, client: Client) -> None:
        self.client = client

    def columns(self, relation: exp.Expression) -> dict[str, Column]:
        fields = self._schema(relation)
        return {f.name: Column.read(f.name, said(f), self.dialect) for f in fields}

    def rows(self, query: str | exp.Expression, most: int | None = None) -> list[dict[str, Any]]:
        names, _, answer = self._answer(query, most)
        return [dict(zip(names, row.values(), strict=True)) for row in answer]

    def frame(self, query: exp.Expression) -> Any:
        """The rows as pandas. Whole numbers stay whole where there are nulls, too."""
        import pandas as pd

        names, types, answer = self._answer(query)
        rows = [row.values() for row in answer]
        columns = zip(*rows, strict=True) if rows else [()] * len(names)
        return pd.DataFrame(
            {
                name: pd.Series(list(values), dtype=_SERIES.get(type_, "object"))
                for name, type_, values in zip(names, types, columns, strict=True)
            }
        )

    def _schema(self, relation: exp.Expression) -> Sequence[SchemaField]:
        """Of a table its own schema; of a query what a dry run tells, which costs nothing either
        and knows no sizes of types."""
        from google.cloud.bigquery import QueryJobConfig

        if isinstance(relation, exp.Table) and relation.db:
            project = relation.catalog or self.client.project
            name = f"{project}.{relation.db}.{relation.name}"
            return _unless_wrong(lambda: self.client.get_table(name).schema)
        query, _ = in_googlesql(exp.select("*").from_(relation))
        config = QueryJobConfig(dry_run=True, use_query_cache=False)
        return _unless_wrong(lambda: self.client.query(query, job_config=config).schema)

    def _answer(
        self, query: str | exp.Expression, most: int | None = None
    ) -> tuple[list[str], list[str], RowIterator]:
        """The names and types of the columns, and the rows."""
        try:
            text, renamed = (query, {}) if isinstance(query, str) else in_googlesql(query)
        except NoSuchWord as error:
            raise EngineError(str(error)) from error
        found = _unless_wrong(lambda: self.client.query(text).result(max_results=most))
        names = [renamed.get(f.name, f.name) for f in found.schema]
        return names, [said(f) for f in found.schema], found


def _unless_wrong(ask: Callable[[], T]) -> T:
    from google.api_core.exceptions import BadRequest, NotFound

    try:
        return ask()
    except (BadRequest, NotFound) as error:
        raise EngineError(_first(error)) from error


def said(field: SchemaField) -> str:
    """A column's type as GoogleSQL writes it: `ARRAY<STRUCT<name STRING, size NUMERIC(5, 2)>>`."""
    name = _NAMES.get(field.field_type, field.field_type)
    if name == "STRUCT":
        inner = ", ".join(
            f"{exp.to_identifier(f.name).sql('bigquery')} {said(f)}" for f in field.fields
        )
        name = f"STRUCT<{inner}>"
    elif field.precision is not None:
        name += f"({field.precision}{f', {field.scale}' if field.scale else ''})"
    elif field.max_length is not None:
        name += f"({field.max_length})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def _first(error: Any) -> str:
    """What was wrong, without the address and the number of the job."""
    errors = getattr(error, "errors", None) or [{}]
    text = errors[0].get("message") or getattr(error, "message", None) or str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0][:300]
