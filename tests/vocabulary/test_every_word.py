"""Every word is described, has an example that a test runs, and means the same on both engines."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.vocabulary.words import PROJECT, attached, described, unit_tests

MACRO = re.compile(r"{%-?\s*(?:macro|test|materialization)\s+(\w+)")


def test_every_macro_is_described() -> None:
    """But those that a word is made of: an engine's own, and those that begin with `_`."""
    there = {
        name
        for path in (PROJECT / "macros").rglob("*.sql")
        for name in MACRO.findall(path.read_text(encoding="utf-8"))
    }
    public = {name for name in there if "__" not in name and not name.startswith("_")}
    assert public == {word.called for word in described().values()}


@pytest.mark.parametrize("name", described())
def test_a_word_is_described_whole(name: str) -> None:
    data = described()[name].data
    assert data.get("description", "").strip()
    for argument in data.get("arguments", []):
        assert argument.get("type") and argument.get("description"), argument


@pytest.mark.parametrize("name", [n for n, word in described().items() if not word.is_check])
def test_a_word_has_an_example(name: str) -> None:
    called = described()[name].called
    assert (PROJECT / "examples" / f"{called}.sql").exists()
    assert unit_tests()[called]["model"] == called


@pytest.mark.parametrize("name", [n for n, word in described().items() if word.is_check])
def test_a_check_is_attached_to_an_example(name: str) -> None:
    assert name.removeprefix("test_") in attached()


@pytest.mark.parametrize("name", unit_tests())
def test_on_duckdb(name: str, built: dict[str, Any]) -> None:
    result = built[f"unit_test.{name}"]
    assert result.status == "pass", result.message


@pytest.mark.slow
@pytest.mark.parametrize("name", unit_tests())
def test_on_bigquery(name: str, built_on_bigquery: dict[str, Any]) -> None:
    result = built_on_bigquery[f"unit_test.{name}"]
    assert result.status == "pass", result.message


def test_examples_build(built: dict[str, Any]) -> None:
    failed = {name: r.message for name, r in built.items() if r.status not in ("success", "pass")}
    assert not failed


@pytest.mark.slow
def test_examples_build_on_bigquery(built_on_bigquery: dict[str, Any]) -> None:
    results = built_on_bigquery.items()
    failed = {name: r.message for name, r in results if r.status not in ("success", "pass")}
    assert not failed
