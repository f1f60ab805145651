"""What a model lost or multiplied is found, whichever it is."""

from __future__ import annotations

import pytest

from tests.vocabulary.words import Project, answer

VALUES = {"n": "INTEGER"}


@pytest.mark.parametrize(("made", "origin"), [([1, 2], [1, 2]), ([1], [1, 2]), ([1, 2], [2])])
def test_rows_and_totals(words: Project, made: list[int], origin: list[int]) -> None:
    tables = {"m": (VALUES, [(n,) for n in made]), "o": (VALUES, [(n,) for n in origin])}
    rows = answer(words.sql("{{ test_keeps_rows_of('m', 'o') }}"), **tables)
    assert rows == ([] if len(made) == len(origin) else [(len(made), len(origin))])
    total = answer(words.sql("{{ test_keeps_total_of('m', 'n', 'o') }}"), **tables)
    assert total == ([] if sum(made) == sum(origin) else [(sum(made), sum(origin))])
