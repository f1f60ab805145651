"""Cron expressions: what is taken, Dagster takes; what Dagster refuses is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesh_defs.model import cron


@pytest.mark.parametrize(
    "text",
    [
        "15 5 * * *", "*/5,7 0-23/2 1 jan MON", "0 22-2 * * FRI-MON", "0 0 29 2 *", "0 0 * * 7",
        "0 0 31 2 mon", "01 05 * 1-JAN *", "3/5 * * * *",
    ],
)  # fmt: skip
def test_taken(text: str) -> None:
    assert cron.checked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "* * * *", "* * * * * *", "@daily", "60 * * * *", "* 24 * * *", "* * 0 * *",
        "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8", "a * * * *", "-1 * * * *",
        "1- * * * *", ", * * * *", "*/0 * * * *", "*/-1 * * * *", "*-5 * * * *", "0 0 31 2 *",
        "0 0 31 4,6,9,11 *", "0 0 30 feb *", "* * * mon *", "* * * * jan", "1.5 * * * *",
        "٣ * * * *",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="five fields"):
        cron.checked(text)


def numbers(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    one = st.one_of(st.integers(low, high).map(str), st.sampled_from(names or ("*",)))
    spans = st.tuples(st.integers(low, high), st.integers(low, high)).map(
        lambda p: f"{p[0]}-{p[1]}"
    )
    steps = st.tuples(st.one_of(st.just("*"), spans), st.integers(1, 9)).map(
        lambda p: f"{p[0]}/{p[1]}"
    )
    return st.lists(st.one_of(st.just("*"), one, spans, steps), min_size=1, max_size=3).map(
        ",".join
    )


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(
        numbers(-1, 61), numbers(-1, 25), numbers(-1, 33), numbers(-1, 14, ("jan", "FEB")),
        numbers(-1, 9, ("sun", "Sat", "xyz")),
    ).map(" ".join)
)  # fmt: skip
def test_what_is_taken_dagster_takes(text: str) -> None:
    from dagster._utils.schedules import is_valid_cron_string

    try:
        cron.checked(text)
    except ValueError:
        return
    assert is_valid_cron_string(text), text
