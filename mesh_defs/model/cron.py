"""Whether a cron expression of five fields is one, and can ever come; not when it comes next."""

from __future__ import annotations

import re

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
_PART = re.compile(r"^(?:\*|(\w+)(?:-(\w+))?)(?:/(\d+))?$", re.ASCII)


def checked(text: str) -> str:
    """The text itself. Raises ValueError saying what is wrong with it."""
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"expected {FORM}")
    _, _, days, months, weekdays = (
        _values(field, *meaning) for field, meaning in zip(fields, _FIELDS, strict=True)
    )
    if len(weekdays) >= 7 and not any(min(days) <= _LONGEST[month - 1] for month in months):
        raise ValueError(f"day {min(days)} never comes in that month: expected {FORM}")
    return text


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
