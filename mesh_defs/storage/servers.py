"""Addresses of servers outside the mesh: a URL a server, from the environment and nowhere else.

A contract names its servers. How a server is reached, and with which password, is in the variable
of its name; what is shown of it has no password.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, unquote, urlsplit

from mesh_defs.model import MeshError

_HEX = re.compile("%..")


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
        """A text of others without the passwords of this address, however they are written."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    @property
    def _secrets(self) -> set[str]:
        parts = self.parts
        given = [value for name, value in _parameters(parts) if _opens(name)]
        written = {parts.password or "", *given} - {""}
        plain = {*written, *map(unquote, written)}
        quoted = {quote(secret, safe="") for secret in plain}
        lower = {_HEX.sub(lambda found: found[0].lower(), each) for each in quoted}
        user = unquote(parts.username or "")
        sent = {form for each in plain for form in (each, f"{user}:{each}", f"\0{user}\0{each}")}
        return plain | quoted | lower | {b64encode(form.encode()).decode() for form in sent}


def _parameters(parts: SplitResult) -> list[tuple[str, str]]:
    """Names and values of the query, as they are written."""
    pairs = (pair.partition("=") for pair in parts.query.split("&"))
    return [(name, value) for name, _, value in pairs]


def _opens(name: str) -> bool:
    """Whether a parameter is a secret: libpq's, or `sig`, the signature of a link to Azure."""
    return name == "sig" or name.endswith(("password", "secret"))


def address_of(server: str, schemes: Collection[str]) -> Address | None:
    """A server's address; None where the environment has none. Raises MeshError, without quoting
    it, for one that is of no such scheme, and for one whose password ends before its end: what
    follows would be taken for the host, which is shown."""
    variable = variable_of(server)
    given = os.environ.get(variable, "").strip()
    if not given:
        return None
    expected = " or ".join(f"{scheme}://…" for scheme in sorted(schemes))
    wrong = MeshError(
        f"{variable} is no such address: expected {expected}, and what is no letter or digit in a "
        "password percent-encoded."
    )
    try:
        parts = urlsplit(given)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in schemes or _is_torn(parts):
        raise wrong
    return Address(variable, given)


def _is_torn(parts: SplitResult) -> bool:
    """Whether a part of a password is where none should be: there is one at sign, before the host.
    Only a mail's `from` has another."""
    rest = [f"{name}={value}" for name, value in _parameters(parts) if name != "from"]
    return bool(parts.fragment) or "@" in "".join(
        (parts.netloc.replace("@", "", 1), parts.path, *rest)
    )
