"""Keys: taken from the environment, or made once for a demo; never logged, never in SQL text."""

from __future__ import annotations

import hashlib
import os
import secrets

from filelock import FileLock

from mesh_defs.storage.state import State, write_text

PSEUDONYM_VARIABLE = "MESH_PSEUDONYM_KEY"


def pseudonym_key(state: State) -> str:
    """The key of all keyed hashes: MESH_PSEUDONYM_KEY, else one made once for the demo."""
    given = os.environ.get(PSEUDONYM_VARIABLE)
    if given:
        return given
    path = state.secrets / "pseudonym.key"
    state.secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(f"{path}.lock"):
        if not path.exists():
            write_text(path, secrets.token_hex(32), mode=0o600)
        return path.read_text(encoding="utf-8").strip()


def key_id(key: str) -> str:
    """Tells two keys apart without telling anything about them: 8 hex characters."""
    return hashlib.blake2b(b"mesh key id", key=hashlib.sha256(key.encode()).digest()).hexdigest()[
        :8
    ]
