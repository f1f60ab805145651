"""Where a consumer of a report gets mail, by the mesh's files."""

from __future__ import annotations

import re

from mesh_defs.model import Mesh, MeshError
from mesh_defs.model.domain import Team
from mesh_defs.model.governance import read_governance

_ADDRESS = re.compile(r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+$")


def mail_of(mesh: Mesh, consumer: str) -> str:
    """A domain's or a team's address; a person's, by name, or given as the name itself.

    Raises MeshError for who has none.
    """
    kind, _, who = consumer.partition(":")
    found: str | None = None
    governance = read_governance(mesh.root)
    teams = [d.file.team for d in mesh.domains.values()] + ([governance] if governance else [])
    if kind == "domain" and who in mesh.domains:
        found = mesh.domains[who].file.team.email
    elif kind == "team":
        found = next((t.email for t in teams if t.name.casefold() == who.casefold()), None)
    elif kind == "person":
        found = who if _ADDRESS.match(who) else _member(teams, who)
    if not found or not _ADDRESS.match(found):
        raise MeshError(
            f"`{consumer}` has no address for mail. A domain's and a team's is in its domain.yaml, "
            "and so are its members'; a person can be `person:ADDRESS`."
        )
    return found


def _member(teams: list[Team], name: str) -> str | None:
    found = (m for t in teams for m in t.members if (m.name or "").casefold() == name.casefold())
    return next((m.email for m in found if m.email), None)
