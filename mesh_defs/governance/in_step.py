"""A domain's contracts and dbt's YAML files kept in step: which files change; none is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from mesh_defs.contracts.in_dbt import FLOW, Left, columns_wanted, step, strangers
from mesh_defs.governance.sight import DbtFiles, text_of
from mesh_defs.model import DataContract, DomainRoom, Finding, MeshError, read_yaml
from mesh_defs.model.yaml_edit import CannotEdit, edited
from mesh_defs.model.yaml_source import FieldPath, parsed

_KINDS = ("models", "snapshots", "seeds")


@dataclass(frozen=True)
class Change:
    """A file before and after; it was not there if `before` is None."""

    path: Path
    shown: str
    before: str | None
    after: str

    @property
    def diff(self) -> str:
        old = (self.before or "").splitlines(keepends=True)
        new = self.after.splitlines(keepends=True)
        name = f"a/{self.shown}" if self.before is not None else "/dev/null"
        lines = unified_diff(old, new, name, f"b/{self.shown}")
        return "".join(li if li.endswith("\n") else f"{li}\n" for li in lines)


@dataclass
class InStep:
    """What brings a domain in step: files that change, and what is left to people."""

    changes: list[Change] = field(default_factory=list)
    left: list[tuple[Path, str, str, Left]] = field(default_factory=list)

    def findings(self, root: Path) -> list[Finding]:
        """What is left to people, by the lines of the files as they are now."""
        return [_finding(root, *left) for left in self.left if left[0].exists()]


def in_step(room: DomainRoom, root: Path, tests: bool = False) -> InStep:
    """Raises MeshError for files that cannot be read, or not be changed without losing more."""
    room.need()
    files = _Files(root)
    project = DbtFiles(root / "dbt_projects" / room.name, root)
    declared = _declared(project, root)
    names = _references(room) if tests else None
    wrong: list[Finding] = []
    made = InStep()
    for model, contracts in _models(room).items():
        path, kind, at = declared.get(model) or _new(files, project, model, contracts[0][0])
        told: set[str] = set()
        place: FieldPath = (kind, at)
        for contract, index in contracts:
            wanted = columns_wanted(contract, index, names)
            entry = files.data(path)[kind][at]
            found = step(contract, index, wanted, entry, place, told)
            for file, edits, flow in (
                (path, found.dbt, FLOW),
                (contract.path, found.contract, ()),
            ):
                try:
                    files.texts[file] = edited(files.text(file), edits, files.shown(file), flow)
                except CannotEdit as error:
                    wrong += error.findings
            made.left += [(path, kind, model, left) for left in found.left]
        entry = files.data(path)[kind][at]
        made.left += [(path, kind, model, left) for left in strangers(entry, told)]
    if wrong:
        raise MeshError(wrong)
    made.changes = files.changes()
    return made


def _models(room: DomainRoom) -> dict[str, list[tuple[DataContract, int]]]:
    """Each model with the contracts' objects that are made from it, the newest version first."""
    found: dict[str, list[tuple[DataContract, int]]] = {}
    for product in sorted(room.products.values(), key=lambda p: -p.contract.major):
        for index, schema_object in enumerate(product.contract.objects):
            model = product.contract.relation_of(schema_object)
            found.setdefault(model, []).append((product.contract, index))
    return found


def _references(room: DomainRoom) -> dict[str, str]:
    """The domain's models by the names that relationships have for them."""
    found: dict[str, str] = {}
    for product in room.products.values():
        for schema_object in product.contract.objects:
            model = product.contract.relation_of(schema_object)
            found |= {str(product.ref): model, f"{product.ref}.{schema_object.name}": model}
            found.setdefault(schema_object.name or "", model)
    return found


def _declared(project: DbtFiles, root: Path) -> dict[str, tuple[Path, str, int]]:
    """Where each model, snapshot and seed has its entry: the file, the list in it, the place."""
    found: dict[str, tuple[Path, str, int]] = {}
    for path in project.files:
        if path.suffix not in (".yml", ".yaml") or path.name == "dbt_project.yml":
            continue
        if not text_of(path).strip():
            continue
        data = read_yaml(path, root).data
        for kind in _KINDS:
            listed = data.get(kind)
            for at, entry in enumerate(listed if isinstance(listed, list) else []):
                if isinstance(entry, dict) and entry.get("name"):
                    found.setdefault(str(entry["name"]), (path, kind, at))
    return found


def _new(
    files: _Files, project: DbtFiles, model: str, contract: DataContract
) -> tuple[Path, str, int]:
    """A file beside the model, with an entry that says its name."""
    made = project.models.get(model)
    if not made:
        raise MeshError(
            contract.source.finding(
                ("schema",), f"no model, seed or snapshot `{model}` in {project.shown}", "Write it."
            )
        )
    path = made[0].with_suffix(".yml")
    if path.exists():
        problem = f"it has no entry for `{model}`, whose own file it would be"
        todo = f"Add `- name: {model}` to its `models`, then sync again."
        raise MeshError(Finding(files.shown(path), 0, "", problem, todo))
    snapshot = made[0].suffix == ".sql" and "{% snapshot" in text_of(made[0])
    kind = "seeds" if made[0].suffix == ".csv" else "snapshots" if snapshot else "models"
    files.texts[path] = f"version: 2\n\n{kind}:\n  - name: {model}\n"
    return path, kind, 0


def _finding(root: Path, path: Path, kind: str, model: str, left: Left) -> Finding:
    source = read_yaml(path, root)
    place: FieldPath = (kind, _named(source.data.get(kind), model))
    if left.column:
        columns = source.data[kind][place[1]].get("columns")
        place = (*place, "columns", _named(columns, left.column))
    return source.finding((*place, left.field), left.problem, left.todo)


def _named(entries: Any, name: str) -> int:
    return next(i for i, e in enumerate(entries) if isinstance(e, dict) and e.get("name") == name)


class _Files:
    """Files as they would be after the changes made so far."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.texts: dict[Path, str] = {}

    def shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def text(self, path: Path) -> str:
        if path not in self.texts:
            self.texts[path] = path.read_bytes().decode("utf-8")
        return self.texts[path]

    def data(self, path: Path) -> Mapping[str, Any]:
        found: Mapping[str, Any] = parsed(self.text(path))
        return found

    def changes(self) -> list[Change]:
        found = []
        for path, after in self.texts.items():
            before = path.read_bytes().decode("utf-8") if path.exists() else None
            if before != after:
                found.append(Change(path, self.shown(path), before, after))
        return sorted(found, key=lambda c: c.shown)
