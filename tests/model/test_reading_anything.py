"""Laws of reading YAML: whatever the file, each field has its line, and nothing breaks the reader.

What is said of a certain mistake is in `test_reading_errors`.
"""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh_defs.model import (
    MeshError,
    YamlSource,
    read_contract,
    read_yaml,
)
from mesh_defs.model.yaml_source import field_name
from tests.tiny_mesh import build

CONTRACT = "domains/shop/contracts/orders.odcs.yaml"


# -- lines are right, whatever the file

WORDS = st.text("abcdefgh_", min_size=1, max_size=6)
SCALARS = st.one_of(
    WORDS, st.integers(-9, 99), st.booleans(), st.just("line one\nline two"), st.just("a: b # c")
)
TREES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(WORDS, below, max_size=4),
    max_leaves=25,
)


def paths_in(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(
        data, list
    ) else ()  # fmt: skip
    return [path, *(p for key, value in below for p in paths_in(value, (*path, key)))]


def at(data: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    data=st.dictionaries(WORDS, TREES, min_size=1, max_size=5),
    flow=st.sampled_from([None, False, True]),
    indent=st.integers(2, 6),
    seed=st.integers(0, 2**16),
)
def test_the_line_of_every_field(
    data: dict[str, Any],
    flow: bool | None,
    indent: int,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Cut a file off before a field's line and the field is not in it; after it, it is."""
    text = yaml.safe_dump(data, default_flow_style=flow, indent=indent, width=30, sort_keys=False)
    chance = random.Random(seed)
    if flow is False:  # comments and blank lines between lines that don't belong together
        text = re.sub(
            r"^(?= *(?:- )*[a-h_]+:)",
            lambda _: chance.choice(["", "", "# why\n", "\n"]),
            text,
            flags=re.MULTILINE,
        )
    path = tmp_path_factory.getbasetemp() / "generated.yaml"
    path.write_text(text, encoding="utf-8")
    source = read_yaml(path)
    assert source.data == data
    assert set(source.lines) == set(paths_in(data))
    events = marks(text)
    for field_path in paths_in(data):
        assert source.line(field_path) == events[field_path], (field_path, text)
        assert source.line((*field_path, "no such field")) == events[field_path]
    by_line = sorted(source.lines.items(), key=lambda item: item[1])
    assert by_line[0][1] >= 1
    assert by_line[-1][1] <= text.count("\n") + 1


def marks(text: str) -> dict[tuple[str | int, ...], int]:
    """The same by another way: PyYAML's events and not its nodes, in pure Python."""
    found: dict[tuple[str | int, ...], int] = {}
    stack: list[list[Any]] = []  # [kind, the path, the next key or index]

    def place(line: int, end: bool = False) -> tuple[str | int, ...]:
        if not stack:
            found[()] = line
            return ()
        top = stack[-1]
        path = (*top[1], top[2])
        if top[0] == "list":
            found[path] = line
            top[2] += 1
        else:
            top[2] = None
        return path

    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        assert event.start_mark
        line = event.start_mark.line + 1
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
            stack.append([kind, place(line), None if kind == "map" else 0])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
        elif isinstance(event, yaml.ScalarEvent):
            if stack and stack[-1][0] == "map" and stack[-1][2] is None:
                stack[-1][2] = event.value
                found[(*stack[-1][1], event.value)] = line
            else:
                place(line)
    return found


def test_field_names() -> None:
    assert field_name(("schema", 0, "properties", 2, "name")) == "schema[0].properties[2].name"
    assert field_name(()) == ""
    assert field_name((0, "a")) == "[0].a"


# -- whatever stands in a contract, reading it answers with findings and never breaks

JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5),
    st.just([]), st.just({}), st.just([None]), st.just({"x": 1}), st.just({1: 2}), st.just([{}]),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(choice=st.integers(0, 10_000), junk=JUNK)
def test_no_contract_breaks_reading(
    choice: int, junk: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sound = tmp_path_factory.getbasetemp() / "sound"
    if not sound.exists():
        build(sound)
    data = yaml.safe_load((sound / CONTRACT).read_text())
    paths = [p for p in paths_in(data) if p]
    place = paths[choice % len(paths)]
    at(data, place[:-1])[place[-1]] = junk
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    try:
        source: YamlSource = read_yaml(path)
        contract = read_contract(source)
    except MeshError as error:
        for finding in error.findings:
            assert finding.file == str(path)
            assert 0 < finding.line <= path.read_text().count("\n") + 1
            assert finding.problem
    else:
        assert contract.major >= 0
        assert all(isinstance(contract.relation_of(o), str) for o in contract.objects)
