"""Checks of domains: their team, their inputs, their sources' functions; not their products."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from mesh_defs.governance.sight import Sight, text_of
from mesh_defs.model import DomainRoom, Finding


def code_location(sight: Sight) -> Iterator[Finding]:
    for room in sight.rooms:
        if not (room.folder / "__init__.py").is_file():
            yield Finding(
                sight.shown(room.folder / "__init__.py"),
                0,
                "",
                "the file that makes the domain a code location is missing",
                "Copy another domain's: it is the same two lines in each.",
            )


def owner(sight: Sight) -> Iterator[Finding]:
    for room in sight.rooms:
        if room.domain and not any(
            member.role.strip().lower() == "owner" for member in room.domain.file.team.members
        ):
            yield sight.in_domain_file(
                room,
                ("team", "members"),
                "the team has no owner",
                "Give one of its members `role: owner`.",
            )


def inputs(sight: Sight) -> Iterator[Finding]:
    """Every input is a product that there is, at a version that there is."""
    for room in sight.rooms:
        for ref, agreed in room.domain.inputs.items() if room.domain else ():
            path = ("inputs", str(ref))
            provider = sight.mesh.rooms.get(ref.domain)
            product = sight.products.get(ref)
            if provider is None:
                yield sight.in_domain_file(
                    room,
                    path,
                    f"there is no domain `{ref.domain}`",
                    f"Domains: {listed(sight.mesh.rooms)}.",
                )
            elif product is None and not sight.unreadable(ref):
                yield sight.in_domain_file(
                    room,
                    path,
                    f"`{ref.domain}` has no product `{ref.product}`",
                    f"Products of `{ref.domain}`: {listed(provider.products)}.",
                )
            elif product and agreed.version not in sight.versions(product):
                yield sight.in_domain_file(
                    room,
                    (*path, "version"),
                    f"there is no version {agreed.version} of `{ref}`: its contract is at "
                    f"{product.contract.version}",
                    f"Write `version: {product.contract.major}`.",
                )


def circles(sight: Sight) -> Iterator[Finding]:
    """Domains don't wait for each other: one finding for each circle, at one of its inputs."""
    graph = {
        room.name: {ref.domain for ref in room.domain.inputs} - {room.name}
        for room in sight.rooms
        if room.domain
    }
    while circle := _circle(graph):
        first = circle.index(min(circle))
        circle = circle[first:] + circle[:first]
        room = sight.mesh.rooms[circle[0]]
        ref = next(r for r in (room.domain.inputs if room.domain else ()) if r.domain == circle[1])
        yield sight.in_domain_file(
            room,
            ("inputs", str(ref)),
            f"domains wait for each other: {' → '.join([*circle, circle[0]])}",
            "Take one of these inputs out of its domain.yaml.",
        )
        graph[circle[0]].discard(circle[1])


def _circle(graph: dict[str, set[str]]) -> list[str]:
    """Domains that each wait for the next, the last for the first; empty if there is no circle."""
    try:
        TopologicalSorter({d: sorted(graph[d] & set(graph)) for d in sorted(graph)}).prepare()
    except CycleError as error:
        # graphlib names each domain before the one that waits for it.
        return list(reversed(error.args[1]))[:-1]
    return []


def functions(sight: Sight) -> Iterator[Finding]:
    """A source's function is in a module that there is, its pipeline in a file."""
    for room in sight.rooms:
        for name, source in room.domain.sources.items() if room.domain else ():
            if source.pipeline and not (room.folder / source.pipeline).is_file():
                wanted = sight.shown(room.folder / source.pipeline)
                where, said = ("sources", name, "pipeline"), f"there is no file `{wanted}`"
                yield sight.in_domain_file(room, where, said, "Write it, or name another.")
            if not source.function:
                continue
            *modules, function = source.function.split(".")
            path = ("sources", name, "function")
            module = _module(room, modules)
            if module is None:
                wanted = sight.shown(room.folder.joinpath(*modules).with_suffix(".py"))
                yield sight.in_domain_file(
                    room, path, f"there is no module `{wanted}`", f"Write it, with `{function}`."
                )
                continue
            names = _names_in(module)
            if names is not None and function not in names:
                yield sight.in_domain_file(
                    room,
                    path,
                    f"`{sight.shown(module)}` has no function `{function}`",
                    f"It has: {listed(n for n in names if not n.startswith('_'))}.",
                )


def _module(room: DomainRoom, names: list[str]) -> Path | None:
    place = room.folder.joinpath(*names)
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return file
    return None


def _names_in(module: Path) -> set[str] | None:
    """The names a module defines, None where its text can't tell."""
    try:
        tree = ast.parse(text_of(module))
    except (SyntaxError, ValueError):
        return None
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found |= {(alias.asname or alias.name) for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return None if "*" in found else found


def listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
