"""Laws of the words about events: named in the past tense, once and for good."""

from __future__ import annotations

from hashlib import md5
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.engines import Engine
from tests.vocabulary.words import Project, answer

CALL = """{{{{ config(materialized='incremental') }}}}
{{{{ events('{relation}', name='basket_purchased', key=['till', 'number'], occurred_at='closed_at',
           columns=['cents'], recorded_at='landed_at') }}}}"""
TYPES = {"till": "VARCHAR", "number": "VARCHAR", "closed_at": "TIMESTAMP", "cents": "INTEGER",
         "landed_at": "TIMESTAMP"}  # fmt: skip


def receipt(basket: int, cents: str = "0.50") -> dict[str, str]:
    return {
        "basket_id": str(basket),
        "store_id": "330",
        "sales_value": f"cast({cents} as numeric)",
        "closed_at": "cast('2017-01-01 11:53:26' as timestamp)",
    }


RECORDED = """
select event_id, basket_id, sales_value, recorded_at
from {schema}.events order by basket_id
"""


def test_overlapping_runs_and_a_repeated_one_record_each_event_once(engine: Engine) -> None:
    engine.put("receipts", [receipt(1), receipt(2), receipt(2)])
    engine.run("events")
    first = engine.query(RECORDED)
    assert [row[1] for row in first] == [1, 2]

    engine.put("receipts", [receipt(2), receipt(3)])
    engine.run("events")
    second = engine.query(RECORDED)
    assert [row[1] for row in second] == [1, 2, 3]
    assert second[:2] == first, "what was recorded is as it was, its moment included"

    engine.run("events")
    assert engine.query(RECORDED) == second, "a run repeated records nothing"
    engine.run("events", "--full-refresh")
    assert engine.query(RECORDED) == second, "what happened stays, whatever the source holds now"


def test_an_event_that_its_origin_tells_otherwise_is_found(engine: Engine) -> None:
    engine.put("receipts", [receipt(1), receipt(2)])
    engine.run("events")
    assert engine.test("never_changed") == 0
    engine.put("receipts", [receipt(1), receipt(2, cents="0.75"), receipt(3)])
    engine.run("events")
    assert [float(row[2]) for row in engine.query(RECORDED)] == [0.5, 0.5, 0.5]
    assert engine.test("never_changed") == 1


small = st.none() | st.sampled_from(["", "a", "b", "ab", ":", "1.a"])
happened = st.dictionaries(st.tuples(small, small), st.integers(0, 9), max_size=8)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data(), events=happened)
def test_any_batches_in_any_order_give_the_same_table(
    words: Project, data: st.DataObject, events: dict[tuple[Any, Any], int]
) -> None:
    """Each event at least once, some again and again, cut into batches anywhere."""
    rows = [(*key, "2017-01-01", cents, "2017-01-02") for key, cents in events.items()]
    again = data.draw(st.lists(st.sampled_from(rows), max_size=6)) if rows else []
    told = data.draw(st.permutations(rows + again))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=3)))
    kept: list[tuple[Any, ...]] = []
    for start, end in pairwise([0, *cuts, len(told)]):
        found = answer(words.sql(CALL.format(relation="batch")), batch=(TYPES, told[start:end]))
        there = {row[0] for row in kept}
        kept += [row for row in found if row[0] not in there]
    assert sorted(map(str, (row[4:] for row in kept))) == sorted(
        str((*key, cents)) for key, cents in events.items()
    )
    assert len({row[0] for row in kept}) == len(events), "no two events share an id"


def test_of_two_tellings_in_a_batch_the_earlier_moment_is_recorded(words: Project) -> None:
    moments = [None, "2017-01-01 12:00:00", "2017-01-01 11:00:00"]
    told = [("t", "1", moment, place, "2017-01-02") for place, moment in enumerate(moments)]
    ((*_, cents),) = answer(words.sql(CALL.format(relation="batch")), batch=(TYPES, told))
    assert cents == 2


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The model's SQL of a run that finds what others recorded."""
    engine = Engine.of_duckdb(tmp_path_factory.mktemp("again"))
    engine.query("create table main.inline_query (event_id varchar)")
    sql = engine.project.sql(CALL.format(relation="batch"))
    assert '"main"."inline_query"' in sql
    return sql.replace('"words"."main"."inline_query"', "recorded_before")


@pytest.fixture(scope="module")
def otherwise(words: Project) -> str:
    return words.sql("{{ test_never_changed('recorded_before', 'batch', ['number'], ['cents']) }}")


RECORD = {"event_id": "VARCHAR", "event_name": "VARCHAR", "occurred_at": "TIMESTAMP",
          "recorded_at": "TIMESTAMP", "till": "VARCHAR", "number": "VARCHAR",
          "cents": "INTEGER"}  # fmt: skip
batches = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 2), max_size=4), max_size=4
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(batches=batches)
def test_what_was_recorded_first_stays_and_what_is_told_otherwise_is_found(
    again: str, otherwise: str, batches: list[dict[str, Any]]
) -> None:
    """Run by run: nothing recorded is touched, nothing new is missed, each change is named."""
    first: dict[str, Any] = {}
    kept: list[tuple[Any, ...]] = []
    for batch in batches:
        rows = [("t", number, "2017-01-01", cents, "2017-01-02") for number, cents in batch.items()]
        new = answer(again, batch=(TYPES, rows), recorded_before=(RECORD, kept))
        assert {row[5] for row in new} == batch.keys() - first.keys()
        kept, first = kept + new, batch | first
        assert {row[5]: row[6] for row in kept} == first and len(kept) == len(first)
        found = answer(otherwise, batch=(TYPES, rows), recorded_before=(RECORD, kept))
        assert {row[0]: row[1:] for row in found} == {
            number: (first[number], cents) for number, cents in batch.items()
            if cents != first[number]
        }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["basket_purchased", "household_moved", "coupon_sent", "article_taken_over_sold"]
)
def test_a_name_in_the_past_tense(words: Project, name: str) -> None:
    assert name in words.sql("{{ event_id('" + name + "', key=['a']) }}")


@pytest.mark.parametrize(
    "name", ["purchase_basket", "purchased", "basketPurchased", "basket_purchase", "cattle_feed"]
)
def test_another_name_says_what_to_do(words: Project, name: str) -> None:
    said = words.refusal(f"events('t', '{name}', ['a'], 'b')")
    assert f"events(): name is {name}; expected what happened, in the past tense" in said
    assert "basket_purchased" in said and "participles" in said


T = "api.Relation.create(database=target.database, schema=target.schema, identifier='told')"


ALIKE = {
    "'A-7'": "A-7",
    "cast(7 as bigint)": "7",
    "-7": "-7",
    "date '2017-01-31'": "2017-01-31",
    "true": "true",
}
APART = [
    "cast(1.50 as numeric)", "cast(1.5 as float64)", "cast('2017-01-31 10:00:00' as timestamp)"
]  # fmt: skip


@pytest.mark.slow
def test_an_id_is_one_on_both_engines_or_refused(engine: Engine) -> None:
    values = [*ALIKE, *APART]
    if engine.schema == "main":
        values = [value.replace("float64", "double") for value in values]
    engine.put("told", [{f"n{place}": value for place, value in enumerate(values)}])
    call = "events(" + T + ", 'basket_purchased', ['n{0}'], 'n{0}')"
    for place, text in enumerate(ALIKE.values()):
        sql = engine.project.sql("{{ " + call.format(place) + " }}")
        found = engine.query(f"select event_id from ({sql}) as told_once")
        assert found == [(md5(f"basket_purchased:{text}".encode()).hexdigest(),)], text
    for place in range(len(ALIKE), len(values)):
        said = engine.project.refusal(call.format(place))
        assert f"events(): the type of n{place} in key is " in said
        assert "Make a text of it" in said


def test_a_key_is_a_list(words: Project) -> None:
    said = words.refusal("events('t', 'basket_purchased', 'basket_id', 'b')")
    assert "events(): key is basket_id; expected a list of columns" in said
