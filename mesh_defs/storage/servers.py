"""Addresses of servers outside the mesh: a URL a server, from the environment and nowhere else.

A contract names its servers. How a server is reached, and with which password, is in the variable
of its name; what is shown of it has no password.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from mesh_defs.model import MeshError


def variable_of(server: str) -> str:
    """The environment variable with a server's URL: `MESH_SERVER__APPS`."""
    return f"MESH_SERVER__{re.sub(r'[^A-Z0-9]', '_', server.upper())}"


@dataclass(frozen=True)
class Address:
    """How a server is reached. Never shown: it has a password in it."""

    variable: str
    url: str = field(repr=False)

    @property
    def parts(self) -> SplitResult:
        return urlsplit(self.url)

    def hide(self, text: str) -> str:
        """A text of others without the passwords of this address."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    @property
    def _secrets(self) -> set[str]:
        signed = re.findall(r"(?:^|&)sig=([^&]+)", self.parts.query)  # of a link to Azure
        written = {self.parts.password or "", *signed}
        return {*written, *map(unquote, written)} - {""}


def address_of(server: str, schemes: Collection[str]) -> Address | None:
    """A server's address; None where the environment has none. Raises MeshError for one that is of
    no such scheme, without quoting it."""
    variable = variable_of(server)
    given = os.environ.get(variable, "").strip()
    if not given:
        return None
    expected = " or ".join(f"{scheme}://…" for scheme in sorted(schemes))
    wrong = MeshError(f"{variable} is no such address: expected {expected}.")
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in schemes:
        raise wrong
    return Address(variable, given)
