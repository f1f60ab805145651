"""What levels are measured from, and how a course or the last occasion stands; no level is here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from mesh_defs.contracts.levels.attempts import PUBLISHED, Attempt
from mesh_defs.contracts.levels.evidence import (
    DAYS,
    Course,
    Evidence,
    Occasion,
    Occasions,
    Stretch,
    window_start,
)
from mesh_defs.contracts.wording import number, span

_YEAR = 365.25 * 86400


class NotMeasured(Exception):
    """The level cannot be told from what is known; the message says why."""


@dataclass(frozen=True)
class Seen:
    """A product's attempts, oldest first, and how it is now.

    `readable`: whether the newest snapshot can be read; `kept_since`: when the oldest snapshot
    that is kept was published.
    """

    attempts: Sequence[Attempt]
    now: datetime
    readable: bool = True
    kept_since: datetime | None = None

    @property
    def publications(self) -> list[Attempt]:
        return [a for a in self.attempts if a.status == PUBLISHED]

    def each(self) -> Iterator[tuple[Attempt, datetime]]:
        """Each publication, and until when it stood."""
        found = self.publications
        if not found:
            raise NotMeasured("it was never published")
        for one, following in pairwise(found):
            yield one, following.at
        yield found[-1], max(self.now, found[-1].at)


@dataclass(frozen=True)
class Measured:
    """How a level stands now, in words and as a number, and what shows it over time."""

    evidence: Evidence | None
    number: float | None
    holds: bool
    found: str
    ended: bool = False


def current(
    stretches: Sequence[Stretch], seen: Seen, element: str | None, said: Callable[[float], str]
) -> Measured:
    """How a course stands now."""
    if not stretches or stretches[-1].end < seen.now:
        raise NotMeasured(unrecorded(element))
    last = stretches[-1]
    value = last.at(last.end)
    return Measured(Course(stretches), value, last.holds_at(last.end), said(value))


def latest(
    found: Sequence[Occasion], seen: Seen, noun: str, said: Callable[[float], str]
) -> Measured:
    """How the last occasion of the window went."""
    found = sorted(found, key=lambda o: o.at)
    if not found or found[-1].at < window_start(seen.now):
        raise NotMeasured(f"no {noun} in {DAYS} days")
    last = found[-1]
    return Measured(Occasions(found), last.number, last.holds, said(last.number))


def awaited(begin: datetime, end: datetime | None, limit: float, now: datetime) -> list[Occasion]:
    """What was awaited from `begin` on: told when it came or, if it is late, when its time was up.

    Nothing while there is still time.
    """
    took = ((end or now) - begin).total_seconds()
    if took > limit:
        return [Occasion(begin + timedelta(seconds=limit), took, False)]
    return [Occasion(end, took, True)] if end else []


def unrecorded(element: str | None) -> str:
    return f"the last publication did not record {element}: the next one will"


def age(seconds: float) -> str:
    """A time span, in years too."""
    if abs(seconds) < _YEAR:
        return span(seconds)
    years, rest = divmod(abs(seconds), _YEAR)
    days = int(rest // 86400)
    return f"{'-' if seconds < 0 else ''}{int(years)} y" + (f" {days} d" if days else "")


def percent(value: float) -> str:
    """Rounded down: never up to a promise that was not kept."""
    return f"{number(math.floor(value * 1000) / 1000)}%"


def days(left: float) -> str:
    whole = math.floor(abs(left))
    return "1 day" if whole == 1 else f"{whole:,} days"
