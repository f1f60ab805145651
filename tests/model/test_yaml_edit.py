"""An edit changes what it says and not a byte more: remarks, quotes and line ends stay."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.model.yaml_edit import BOM, CannotEdit, Edit, Insert, Set, edited
from mesh_defs.model.yaml_source import parsed

TEXT = """\
# of the shop
version: 2

models:
  - name: orders   # ours
    description: >-  # folded by hand
      One row
      an order.

    # what it has
    columns:
      - name: order_id
        description: 'The "number".'  # from the till
        data_tests: [unique]   # cheap
      # when
      - {name: day, description: The day.}  # short
      - name: cents
        description:
        data_tests:
          # never
          - not_null
  # the end
  - name: days
    columns: []   # none yet
"""
ORDERS: tuple[str | int, ...] = ("models", 0)
COLUMNS = (*ORDERS, "columns")
LONG = "What was paid, " * 9 + "in cents."

GOLDEN: list[tuple[Edit, str, str]] = [
    (Set((*COLUMNS, 0, "description"), "Its number: one."),
     """description: 'The "number".'  # from""", "description: 'Its number: one.'  # from"),
    (Set((*COLUMNS, 1, "description"), "A day, or none."),
     "description: The day.}", "description: 'A day, or none.'}"),
    (Set((*COLUMNS, 2, "description"), "What was paid."),
     "        description:\n        data", "        description: What was paid.\n        data"),
    (Set((*ORDERS, "description"), "An order."),
     ">-  # folded by hand\n      One row\n      an order.\n", "An order.  # folded by hand\n"),
    (Set((*ORDERS, "description"), LONG), ">-  # folded by hand\n      One row\n      an order.\n",
     ">-  # folded by hand\n      " + "What was paid, " * 6 + "What\n      was paid, "
     "What was paid, What was paid, in cents.\n"),
    (Set((*COLUMNS, 0, "description"), LONG),
     """description: 'The "number".'  # from the till\n""",
     "description: >-  # from the till\n          " + "What was paid, " * 6 +
     "\n          What was paid, What was paid, What was paid, in cents.\n"),
    (Set((*COLUMNS, 0, "data_type"), "bigint", after="name"),
     "- name: order_id\n", "- name: order_id\n        data_type: bigint\n"),
    (Set((*COLUMNS, 1, "data_type"), "date", after="name"), "{name: day,",
     "{name: day, data_type: date,"),
    (Set((*COLUMNS, 1, "data_type"), "date"), "The day.}", "The day., data_type: date}"),
    (Set(("models", 1, "description"), "A day.", after="name"),
     "- name: days\n", "- name: days\n    description: A day.\n"),
    (Insert(COLUMNS, 1, {"name": "shop", "description": "Where."}),
     "cheap\n", "cheap\n      - name: shop\n        description: Where.\n"),
    (Insert(COLUMNS, 3, {"name": "shop"}), "- not_null\n", "- not_null\n      - name: shop\n"),
    (Insert(COLUMNS, 0, {"name": "shop"}),
     "    columns:\n      - name: order", "    columns:\n      - name: shop\n      - name: order"),
    (Insert((*COLUMNS, 2, "data_tests"), 0, "unique"),
     "          # never\n", "          - unique\n          # never\n"),
    (Insert((*COLUMNS, 0, "data_tests"), 1, "not_null"), "[unique]", "[unique, not_null]"),
    (Insert((*COLUMNS, 0, "data_tests"), 0, {"accepted_values": {"values": [1]}}),
     "[unique]", "[{accepted_values: {values: [1]}}, unique]"),
    (Insert(("models", 1, "columns"), 0, {"name": "day"}),
     "    columns: []   # none yet", "    columns:   # none yet\n      - name: day"),
    (Set(("models", 1, "columns"), [{"name": "day"}]),
     "    columns: []   # none yet", "    columns:   # none yet\n      - name: day"),
    (Set((*COLUMNS, 0, "data_tests"), ["not_null"]), "[unique]", "[not_null]"),
]  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", BOM])
@pytest.mark.parametrize(("edit", "before", "after"), GOLDEN, ids=lambda v: str(v)[:40])
def test_what_changes_is_only_what_was_meant(
    edit: Edit, before: str, after: str, mark: str, line_end: str
) -> None:
    assert TEXT.count(before) == 1
    wanted = TEXT.replace(before, after)
    text, wanted = (mark + t.replace("\n", line_end) for t in (TEXT, wanted))
    said = edited(text, [edit], "x.yml")
    assert "\n".join(line.rstrip() for line in said.split("\n")) == "\n".join(
        line.rstrip() for line in wanted.split("\n")
    )


def test_an_end_without_a_line_end_stays_one() -> None:
    assert edited("a:\n  - b: 1", [Insert(("a",), 1, {"b": 2})], "x") == "a:\n  - b: 1\n  - b: 2"


def test_a_list_on_lines_of_its_own_gives_way() -> None:
    text = "a:\n  b:\n    - 1\n    - 2\n  # c\n  c: 1\n"
    said = edited(text, [Set(("a", "b"), [3, 4])], "x")
    assert said == "a:\n  b:\n    - 3\n    - 4\n  # c\n  c: 1\n"
    flows = edited(text, [Set(("a", "b"), [3, 4])], "x", flow=("b",))
    assert flows == "a:\n  b: [3, 4]\n  # c\n  c: 1\n"


REFUSED = [
    ("a: &x {b: 1}\nc: *x\n", Set(("c", "b"), 2), 1),
    ("a:\n  b: &x one\n  c: *x\n", Set(("a", "b"), "two"), 2),
    ("a:\n  b:\n    - 1  # why\n    - 2\n", Set(("a", "b"), [3]), 3),
    ("a:\n  b: {c: 1}\n", Set(("a", "b"), "text"), 2),
    ("a: 1\n", Set(("b", "c"), "text"), 1),
]


@pytest.mark.parametrize(("text", "edit", "line"), REFUSED)
def test_what_would_change_more_is_refused(text: str, edit: Edit, line: int) -> None:
    with pytest.raises(CannotEdit) as refused:
        edited(text, [edit], "x.yml")
    (finding,) = refused.value.findings
    assert (finding.file, finding.line) == ("x.yml", line)
    assert "Write it yourself" in str(finding)


# -- the law -----------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["one", "it's", 'a "b"', "x: y", "# no remark", "ü, 😀", "yes", "{{ doc }}"]
)
SAID = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)


@st.composite
def remarks(draw: st.DrawFn, indent: int = -1) -> str:
    """Nothing, or a remark at the end of a line, or lines of their own below."""
    text = draw(st.sampled_from(["", "", "  # said", " #"]))
    if indent >= 0:
        text += draw(st.sampled_from(["", "", "", f"\n{' ' * indent}# below", "\n", "\n  # far"]))
    return text + "\n"


@st.composite
def values(draw: st.DrawFn, indent: int, in_flow: bool) -> str:
    said = draw(SAID)
    style = draw(
        st.sampled_from(["plain", "'", '"'] if in_flow else ["plain", "'", '"', ">-", "|"])
    )
    if style == "'":
        return "'" + said.replace("'", "''") + "'"
    if style == '"':
        return '"' + said.replace('"', '\\"') + '"'
    if style in (">-", "|"):
        head = draw(st.sampled_from(["", "  # header"]))
        return f"{style}{head}\n{' ' * (indent + 2)}{said}\n{' ' * (indent + 2)}more"
    return draw(st.sampled_from(["word", "two words", "12", "null", "~"] + [""] * (not in_flow)))


@st.composite
def columns(draw: st.DrawFn, indent: int, name: str) -> str:
    fields = draw(st.lists(st.sampled_from(["description", "quote", "meta"]), unique=True))
    dash = " " * indent + "- "
    if draw(st.booleans()):
        inner = "".join(f", {f}: {draw(values(0, True))}" for f in fields)
        return f"{dash}{{name: {name}{inner}}}{draw(remarks(indent))}"
    text = f"{dash}name: {name}{draw(remarks(indent + 2))}"
    for field in fields:
        value = draw(values(indent + 2, False))
        end = "\n" if "\n" in value else draw(remarks(indent + 2))
        text += f"{' ' * (indent + 2)}{field}: {value}{end}"
    return text


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(["", "# head\n", "\n"])) + "version: 2\n\nmodels:\n"
    dash = draw(st.sampled_from([0, 2]))
    for model in range(draw(st.integers(1, 2))):
        text += f"{' ' * dash}- name: m{model}{draw(remarks(dash + 2))}"
        if draw(st.booleans()):
            value = draw(values(dash + 2, False))
            text += f"{' ' * (dash + 2)}description: {value}\n"
        count = draw(st.integers(0, 3))
        inner = dash + 2 + draw(st.sampled_from([0, 2]))
        if count:
            text += f"{' ' * (dash + 2)}columns:{draw(remarks(inner))}"
        for n in range(count):
            text += draw(columns(inner, f"c{n}"))
    if "|" not in text:  # at the very end its text would get a line end that it does not have
        text = draw(st.sampled_from([text, text.rstrip("\n")]))
    return draw(st.sampled_from([text, text.replace("\n", "\r\n"), BOM + text]))


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Edit]:
    text = draw(documents())
    models = parsed(text.removeprefix(BOM))["models"]
    at = draw(st.integers(0, len(models) - 1))
    path: tuple[str | int, ...] = ("models", at)
    columns = models[at].get("columns") or []
    said = draw(SAID | st.just(LONG))
    kind = draw(st.sampled_from(["model", "column", "insert"]))
    if kind == "column" and columns:
        path = (*path, "columns", draw(st.integers(0, len(columns) - 1)))
    if kind == "insert":
        index = draw(st.integers(0, len(columns)))
        return text, Insert((*path, "columns"), index, {"name": "new", "description": said})
    return text, Set((*path, "description"), said, after="name")


def lost(before: str, after: str) -> str:
    """What of the text before is not in the one after, if one piece was put in or changed."""
    start = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                 min(len(before), len(after)))  # fmt: skip
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end]


@settings(max_examples=600, deadline=None)
@given(edits())
def test_an_edit_says_what_it_should_and_loses_no_remark(given_edit: tuple[str, Edit]) -> None:
    text, edit = given_edit
    data = parsed(text.removeprefix(BOM))
    if isinstance(edit, Insert) and "columns" not in data["models"][edit.path[1]]:
        edit = Set(edit.path, [edit.value])
    after = edited(text, [edit], "x.yml")
    holder = data["models"][edit.path[1]]
    if isinstance(edit, Insert):
        holder["columns"].insert(edit.index, edit.value)
    else:
        target = holder["columns"][edit.path[3]] if len(edit.path) > 3 else holder
        target[edit.path[-1]] = edit.value
    assert yaml.safe_load(after.removeprefix(BOM)) == data
    old, new = (remarks_of(t) for t in (text, after))
    assert old == new
    if isinstance(edit, Insert) or edit.path[-1] == "columns":
        assert lost(text, after) == ""
    assert ("\r\n" in text) == ("\r\n" in after)
    assert edited(after, [], "x.yml") == after


def remarks_of(text: str) -> list[str]:
    """Every remark, in its order: what a YAML reader passes over."""
    found: list[str] = []
    scanned = [t for t in yaml.scan(text.removeprefix(BOM)) if isinstance(t, yaml.ScalarToken)]
    body, at = text.removeprefix(BOM), 0
    for token in [*scanned, None]:
        end = token.start_mark.index if token else len(body)
        between = body[at:end]
        found += [line.partition("#")[2].strip() for line in between.splitlines() if "#" in line]
        if token:
            at = token.end_mark.index
            head = body[token.start_mark.index : at].partition("\n")[0]
            if token.style in ("|", ">") and "#" in head:
                found.append(head.partition("#")[2].strip())
    return found


def test_a_value_can_be_any(tmp_path: Any) -> None:
    for value in (None, True, 3, 1.5, "yes", "", "a: b", "# x", "- y", "x\ny", " z "):
        text = edited(TEXT, [Set((*COLUMNS, 0, "description"), value)], "x")
        assert parsed(text)["models"][0]["columns"][0]["description"] == value
