"""The landing: a source's batch into Delta, untouched but typed, or refused whole."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.ingestion.pipelines import run_pipeline
from mesh_defs.ingestion.sources import SourceFile, digest_of, locate, unchanged
from mesh_defs.model import Domain, MeshError
from mesh_defs.storage import tables, workshop
from mesh_defs.storage.passing import passing
from mesh_defs.storage.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

_BATCH = exp.table_("batch", quoted=True)


class Refused(MeshError):
    """A batch whose columns are not the declared ones; the last good landing stands."""


@dataclass(frozen=True)
class Landed:
    """What landing a source came to: `changed` is False when the batch was there already."""

    snapshot: tables.Snapshot
    changed: bool
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return int(self.snapshot.metadata["rows"])


def land(
    root: Path, state: State, domain: Domain, name: str, run_id: str, force: bool = False
) -> Landed:
    """Land one source. Raises Refused when a declared column is missing or can't be converted.

    Raises MeshError when the source can't be read. A batch equal to the newest landing is not
    landed again.
    """
    source = domain.sources[name]
    folder = state.landing(domain.name, name)
    before = tables.snapshot(folder)
    file = locate(root, domain, name)
    if file and before and not force and unchanged(file, source.columns, before):
        return Landed(before, changed=False)
    with _batch(root, state, domain, name, file, run_id) as connection:
        relation, notes = _typed(connection, domain.name, name, source.columns or {})
        if file:
            file = replace(file, digest=digest_of(file.path))
            origin = file.to_json()
        else:
            origin = {"function": source.origin, "digest": _digest(connection, relation)}
            known = (before.metadata.get("source") or {}).get("digest") if before else None
            if before and not force and known == origin["digest"]:
                return Landed(before, changed=False)
        metadata = {
            "run_id": run_id,
            "source": origin,
            "columns": dict(source.columns) if source.columns else None,
        }
        return Landed(tables.replace(connection, relation, folder, metadata), True, tuple(notes))


@contextmanager
def _batch(
    root: Path, state: State, domain: Domain, name: str, file: SourceFile | None, run_id: str
) -> Iterator[DuckDBPyConnection]:
    """A connection in which the batch is readable as `batch`."""
    import duckdb

    pipeline = domain.sources[name].pipeline
    with ExitStack() as stack:
        made = stack.enter_context(passing(state)) if pipeline and not file else None
        connection = stack.enter_context(duckdb.connect())
        workshop.tune(connection)
        if pipeline and made:
            files = run_pipeline(root, domain.folder / pipeline, run_id, made)
            _see(connection, "read_parquet", [str(f) for f in files], f"what `{pipeline}` wrote")
        elif file is None:
            rows = _call(root, domain, name)
            if isinstance(rows, str | Path):
                raise MeshError(
                    f"`{domain.sources[name].function}` gave a path. Say `path:` for a file; a "
                    "function returns the rows (Arrow, pandas or Polars)."
                )
            try:
                connection.register("batch", rows)
            except Exception:
                raise MeshError(
                    f"`{domain.sources[name].function}` returned {type(rows).__name__}. "
                    "Return an Arrow table, a pandas or a Polars data frame."
                ) from None
        else:
            readers = {"parquet": "read_parquet", "csv": "read_csv", "json": "read_json"}
            said = f"{domain.name}.{name}: `{file.path}`"
            _see(connection, readers[file.format], [str(file.path)], said)
        yield connection


def _see(connection: DuckDBPyConnection, reader: str, files: list[str], said: str) -> None:
    import duckdb

    scan = exp.Anonymous(this=reader, expressions=[exp.convert(files)])
    try:
        connection.execute(f"CREATE VIEW batch AS {exp.select('*').from_(scan).sql('duckdb')}")
    except duckdb.Error as error:
        raise Refused(
            f"{said} can't be read as {reader.removeprefix('read_')}: "
            f"{str(error).splitlines()[0]} Feed a whole file."
        ) from None


def _call(root: Path, domain: Domain, name: str) -> Any:
    module_name, _, function_name = (domain.sources[name].function or "").rpartition(".")
    try:
        module = importlib.import_module(f"{domain.folder.parent.name}.{domain.name}.{module_name}")
        function = getattr(module, function_name)
    except (ImportError, AttributeError) as error:
        raise MeshError(
            f"domains/{domain.name}/domain.yaml: sources.{name}.function: {error}. Write it in "
            f"domains/{domain.name}/{module_name.replace('.', '/')}.py."
        ) from None
    return function()


def _typed(
    connection: DuckDBPyConnection, domain: str, name: str, declared: Mapping[str, str]
) -> tuple[exp.Expression | str, list[str]]:
    """The batch with its declared columns in their declared types; columns beyond stay as they are.

    A column of another type is converted when not one value changes by it.
    """
    shape = connection.sql("SELECT * FROM batch")
    found = {c: str(t) for c, t in zip(shape.columns, shape.types, strict=True)}
    if not declared:
        return _BATCH, []
    missing = [c for c in declared if c not in found]
    extra = [c for c in found if c not in declared]
    if missing:
        renamed = f" Renamed? The batch also has {_listed(extra)}." if extra else ""
        raise Refused(
            f"{domain}.{name}: rule `{name}.columns`: the batch lacks {_listed(missing)}.{renamed} "
            f"Have the source mended, or declare the change in domains/{domain}/domain.yaml."
        )
    notes = [f"new columns, landed as they are: {_listed(extra)}"] if extra else []
    select = exp.select().from_(_BATCH)
    for column, kind in found.items():
        here: exp.Expression = exp.column(column, quoted=True)
        wanted = declared.get(column)
        if wanted and _canonical(connection, wanted) != kind:
            lost = _lost(connection, here, kind, wanted)
            if lost:
                raise Refused(
                    f"{domain}.{name}: rule `{name}.columns`: `{column}` is {kind}, declared "
                    f"{wanted}, and {lost:,} rows do not convert. Have the source mended, or "
                    f"declare the type in domains/{domain}/domain.yaml."
                )
            notes.append(f"`{column}` came as {kind}, converted to {wanted} without loss")
            here = exp.cast(here, wanted, dialect="duckdb")
        select = select.select(exp.alias_(here, column, quoted=True))
    return select.subquery("typed"), notes


def _canonical(connection: DuckDBPyConnection, kind: str) -> str:
    null = exp.cast(exp.null(), kind, dialect="duckdb")
    return str(connection.sql(f"SELECT {null.sql('duckdb')} AS x").types[0])


def _lost(connection: DuckDBPyConnection, column: exp.Expression, kind: str, wanted: str) -> int:
    """Rows whose value would not survive the way to the declared type and back."""
    there = exp.TryCast(this=column, to=exp.DataType.build(wanted, dialect="duckdb"))
    back = exp.TryCast(this=there, to=exp.DataType.build(kind, dialect="duckdb"))
    lost = exp.select(exp.Count(this=exp.Star())).from_(_BATCH)
    lost = lost.where(exp.NullSafeNEQ(this=back, expression=column))
    return int(connection.execute(lost.sql("duckdb")).fetchall()[0][0])


def _digest(connection: DuckDBPyConnection, relation: exp.Expression | str) -> str:
    """The same rows in any order give the same digest."""
    base = relation if isinstance(relation, str) else relation.sql("duckdb")
    count, total = connection.execute(
        f"SELECT count(*), coalesce(sum(hash(t)), 0) FROM (SELECT * FROM {base}) AS t"
    ).fetchall()[0]
    return f"{count}-{total:x}"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names)
