"""Changes in a YAML text that leave every other byte of it as it was; files are not touched here.

A change is a splice at the place where a node stands: comments, quotes, blank lines and line ends
around it are never written anew. What a text says after a change is read back and compared; a
change that would say anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from mesh_defs.model.findings import Finding, MeshError
from mesh_defs.model.yaml_source import FieldPath, field_name, parsed
from mesh_defs.model.yaml_text import WIDTH, folded, scalar, yaml_text

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_HEADER = re.compile(r"[|>][-+0-9]*")
BOM = "\ufeff"


@dataclass(frozen=True)
class Set:
    """Give a field a value. A field that is not there yet comes after the one called `after`."""

    path: FieldPath
    value: Any
    after: str = ""


@dataclass(frozen=True)
class Insert:
    """Put an element into a list, before the one that has this index now."""

    path: FieldPath
    index: int
    value: Any


Edit = Set | Insert


class CannotEdit(MeshError):
    """A change that this text does not allow without more than was asked for."""


def edited(text: str, edits: Iterable[Edit], shown: str, flow: Collection[str] = ()) -> str:
    """The text after all edits, one after another; `flow` as in `yaml_text`.

    Raises CannotEdit, with the line, for a change that cannot be made without touching more.
    """
    for edit in edits:
        text = _edited(text, edit, shown, flow)
    return text


def _edited(text: str, edit: Edit, shown: str, flow: Collection[str]) -> str:
    mark, body = (BOM, text[1:]) if text.startswith(BOM) else ("", text)
    before = parsed(body)
    try:
        place = _Place(body, flow)
        splices = place.set(edit) if isinstance(edit, Set) else place.insert(edit)
        after = _spliced(body, splices)
        same = parsed(after) == _changed(before, edit)
    except (yaml.YAMLError, ValueError, KeyError, IndexError, TypeError):
        same = False
    if not same:
        line = _line(body, edit.path)
        problem = f"`{field_name(edit.path)}` cannot be written here without changing more"
        todo = f"Write it yourself: `{scalar(edit.value, in_flow=True)}`."
        raise CannotEdit(Finding(shown, line, field_name(edit.path), problem, todo))
    return mark + after


def _changed(data: Any, edit: Edit) -> Any:
    """What the text must say after the edit."""
    data = _unshared(data)
    *above, last = edit.path
    holder = data
    for part in above:
        holder = holder[part]
    if isinstance(edit, Set):
        holder[last] = edit.value
    else:
        holder[last].insert(edit.index, edit.value)
    return data


def _unshared(data: Any) -> Any:
    """A copy in which an alias is a thing of its own: no change reaches what it stands for."""
    if isinstance(data, dict):
        return {name: _unshared(value) for name, value in data.items()}
    return [_unshared(value) for value in data] if isinstance(data, list) else data


def _line(text: str, path: FieldPath) -> int:
    node = yaml.compose(text, Loader=_LOADER)
    while path:
        try:
            return int(_node(node, path).start_mark.line) + 1
        except KeyError:
            path = path[:-1]
    return 1


# -- places ------------------------------------------------------------------------------------

Splice = tuple[int, int, str]
"""(from, to, what comes in their place), as positions in the text."""


def _spliced(text: str, splices: Sequence[Splice]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    for start, end, new in sorted(splices, reverse=True):
        text = text[:start] + new.replace("\n", newline) + text[end:]
    return text


def _node(node: Any, path: FieldPath) -> Any:
    """The node at a path. Raises KeyError if there is none."""
    for part in path:
        if isinstance(node, yaml.MappingNode):
            node = next((v for k, v in node.value if k.value == str(part)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part] if part < len(node.value) else None
        else:
            node = None
        if node is None:
            raise KeyError(part)
    return node


class _Place:
    """A text and its nodes."""

    def __init__(self, text: str, flow: Collection[str]) -> None:
        self.text = text
        self.flow = flow
        self.root = yaml.compose(text, Loader=_LOADER)

    def set(self, edit: Set) -> list[Splice]:
        *above, key = edit.path
        holder = _node(self.root, tuple(above))
        try:
            node = _node(holder, (key,))
        except KeyError:
            return self._add(holder, str(key), edit.value, edit.after)
        if isinstance(edit.value, list | dict):
            return self._replace_by_block(holder, str(key), node, edit.value)
        return self._replace(holder, str(key), node, edit.value)

    def insert(self, edit: Insert) -> list[Splice]:
        node = _node(self.root, edit.path)
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        if not items:
            return self.set(Set(edit.path, [edit.value]))
        if node.flow_style:
            said = scalar(edit.value, in_flow=True)
            if edit.index < len(items):
                start = items[edit.index].start_mark.index
                return [(start, start, f"{said}, ")]
            end = items[-1].end_mark.index
            return [(end, end, f", {said}")]
        indent = node.start_mark.column
        lines = self._item(edit.value, indent)
        if edit.index == 0:
            at = self._above_comments(self._line_start(items[0].start_mark.index), indent)
            return [(at, at, lines)]
        return [self._after(self._end(items[edit.index - 1]), lines)]

    # -- fields

    def _add(self, holder: Any, key: str, value: Any, after: str) -> list[Splice]:
        there = {k.value: v for k, v in holder.value}
        if not there:
            at = holder.start_mark.index + 1  # it is `{}`
            return [(at, at, scalar({key: value}, in_flow=True)[1:-1])]
        last = there.get(after, holder.value[-1][1])
        if holder.flow_style:
            at = self._end(last)
            return [(at, at, f", {scalar({key: value}, in_flow=True)[1:-1]}")]
        lines = yaml_text({key: value}, flow=self.flow, indent=holder.start_mark.column)
        return [self._after(self._end(last), lines)]

    def _replace(self, holder: Any, key: str, node: Any, value: Any) -> list[Splice]:
        if not isinstance(node, yaml.ScalarNode):
            raise ValueError("not a scalar")
        start, end = node.start_mark.index, self._end(node)
        gap = " " if self.text[start - 1 : start] == ":" else ""
        if holder.flow_style:
            return [(start, end, gap + scalar(value, in_flow=True))]
        remark = self._header_remark(node)
        said, column = scalar(value), start - self._line_start(start)
        too_long = column + len(gap + said) > WIDTH or "\n" in str(value)
        indent = holder.start_mark.column + 2
        lines = folded(value, indent) if isinstance(value, str) and too_long else None
        if not lines:
            return [(start, end, gap + said + remark)]
        body = "".join(f"\n{line}" for line in lines[1:])
        to = self._line_end(end)
        return [(start, end, gap + lines[0] + remark), (to, to, body)]

    def _replace_by_block(self, holder: Any, key: str, node: Any, value: Any) -> list[Splice]:
        """A list or mapping in the place of nothing, or of one that holds no remark."""
        start, end = node.start_mark.index, self._end(node)
        holds = isinstance(node, yaml.CollectionNode) and node.value
        if holder.flow_style or (holds and node.flow_style):
            return [(start, end, scalar(value, in_flow=True))]
        if "#" in self.text[start:end]:
            raise ValueError("there may be a remark in it")
        lines = yaml_text({key: value}, flow=self.flow, indent=holder.start_mark.column)
        head, _, body = lines.rstrip("\n").partition("\n")
        said = head.partition(":")[2].rstrip()
        if holds:  # on lines of its own
            end_of_key = self.text.rfind(":", 0, start) + 1
            between = self.text[end_of_key:start]
            if "#" in between:
                raise ValueError("a remark would stand behind what it speaks of")
            return [(end_of_key, end, f"{said}\n{body}" if body else said)]
        start = len(self.text[:start].rstrip(" \t"))
        to = self._line_end(end)
        return [(start, end, said), (to, to, f"\n{body}" if body else "")]

    def _item(self, value: Any, indent: int) -> str:
        if not isinstance(value, Mapping):
            return f"{' ' * indent}- {scalar(value, in_flow=not isinstance(value, str))}\n"
        lines = yaml_text(value, flow=self.flow, indent=indent + 2)
        return f"{' ' * indent}- {lines[indent + 2 :]}"

    # -- positions

    def _end(self, node: Any) -> int:
        """Where what a node says ends: a block's own end lies behind the remarks that follow."""
        if isinstance(node, yaml.ScalarNode):
            end = int(node.end_mark.index)
            if node.style in ("|", ">"):
                end = len(self.text[:end].rstrip())
            return end
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)

    def _header_remark(self, node: Any) -> str:
        """The remark behind a `>-`, which would go with it."""
        if node.style not in ("|", ">"):
            return ""
        start = node.start_mark.index
        head = self.text[start : self._line_end(start)]
        found = _HEADER.search(head)
        rest = head[found.end() :] if found else ""
        return rest.rstrip() if "#" in rest else ""

    def _after(self, position: int, lines: str) -> Splice:
        """New lines after the line on which something ends."""
        at = self._line_end(position)
        return (at, at, "\n" + lines.rstrip("\n"))

    def _line_start(self, position: int) -> int:
        return self.text.rfind("\n", 0, position) + 1

    def _line_end(self, position: int) -> int:
        end = self.text.find("\n", position)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[position:end].endswith("\r") else end

    def _above_comments(self, start: int, indent: int) -> int:
        """The start of the remarks that stand above a line and speak of it."""
        while start:
            above = self._line_start(start - 1)
            line = self.text[above:start]
            if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) != indent:
                break
            start = above
        return start
