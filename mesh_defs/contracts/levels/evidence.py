"""What a record shows over time: stretches and occasions, counted by day; of what is elsewhere.

A stretch is a part of the time in which a number stays, or grows as the clock goes; an occasion is
one moment with a number. Each says whether the promise was kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

DAYS = 30


@dataclass(frozen=True)
class Part:
    """What a part of the time showed: so much was seen (`of`), so much of it was broken."""

    of: float = 0.0
    broken: float = 0.0
    numbers: tuple[float, ...] = ()

    @property
    def share(self) -> float:
        """The percentage of what was seen that was broken."""
        return 100 * self.broken / self.of if self.of else 0.0


class Evidence(Protocol):
    """Something that can be counted between two moments, the first included."""

    def within(self, begin: datetime, end: datetime) -> Part: ...


@dataclass(frozen=True)
class Stretch:
    """From `begin` to `end` a number stays or, if it `grows`, grows by one each second."""

    begin: datetime
    end: datetime
    number: float
    grows: bool
    broken_from: datetime | None

    def at(self, moment: datetime) -> float:
        return self.number + (_seconds(self.begin, moment) if self.grows else 0.0)

    def holds_at(self, moment: datetime) -> bool:
        return self.broken_from is None or moment < self.broken_from


@dataclass(frozen=True)
class Course:
    """A number that there is at each moment; stretches do not overlap. Counted in seconds."""

    stretches: Sequence[Stretch]

    def within(self, begin: datetime, end: datetime) -> Part:
        of = broken = 0.0
        numbers = []
        for stretch in self.stretches:
            first, last = max(begin, stretch.begin), min(end, stretch.end)
            if first >= last:
                continue
            of += _seconds(first, last)
            if stretch.broken_from and stretch.broken_from < last:
                broken += _seconds(max(first, stretch.broken_from), last)
            numbers += [stretch.at(first), stretch.at(last)]
        return Part(of, broken, tuple(numbers))


@dataclass(frozen=True)
class Occasion:
    at: datetime
    number: float
    holds: bool


@dataclass(frozen=True)
class Occasions:
    """Things that happen now and then. Each counts as one."""

    each: Sequence[Occasion]

    def within(self, begin: datetime, end: datetime) -> Part:
        found = [o for o in self.each if begin <= o.at < end]
        return Part(len(found), sum(not o.holds for o in found), tuple(o.number for o in found))


def growing(begin: datetime, end: datetime, origin: datetime, limit: float | None) -> Stretch:
    """The age of something from `origin`; broken once it is more than the limit, in seconds."""
    over = None if limit is None else _later(origin, limit)
    broken_from = None if over is None or over >= end else max(begin, over)
    return Stretch(begin, end, _seconds(origin, begin), True, broken_from)


def steady(begin: datetime, end: datetime, number: float, holds: bool) -> Stretch:
    return Stretch(begin, end, number, False, None if holds else begin)


def days_until(now: datetime) -> list[date]:
    """The days of the window, oldest first; the last one is today. Days are UTC's."""
    today = now.astimezone(UTC).date()
    return [today - timedelta(days=n) for n in range(DAYS - 1, -1, -1)]


def window_start(now: datetime) -> datetime:
    return _first_moment(days_until(now)[0])


def by_day(evidence: Evidence, now: datetime) -> Iterable[tuple[date, Part]]:
    """What each day of the window showed; the last one ends a moment after now."""
    for day in days_until(now):
        first = _first_moment(day)
        yield day, evidence.within(first, min(first + timedelta(days=1), just_after(now)))


def just_after(now: datetime) -> datetime:
    """The end of a window that now itself is in."""
    return now + timedelta(microseconds=1)


def _first_moment(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _later(moment: datetime, seconds: float) -> datetime | None:
    try:
        return moment + timedelta(seconds=seconds)
    except OverflowError:
        return None


def _seconds(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds()
