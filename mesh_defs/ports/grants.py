"""What a kind of port does about permissions: grant, revoke, and list what there is.

One protocol for all kinds; when something is granted is decided in `access`, which believes only
what a port lists. Kinds of their own (roles, bucket policies, dataset access) go beside this one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, order=True)
class Grant:
    """That a consumer may read a port of a product in a major version."""

    product: str
    port: str
    version: int
    consumer: str


class Grants(Protocol):
    """The permissions on one kind of port. Each verb may be repeated after a failure: granting
    what is granted, or revoking what is gone, is no error."""

    def grant(self, wanted: Grant) -> None:
        """Raises MeshError where the port refuses, or does not answer."""

    def revoke(self, unwanted: Grant) -> None:
        """Raises MeshError where the port refuses, or does not answer."""

    def grants(self) -> Collection[Grant]:
        """Every grant that is in force at the port, read from the port itself."""
