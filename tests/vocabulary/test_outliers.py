"""Laws of the words about outliers."""

from __future__ import annotations

from statistics import fmean, median, quantiles
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

TYPES = {"kind": "VARCHAR", "x": "INTEGER"}
values = st.none() | st.integers(-20, 20) | st.sampled_from([-500, 1000])
tables = st.lists(st.tuples(st.sampled_from(["a", "b", None]), values), max_size=14)
METHODS = ("iqr", "mad", "robust_zscore")


@pytest.fixture(scope="module")
def winsorised(words: Project) -> dict[str, str]:
    return {
        method: words.sql("{{ winsorise('t', 'x', method='" + method + "', by=['kind']) }}")
        for method in METHODS
    }


def bounds(method: str, numbers: list[int]) -> tuple[float, float] | None:
    if not numbers:
        return None
    if method == "iqr":
        low, _, high = quantiles(numbers * 1, n=4, method="inclusive") if numbers[1:] else [0] * 3
        return (low - 1.5 * (high - low), high + 1.5 * (high - low)) if high > low else None
    middle = median(numbers)
    deviations = [abs(n - middle) for n in numbers]
    scale = 1.4826 * median(deviations)
    if not scale and method == "robust_zscore":
        scale = 1.2533 * fmean(deviations)
    factor = 3 if method == "mad" else 3.5
    return (middle - factor * scale, middle + factor * scale) if scale else None


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=tables)
def test_only_what_is_far_is_drawn_in(
    winsorised: dict[str, str], method: str, rows: list[tuple[Any, ...]]
) -> None:
    found = answer(winsorised[method], t=(TYPES, rows))
    assert sorted((r[:2] for r in found), key=str) == sorted(rows, key=str), "originals stay"
    for kind in {row[0] for row in rows}:
        group = [row[1:] for row in found if row[0] == kind]
        numbers = [row[1] for row in rows if row[0] == kind and row[1] is not None]
        expected = bounds(method, numbers)
        judged = sorted(row for row in group if row[0] is not None)
        assert [(f, w) for x, _, _, f, w in group if x is None] == [(None, None)] * (
            len(group) - len(judged)
        )
        for x, lower, upper, flag, drawn in judged:
            if expected is None:
                assert (lower, upper, flag, drawn) == (None, None, None, x)
                continue
            assert (lower, upper) == pytest.approx(expected)
            assert flag == (x < lower or x > upper)
            assert drawn == (min(max(x, lower), upper) if flag else x), "inliers are left alone"
        drawn_in = [row[4] for row in judged]
        assert drawn_in == sorted(drawn_in), "monotone"


def test_what_lies_on_a_bound_is_no_outlier(words: Project) -> None:
    arguments = "('t', 'x', method='bounds', lower=0, upper=10)"
    rows = [("a", x) for x in (-1, 0, 10, 11, None)]
    flagged = answer(words.sql("{{ flag_outliers" + arguments + " }}"), t=(TYPES, rows))
    flags = {row[1]: row[-1] for row in flagged}
    assert flags == {-1: True, 0: False, 10: False, 11: True, None: None}
    drawn = answer(words.sql("{{ winsorise" + arguments + " }}"), t=(TYPES, rows))
    assert [row[-1] for row in drawn] == [0, 0, 10, 10, None]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("flag_outliers('t', 'x', method='zscore')", "method is zscore; expected one of iqr, mad"),
        ("flag_outliers('t', 'x', by='kind')", "flag_outliers(): by is kind; expected a list of"),
        ("winsorise('t', 'x', method='bounds')", "winsorise(): method is bounds; expected lower,"),
        ("winsorise('t', 'x', upper=3)", "winsorise(): method is iqr; expected bounds where lower"),
        ("winsorise('t', 'x', factor=-1)", "winsorise(): factor is -1; expected a number above 0"),
    ],
)
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)
