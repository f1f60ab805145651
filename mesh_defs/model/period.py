"""A period of days, weeks and months, as ISO 8601 writes it: a notice is given in one. No clock."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

# As far as a notice is counted: weeks, or months and days.
_FORM = re.compile(r"P(?:(\d+)W|(?=\d)(?:(\d+)M)?(?:(\d+)D)?)")
# A leap year and its neighbours: every length that months in a row can have.
_BEGINNINGS = [date(2023 + i // 12, i % 12 + 1, 1) for i in range(48)]


@dataclass(frozen=True)
class Period:
    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> Period:
        """Raises ValueError unless the text is a period such as `P30D`, `P6W` or `P3M`."""
        match = _FORM.fullmatch(text)
        if not match:
            raise ValueError(f"`{text}` is not a period such as `P30D`, `P6W` or `P3M`")
        weeks, months, days = (int(n or 0) for n in match.groups())
        return cls(months, 7 * weeks + days)

    def after(self, day: date) -> date:
        """The day on which the period is over. A month's last day stays a month's last day.

        What is over after all days that a calendar has is over on the last of them.
        """
        month = day.year * 12 + day.month - 1 + self.months
        year, index = divmod(month, 12)
        if year > MAXYEAR:
            return date.max
        last = monthrange(year, index + 1)[1]
        try:
            return date(year, index + 1, min(day.day, last)) + timedelta(days=self.days)
        except OverflowError:
            return date.max

    def may_be_shorter(self, other: Period) -> bool:
        """Whether it is over sooner than another, begun on whatever day."""
        return any(self.after(day) < other.after(day) for day in _BEGINNINGS)
