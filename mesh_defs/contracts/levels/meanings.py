"""What each service level means: how it is measured from a record of attempts; nothing is shown.

`docs/reference/contract.md` says the same in a table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from mesh_defs.contracts.levels.attempts import FAILED, PUBLISHED, UNCHANGED
from mesh_defs.contracts.levels.evidence import (
    DAYS,
    Course,
    Occasion,
    Occasions,
    Stretch,
    growing,
    just_after,
    steady,
    window_start,
)
from mesh_defs.contracts.levels.seen import (
    Measured,
    NotMeasured,
    Seen,
    age,
    awaited,
    current,
    days,
    latest,
    percent,
    unrecorded,
)
from mesh_defs.contracts.wording import number, span


@dataclass(frozen=True)
class Meaning:
    """How a level is promised, counted and measured.

    `plain` is said of a level without an element, `of_column` of one with an element; a level that
    has no `plain` needs one. `counts` is what its budget is counted in. Where the promise is a
    share of them, `share` says whether as much of it is kept `"at least"` or broken `"at most"`.
    """

    dimension: str
    unit: str
    counts: str
    measure: Callable[[float, str | None, Seen], Measured]
    plain: str = ""
    of_column: str = ""
    share: str = ""


# -- told by the data's own time -----------------------------------------------------------------


def _freshness(limit: float, element: str | None, seen: Seen) -> Measured:
    stretches = []
    for each, until in seen.each():
        if element is None or element not in each.times:
            continue
        newest = each.times[element][1]
        if each.as_of:  # an archive: its clock stands still
            old = (each.as_of - newest).total_seconds()
            stretches.append(steady(each.at, until, old, old <= limit))
        else:
            stretches.append(growing(each.at, until, newest, limit))
    return current(stretches, seen, element, lambda s: f"{age(s)} old")


def _latency(limit: float, element: str | None, seen: Seen) -> Measured:
    """With a column: how old its newest value was when it was published first.

    An archive does not tell when that was, only that it was by the time it is judged against.
    """
    if element is None:
        return _after_arrival(limit, seen)
    found: list[Occasion] = []
    before: datetime | None = None
    unknown = ""
    for each, _ in seen.each():
        if element not in each.times:
            continue
        newest = each.times[element][1]
        if before is None or newest > before:
            old = ((each.as_of or each.at) - newest).total_seconds()
            unknown = f"an archive tells only that it took at most {age(old)}"
            if not each.as_of or old <= limit:
                found.append(Occasion(each.at, old, old <= limit))
                unknown = ""
        before = newest
    if before is None or unknown:
        raise NotMeasured(unknown or unrecorded(element))
    return latest(found, seen, "newer data", lambda s: f"{age(s)} at the last publication")


def _after_arrival(limit: float, seen: Seen) -> Measured:
    """How long a batch waited until it, or a later one, was published."""
    came = sorted({a.arrived for a in seen.attempts if a.arrived})
    if not came:
        raise NotMeasured("no attempt has recorded when its inputs arrived")
    found = []
    for arrived in came:
        told = (p.at for p in seen.publications if p.arrived and p.arrived >= arrived)
        found += awaited(arrived, next(told, None), limit, seen.now)
    return latest(found, seen, "new batch", lambda s: f"{age(s)} after the last arrival")


def _retention(limit: float, element: str | None, seen: Seen) -> Measured:
    """With a column: rows that were there and are not old enough to go are still there."""
    if element is None:
        return _snapshots_kept(limit, seen)
    stretches: list[Stretch] = []
    first: datetime | None = None
    for each, until in seen.each():
        if element not in each.times:
            continue
        oldest = each.times[element][0]
        first = min(first or oldest, oldest)
        reach = ((each.as_of or each.at) - oldest).total_seconds()
        stretches.append(steady(each.at, until, reach, oldest == first or reach >= limit))
    return current(stretches, seen, element, lambda s: f"reaches back {age(s)}")


def _snapshots_kept(limit: float, seen: Seen) -> Measured:
    """Snapshots that were published and are not old enough to go can still be read."""
    published = [each.at for each, _ in seen.each()]
    if (kept := seen.kept_since) is None:
        raise NotMeasured("no snapshot says when it was published")
    missing = any(at < kept and (seen.now - at).total_seconds() < limit for at in published)
    # A snapshot does not come back: those that are kept now always were. Since when others are
    # gone is not known, only that they are.
    begin = max(kept, seen.now - timedelta(days=1)) if missing else kept
    reach = (begin - kept).total_seconds()
    stretch = Stretch(begin, seen.now, reach, True, begin if missing else None)
    return current([stretch], seen, None, lambda s: f"snapshots reach back {age(s)}")


# -- told by the attempts ------------------------------------------------------------------------


def _frequency(limit: float, _: str | None, seen: Seen) -> Measured:
    stretches = [growing(each.at, until, each.at, limit) for each, until in seen.each()]
    return current(stretches, seen, None, lambda s: f"published {age(s)} ago")


def _availability(limit: float, _: str | None, seen: Seen) -> Measured:
    """Whether what stood could be read, each time that was looked: at attempts, and now."""
    first = next(seen.each())[0].at
    looks = [(first, True)]
    for each in seen.attempts:
        if each.readable is not None:
            looks.append((each.at - timedelta(seconds=each.seconds), each.readable))
        if each.status == PUBLISHED:
            looks.append((each.at, True))
    looks = sorted((at, ok) for at, ok in looks if first <= at <= seen.now)
    looks.append((seen.now, seen.readable))
    course = Course([steady(a, b, float(ok), ok) for (a, ok), (b, _) in pairwise(looks)])
    part = course.within(window_start(seen.now), just_after(seen.now))
    reached = 100 - part.share
    said = f"{percent(reached)} of {span(part.of)}"
    if not seen.readable:
        said = f"cannot be read now; {said}"
    return Measured(course, reached, seen.readable and reached >= limit, said)


def _throughput(limit: float, _: str | None, seen: Seen) -> Measured:
    rates = ((p.at, p.rows / p.seconds) for p, _ in seen.each() if p.rows is not None and p.seconds)
    found = [Occasion(at, rate, rate >= limit) for at, rate in rates]
    shown = "{} rows/s at the last publication"
    return latest(found, seen, "publication", lambda r: shown.format(number(float(f"{r:.3g}"))))


def _error_rate(limit: float, _: str | None, seen: Seen) -> Measured:
    tried = [a for a in seen.attempts if a.status != UNCHANGED]
    evidence = Occasions([Occasion(a.at, 0.0, a.status != FAILED) for a in tried])
    part = evidence.within(window_start(seen.now), just_after(seen.now))
    if not part.of:
        raise NotMeasured(f"no attempt in {DAYS} days")
    noun = "attempt" if part.of == 1 else "attempts"
    said = f"{part.broken:.0f} of {part.of:.0f} {noun} failed ({percent(part.share)})"
    return Measured(evidence, part.share, part.share <= limit, said)


def _time_to_detect(limit: float, _: str | None, seen: Seen) -> Measured:
    """From the arrival of a batch to the attempt that found it bad, if that was the first on it.

    A failure without a new batch came with the code: since when it was there is not known.
    """
    found: list[Occasion] = []
    known: datetime | None = None
    for each in seen.attempts:
        if each.arrived and (known is None or each.arrived > known):
            known = each.arrived
            if each.status == FAILED:
                took = (each.at - each.arrived).total_seconds()
                found.append(Occasion(each.at, took, took <= limit))
    return latest(found, seen, "issue that came with data", lambda s: f"{age(s)} last time")


def _time_to_repair(limit: float, _: str | None, seen: Seen) -> Measured:
    """From the first attempt that failed to the next one that did not."""
    found: list[Occasion] = []
    broken: datetime | None = None
    for each in seen.attempts:
        if each.status == FAILED:
            broken = broken or each.at
        elif broken:
            found += awaited(broken, each.at, limit, seen.now)
            broken = None
    if broken is None:
        return latest(found, seen, "issue", lambda s: f"{age(s)} last time")
    found += awaited(broken, None, limit, seen.now)
    lasting = (seen.now - broken).total_seconds()
    said = f"an issue is open for {age(lasting)}"
    return Measured(Occasions(found), lasting, lasting <= limit, said)


def _time_to_notify(limit: float, _: str | None, seen: Seen) -> Measured:
    raise NotMeasured("nobody is notified yet")


# -- told by the calendar ------------------------------------------------------------------------


def _end(day: datetime, seen: Seen) -> Measured:
    left = (day - seen.now).total_seconds() / 86400
    said = f"in {days(left)}" if left > 0 else f"ended {days(left)} ago"
    return Measured(None, round(left, 1), left > 0, said, ended=left <= 0)


def _beginning(day: datetime, seen: Seen) -> Measured:
    if day > seen.now:
        return _end(day, seen)
    first = next((p.at for p in seen.publications), None)
    said = f"first published {first:%Y-%m-%d}" if first else "it was never published"
    return Measured(None, None, first is not None and first <= day, said)


MEANINGS = {
    "freshness": Meaning(
        "time", "s", "seconds", _freshness, of_column="the newest {column} is at most {value} old"
    ),
    "latency": Meaning(
        "time",
        "s",
        "batches",
        _latency,
        plain="published within {value} of its arrival",
        of_column="the newest {column} is at most {value} old when published",
    ),
    "frequency": Meaning(
        "time", "s", "seconds", _frequency, plain="published at least once in {value}"
    ),
    "retention": Meaning(
        "time",
        "s",
        "seconds",
        _retention,
        plain="snapshots are kept for {value}",
        of_column="rows are kept for {value}, by {column}",
    ),
    "availability": Meaning(
        "percent",
        "percent",
        "seconds",
        _availability,
        plain="can be read {value} of the time",
        share="at least",
    ),
    "throughput": Meaning(
        "rows", "rows/s", "publications", _throughput, plain="at least {value} are published"
    ),
    "errorRate": Meaning(
        "percent",
        "percent",
        "attempts",
        _error_rate,
        plain="at most {value} of the attempts fail",
        share="at most",
    ),
    "timeToDetect": Meaning(
        "time", "s", "issues", _time_to_detect, plain="a bad batch is found within {value}"
    ),
    "timeToNotify": Meaning(
        "time", "s", "issues", _time_to_notify, plain="consumers hear of an issue within {value}"
    ),
    "timeToRepair": Meaning(
        "time", "s", "issues", _time_to_repair, plain="an issue is repaired within {value}"
    ),
}
DATED: dict[str, tuple[str, Callable[[datetime, Seen], Measured]]] = {
    "generalAvailability": ("available from {value} on", _beginning),
    "endOfSupport": ("supported until {value}", _end),
    "endOfLife": ("published until {value}", _end),
}
