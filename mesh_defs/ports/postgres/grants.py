"""Permissions on a product in PostgreSQL: a role a consumer, and what the server's catalogs list.

The role of a consumer cannot log in: whoever runs the database makes the consumer's login a member
of it. It is never dropped, so that the membership stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.places import postgres_view
from mesh_defs.ports.port import Target
from mesh_defs.storage.postgres import connected, identifier, literal, place_of, run
from mesh_defs.storage.servers import Address

if TYPE_CHECKING:
    from psycopg import Connection

_LONGEST = 63  # bytes of a name in PostgreSQL
FOREIGN = "role:"
"""Before the name of a role that may read and is no consumer's: somebody granted it by hand."""
GRANTS_LOCK = "mesh grants"

_READERS = """
SELECT r.rolname, pg_catalog.shobj_description(r.oid, 'pg_authid'), bool_or(a.whole)
FROM (
    SELECT grantee, true AS whole FROM pg_class c, aclexplode(c.relacl)
    WHERE c.oid = to_regclass(%(view)s) AND privilege_type = 'SELECT' AND grantee <> c.relowner
    UNION ALL
    SELECT grantee, false FROM pg_class c, pg_attribute b, aclexplode(b.attacl)
    WHERE c.oid = to_regclass(%(view)s) AND b.attrelid = c.oid AND privilege_type = 'SELECT'
    AND grantee <> c.relowner
) a LEFT JOIN pg_roles r ON r.oid = a.grantee
GROUP BY r.oid, r.rolname
"""


def role_of(consumer: str) -> str:
    """The role of a consumer: `mesh:domain:growth`. No two consumers have the same.

    A name that is too long is cut, and told apart by a hash of the whole.
    """
    plain = f"mesh:{consumer}"
    if len(plain.encode()) <= _LONGEST:
        return plain
    digest = hashlib.sha256(consumer.encode()).hexdigest()[:32]
    return f"mesh#{digest}:{consumer.encode()[:24].decode(errors='ignore')}"


class PostgresGrants:
    """The permissions on one product's view."""

    def __init__(self, target: Target, address: Address) -> None:
        self.target = target
        self.address = address
        self.schema = target.product.domain
        self.view = postgres_view(target)

    @property
    def location(self) -> str:
        return f"{place_of(self.address)}/{self.schema}.{self.view}"

    @property
    def qualified(self) -> str:
        return identifier(self.schema, self.view)

    def grant(self, wanted: Grant) -> None:
        role = role_of(self._mine(wanted))
        if "\0" in role:
            raise MeshError("PostgreSQL has no role with such a name.")
        with connected(self.address) as there:
            alone(there, GRANTS_LOCK)
            if run(there, "SELECT to_regclass(%s)", [self.qualified]).fetchone() == (None,):
                raise MeshError(
                    f"{self.location} is not there yet. It can be granted once the product was "
                    "delivered: run it, then `mesh access reconcile`."
                )
            if not run(there, "SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
                run(there, f"CREATE ROLE {identifier(role)} NOLOGIN")
                run(there, f"COMMENT ON ROLE {identifier(role)} IS {literal(wanted.consumer)}")
            run(there, f"GRANT USAGE ON SCHEMA {identifier(self.schema)} TO {identifier(role)}")
            run(there, f"GRANT SELECT ON {self.qualified} TO {identifier(role)}")
            there.commit()

    def revoke(self, unwanted: Grant) -> None:
        consumer = self._mine(unwanted)
        foreign = consumer.startswith(FOREIGN)
        role = consumer.removeprefix(FOREIGN) if foreign else role_of(consumer)
        with connected(self.address) as there:
            alone(there, GRANTS_LOCK)
            known = run(there, "SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount
            view = run(there, "SELECT to_regclass(%s)", [self.qualified]).fetchone()
            everybody = foreign and role == "PUBLIC"
            if view == (None,) or not (known or everybody):
                return
            named = "PUBLIC" if everybody else identifier(role)
            run(there, f"REVOKE ALL ON {self.qualified} FROM {named} CASCADE")
            if not foreign and not self._reads_more(there, role):
                run(there, f"REVOKE USAGE ON SCHEMA {identifier(self.schema)} FROM {named}")
            there.commit()

    def grants(self) -> frozenset[Grant]:
        with connected(self.address) as there:
            return frozenset(
                Grant(str(self.target.product), self.target.port, self.target.major, consumer)
                for consumer in self._consumers(there)
            )

    def _consumers(self, there: Connection[Any]) -> Iterator[str]:
        found = run(there, _READERS.replace("%(view)s", literal(self.qualified))).fetchall()
        for role, consumer, whole in found:
            if role is None:
                yield f"{FOREIGN}PUBLIC"
            elif not whole or not consumer or role_of(consumer) != role:
                yield f"{FOREIGN}{role}"
            elif self._enters(there, role):
                yield consumer

    def _enters(self, there: Connection[Any], role: str) -> bool:
        asked = "SELECT has_schema_privilege(%s, %s, 'USAGE')"
        return run(there, asked, [role, self.schema]).fetchone() == (True,)

    def _reads_more(self, there: Connection[Any], role: str) -> bool:
        asked = """
        SELECT FROM pg_class c, aclexplode(c.relacl) a, pg_roles r
        WHERE c.relnamespace = to_regnamespace(%s) AND a.grantee = r.oid AND r.rolname = %s
        """
        return run(there, asked, [identifier(self.schema), role]).rowcount > 0

    def _mine(self, grant: Grant) -> str:
        mine = (str(self.target.product), self.target.port, self.target.major)
        if (grant.product, grant.port, grant.version) != mine:
            raise MeshError(f"{self.location} is no port of {grant.product} v{grant.version}.")
        return grant.consumer


def alone(there: Connection[Any], what: str, seconds: int = 60) -> None:
    """Hold something in a database until the transaction ends; whoever comes later waits so long.

    The lock belongs to the connection: it is free when its process is dead.
    """
    from psycopg import errors

    run(there, f"SET LOCAL lock_timeout = '{seconds}s'")
    try:
        run(there, "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
    except errors.LockNotAvailable:
        raise MeshError(f"Somebody else has been at work on it for {seconds} seconds.") from None
    run(there, "SET LOCAL lock_timeout = 0")
