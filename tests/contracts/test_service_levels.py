"""Each service level as it stands, measured from a record: what holds, what is broken, what cannot
be told; its units, and its words.

Its history and its budget are in `test_level_budgets`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesh_defs.contracts.levels.amounts import amount, level_name, words
from mesh_defs.contracts.levels.attempts import FAILED, PUBLISHED, Attempt
from mesh_defs.contracts.levels.seen import Seen
from mesh_defs.contracts.levels.standing import ServiceLevel, service_levels, strip
from tests.contracts.contract_lab import one_object
from tests.contracts.levels_lab import (
    COLUMNS,
    DAILY,
    DAY,
    ERRORS,
    FAST,
    FOUND,
    FRESH,
    KEPT,
    LATE,
    MENDED,
    NOW,
    READ,
    SNAPSHOTS,
    WAITED,
    ago,
    failed,
    level,
    measured,
    published,
    unchanged,
)

THIRD = datetime(2026, 2, 3, tzinfo=UTC)
ARCHIVE = datetime(2018, 1, 2, tzinfo=UTC)

CASES = [
    # freshness: the newest value, at each moment
    ("fresh", FRESH, [published(ago(hours=2), ago(hours=5))], "holds", "5 h old"),
    ("just fresh", FRESH, [published(ago(hours=2), ago(days=1))], "holds", "1 d old"),
    ("stale", FRESH, [published(ago(hours=2), ago(hours=25))], "broken", "1 d 1 h old"),
    ("grew stale", FRESH, [published(ago(days=2), ago(days=2))], "broken", "2 d old"),
    ("old rows again", FRESH, [published(ago(days=2), ago(days=2)),
     published(ago(hours=1), ago(days=2))], "broken", "2 d old"),
    ("a failure makes nothing fresher", FRESH, [published(ago(days=2), ago(days=2)),
     failed(ago(hours=1), times={"t.seen_at": (NOW, NOW)})], "broken", "2 d old"),
    ("rows of tomorrow", FRESH, [published(ago(hours=1), ago(days=-1))], "holds", "-1 d old"),
    ("an archive's clock stands", FRESH, [published(ago(days=9), ARCHIVE - timedelta(hours=3),
     as_of=ARCHIVE)], "holds", "3 h old"),
    ("an archive that was stale", FRESH, [published(ago(days=9), ARCHIVE - timedelta(days=3),
     as_of=ARCHIVE)], "broken", "3 d old"),
    ("of the only object", level("freshness", 1, "d", element="seen_at"),
     [published(ago(hours=2), ago(hours=5))], "holds", "5 h old"),
    ("never published", FRESH, [failed(ago(hours=1))], "not measured", "it was never published"),
    ("no column", level("freshness", 1, "d"), [published(NOW, NOW)], "not measured",
     "freshness needs `element: object.column`, the column of the time"),
    ("not recorded", FRESH, [published(ago(days=1))], "not measured",
     "the last publication did not record t.seen_at: the next one will"),
    ("not recorded any more", FRESH, [published(ago(days=2), ago(days=2)), published(ago(days=1))],
     "not measured", "the last publication did not record t.seen_at: the next one will"),
    # latency: with a column, how old the newest value was when it came out
    ("in time", LATE, [published(ago(days=5), ago(days=5, hours=6))], "holds",
     "6 h at the last publication"),
    ("late", LATE, [published(ago(days=5), ago(days=5, hours=7))], "broken",
     "7 h at the last publication"),
    ("the same data again", LATE, [published(ago(days=5), ago(days=5, hours=1)),
     published(ago(days=1), ago(days=5, hours=1))], "holds", "1 h at the last publication"),
    ("in time in an archive", LATE, [published(ago(days=5), ARCHIVE - timedelta(hours=6),
     as_of=ARCHIVE)], "holds", "6 h at the last publication"),
    ("late in an archive, or not", LATE, [published(ago(days=5), ARCHIVE - timedelta(hours=7),
     as_of=ARCHIVE)], "not measured", "an archive tells only that it took at most 7 h"),
    ("long ago", LATE, [published(ago(days=40), ago(days=40))], "not measured",
     "no newer data in 30 days"),
    # latency without a column: from the arrival of the inputs
    ("soon after", WAITED, [published(ago(days=9)),
     published(ago(hours=3), arrived=ago(hours=3, minutes=10))], "holds",
     "10 min after the last arrival"),
    ("long after", WAITED, [published(ago(days=9)), published(ago(hours=3), arrived=ago(hours=6))],
     "broken", "3 h after the last arrival"),
    ("a batch that never came out", WAITED, [published(ago(days=9)),
     failed(ago(hours=3), arrived=ago(hours=4))], "broken", "4 h after the last arrival"),
    ("a batch with time left", WAITED, [published(ago(days=9), arrived=ago(days=9)),
     failed(ago(minutes=3), arrived=ago(minutes=4))], "holds", "0 s after the last arrival"),
    ("a bad batch, then a good one", WAITED, [published(ago(days=9)),
     failed(ago(hours=5), arrived=ago(hours=5)),
     published(ago(hours=1), arrived=ago(hours=1))], "holds", "0 s after the last arrival"),
    ("an old batch, new code", WAITED, [published(ago(days=9), arrived=ago(days=9)),
     published(ago(hours=1), arrived=ago(days=9))], "holds", "0 s after the last arrival"),
    ("it lay there before the product", WAITED,
     [published(ago(hours=1), arrived=ago(days=90), seconds=60)], "holds",
     "1 min after the last arrival"),
    ("arrivals unknown", WAITED, [published(ago(hours=1))], "not measured",
     "no attempt has recorded when its inputs arrived"),
    # frequency
    ("often enough", DAILY, [published(ago(hours=24))], "holds", "published 1 d ago"),
    ("too seldom", DAILY, [published(ago(hours=30)), failed(ago(hours=1)), unchanged(NOW)],
     "broken", "published 1 d 6 h ago"),
    # retention: months, and what is not old enough to go is still there
    ("not a year old yet", KEPT, [published(ago(days=9), NOW, oldest=ago(days=90))], "holds",
     "reaches back 81 d"),
    ("the oldest went in time", KEPT, [published(ago(days=9), NOW, oldest=ago(days=900)),
     published(ago(days=1), NOW, oldest=ago(days=367))], "holds", "reaches back 1 y"),
    ("rows went too soon", KEPT, [published(ago(days=9), NOW, oldest=ago(days=900)),
     published(ago(days=1), NOW, oldest=ago(days=90))], "broken", "reaches back 89 d"),
    # availability
    ("can be read", READ, [published(ago(days=3)), failed(ago(days=1), readable=True)], "holds",
     "100% of 3 d"),
    ("could not be read", READ, [published(ago(days=3)), failed(ago(days=1), readable=False),
     published(ago(hours=12))], "broken", "83.333% of 3 d"),
    ("not for long", READ, [published(ago(days=10)), failed(ago(days=1), readable=False),
     unchanged(ago(hours=23), readable=True)], "holds", "99.583% of 10 d"),
    ("a refused batch takes nothing away", READ, [published(ago(days=3)), failed(ago(days=2))],
     "holds", "100% of 3 d"),
    ("as an unsaid percentage", level("availability", 99.5), [published(ago(days=3))], "holds",
     "100% of 3 d"),
    # throughput
    ("fast", FAST, [published(ago(days=1), rows=500, seconds=2.0)], "holds",
     "250 rows/s at the last publication"),
    ("slow", FAST, [published(ago(days=1), rows=150, seconds=2.0)], "broken",
     "75 rows/s at the last publication"),
    # errorRate
    ("few errors", ERRORS, [*(published(ago(days=n)) for n in range(1, 10)), failed(ago(hours=1))],
     "holds", "1 of 10 attempts failed (10%)"),
    ("many errors", ERRORS, [*(published(ago(days=n)) for n in range(1, 9)), failed(ago(hours=1))],
     "broken", "1 of 9 attempts failed (11.111%)"),
    ("nothing to do is no attempt", ERRORS, [unchanged(ago(hours=n)) for n in range(20)],
     "not measured", "no attempt in 30 days"),
    ("errors of long ago", ERRORS, [failed(ago(days=60)), published(ago(days=1))], "holds",
     "0 of 1 attempt failed (0%)"),
    # timeToDetect
    ("found at once", FOUND, [published(ago(days=9), arrived=ago(days=9)),
     failed(ago(hours=1), arrived=ago(hours=1, minutes=5))], "holds", "5 min last time"),
    ("found late", FOUND, [published(ago(days=9), arrived=ago(days=9)),
     failed(ago(hours=1), arrived=ago(hours=2))], "broken", "1 h last time"),
    ("tried again", FOUND, [published(ago(days=9), arrived=ago(days=9)),
     failed(ago(hours=9), arrived=ago(hours=9)), failed(ago(hours=1), arrived=ago(hours=9))],
     "holds", "0 s last time"),
    ("the code was wrong", FOUND, [published(ago(days=9), arrived=ago(days=9)),
     failed(ago(hours=1), arrived=ago(days=9))], "not measured",
     "no issue that came with data in 30 days"),
    # timeToRepair
    ("mended", MENDED, [failed(ago(hours=9)), failed(ago(hours=7)), published(ago(hours=5))],
     "holds", "4 h last time"),
    ("mended late", MENDED, [failed(ago(hours=9)), published(ago(hours=4))], "broken",
     "5 h last time"),
    ("taken back", MENDED, [published(ago(days=1)), failed(ago(hours=9)), unchanged(ago(hours=8))],
     "holds", "1 h last time"),
    ("still open", MENDED, [failed(ago(hours=3)), failed(ago(hours=1))], "holds",
     "an issue is open for 3 h"),
    ("open for too long", MENDED, [failed(ago(hours=5))], "broken", "an issue is open for 5 h"),
    ("nothing to mend", MENDED, [published(ago(hours=5))], "not measured", "no issue in 30 days"),
    # what nobody can tell yet, and what is no level
    ("notified", level("timeToNotify", 1, "h"), [failed(ago(hours=5))], "not measured",
     "nobody is notified yet"),
    ("something else", level("timeOfAvailability", "09:00-08:00"), [], "not measured",
     "`timeOfAvailability` is not a level that is known here"),
    ("no time span", level("latency", "soon"), [], "not measured",
     "`soon` is not a time span such as `6 h`"),
    ("no percentage", level("availability", 5, "d"), [], "not measured",
     "`5 d` is not a percentage"),
    ("more than all", level("errorRate", 101, "percent"), [], "not measured",
     "`101` percent is more than all"),
    ("no rate", level("throughput", 5, "MB/s"), [], "not measured",
     "`5 MB/s` is not a number of rows a time, such as `1000 rows/s`"),
    # dates
    ("supported", level("endOfSupport", "2026-07-10"), [], "holds", "in 9 days"),
    ("ends tomorrow", level("endOfLife", "2026-07-01T12:00:00Z"), [], "holds", "in 1 day"),
    ("ended", level("el", "2026-06-01"), [], "ended", "ended 29 days ago"),
    ("no date", level("endOfLife", "some day"), [], "not measured",
     "`some day` is not a date such as `2032-05-12`"),
    ("begins", level("generalAvailability", "2026-07-10"), [], "holds", "in 9 days"),
    ("began", level("ga", "2026-06-10"), [published(ago(days=25))], "holds",
     "first published 2026-06-05"),
    ("began late", level("ga", "2026-06-01"), [published(ago(days=25))], "broken",
     "first published 2026-06-05"),
    ("has not begun", level("ga", "2026-06-01"), [], "broken", "it was never published"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("promise", "attempts", "state", "found"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_level(promise: dict[str, Any], attempts: list[Attempt], state: str, found: str) -> None:
    told = measured(promise, attempts)
    assert (told.state, told.found) == (state, found)
    assert len(told.history) == 30
    assert (told.measured is None) <= (state == "not measured" or "ublished" in found)
    if state == "not measured":
        assert (set(strip(told.history)), told.budget) == ({"·"}, None)


def test_promises_in_words() -> None:
    said = {
        "the newest seen_at is at most 1 d old": FRESH,
        "the newest seen_at is at most 6 h old when published": LATE,
        "published within 1 h of its arrival": WAITED,
        "published at least once in 1 d": DAILY,
        "rows are kept for 12 months, by seen_at": KEPT,
        "snapshots are kept for 1 y": SNAPSHOTS,
        "can be read 99% of the time": READ,
        "at least 6,000 rows/min are published": FAST,
        "at most 10% of the attempts fail": ERRORS,
        "a bad batch is found within 30 min": FOUND,
        "an issue is repaired within PT4H": MENDED,
        "consumers hear of an issue within 2 d": level("tn", 2),
        "supported until 2026-07-10": level("es", "2026-07-10"),
    }
    assert {measured(promise, []).promised for promise in said.values()} == set(said)


def test_each_column_of_a_level_is_told_apart() -> None:
    columns = [*COLUMNS, {"name": "told_at", "logicalType": "timestamp"}]
    both = level("freshness", 1, "d", element="t.seen_at, t.told_at", id="fresh")
    contract = one_object(columns, slaProperties=[both, DAILY])
    times = {"t.seen_at": (NOW, NOW), "t.told_at": (NOW, ago(days=3))}
    found = service_levels(
        contract.odcs, Seen([Attempt(NOW, PUBLISHED, times=times)], NOW), {"t.told_at": "is text"}
    )
    assert [(f.level, f.element, f.state, f.found) for f in found] == [
        ("fresh", "t.seen_at", "holds", "0 s old"),
        ("fresh", "t.told_at", "not measured", "is text"),
        ("frequency", None, "holds", "published 0 s ago"),
    ]


def test_snapshots_that_are_gone() -> None:
    attempts = [published(ago(days=n)) for n in (800, 400, 200, 3)]
    cases = [(ago(days=800), "holds"), (ago(days=400), "holds"), (ago(days=200), "holds"),
             (ago(days=3), "broken")]  # fmt: skip
    for kept_since, state in cases:
        told = measured(SNAPSHOTS, attempts, kept_since=kept_since)
        assert told.state == state, kept_since
        assert told.measured == (NOW - kept_since).total_seconds()
    assert strip(told.history)[-3:] == "·▁▁"
    assert measured(SNAPSHOTS, attempts).state == "not measured"


def test_what_cannot_be_read_now_is_broken_however_long_it_could() -> None:
    told = measured(READ, [published(ago(days=3))], readable=False)
    assert (told.state, told.found) == ("broken", "cannot be read now; 100% of 3 d")


@pytest.mark.parametrize(("promise", "attempts"), [c[1:3] for c in CASES[::7]])
def test_a_level_comes_back_from_json(promise: dict[str, Any], attempts: list[Attempt]) -> None:
    told = measured(promise, attempts)
    assert told.to_json() == ServiceLevel.from_json(told.to_json()).to_json()


def test_an_attempt_comes_back_from_json() -> None:
    whole = Attempt(
        NOW, FAILED, "run", 3, 12, ("a.enum",), 1.5, False, ago(hours=1), ARCHIVE,
        {"t.seen_at": (ago(days=2), ago(days=1))},
    )  # fmt: skip
    for attempt in (whole, Attempt(NOW, PUBLISHED)):
        assert Attempt.from_json(attempt.to_json()) == attempt
    for spoiled in ({"at": "soon"}, {"times": {"t.seen_at": ["2026-01-01"]}}):
        with pytest.raises(ValueError, match=r"soon|unpack"):
            Attempt.from_json({**whole.to_json(), **spoiled})


@pytest.mark.parametrize(
    ("name", "value", "unit", "same"),
    [
        ("freshness", 90, "m", 5400), ("retention", 12, "m", 365.25 * DAY),
        ("freshness", "90", "min", 5400), ("retention", 18, "months", 1.5 * 365.25 * DAY),
        ("latency", 1.5, "h", 5400), ("latency", "P1DT30M", None, DAY + 1800),
        ("latency", 5, "ms", 0.005), ("latency", 2, "W", 14 * DAY),
        ("retention", 1, "a", 365.25 * DAY), ("retention", "P2Y", "m", 2 * 365.25 * DAY),
    ],
)  # fmt: skip
def test_time_units(name: str, value: Any, unit: str | None, same: float) -> None:
    assert amount(name, value, unit) == ("time", pytest.approx(same))


@pytest.mark.parametrize(
    ("name", "value", "unit", "same"),
    [
        ("throughput", 60, "rows/min", ("rows", 1)),
        ("throughput", 60, "records per m", ("rows", 1)),
        ("availability", "99.5%", None, ("percent", 99.5)), ("errorRate", 1, "%", ("percent", 1)),
        ("availability", 99, None, ("unit ", 99)), ("throughput", 3, "MB/s", ("unit mb/s", 3)),
        ("latency", "P", None, None), ("latency", "PT", None, None), ("latency", True, "d", None),
        ("latency", None, "d", None), ("endOfLife", "2026-02-30", None, None),
        ("endOfLife", "2026-02-03T01:00:00+01:00", None, ("date", THIRD)),
        ("endOfLife", "2026-02-03", None, ("date", THIRD)),
    ],
)  # fmt: skip
def test_other_units(name: str, value: Any, unit: str | None, same: Any) -> None:
    assert amount(name, value, unit) == same


def test_names_as_the_standard_has_them() -> None:
    for said in ("TimeToRepair", "tr", "time to repair", "time_to_repair", "timeToRepair"):
        assert level_name(said) == "timeToRepair"
    assert level_name("ourOwn") == "ourOwn"
    assert level_name(None) == ""
    assert words("availability", 99.5, "percent") == "99.5%"
    assert words("retention", 18, "m") == "18 months"
    assert words("latency", "18", "m") == "18 min"
