"""YAML read together with the line of every field; knows nothing of what the fields mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mesh_defs.model.findings import Finding, MeshError

FieldPath = tuple[str | int, ...]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc]
    """Safe YAML in which dates stay text, as ODCS and ODPS declare them."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, expr) for tag, expr in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _LOADER.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class YamlSource:
    """A YAML file: its data, and the 1-based line on which each field stands."""

    path: Path
    shown: str
    data: Any
    lines: dict[FieldPath, int] = field(repr=False)

    def line(self, path: Sequence[str | int]) -> int:
        """The line of a field, or of the nearest field above it that is in the file."""
        parts = tuple(path)
        while parts and parts not in self.lines:
            parts = parts[:-1]
        return self.lines.get(parts, 1)

    def finding(self, path: Sequence[str | int], problem: str, todo: str = "") -> Finding:
        return Finding(self.shown, self.line(path), field_name(path), problem, todo)


def field_name(path: Sequence[str | int]) -> str:
    """A path as people write it: `schema[0].properties[2].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read_yaml(path: Path, root: Path | None = None) -> YamlSource:
    """Read one file. Raises MeshError naming the line when it is not one YAML mapping."""
    shown = path.relative_to(root).as_posix() if root and path.is_relative_to(root) else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MeshError(Finding(shown, 0, "", "the file is missing", "Create it.")) from None
    except UnicodeDecodeError as error:
        raise MeshError(
            Finding(shown, 0, "", f"not UTF-8 text ({error.reason})", "Save it as UTF-8.")
        ) from None
    lines: dict[FieldPath, int] = {}
    duplicates: list[Finding] = []
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                _index(node, (), lines, duplicates, shown)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"not valid YAML: {error.problem or error.context}"
        raise MeshError(
            Finding(shown, line, "", problem, "Mend the YAML on or just above this line.")
        ) from None
    except yaml.YAMLError as error:
        raise MeshError(Finding(shown, 1, "", f"not valid YAML: {error}")) from None
    if duplicates:
        raise MeshError(duplicates)
    if not isinstance(data, dict):
        raise MeshError(
            Finding(shown, 1, "", "expected a mapping of fields", "Write `field: value` lines.")
        )
    return YamlSource(path, shown, data, lines)


def _index(
    node: yaml.Node,
    path: FieldPath,
    lines: dict[FieldPath, int],
    duplicates: list[Finding],
    shown: str,
) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            below = (*path, str(key.value))
            lines[below] = key.start_mark.line + 1
            if key.value in seen:
                duplicates.append(
                    Finding(
                        shown,
                        key.start_mark.line + 1,
                        field_name(below),
                        "this field stands twice",
                        "Keep one of them.",
                    )
                )
            seen.add(key.value)
            _index(value, below, lines, duplicates, shown)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _index(value, (*path, index), lines, duplicates, shown)
