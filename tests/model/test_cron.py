"""Cron expressions: what is taken, Dagster takes; what Dagster refuses is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


@pytest.mark.parametrize(
    ("text", "moment", "next_"),
    [
        ("0 20 * * *", "2024-05-01T19:59", "2024-05-01T20:00"),
        ("0 20 * * *", "2024-05-01T20:00", "2024-05-02T20:00"),
        ("*/15 8-9 * * mon", "2024-05-01T00:00", "2024-05-06T08:00"),
        ("0 0 29 2 *", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("0 0 13 * fri", "2024-05-01T00:00", "2024-05-03T00:00"),
        ("30 6 * * 7", "2024-05-01T00:00", "2024-05-05T06:30"),
        ("0 22-2 * * *", "2024-05-01T00:30", "2024-05-01T01:00"),
    ],
)
def test_when_it_comes_next(text: str, moment: str, next_: str) -> None:
    asked = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert cron.following(text, asked) == datetime.fromisoformat(next_).replace(tzinfo=UTC)


def test_next_is_in_utc_whatever_the_moment_says() -> None:
    asked = datetime.fromisoformat("2024-05-01T22:30+02:00")
    assert cron.following("0 21 * * *", asked).isoformat() == "2024-05-01T21:00:00+00:00"


def part(low: int, high: int) -> st.SearchStrategy[str]:
    values = st.lists(st.integers(low, high), min_size=1, max_size=3).map(
        lambda found: ",".join(map(str, found))
    )
    return st.one_of(st.just("*"), values)


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(part(0, 59), part(0, 23), part(1, 28), part(1, 12), part(0, 6)).map(" ".join),
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
)
def test_it_comes_next_when_dagster_says(text: str, moment: datetime) -> None:
    from dagster._utils.schedules import cron_string_iterator

    asked = moment.replace(tzinfo=UTC)
    after = (asked + timedelta(microseconds=1)).timestamp()
    theirs = next(cron_string_iterator(after, text, "UTC"))
    assert cron.following(text, asked) == theirs
