"""Plain data written as YAML, with comments, as people write it; files are not touched here."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import yaml

from mesh_defs.model.yaml_source import FieldPath

WIDTH = 100
# What a block of folded text gives back as it was: single blanks between words.
_FOLDS = re.compile(r"\S+( \S+)*")

# Line ends of any kind, and what nobody can see: written as escapes.
_ODD = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]")


class _Dumper(yaml.SafeDumper):
    """Everything on one line, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _ODD.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)


def yaml_text(
    data: Mapping[str, Any],
    comments: Mapping[FieldPath, str] | None = None,
    flow: Collection[str] = (),
    indent: int = 0,
) -> str:
    """A mapping as YAML that reads back as the same data.

    `comments` stand at the end of a field's first line. Fields called as in `flow`, and the
    elements of lists called so, are written as `{a: 1, b: 2}` where they fit on a line; a list of
    elements with several fields has one on each line.
    """
    return "".join(
        f"{line}\n" for line in _Writer(comments or {}, {*flow}).mapping(data, (), indent)
    )


def scalar(value: Any, in_flow: bool = False) -> str:
    """A value on one line, quoted only where it must be."""
    if in_flow:
        return _dumped([value])[1:-1]
    return _dumped({"a": value}, default_flow_style=False)[3:]


def folded(text: str, indent: int, width: int = WIDTH) -> list[str] | None:
    """The lines of a text as a block: `>-`, then the indented text; None if it is not such."""
    if _ODD.search(text.replace("\n", "")):
        return None
    if _FOLDS.fullmatch(text):
        style, lines = ">-", textwrap.wrap(
            text, max(width - indent, 20), break_long_words=False, break_on_hyphens=False
        )  # fmt: skip
    elif "\n" in text and all(_FOLDS.fullmatch(line) or not line for line in text.split("\n")):
        style, lines = "|-", text.split("\n")
        if not lines[0] or not lines[-1]:
            return None
    else:
        return None
    return [style, *(f"{' ' * indent}{line}" if line else "" for line in lines)]


def _dumped(value: Any, default_flow_style: bool = True) -> str:
    said = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=default_flow_style,
        allow_unicode=True,
        sort_keys=False,
        width=10**9,
    )
    return str(said).strip("\n")


class _Writer:
    def __init__(self, comments: Mapping[FieldPath, str], flow: set[str]) -> None:
        self.comments = comments
        self.flow = flow

    def mapping(self, data: Mapping[str, Any], path: FieldPath, indent: int) -> Iterator[str]:
        for key, value in data.items():
            yield from self._field(key, value, (*path, key), indent)

    def _field(self, key: str, value: Any, path: FieldPath, indent: int) -> Iterator[str]:
        start = f"{' ' * indent}{scalar(key)}:"
        if isinstance(value, Mapping) and value and not self._flows(key, value, path, len(start)):
            yield start + self._comment(path)
            yield from self.mapping(value, path, indent + 2)
        elif isinstance(value, list) and value and not self._flows(key, value, path, len(start)):
            yield start + self._comment(path)
            for index, item in enumerate(value):
                yield from self._item(key, item, (*path, index), indent + 2)
        else:
            yield from self._value(start, value, path, indent)

    def _value(self, start: str, value: Any, path: FieldPath, indent: int) -> Iterator[str]:
        said = scalar(value) if isinstance(value, str) else _dumped([value])[1:-1]
        if isinstance(value, str) and (len(start) + len(said) >= WIDTH or "\n" in value):
            lines = folded(value, indent + 2)
            if lines:
                yield f"{start} {lines[0]}{self._comment(path)}"
                yield from lines[1:]
                return
        yield f"{start} {said}{self._comment(path)}"

    def _item(self, key: str, item: Any, path: FieldPath, indent: int) -> Iterator[str]:
        dash = f"{' ' * indent}- "
        if not isinstance(item, Mapping | list) or not item:
            yield f"{dash}{scalar(item) if isinstance(item, str) else _dumped([item])[1:-1]}"
        elif isinstance(item, list) or self._flows(key, item, path, indent):
            yield dash + _dumped(item)
        else:
            first, *rest = self.mapping(item, path, indent + 2)
            yield dash + first[indent + 2 :]
            yield from rest

    def _flows(self, key: str, value: Any, path: FieldPath, taken: int) -> bool:
        """Whether a collection is written on one line."""
        if key not in self.flow or any(c[: len(path)] == path and c != path for c in self.comments):
            return False
        inner = [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []
        return all(len(v) == 1 for v in inner) and taken + 3 + len(_dumped(value)) <= WIDTH

    def _comment(self, path: FieldPath) -> str:
        said = self.comments.get(path)
        return f"  # {said}" if said else ""
