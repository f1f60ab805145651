"""Who somebody is to an agreement, told by the mesh's files: names, teams, sides.

A name is believed, not proven: that is for whatever the command, or the portal, stands behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from mesh_defs.access.agreements import Actor, Book, Side
from mesh_defs.access.agreements.states import OVER
from mesh_defs.model import Mesh, MeshError, ProductRef, approvals
from mesh_defs.model.domain import Team
from mesh_defs.model.governance import read_governance
from mesh_defs.model.names import folded


def consumer_of(mesh: Mesh, given: str | None, name: str) -> str:
    """A consumer as it is written in an agreement: `domain:growth`, `person:…`, `app:…`, `team:…`.

    Whoever says none means their own domain. Raises MeshError for a domain that is not there.
    """
    own = [d for d, team in _teams(mesh) if name_in(team, name)]
    if given is None:
        if len(own) == 1:
            return f"domain:{own[0]}"
        raise MeshError(
            f"{name} is of {'several domains' if own else 'no domain'}. Say who consumes: "
            "`--for DOMAIN`, or `--for person:NAME`, `team:NAME`, `app:NAME`."
        )
    try:
        found = approvals.consumer(given)
    except ValueError as error:
        raise MeshError(f"`{given}` is no consumer: {error}.") from None
    kind, _, rest = found.partition(":")
    if kind == "domain" and rest not in mesh.rooms:
        raise MeshError(f"There is no domain `{rest}`. Domains: {', '.join(mesh.rooms)}.")
    return found


def actor_of(
    mesh: Mesh, name: str, product: ProductRef, consumer: str, requested_by: str | None
) -> Actor:
    """Somebody by a name, an e-mail address or a team's name, and their sides of an agreement.

    `requested_by` is None while nobody has requested anything for the consumer: then whoever asks
    for a team or an app that the mesh does not know speaks for it.
    """
    names, domains = {name}, set[str]()
    for domain, team in _teams(mesh):
        if name_in(team, name):
            names |= {team.name, *_aliases(team, name)}
            domains.add(domain)
    sides = set[Side]()
    if product.domain in domains:
        sides.add(Side.PROVIDER)
    kind, _, who = consumer.partition(":")
    known = {folded(n) for n in names}
    speaks = who in domains if kind == "domain" else folded(who) in known
    if speaks or (requested_by is None and kind in ("team", "app")):
        sides.add(Side.CONSUMER)
    if requested_by is not None and kind != "domain" and folded(requested_by) in known:
        sides.add(Side.CONSUMER)
    governance = read_governance(mesh.root)
    if governance and name_in(governance, name):
        sides.add(Side.GOVERNANCE)
        names |= {governance.name, *_aliases(governance, name)}
    return Actor(name, frozenset(names), frozenset(sides), _own_names(mesh, governance, name))


def first_to_ask(book: Book, consumer: str) -> str | None:
    """Who speaks for a team or an app that the mesh does not know: the first to ask for it.

    Whoever was turned down, or took it back before it was ever active, has no say.
    """
    for agreement in book.values():
        nothing = agreement.state in OVER and not agreement.was_active
        if agreement.consumer == consumer and not nothing:
            return agreement.requested_by
    return None


def name_in(team: Team, name: str) -> bool:
    """Whether somebody goes by a name in a team; the team's own name is one."""
    wanted = folded(name)
    members = (alias for m in team.members for alias in (m.name, m.email) if alias)
    return wanted in {folded(team.name), *(folded(alias) for alias in members)}


def _aliases(team: Team, name: str) -> set[str]:
    wanted = folded(name)
    return {
        alias
        for m in team.members
        if wanted in {folded(m.name or ""), folded(m.email or "")}
        for alias in (m.name, m.email)
        if alias
    }


def _own_names(mesh: Mesh, governance: Team | None, name: str) -> frozenset[str]:
    """Every name of one person: by a name in one team, an address in another is theirs, too."""
    teams = [team for _, team in _teams(mesh)] + ([governance] if governance else [])
    found, known = {name}, set[str]()
    while found != known:
        known = set(found)
        found |= {alias for team in teams for one in known for alias in _aliases(team, one)}
    return frozenset(found)


def _teams(mesh: Mesh) -> Iterator[tuple[str, Team]]:
    for name, domain in mesh.domains.items():
        yield name, domain.file.team
