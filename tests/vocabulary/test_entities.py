"""Laws of the words about entities: histories, and what events replayed come to."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.words import Project, answer

CHANGES = {
    "id": "INTEGER",
    "size": "VARCHAR",
    "off": "BOOLEAN",
    "moment": "INTEGER",
    "seq": "INTEGER",
}
HISTORY = {"id": "INTEGER", "valid_from": "INTEGER", "valid_to": "INTEGER",
           "is_current": "BOOLEAN", "size": "VARCHAR"}  # fmt: skip
ARGUMENTS = "key=['id'], at='moment', state=['size'], order=['seq'], gone='off'"
NOW = 99
maybe = st.none() | st.integers(0, 4)
changes = st.lists(
    st.tuples(st.integers(0, 2), st.none() | st.sampled_from("ab"), st.none() | st.booleans(),
              maybe),
    max_size=10,
).map(lambda rows: [(*row, seq) for seq, row in enumerate(rows)])  # fmt: skip
law = settings(max_examples=60, deadline=None, derandomize=True)
Rows = list[tuple[Any, ...]]


def replay(rows: Rows, until: int = NOW) -> dict[int, Any]:
    """What the changes come to, told the plain way."""
    state: dict[int, Any] = {}
    moments = sorted(rows, key=lambda r: (r[3] is not None, r[3] or 0, r[4]))
    for id_, size, off, at, _ in moments:
        if at is None or at <= until:
            state.pop(id_, None)
            if not off:
                state[id_] = size
    return state


@pytest.fixture(scope="module")
def history(words: Project) -> str:
    return words.sql("{{ history('t', " + ARGUMENTS + ") }}")


@pytest.fixture(scope="module")
def latest(words: Project) -> str:
    return words.sql("{{ latest_state('t', " + ARGUMENTS + ") }}")


@pytest.fixture(scope="module")
def judged(words: Project) -> str:
    return words.sql("{{ test_whole_history('h', ['id'], holes=true) }}")


@law
@given(rows=changes)
def test_replayed_events_are_the_latest_state(latest: str, rows: Rows) -> None:
    found = answer(latest, t=(CHANGES, rows))
    assert {row[0]: row[2] for row in found} == replay(rows)
    assert len(found) == len(replay(rows))


@law
@given(rows=changes, moment=st.integers(-1, 6))
def test_a_history_tells_every_moment(
    words: Project, history: str, rows: Rows, moment: int
) -> None:
    """And so the state as of now is the latest state, and what is current is."""
    states = answer(history, t=(CHANGES, rows))
    for when in (moment, NOW):
        sql = words.sql("{{ state_as_of('h', '$moment') }}").replace("$moment", str(when))
        found = answer(sql, h=(HISTORY, states))
        assert {row[0]: row[4] for row in found} == replay(rows, when)
        assert len(found) == len(replay(rows, when))
    assert {row[0]: row[4] for row in states if row[3]} == replay(rows)


@law
@given(rows=changes)
def test_a_history_does_not_overlap(judged: str, history: str, rows: Rows) -> None:
    assert not answer(judged, h=(HISTORY, answer(history, t=(CHANGES, rows))))


@law
@given(rows=changes)
def test_a_history_of_who_is_never_gone_has_no_hole(
    words: Project, history: str, rows: Rows
) -> None:
    there = [(id_, size, False, at, seq) for id_, size, _, at, seq in rows]
    states = answer(history, t=(CHANGES, there))
    assert not answer(words.sql("{{ test_whole_history('h', ['id']) }}"), h=(HISTORY, states))
    for id_ in {row[0] for row in there}:
        sizes = [s[4] for s in sorted((s for s in states if s[0] == id_), key=started)]
        assert all(a != b for a, b in pairwise(sizes)), "each turn is one"


def started(state: tuple[Any, ...]) -> tuple[bool, int]:
    return state[1] is not None, state[1] or 0


@law
@given(rows=changes, wrong=st.integers(0, 2))
def test_another_state_than_the_replayed_one_is_found(
    words: Project, latest: str, rows: Rows, wrong: int
) -> None:
    check = words.sql("{{ test_replays_to('m', 't', " + ARGUMENTS + ") }}")
    model = {"id": "INTEGER", "changed_at": "INTEGER", "size": "VARCHAR"}
    states = answer(latest, t=(CHANGES, rows))
    assert not answer(check, t=(CHANGES, rows), m=(model, states))
    false = [(i, at, "other" if i == wrong else size) for i, at, size in states]
    found = answer(check, t=(CHANGES, rows), m=(model, false))
    there = wrong in replay(rows)
    assert Counter(row[0] for row in found) == (
        Counter(["the events tell", "the model has"]) if there else Counter()
    )


@pytest.mark.parametrize(
    ("states", "problem"),
    [
        ([(1, 0, 2), (1, 1, None)], "overlaps the next"),
        ([(1, 0, None), (1, 1, None)], "overlaps the next"),
        ([(1, None, 2), (1, None, 3)], "overlaps the next"),
        ([(1, 0, 2), (1, 3, None)], "leaves a hole before the next"),
        ([(1, 2, 2)], "ends before it begins"),
    ],
)
def test_a_history_that_is_not_whole(words: Project, states: Rows, problem: str) -> None:
    types = {"id": "INTEGER", "valid_from": "INTEGER", "valid_to": "INTEGER"}
    found = answer(words.sql("{{ test_whole_history('h', ['id']) }}"), h=(types, states))
    assert problem in {row[-1] for row in found}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("history('t', 'id', 'at', ['size'])", "history(): key is id; expected a list of"),
        ("history('t', ['id'], 'at', [])", "history(): state is []; expected a list of"),
        ("latest_state('t', ['id'], 'at', 'size')", "latest_state(): state is size; expected"),
    ],
)
def test_wrong_arguments(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)


def test_an_entity_that_stands_twice_is_found(words: Project) -> None:
    check = words.sql("{{ test_replays_to('m', 't', " + ARGUMENTS + ") }}")
    model = {"id": "INTEGER", "size": "VARCHAR"}
    rows = [(1, "a", False, 0, 0)]
    assert answer(check, t=(CHANGES, rows), m=(model, [(1, "a"), (1, "a")]))


def test_what_was_not_valid(words: Project) -> None:
    """A condition of two parts can be negated."""
    sql = words.sql("select id from h where not {{ valid_at('5') }} order by id")
    states = [(1, 0, 3, False, "a"), (2, 0, 9, False, "a"), (3, 7, None, True, "a")]
    assert answer(sql, h=(HISTORY, states)) == [(1,), (3,)]
