"""Cron expressions of five fields: whether one is right, and when it comes next, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

FORM = 'a cron expression of five fields, such as "15 5 * * *"'

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: i for i, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: i for i, name in enumerate(_DAYS)}),
)
# From one 29 February over a century that is no leap year to the next, and both on a weekday.
_LONGEST_WAIT = 41 * 366
_PART = re.compile(r"^(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?$", re.ASCII)


def checked(text: str) -> str:
    """The text itself. Raises ValueError saying what is wrong with it."""
    _, _, days, months, weekdays = _read(text)
    if len(weekdays) >= 7 and not any(min(days) <= _LONGEST[month - 1] for month in months):
        raise ValueError(f"day {min(days)} never comes in that month: expected {FORM}")
    return text


def following(text: str, moment: datetime) -> datetime:
    """The first time after a moment that an expression comes. Raises ValueError as `checked`."""
    minutes, hours, days, months, weekdays = _read(checked(text))
    after = moment.astimezone(UTC)
    fields = text.split()
    # Where both say which days, either is enough: that is how cron reads them.
    either = not fields[2].startswith("*") and not fields[4].startswith("*")
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(_LONGEST_WAIT):
        day = midnight + timedelta(days=ahead)
        of_month, of_week = day.day in days, (day.isoweekday() % 7) in weekdays
        comes = (of_month or of_week) if either else (of_month and of_week)
        if not comes or day.month not in months:
            continue
        for hour in sorted(hours):
            for minute in sorted(minutes):
                found = day.replace(hour=hour, minute=minute)
                if found > after:
                    return found
    raise ValueError(f"`{text}` never comes: expected {FORM}")


def _read(text: str) -> list[set[int]]:
    """What each field allows; Sunday is 0."""
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"expected {FORM}")
    found = [_values(field, *meaning) for field, meaning in zip(fields, _FIELDS, strict=True)]
    found[4] = {day % 7 for day in found[4]}
    return found


def _values(field: str, name: str, low: int, high: int, words: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.match(part)
        if not match:
            raise ValueError(f"`{part}` is no {name}: expected {FORM}")
        first, last, step = match.groups()
        if step is not None and int(step) < 1:
            raise ValueError(f"`{part}` has no step: expected {FORM}")
        start = low if first is None else _number(first, name, low, high, words)
        end = high if first is None or (step and not last) else start
        if last is not None:
            end = _number(last, name, low, high, words)
        if start > end:  # from Friday to Monday
            found |= set(range(start, high + 1, int(step or 1)))
            start = low
        found |= set(range(start, end + 1, int(step or 1)))
    return found


def _number(text: str, name: str, low: int, high: int, words: dict[str, int]) -> int:
    number = words.get(text.lower(), int(text) if text.isdigit() else -1)
    if not low <= number <= high:
        raise ValueError(f"`{text}` is no {name} ({low} to {high}): expected {FORM}")
    return number
