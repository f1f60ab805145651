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
    text = _text(path, shown)
    lines: dict[FieldPath, int] = {}
    wrong: list[Finding] = []
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                _index(node, (), lines, _Seen(shown, wrong))
            data = loader.construct_document(node) if node is not None and not wrong else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise MeshError(_explained(error, text, shown)) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        problem = f"not valid YAML: the character U+{code:04X} is not allowed"
        raise MeshError(Finding(shown, line, "", problem, "Remove it.")) from None
    except RecursionError:
        raise MeshError(Finding(shown, 1, "", "nested too deeply", "Flatten it.")) from None
    except (yaml.YAMLError, ValueError) as error:
        raise MeshError(Finding(shown, 1, "", f"not valid YAML: {error}", "Mend it.")) from None
    if wrong:
        raise MeshError(wrong)
    if not isinstance(data, dict):
        raise MeshError(
            Finding(shown, 1, "", "expected a mapping of fields", "Write `field: value` lines.")
        )
    return YamlSource(path, shown, data, lines)


def parsed(text: str) -> Any:
    """What a YAML text says; moments stay text. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=_Loader)


def _text(path: Path, shown: str) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8").replace("\r\n", "\n")
    except FileNotFoundError:
        raise MeshError(Finding(shown, 0, "", "the file is missing", "Create it.")) from None
    except OSError as error:
        problem = f"the file can't be read ({error.strerror})"
        raise MeshError(Finding(shown, 0, "", problem, "Make it a file that can be.")) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"not UTF-8 text ({error.reason})"
        raise MeshError(Finding(shown, line, "", problem, "Save it as UTF-8.")) from None


def _explained(error: yaml.MarkedYAMLError, text: str, shown: str) -> Finding:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    said = ": ".join(part for part in (error.context, error.problem) if part)
    todo = "Mend the YAML on or just above this line."
    if "\t" in "".join(text.splitlines()[line - 1 : line]):
        todo = "There is a tab on this line: indent by spaces."
    return Finding(shown, line, "", f"not valid YAML: {said}", todo)


@dataclass
class _Seen:
    """What indexing a file has met: what is wrong, and the nodes it stands in."""

    shown: str
    wrong: list[Finding]
    inside: set[int] = field(default_factory=set)

    def report(self, node: yaml.Node, path: FieldPath, problem: str, todo: str) -> None:
        line = node.start_mark.line + 1
        self.wrong.append(Finding(self.shown, line, field_name(path), problem, todo))


def _index(node: yaml.Node, path: FieldPath, lines: dict[FieldPath, int], seen: _Seen) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen.inside:
        seen.report(node, path, "an alias to what it stands in", "Write it out.")
        return
    seen.inside.add(id(node))
    if isinstance(node, yaml.MappingNode):
        known: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                todo = "If it is a template, put `{{ … }}` in quotes."
                seen.report(key, path, "the name of a field is not a word", todo)
                continue
            below = (*path, str(key.value))
            lines[below] = key.start_mark.line + 1
            if key.value in known:
                seen.report(key, below, "this field stands twice", "Keep one of them.")
            known.add(key.value)
            _index(value, below, lines, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _index(value, (*path, index), lines, seen)
    seen.inside.discard(id(node))
