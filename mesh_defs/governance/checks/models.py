"""Checks of dbt projects by their files: what is there, what it is called, what it reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from mesh_defs.governance.checks.domains import listed
from mesh_defs.governance.sight import Sight, text_of
from mesh_defs.model import DomainRoom, Finding
from mesh_defs.model.names import NAME, NAME_RULE

PROFILE = "mesh"
# Under <domain>/landing/… and <domain>/products/… lie the keys of sources and of products.
TAKEN = ("landing", "products")
# Every domain's words: what it shows and tests them with is nobody's product.
VOCABULARY = "mesh_utils"
_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_JINJA = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_REMARK = re.compile(r"#.*$", re.MULTILINE)
_SOURCE = re.compile(r"""\bsource\s*\(\s*(['"])([^'"]+)\1\s*,\s*(['"])([^'"]+)\3""")


def projects(sight: Sight) -> Iterator[Finding]:
    """Every domain has a dbt project that is called as it is."""
    for room in sight.rooms:
        project = sight.project(room.name)
        if not project.folder.is_dir():
            yield Finding(
                project.shown, 0, "", f"the dbt project of `{room.name}` is missing", "Create it."
            )
            continue
        yield from project.findings
        for field, expected in (("name", room.name), ("profile", PROFILE)):
            settings = project.settings
            if settings and (said := settings.data.get(field)) != expected:
                got = f", got `{said}`" if said else ""
                yield settings.finding(
                    (field,), f"expected `{expected}`{got}", f"Write `{field}: {expected}`."
                )


def ownerless(sight: Sight) -> Iterator[Finding]:
    """No dbt project with models that belong to no domain."""
    known = {*sight.mesh.rooms, VOCABULARY}
    for folder in sorted((sight.root / "dbt_projects").glob("*/")):
        if folder.name not in known and (models := sight.project(folder.name).models):
            yield Finding(
                sight.shown(folder),
                0,
                "",
                f"models of no domain: {listed(list(models)[:5])}",
                f"Create domains/{folder.name}, or remove them.",
            )


def candidates(sight: Sight) -> Iterator[Finding]:
    """Every object of a contract is made by a model."""
    for product in sight.products.values():
        project = sight.project(product.ref.domain)
        if not project.folder.is_dir():
            continue
        for i, found in enumerate(product.contract.objects):
            model = product.contract.relation_of(found)
            if model not in project.models:
                near = get_close_matches(model, project.models, n=1)
                hint = f" Did you mean `{near[0]}`? Name it in `physicalName`." if near else ""
                yield product.contract.source.finding(
                    ("schema", i, "physicalName" if found.physicalName else "name"),
                    f"no model, seed or snapshot `{model}` in {project.shown}",
                    f"Write {project.shown}/models/{model}.sql.{hint}",
                )


def names(sight: Sight) -> Iterator[Finding]:
    """Models are called as everything in the mesh is, and no two keys of a domain are the same."""
    for room in sight.rooms:
        for name, paths in sight.project(room.name).models.items():
            shown = sight.shown(paths[0])
            if not NAME.match(name):
                yield Finding(shown, 0, "", f"a model is called {NAME_RULE}", "Rename the file.")
            if name in TAKEN:
                yield Finding(
                    shown,
                    0,
                    "",
                    f"no model can be called `{name}`: keys that begin with {room.name}/{name} are "
                    "the platform's",
                    "Rename the file.",
                )
            for path in paths[1:]:
                yield Finding(
                    sight.shown(path),
                    0,
                    "",
                    f"`{name}` is already the name of `{shown}`",
                    "Rename one of them.",
                )
        for product in room.products.values():
            made_of = [product.contract.relation_of(o) for o in product.contract.objects]
            namesake = sight.project(room.name).models.get(product.ref.product)
            if namesake and product.ref.product not in made_of:
                yield Finding(
                    sight.shown(namesake[0]),
                    0,
                    "",
                    f"this model is called as the product `{product}`, which is made of "
                    f"{listed(made_of)}",
                    "Rename the model, or publish it.",
                )


def sources(sight: Sight) -> Iterator[Finding]:
    """What models read from outside, domain.yaml declares."""
    for room in sight.rooms:
        if not room.domain:
            continue
        declared = {("landing", name) for name in room.domain.sources}
        declared |= {(ref.domain, ref.product) for ref in room.domain.inputs}
        for path in sight.project(room.name).files:
            for line, schema, table in _sources_in(path):
                if (schema, table) not in declared:
                    yield Finding(
                        sight.shown(path),
                        line,
                        f"source('{schema}', '{table}')",
                        f"`{room.name}` declares no such source",
                        _declare(sight, room, schema, table),
                    )


def _declare(sight: Sight, room: DomainRoom, schema: str, table: str) -> str:
    assert room.domain
    shown = sight.shown(room.folder / "domain.yaml")
    if schema == "landing":
        return (
            f"Declare `{table}` in {shown} under `sources` (there: {listed(room.domain.sources)})."
        )
    inputs = listed(str(ref) for ref in room.domain.inputs)
    return f"Declare `{schema}.{table}` in {shown} under `inputs` (there: {inputs})."


def _sources_in(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, source, table) of each call of dbt's `source`, but for those in comments."""
    if path.suffix == ".csv":
        return
    text = text_of(path)
    if "source" not in text:
        return
    if path.suffix == ".sql":
        text = _COMMENT.sub(_blank, text)
        parts = [(m.start(), m.group()) for m in _JINJA.finditer(text)]
    else:
        text = _REMARK.sub(_blank, text)
        parts = [(0, text)]
    for start, part in parts:
        for match in _SOURCE.finditer(part):
            yield text.count("\n", 0, start + match.start()) + 1, match.group(2), match.group(4)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match.group().count("\n")
