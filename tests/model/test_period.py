"""Periods of notice: reading them, and when they are over."""

from __future__ import annotations

from datetime import date

import pytest

from mesh_defs.model.period import Period


@pytest.mark.parametrize(
    ("text", "begun", "over"),
    [
        ("P30D", date(2026, 1, 15), date(2026, 2, 14)),
        ("P6W", date(2026, 1, 1), date(2026, 2, 12)),
        ("P3M", date(2026, 11, 30), date(2027, 2, 28)),
        ("P12M", date(2024, 2, 29), date(2025, 2, 28)),
        ("P1M10D", date(2026, 1, 31), date(2026, 3, 10)),
        ("P0D", date(2026, 1, 1), date(2026, 1, 1)),
    ],
)
def test_period_is_over(text: str, begun: date, over: date) -> None:
    assert Period.parse(text).after(begun) == over


@pytest.mark.parametrize("text", ["", "P", "30D", "P-3D", "PT5H", "P3D1M", "P1Y", "P1.5M", "P3D\n"])
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("old", "new", "shorter"),
    [
        ("P30D", "P7D", True),
        ("P7D", "P30D", False),
        ("P1M", "P30D", True),
        ("P30D", "P1M", True),  # in February
        ("P4W", "P1M", False),
        ("P3M", "P89D", True),
        ("P90D", "P3M", True),
    ],
)
def test_shorter_on_some_day(old: str, new: str, shorter: bool) -> None:
    assert Period.parse(new).may_be_shorter(Period.parse(old)) is shorter
