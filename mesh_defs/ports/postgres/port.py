"""The PostgreSQL port: a product as a view that always shows one whole snapshot.

Each snapshot is a table of its own, `purchases_v1@7.5f3a…`, and `purchases_v1` is a view of the
newest one. Loading, proof and the turn of the view are one transaction: what is killed leaves
nothing. Permissions are on the view, so a new snapshot does not touch them.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from mesh_defs.model import MeshError
from mesh_defs.ports.port import Audited, Mark, Prove, Shape
from mesh_defs.ports.postgres.grants import GRANTS_LOCK, PostgresGrants, alone
from mesh_defs.ports.postgres.types import Kept, kept
from mesh_defs.ports.proof import kinds_of
from mesh_defs.storage import pipes
from mesh_defs.storage.postgres import connected, identifier, literal, run
from mesh_defs.storage.workshop import read_files

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from psycopg import Connection

# A name has 63 bytes; after the view's come `@`, a snapshot, a dot and eight hex digits.
_LONGEST = 63 - 20
# How long readers may keep the view from being turned, and how long each of them may have to wait
# for that meanwhile.
_PATIENCE, _TURN = 60.0, 2

_SNAPSHOT = """
SELECT t.relname, pg_catalog.obj_description(t.oid, 'pg_class')
FROM pg_rewrite r
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND t.relkind = 'r'
WHERE r.ev_class = to_regclass(%s)
"""
_SHAPE = """
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
_RIGHTS = """
SELECT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
    privilege_type, is_grantable
FROM pg_class c, aclexplode(c.relacl) WHERE c.oid = to_regclass(%s) AND grantee <> c.relowner
"""


class PostgresPort(PostgresGrants):
    """One product's view in a database."""

    def plan(self, connection: DuckDBPyConnection, audited: Audited) -> Shape:
        if len(self.view.encode()) > _LONGEST:
            raise MeshError(
                f"`{self.view}` is too long a name: PostgreSQL has room for {_LONGEST}."
            )
        return tuple((c.name, c.type) for c in _columns(connection, audited))

    def publish(self, connection: DuckDBPyConnection, audited: Audited, prove: Prove) -> None:
        columns = _columns(connection, audited)
        with connected(self.address) as there:
            alone(there, f"mesh {self.schema}.{self.view}")
            self._makes_way(there, audited)
            table = f"{self.view}@{audited.mark.snapshot}.{secrets.token_hex(4)}"
            self._make_schema(there)
            self._load(connection, there, table, columns, audited)
            with _rows_of(there, identifier(self.schema, table), columns) as rows:
                prove(rows, self._shape(there, table))
            self._turn(there, table, audited)
            there.commit()
            self._sweep(there, table)

    def standing(self) -> Mark | None:
        with connected(self.address) as there:
            found = self._snapshot(there)
        return found and found[1]

    def shape(self) -> Shape:
        with connected(self.address) as there:
            return self._shape(there, self.view)

    @contextmanager
    def read_back(
        self, connection: DuckDBPyConnection, audited: Audited
    ) -> Iterator[exp.Expression]:
        columns = _columns(connection, audited)
        with connected(self.address) as there, _rows_of(there, self.qualified, columns) as rows:
            yield rows

    def _makes_way(self, there: Connection[Any], audited: Audited) -> None:
        found = self._snapshot(there)
        there_is = run(there, "SELECT to_regclass(%s)", [self.qualified]).fetchone()
        if found is None and there_is != (None,):
            raise MeshError(f"{self.location} is there already, and was not made by mesh.")
        audited.takes_over(found[1] if found else None, self.location)

    def _snapshot(self, there: Connection[Any]) -> tuple[str, Mark] | None:
        """The table that the view shows, and which snapshot that is."""
        for table, said in run(there, _SNAPSHOT, [self.qualified]).fetchall():
            if table.startswith(f"{self.view}@"):
                told = json.loads(said)
                return table, Mark(told["published_at"], told["snapshot"])
        return None

    def _shape(self, there: Connection[Any], relation: str) -> Shape:
        found = run(there, _SHAPE, [identifier(self.schema, relation)]).fetchall()
        return tuple((name, kind) for name, kind in found)

    def _make_schema(self, there: Connection[Any]) -> None:
        if run(there, "SELECT to_regnamespace(%s)", [identifier(self.schema)]).fetchone() == (
            None,
        ):
            alone(there, "mesh schemas")
            run(there, f"CREATE SCHEMA IF NOT EXISTS {identifier(self.schema)}")

    def _load(
        self,
        connection: DuckDBPyConnection,
        there: Connection[Any],
        table: str,
        columns: Sequence[Kept],
        audited: Audited,
    ) -> None:
        promised = {c.name: c for c in audited.columns}
        place = identifier(self.schema, table)
        required = {c.name for c in audited.columns if c.required}
        made = ", ".join(
            f"{identifier(c.name)} {c.type}{' NOT NULL' if c.name in required else ''}"
            for c in columns
        )
        run(there, f"CREATE TABLE {place} ({made})")
        query = exp.select(
            *(exp.maybe_parse(c.out, dialect="duckdb") for c in columns)
        ).from_(read_files(audited.files))  # fmt: skip
        # Frozen rows are seen by transactions that began before them, too: one that reads the view
        # for the first time after it was turned would find an empty table otherwise.
        copy = f"COPY {place} FROM STDIN (FORMAT csv, FREEZE)"
        with there.cursor() as cursor, cursor.copy(copy.encode()) as stream:
            for piece in pipes.written(connection, query.sql("duckdb")):
                stream.write(piece)
        keys = sorted((c.key, c.name) for c in audited.columns if c.key)
        if keys:
            named = ", ".join(identifier(name) for _, name in keys)
            run(there, f"ALTER TABLE {place} ADD PRIMARY KEY ({named})")
        mark = {"product": str(audited.product), "snapshot": audited.mark.snapshot,
                "published_at": audited.mark.published_at}  # fmt: skip
        run(there, f"COMMENT ON TABLE {place} IS {literal(json.dumps(mark))}")
        for column in columns:
            if said := promised.get(column.name) and promised[column.name].description:
                at = identifier(self.schema, table, column.name)
                run(there, f"COMMENT ON COLUMN {at} IS {literal(said)}")
        run(there, f"ANALYZE {place}")

    def _turn(self, there: Connection[Any], table: str, audited: Audited) -> None:
        """Let the view show another table. Readers who have it open keep it as it is, and those
        who come meanwhile wait, each for a moment only."""
        from psycopg import errors

        alone(there, GRANTS_LOCK)
        until = time.monotonic() + _PATIENCE
        while True:
            run(there, "SAVEPOINT turn")
            try:
                run(there, f"SET LOCAL lock_timeout = '{_TURN}s'")
                self._show(there, table)
                self._describe(there, audited)
                return
            except errors.LockNotAvailable:
                run(there, "ROLLBACK TO SAVEPOINT turn")
                if time.monotonic() > until:
                    raise MeshError(
                        f"{self.location} is in use: somebody has kept a transaction on it open "
                        f"for {_PATIENCE:.0f} seconds."
                    ) from None
                time.sleep(0.5)

    def _show(self, there: Connection[Any], table: str) -> None:
        from psycopg import errors

        names = [name for name, _ in self._shape(there, table)]
        before = [name for name, _ in self._shape(there, self.view) if name in names]
        names = [*before, *(name for name in names if name not in before)]
        query = (
            f"VIEW {self.qualified} AS SELECT {', '.join(identifier(n) for n in names)} "
            f"FROM {identifier(self.schema, table)}"
        )
        run(there, "SAVEPOINT show")
        try:
            # So views that others made of this one stay, and see the new snapshot.
            run(there, f"CREATE OR REPLACE {query}")
        except errors.InvalidTableDefinition:  # a column went, or has another type
            run(there, "ROLLBACK TO SAVEPOINT show")
            rights = run(there, _RIGHTS, [self.qualified]).fetchall()
            try:
                run(there, f"DROP VIEW {self.qualified}")
            except errors.DependentObjectsStillExist:
                raise MeshError(
                    f"{self.location} changes its columns, and somebody's views are made of it. "
                    "Have them dropped first."
                ) from None
            run(there, f"CREATE {query}")
            for role, right, may_hand_on in rights:
                more = " WITH GRANT OPTION" if may_hand_on else ""
                run(there, f"GRANT {right} ON {self.qualified} TO {role}{more}")

    def _describe(self, there: Connection[Any], audited: Audited) -> None:
        said = literal(audited.description)
        run(there, f"COMMENT ON VIEW {self.qualified} IS {said}")
        shown = {name for name, _ in self._shape(there, self.view)}
        for column in audited.columns:
            if column.name in shown:
                at = identifier(self.schema, self.view, column.name)
                run(there, f"COMMENT ON COLUMN {at} IS {literal(column.description)}")

    def _sweep(self, there: Connection[Any], shown: str) -> None:
        """Remove the tables of earlier snapshots; one that is still read waits for the next time.

        The snapshot is published by now, so nothing that goes wrong here is an error.
        """
        import psycopg

        asked = """
        SELECT relname FROM pg_class WHERE relkind = 'r' AND relname <> %s
        AND relnamespace = to_regnamespace(%s) AND starts_with(relname, %s)
        """
        with suppress(psycopg.Error):
            found = run(there, asked, [shown, identifier(self.schema), f"{self.view}@"]).fetchall()
            there.commit()
            for (table,) in found:
                with suppress(psycopg.Error), there.transaction():
                    run(there, f"SET LOCAL lock_timeout = '{_TURN}s'")
                    run(there, f"DROP TABLE IF EXISTS {identifier(self.schema, table)}")


def _columns(connection: DuckDBPyConnection, audited: Audited) -> list[Kept]:
    return [kept(name, kind) for name, kind in kinds_of(connection, audited).items()]


@contextmanager
def _rows_of(
    there: Connection[Any], relation: str, columns: Sequence[Kept]
) -> Iterator[exp.Expression]:
    named = ", ".join(identifier(c.name) for c in columns)
    copy = f"COPY (SELECT {named} FROM {relation}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"

    def pieces() -> Iterator[pipes.Piece]:
        with there.cursor() as cursor, cursor.copy(copy.encode()) as stream:
            yield from stream

    with pipes.readable(pieces, [c.name for c in columns]) as table:
        values = [
            exp.alias_(exp.maybe_parse(c.back, dialect="duckdb"), c.name, quoted=True)
            for c in columns
        ]
        yield exp.select(*values).from_(exp.maybe_parse(table, dialect="duckdb")).subquery("rows")
