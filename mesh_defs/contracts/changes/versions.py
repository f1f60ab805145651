"""Semantic versions: which step a change needs, which was made, and which would have done."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from mesh_defs.contracts.changes.change import Change
from mesh_defs.contracts.changes.kinds import Level

Version = tuple[int, int, int]


class Bump(IntEnum):
    """A step from one version to the next, the larger the later."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


_NEEDED = {Level.BREAKING: Bump.MAJOR, Level.RISKY: Bump.MINOR, Level.SAFE: Bump.PATCH}


def parsed(version: str) -> Version:
    """Raises ValueError unless the version is `major.minor.patch`."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def needed(changes: Iterable[Change], old: str) -> Bump:
    """The step that changes need. Before 1.0.0 nothing is promised, and a minor step says all."""
    most = max((_NEEDED[change.level] for change in changes), default=Bump.NONE)
    return min(most, Bump.MINOR) if parsed(old)[0] == 0 else most


def made(old: str, new: str) -> Bump | None:
    """The step from one version to another; None if it leads backwards."""
    was, now = parsed(old), parsed(new)
    if now < was:
        return None
    for bump, left, right in zip((Bump.MAJOR, Bump.MINOR, Bump.PATCH), was, now, strict=True):
        if left != right:
            return bump
    return Bump.NONE


def after(version: str, bump: Bump) -> str:
    """The least version that makes a step."""
    major, minor, patch = parsed(version)
    return {
        Bump.NONE: version,
        Bump.PATCH: f"{major}.{minor}.{patch + 1}",
        Bump.MINOR: f"{major}.{minor + 1}.0",
        Bump.MAJOR: f"{major + 1}.0.0",
    }[bump]
