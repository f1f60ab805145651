"""Permissions on a product in S3: the bucket's policy, and what it says when it is read back.

A consumer is a user who has no key: whoever runs the storage gives one out. Two statements a
product say which users may read under its prefix, and list it; whatever else the policy says stays.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from mesh_defs.model import MeshError
from mesh_defs.ports.grants import Grant
from mesh_defs.ports.port import Target
from mesh_defs.storage.objects import Bucket, bucket_of
from mesh_defs.storage.servers import Address

FOREIGN = "role:"
"""Before a principal that may read and is no consumer's: somebody else put it into the policy."""
_LONGEST = 64  # of a user's name
_MARK = ":user/"
_TRIES = 5


def user_of(consumer: str) -> str:
    """The user of a consumer: `mesh.domain=3agrowth` is `domain:growth`. No two consumers have the
    same, even where capitals are not told apart.

    A name that is too long is a hash of the whole.
    """
    plain = "mesh." + "".join(
        c if re.fullmatch(r"[a-z0-9_@.-]", c) else "".join(f"={b:02x}" for b in c.encode())
        for c in consumer
    )
    if len(plain) <= _LONGEST:
        return plain
    return f"mesh+{hashlib.sha256(consumer.encode()).hexdigest()[:48]}"


def consumer_of(user: str) -> str | None:
    """The consumer of a user whose name is not a hash; None for anybody else."""
    if not user.startswith("mesh."):
        return None
    data = re.sub(
        rb"=([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), user[len("mesh.") :].encode()
    )
    try:
        found = data.decode()
    except UnicodeDecodeError:
        return None
    return found if user_of(found) == user else None


class BucketGrants:
    """The permissions on one product's prefix."""

    notes = "consumers"
    """The folder of what users with a hash for a name are called."""

    def __init__(self, target: Target, address: Address) -> None:
        self.target = target
        name, self.prefix = bucket_of(str(target.server["location"]))
        self.bucket = Bucket(address, name)

    @property
    def location(self) -> str:
        """On AWS `s3://bucket/prefix`, which is there once; elsewhere with the endpoint."""
        place = f"{self.bucket.name}/{self.prefix}"
        return f"s3://{place}" if self.bucket.is_aws else f"{self.bucket.endpoint}/{place}"

    def grant(self, wanted: Grant) -> None:
        consumer = self._mine(wanted)
        user = user_of(consumer)
        arn = self.bucket.user(user, make=True)
        assert arn
        if consumer_of(user) is None:  # a hash tells nobody whose it is
            self.bucket.write(self._note(user), consumer.encode())
        self._change(lambda principals: {*principals, arn}, arn, True)

    def revoke(self, unwanted: Grant) -> None:
        consumer = self._mine(unwanted)
        foreign = consumer.startswith(FOREIGN)
        arn = consumer.removeprefix(FOREIGN) if foreign else self.bucket.user(user_of(consumer))
        if arn:
            self._change(lambda principals: principals - {arn}, arn, False)

    def grants(self) -> frozenset[Grant]:
        policy = self.bucket.policy()
        reads, lists = (_principals(_found(policy, sid)) for sid in (self._sid, self._listing))
        return frozenset(
            Grant(str(self.target.product), self.target.port, self.target.major, consumer)
            for arn in reads
            if (consumer := self._consumer(arn)).startswith(FOREIGN) or arn in lists
        )

    def _consumer(self, arn: str) -> str:
        _, is_user, user = arn.partition(_MARK)
        if is_user and (known := consumer_of(user)):
            return known
        if is_user and user.startswith("mesh+") and (note := self.bucket.read(self._note(user))):
            consumer = note[0].decode(errors="replace")
            if user_of(consumer) == user:
                return consumer
        return f"{FOREIGN}{arn}"

    def _change(self, change: Any, arn: str, wanted: bool) -> None:
        """The policy is one document of everybody who writes it: read again what came of it."""
        for _ in range(_TRIES):
            policy = self.bucket.policy()
            found = _principals(_found(policy, self._sid)) | _principals(
                _found(policy, self._listing)
            )
            ours = (self._sid, self._listing)
            others = [s for s in _statements(policy) if s.get("Sid") not in ours]
            made = self._made(sorted(change(found)))
            self.bucket.set_policy({"Version": "2012-10-17", "Statement": [*others, *made]})
            if (arn in _principals(_found(self.bucket.policy(), self._sid))) == wanted:
                return
        raise MeshError(f"{self.location}: the bucket's policy is changed by somebody else, too.")

    def _made(self, principals: list[str]) -> list[dict[str, Any]]:
        if not principals:
            return []
        who = {"AWS": principals}
        bucket = f"arn:aws:s3:::{self.bucket.name}"
        return [
            {"Sid": self._sid, "Effect": "Allow", "Principal": who, "Action": ["s3:GetObject"],
             "Resource": [f"{bucket}/{self.prefix}/*"]},
            {"Sid": self._listing, "Effect": "Allow", "Principal": who,
             "Action": ["s3:ListBucket"], "Resource": [bucket],
             "Condition": {"StringLike": {"s3:prefix": [f"{self.prefix}/*"]}}},
        ]  # fmt: skip

    @property
    def _sid(self) -> str:
        """A statement's name has letters and digits only."""
        told = f"{self.bucket.name}/{self.prefix}"
        return f"MeshRead{hashlib.sha256(told.encode()).hexdigest()[:24]}"

    @property
    def _listing(self) -> str:
        return self._sid.replace("Read", "List", 1)

    def _note(self, user: str) -> str:
        return f"{self.prefix}/{self.notes}/{user}"

    def _mine(self, grant: Grant) -> str:
        mine = (str(self.target.product), self.target.port, self.target.major)
        if (grant.product, grant.port, grant.version) != mine:
            raise MeshError(f"{self.location} is no port of {grant.product} v{grant.version}.")
        return grant.consumer


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    found = policy.get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def _found(policy: dict[str, Any], sid: str) -> Iterator[dict[str, Any]]:
    return (s for s in _statements(policy) if s.get("Sid") == sid)


def _principals(statements: Iterable[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        named = statement.get("Principal") or {}
        listed = named.get("AWS", []) if isinstance(named, dict) else named
        found |= {listed} if isinstance(listed, str) else set(listed)
    return found
