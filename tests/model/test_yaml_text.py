"""Data written as YAML reads back as it was, and looks as people write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.model import read_yaml
from mesh_defs.model.yaml_text import WIDTH, folded, scalar, yaml_text

DATA = {
    "name": "orders",
    "description": "What was " + "bought and " * 12 + "paid.",
    "lines": "one\ntwo\n\nthree",
    "schema": [
        {
            "name": "order_id",
            "options": {"minimum": 1, "pattern": "^[0-9]{4}, or"},
            "enum": [{"value": "yes"}, {"value": "2017-01-01"}],
            "quality": [{"id": "a", "mustBe": 0}, {"id": "b", "mustBe": 1.5}],
        },
        {"name": "day", "key": True, "none": None, "empty": [], "plain": [1, "two"]},
    ],
}
COMMENTS = {
    ("name",): "guessed",
    ("schema", 0, "options"): "observed",
    ("schema", 1, "key"): "guessed too",
}
TEXT = """\
name: orders  # guessed
description: >-
  What was bought and bought and bought and bought and bought and bought and bought and bought and
  bought and bought and bought and bought and paid.
lines: |-
  one
  two

  three
schema:
  - name: order_id
    options: {minimum: 1, pattern: '^[0-9]{4}, or'}  # observed
    enum: [{value: 'yes'}, {value: '2017-01-01'}]
    quality:
      - {id: a, mustBe: 0}
      - {id: b, mustBe: 1.5}
  - name: day
    key: true  # guessed too
    none: null
    empty: []
    plain:
      - 1
      - two
"""


def test_it_looks_as_people_write_it() -> None:
    assert yaml_text(DATA, COMMENTS, flow=("options", "enum", "quality")) == TEXT
    assert yaml.safe_load(TEXT) == DATA


TEXTS = st.text(st.characters(codec="utf-8"), max_size=150)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), TEXTS,
    st.sampled_from(["yes", "null", "1e5", "0x1f", "1_000", "12:30:45", "~", "- a", "a: b", "# x",
                     "{{ doc('a') }}", " lead", "trail ", "a\n", "\ta", "2017-01-01", "=", "<<"]),
)  # fmt: skip
KEYS = st.one_of(st.sampled_from(["a", "b", "list", "yes", "1"]), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
def test_it_reads_back_as_it_was(data: dict[str, Any], flows: bool) -> None:
    remarks: dict[tuple[str | int, ...], str] = {(key,): "said" for key in data}
    text = yaml_text(data, remarks, flow=(*KEYS_SEEN, *data) if flows else ())
    assert yaml.safe_load(text) == (data or None)


KEYS_SEEN = ("a", "b", "list")


@given(SCALARS)
def test_a_scalar_stands_on_one_line_anywhere(value: Any) -> None:
    assert yaml.safe_load(f"a: {scalar(value)}") == {"a": value}
    assert yaml.safe_load(f"[{scalar(value, in_flow=True)}, 1]") == [value, 1]
    assert "\n" not in scalar(value) + scalar(value, in_flow=True)


@pytest.mark.parametrize("text", ["a  b", " a", "a\n", "\na", "a\tb", "", "a\u2028b"])
def test_what_a_block_would_change_is_not_folded(text: str) -> None:
    assert folded(text, 2) is None


def test_no_folded_line_is_too_long() -> None:
    lines = folded("word " * 60 + "end", 6)
    assert lines and max(map(len, lines)) <= WIDTH


def test_moments_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(yaml_text({"day": "2017-01-01"}), encoding="utf-8")
    assert read_yaml(path).data == {"day": "2017-01-01"}
