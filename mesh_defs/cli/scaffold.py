"""Writing the files of a new domain or product: all of them or none, and never over another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mesh_defs.cli import templates
from mesh_defs.model import Domain, MeshError, read_room


def new_domain(
    root: Path, name: str, kind: str, purpose: str | None, owner: str | None, email: str | None
) -> list[Path]:
    """Write a domain that loads and runs, with nothing in it yet. Returns what was written."""
    for folder in (root / "domains" / name, root / "dbt_projects" / name):
        if folder.exists():
            there = (root / "domains" / name / "domain.yaml").exists()
            add = f", or add to it: `mesh new product {name} PRODUCT`" if there else ""
            raise MeshError(
                f"{folder.relative_to(root).as_posix()} is there already. Take another name{add}."
            )
    title = _title(name)
    values = {
        "name": name,
        "title": title,
        "kind": kind,
        "purpose": _scalar(purpose or f"What {title} knows, for everyone who needs it."),
        "owner": _scalar(owner or f"{title} Owner"),
        "email": _scalar(email or f"{name.replace('_', '-')}@example.com"),
    }
    files = {
        root / "domains" / name / "domain.yaml": templates.DOMAIN_YAML.substitute(values),
        root / "domains" / name / "__init__.py": templates.DOMAIN_INIT.substitute(values),
        root / "dbt_projects" / name / "dbt_project.yml": templates.DBT_PROJECT.substitute(values),
    }
    workspace = root / "workspace.yaml"
    before = workspace.read_text(encoding="utf-8") if workspace.exists() else None
    text = _workspace([*_domains(root), name]) if before is None else _with_location(before, name)
    _write(root, files)
    if text == before:
        return list(files)
    # Last: Dagster must not be pointed at a domain that is not whole yet.
    workspace.write_text(text, encoding="utf-8")
    return [*files, workspace]


def new_product(root: Path, domain: str, name: str) -> list[Path]:
    """Write a product that can be published as it is: model, contract, descriptor."""
    folder = root / "domains" / domain
    if not (folder / "domain.yaml").is_file():
        raise MeshError(
            f"No domain `{domain}`. Domains: {', '.join(_domains(root)) or 'none'}. "
            f"`mesh new domain {domain}` makes one."
        )
    room = read_room(folder, root)
    known = room.need()
    models = root / "dbt_projects" / domain / "models"
    taken = [p for p in models.rglob(f"{name}.*") if p.suffix in (".sql", ".py")]
    if taken:
        raise MeshError(
            f"{taken[0].relative_to(root).as_posix()} is there already, and a product has the name "
            "of its model. Take another name for one of them."
        )
    values = _product_values(known, name)
    files = {
        models / "transformations" / f"{name}.sql": templates.MODEL.substitute(values),
        folder / "contracts" / f"{name}.odcs.yaml": templates.CONTRACT.substitute(values),
        folder / "products" / f"{name}.odps.yaml": templates.DESCRIPTOR.substitute(values),
    }
    _write(root, files)
    return list(files)


def _product_values(domain: Domain, name: str) -> dict[str, str]:
    team = domain.file.team
    owner = next((m for m in team.members if m.role == "owner"), None)
    return {
        "domain": domain.name,
        "name": name,
        "title": _title(name),
        "team": _scalar(team.name),
        "team_email": team.email,
        "channel": domain.name.replace("_", "-"),
        "owner": _scalar(owner.name if owner else team.name),
        "email": _scalar(owner.email if owner and owner.email else team.email),
    }


def _domains(root: Path) -> list[str]:
    return sorted(p.parent.name for p in (root / "domains").glob("*/domain.yaml"))


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _scalar(text: str) -> str:
    """A text as YAML that stays this text wherever it stands, in a flow mapping too."""
    said = yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10_000)
    return said.strip()[1:-1]


def _write(root: Path, files: Mapping[Path, str]) -> None:
    there = [p.relative_to(root).as_posix() for p in files if p.exists()]
    if there:
        raise MeshError(f"There already, and left as it is: {', '.join(there)}. Nothing written.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)


def _workspace(domains: list[str]) -> str:
    lines = (templates.WORKSPACE_LINE.substitute(name=name) for name in sorted(domains))
    return templates.WORKSPACE_HEAD + "".join(lines)


def _with_location(text: str, name: str) -> str:
    """workspace.yaml with one more location after the last; all else, comments too, as it was."""
    line = templates.WORKSPACE_LINE.substitute(name=name)
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise MeshError(
            f"workspace.yaml is not YAML: {error}. Mend it, then add:\n{line}"
        ) from None
    listed = _value(document, "load_from")
    if not isinstance(listed, yaml.SequenceNode) or listed.flow_style or not listed.value:
        raise MeshError(f"workspace.yaml has no list `load_from` to add to. Add:\n{line}")
    if any(_module(item) == f"domains.{name}" for item in listed.value):
        return text
    lines = text.splitlines(keepends=True)
    last = max(mark.line for mark in _ends(listed))
    indent = " " * listed.value[0].start_mark.column
    added = f"{indent.removesuffix('  ')}{line.strip()}\n"
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join([*lines[: last + 1], added, *lines[last + 1 :]])


def _ends(node: yaml.Node) -> list[Any]:
    """Where scalars and flow collections end; a block's own end lies after comments behind it."""
    if isinstance(node, yaml.ScalarNode) or getattr(node, "flow_style", False):
        return [node.end_mark]
    parts = node.value if isinstance(node, yaml.SequenceNode) else [v for _, v in node.value]
    return [mark for part in parts for mark in _ends(part)]


def _value(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == key), None)
    return None


def _module(item: Any) -> str | None:
    module = _value(item, "python_module")
    if isinstance(module, yaml.ScalarNode):
        return str(module.value)
    named = _value(module, "module_name")
    return str(named.value) if named is not None else None
