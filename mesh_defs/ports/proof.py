"""The proof that a port holds what was audited: rows, a checksum a column, the shape.

Checksums do not depend on the order of the rows. One more is over whole rows: values that changed
places between rows would leave each column as it was. Rows that were read back are hashed
here; what a target and DuckDB both make of the same rows is said where the target is spoken to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.port import Audited, Held, Prove, Shape, Summed, TablePort
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation


@dataclass(frozen=True)
class Proof:
    """What can be told of rows without keeping them."""

    rows: int
    whole: int
    columns: Mapping[str, tuple[int, int]]  # a checksum, and how many values are null


def verify(connection: DuckDBPyConnection, port: TablePort, audited: Audited) -> None:
    """Read a port back. Raises MeshError where it is not what was audited."""
    standing = port.standing()
    if standing != audited.mark:
        shown = "nothing" if standing is None else f"snapshot {standing.snapshot}"
        raise MeshError(f"Readers see {shown} there, where {audited.name} is expected.")
    prove = prover(connection, port.plan(connection, audited), audited)
    with port.read_back(connection, audited) as held:
        prove(held, port.shape())


def prover(connection: DuckDBPyConnection, planned: Shape, audited: Audited) -> Prove:
    """What holds rows at a target against a snapshot, which it scans."""

    def prove(held: Held, shape: Shape) -> None:
        kinds, files = kinds_of(connection, audited), read_files(audited.files)
        wrong = [*_other_shape(planned, shape)]
        if not wrong and isinstance(held, Summed):
            wanted = _proof(kinds, connection.execute(held.here(files)).fetchone())
            wrong = [*differences(wanted, _proof(kinds, held.there()))]
        elif not wrong:
            wanted = proof_of(connection, files, kinds)
            wrong = [*differences(wanted, proof_of(connection, held, kinds))]
        if wrong:
            raise MeshError(f"It is not what was audited: {'; '.join(wrong)}.")

    return prove


def kinds_of(connection: DuckDBPyConnection, audited: Audited) -> dict[str, Any]:
    """The columns of a snapshot, each with DuckDB's type of it."""
    found = connection.sql(exp.select("*").from_(read_files(audited.files)).sql("duckdb"))
    return dict(zip(found.columns, found.types, strict=True))


def shape_of(relation: DuckDBPyRelation) -> Shape:
    """Rows as DuckDB reads them."""
    return tuple(sorted(zip(relation.columns, map(str, relation.types), strict=True)))


def proof_of(
    connection: DuckDBPyConnection, rows: exp.Expression, kinds: Mapping[str, Any]
) -> Proof:
    """One scan, in little memory however many rows there are; they may be rows that can be read
    only once."""
    columns = {name: exp.column(name, quoted=True).sql("duckdb") for name in kinds}
    values = [_steady(columns[name], kind) for name, kind in kinds.items()]
    asked = ["count(*)", _sum(f"hash({', '.join(values) or '0'})")]
    for value in values:
        asked += [_sum(f"hash({value})"), f"count(*) - count({value})"]
    query = f"SELECT {', '.join(asked)} FROM {rows.sql('duckdb')}"
    return _proof(kinds, connection.execute(query).fetchone())


def differences(wanted: Proof, found: Proof) -> Iterator[str]:
    """What is not as it should be, in words."""
    if wanted.rows != found.rows:
        yield f"{found.rows:,} rows, where {wanted.rows:,} were published"
        return
    for name, (checksum, nulls) in wanted.columns.items():
        there = found.columns[name]
        if there[1] != nulls:
            yield f"column `{name}` has {there[1]:,} nulls, where {nulls:,} were published"
        elif there[0] != checksum:
            yield f"column `{name}` has other values"
    if wanted.columns == found.columns and wanted.whole != found.whole:
        yield "values have changed places between rows"


def _proof(kinds: Mapping[str, Any], found: Sequence[int] | None) -> Proof:
    """A row of sums: of all rows, and then two of each column."""
    assert found is not None
    count, whole, *each = found
    return Proof(
        count, whole, dict(zip(kinds, zip(each[::2], each[1::2], strict=True), strict=True))
    )


def _other_shape(planned: Shape, found: Shape) -> Iterator[str]:
    wanted, there = dict(planned), dict(found)
    for name, kind in wanted.items():
        if name not in there:
            yield f"column `{name}` is missing"
        elif there[name] != kind:
            yield f"column `{name}` is {there[name]}, where {kind} is expected"
    yield from (f"column `{name}` was not published" for name in there if name not in wanted)


def _sum(of: str) -> str:
    return f"coalesce(sum(CAST({of} AS HUGEINT)), 0)"


def _steady(value: str, kind: Any, depth: int = 0) -> str:
    """A value in which the order of a map's entries, which means nothing, is always the same."""
    if not _has_map(kind):
        return value
    inner = f"v{depth}"
    if kind.id == "map":
        _, (_, of) = kind.children
        entry = f"{{'k': {inner}.key, 'v': {_steady(f'{inner}.value', of, depth + 1)}}}"
        return f"list_sort(list_transform(map_entries({value}), lambda {inner}: {entry}))"
    if kind.id in ("list", "array"):
        each = _steady(inner, kind.children[0][1], depth + 1)
        return f"list_transform({value}, lambda {inner}: {each})"
    fields = []
    for name, of in kind.children:
        field = exp.to_identifier(name, quoted=True).sql("duckdb")
        key = exp.Literal.string(name).sql("duckdb")
        fields.append(f"{key}: {_steady(f'({value}).{field}', of, depth + 1)}")
    return f"CASE WHEN {value} IS NULL THEN NULL ELSE {{{', '.join(fields)}}} END"


def _has_map(kind: Any) -> bool:
    if kind.id == "map":
        return True
    if kind.id not in ("list", "array", "struct"):
        return False
    children = kind.children[:1] if kind.id != "struct" else kind.children
    return any(_has_map(inner) for _, inner in children)
