"""A token: `mesh_<id>_<secret>`; how it is made, read and recognised. Nothing is kept here.

Kept is the SHA-256 of the secret. A slow hash protects words that people choose and others guess; a
secret of 256 random bits can't be guessed, and a slow hash would only slow every request down.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from mesh_defs.storage.ledger import TokenRow

_SHAPE = re.compile(r"mesh_([0-9a-z]{10})_([0-9A-Za-z_-]{43})")
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True)
class Secret:
    """A new token as it is shown once, and the parts of it that are kept."""

    id: str
    text: str
    hash: str


def new_secret(id: str | None = None) -> Secret:
    """A secret nobody could foretell; `id` is kept where a token is only renewed."""
    id = id or "".join(secrets.choice(_LETTERS) for _ in range(10))
    secret = secrets.token_urlsafe(32)
    return Secret(id, f"mesh_{id}_{secret}", digest(secret))


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def parts_of(text: str) -> tuple[str, str] | None:
    """The id and the secret of what somebody says is a token."""
    found = _SHAPE.fullmatch(text.strip())
    return (found.group(1), found.group(2)) if found else None


def is_genuine(row: TokenRow | None, secret: str, now: datetime) -> bool:
    """Whether a secret is that of a token which may be used now."""
    kept = row.hash if row else digest("")
    same = hmac.compare_digest(kept, digest(secret))
    return same and row is not None and standing(row, now) == "active"


def standing(row: TokenRow, now: datetime) -> str:
    """`active`, `expired` or `revoked`."""
    if row.revoked:
        return "revoked"
    return "expired" if datetime.fromisoformat(row.expires) <= now else "active"


def shown(row: TokenRow, now: datetime) -> dict[str, object]:
    """A token as plain data, for programs and pages; no secret is in it, nor its hash."""
    said = {name: value for name, value in vars(row).items() if name != "hash"}
    return {**said, "products": list(row.products), "state": standing(row, now)}
