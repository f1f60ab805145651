"""Permissions on a product in BigQuery: the table's own policy, and what it says when it is read.

A consumer is a Google group, whose members whoever runs the directory decides. A grant is the role
that reads, on the one table and nothing else in its dataset.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.places import bigquery_groups, bigquery_table
from mesh_defs.ports.port import Target
from mesh_defs.storage.bigquery.client import connected
from mesh_defs.storage.bigquery.labels import job_labels
from mesh_defs.storage.bigquery.warehouse import prefix_of_environment
from mesh_defs.storage.servers import Address

if TYPE_CHECKING:
    from google.api_core.iam import Policy
    from google.cloud.bigquery import Client, Table

    from mesh_defs.storage.bigquery.metered import MeteredClient

READER = "roles/bigquery.dataViewer"
FOREIGN = "role:"
"""Before a principal that the policy names and is no consumer's: somebody else put it there."""
_SEES_NO_ROW = "roles/bigquery.metadataViewer"
_LONGEST = 60  # of a group's name; an address has room for 64 before its @
_TRIES = 8


def group_of(consumer: str, where: str) -> str:
    """The group of a consumer: `mesh.domain_3agrowth@example.com` is `domain:growth`. No two
    consumers have the same, even where capitals are not told apart.

    A name that is too long is a hash of the whole.
    """
    plain = "mesh." + "".join(
        c if re.fullmatch(r"[a-z0-9-]", c) else "".join(f"_{b:02x}" for b in c.encode())
        for c in consumer
    )
    if len(plain) > _LONGEST:
        plain = f"mesh-{hashlib.sha256(consumer.encode()).hexdigest()[:48]}"
    return f"{plain}@{where}"


def consumer_of(group: str, where: str) -> str | None:
    """The consumer of a group whose name is not a hash; None for anybody else."""
    data = re.sub(
        rb"_([0-9a-f]{2})",
        lambda m: bytes([int(m[1], 16)]),
        group.partition("@")[0].removeprefix("mesh.").encode(),
    )
    try:
        found = data.decode()
    except UnicodeDecodeError:
        return None
    return found if group_of(found, where) == group else None


class BigQueryGrants:
    """The permissions on one product's table."""

    def __init__(self, target: Target, address: Address) -> None:
        self.target = target
        parts, asked = address.parts, parse_qs(address.parts.query)
        wrong = set(asked) - {"location", "endpoint"}
        if not parts.hostname or parts.username or parts.password or parts.path.strip("/") or wrong:
            raise MeshError(
                f"{address.variable} is no such address: expected bigquery://PROJECT, with "
                "`?location=` and `?endpoint=` where they are needed, and nothing else. "
                "Credentials are found as every client of Google's finds them."
            )
        self.project = parts.hostname
        self.region = asked.get("location", [None])[0]
        self.endpoint = asked.get("endpoint", [None])[0]
        self.dataset = target.product.domain
        self.table = bigquery_table(target)

    @property
    def location(self) -> str:
        return f"bigquery:{self.place}"

    @property
    def place(self) -> str:
        return f"{self.project}.{self.dataset}.{self.table}"

    @contextmanager
    def client(self) -> Iterator[MeteredClient]:
        """One whose jobs say whose they are."""
        ref = self.target.product
        about = {"domain": ref.domain, "product": ref.product, "port": self.target.port}
        labels = job_labels(prefix_of_environment(), about)
        with connected(self.project, self.region, self.endpoint, labels) as client:
            yield client

    def found(self, client: Client) -> Table | None:
        """The table that readers see. It is what is asked first, so a server that takes a question
        and does not answer is given up soon."""
        from google.api_core.exceptions import NotFound

        from mesh_defs.storage.bigquery.metered import PATIENCE

        try:
            return client.get_table(self.place, timeout=PATIENCE)
        except NotFound:
            return None

    def grant(self, wanted: Grant) -> None:
        consumer = self._mine(wanted)
        where = self._groups()
        group = group_of(consumer, where)
        with self.client() as client:
            if self.found(client) is None:
                raise MeshError(
                    f"{self.location} is not there yet. It can be granted once the product was "
                    "delivered: run it, then `mesh access reconcile`."
                )
            if consumer_of(group, where) is None:  # a hash tells nobody whose it is
                self._note(client, group, consumer)
            self._change(client, lambda role, held: held | {f"group:{group}"} if role == READER
                         else held)  # fmt: skip

    def revoke(self, unwanted: Grant) -> None:
        consumer = self._mine(unwanted)
        if consumer.startswith(FOREIGN):
            member = consumer.removeprefix(FOREIGN)
        else:
            member = f"group:{group_of(consumer, self._groups())}"
        with self.client() as client:
            if self.found(client) is not None:
                self._change(
                    client, lambda role, held: held if role == _SEES_NO_ROW else held - {member}
                )

    def grants(self) -> frozenset[Grant]:
        with self.client() as client:
            if self.found(client) is None:
                return frozenset()
            bindings = client.get_iam_policy(self.place).bindings
            return frozenset(
                Grant(str(self.target.product), self.target.port, self.target.major, consumer)
                for binding in bindings
                if binding["role"] != _SEES_NO_ROW
                for member in binding["members"]
                for consumer in (self._consumer(client, binding["role"], member),)
            )

    def _consumer(self, client: Client, role: str, member: str) -> str:
        where = bigquery_groups(self.target)
        kind, _, group = member.partition(":")
        if role == READER and kind == "group" and where and group.endswith(f"@{where}"):
            consumer = consumer_of(group, where) or self._noted(client, group, where)
            if consumer:
                return consumer
        return f"{FOREIGN}{member}"

    def _change(self, client: Client, change: Callable[[str, set[str]], set[str]]) -> None:
        """Write the policy over what was read of it, else read it again."""
        for _ in range(_TRIES):
            policy = client.get_iam_policy(self.place)
            if any("condition" in b or "_withcond_" in b["role"] for b in policy.bindings):
                raise MeshError(
                    f"{self.location}: its policy has conditions, which Google's client can't "
                    "keep. Have them removed, or granted on the dataset."
                )
            before = {b["role"]: set(b["members"]) for b in policy.bindings}
            after = {r: change(r, before.get(r, set())) for r in {READER, *before}}
            after = {role: members for role, members in after.items() if members}
            if after == before:
                return
            policy.bindings = [{"role": r, "members": m} for r, m in sorted(after.items())]
            if self._written(client, policy):
                return
        raise MeshError(f"{self.location}: its policy is changed by somebody else all the time.")

    def _written(self, client: Client, policy: Policy) -> bool:
        """Whether it was still the policy that was read."""
        from google.api_core.exceptions import GoogleAPICallError

        try:
            client.set_iam_policy(self.place, policy)
        except GoogleAPICallError as error:
            if error.code in (409, 412) or "concurrent policy changes" in str(error):
                return False
            raise
        return True

    def _note(self, client: Client, group: str, consumer: str) -> None:
        """A table without columns whose description is the consumer of a group."""
        from google.cloud.bigquery import Table

        note = Table(self._noted_at(group))
        note.description = consumer
        client.create_table(note, exists_ok=True)

    def _noted(self, client: Client, group: str, where: str) -> str | None:
        from google.api_core.exceptions import NotFound

        if not group.startswith("mesh-"):
            return None
        try:
            said = client.get_table(self._noted_at(group)).description or ""
        except NotFound:
            return None
        return said if group_of(said, where) == group else None

    def _noted_at(self, group: str) -> str:
        name = group.partition("@")[0].replace("-", "_")
        return f"{self.project}.{self.dataset}.consumer_{name}"

    def _groups(self) -> str:
        if where := bigquery_groups(self.target):
            return where
        raise MeshError(
            f"Nobody can be granted {self.location}: the contract's server `{self.target.port}` "
            "has no customProperty `readerGroups`, the domain of the groups that consumers are in."
        )

    def _mine(self, grant: Grant) -> str:
        mine = (str(self.target.product), self.target.port, self.target.major)
        if (grant.product, grant.port, grant.version) != mine:
            raise MeshError(f"{self.location} is no port of {grant.product} v{grant.version}.")
        return grant.consumer
