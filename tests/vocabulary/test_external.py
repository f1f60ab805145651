"""Laws of the words about external data: nothing is lost, and what was not understood is found."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vocabulary.engines import Engine
from tests.vocabulary.words import Project, answer

TYPES = {"place": "VARCHAR", "page": "VARCHAR", "weight": "INTEGER", "unit": "VARCHAR"}
CALL = """{{ translated('t', columns={
    'shelf': {'from': 'place', 'codes': {'A': "in the shelf's end", 'B': 'in_aisle'}},
    'mailer': {'from': 'page', 'seed': 'codes', 'code': 'code', 'meaning': 'name'},
    'grams': {'from': 'weight', 'unit': 'unit', 'factors': {'KG': 1000, 'G': 1}, 'raw': 'sent'},
    'unit': 'unit',
}) }}"""
CODES = ({"code": "VARCHAR", "name": "VARCHAR"}, [("A", "inside"), ("B", "front")])
code = st.none() | st.sampled_from(["A", "B", "Q", ""])
rows = st.lists(
    st.tuples(code, code, st.none() | st.integers(0, 9), st.sampled_from(["KG", "G", "LB"])),
    max_size=10,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=rows)
def test_rows_and_raw_values_stay_and_gaps_are_counted(
    words: Project, rows: list[tuple[Any, ...]]
) -> None:
    shelf, page = {"A": "in the shelf's end", "B": "in_aisle"}, {"A": "inside", "B": "front"}
    factors = {"KG": 1000, "G": 1}
    sql = words.sql(CALL)
    found = answer(sql, t=(TYPES, rows), codes=CODES)
    assert Counter(found) == Counter(
        (shelf.get(place), place, page.get(code), code,
         weight * factors[unit] if weight is not None and unit in factors else None, weight, unit)
        for place, code, weight, unit in rows
    )  # fmt: skip
    gaps = words.sql("{{ test_translates_all('m', 'shelf') }}")
    there = answer(gaps.replace(" m\n", f" ({sql}) as m\n"), t=(TYPES, rows), codes=CODES)
    assert dict(there) == Counter(r[0] for r in rows if r[0] is not None and r[0] not in shelf)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(weights=st.lists(st.none() | st.integers(-9, 9)), factor=st.sampled_from([1000, 2, -1, 0]))
def test_one_factor_for_all(words: Project, weights: list[int | None], factor: int) -> None:
    call = "{{ translated('t', {'grams': {'from': 'weight', 'factor': " + str(factor) + "}}) }}"
    found = answer(words.sql(call), t=({"weight": "INTEGER"}, [(w,) for w in weights]))
    assert Counter(found) == Counter((w if w is None else w * factor, w) for w in weights)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("['a']", "columns is ['a']; expected each of our columns with the source's"),
        ("{'a': {'codes': {}}}", "expected `from`, the source's column"),
        ("{'a': {'from': 'b'}}", "a is from; expected codes, seed, factor, factors or zone"),
        (
            "{'a': {'from': 'b', 'code': 1, 'map': 2}}",
            "an option of a is map; expected one of from",
        ),
        ("{'a': {'from': 'b', 'seed': 's'}}", "a is a seed alone; expected also its columns"),
        ("{'a': {'from': 'b', 'factors': {'G': 1}}}", "a is factors alone; expected also `unit`"),
        ("{'a': {'from': 'b', 'codes': ['A']}}", "decoded(): codes is ['A']; expected each code"),
    ],
)
def test_wrong_declarations(words: Project, columns: str, said: str) -> None:
    assert said in words.refusal(f"translated('t', {columns})")


def test_a_code_with_two_meanings_has_none_and_multiplies_no_row(engine: Engine) -> None:
    engine.put("t", [{"c": f"cast('{c}' as string)"} for c in "AABC"])
    engine.put("book", [
        {"code": f"cast('{code}' as string)", "meaning": f"cast('{meaning}' as string)"}
        for code, meaning in (("A", "x"), ("A", "y"), ("B", "z"), ("B", "z"))
    ])  # fmt: skip
    t, book = (
        f"api.Relation.create(database=target.database, schema=target.schema, identifier='{name}')"
        for name in ("t", "book")
    )
    call = (
        "{{ translated(" + t + ", {'m': {'from': 'c', 'seed': " + book + ","
        " 'code': 'code', 'meaning': 'meaning'}}) }}"
    )
    found = engine.query(engine.project.sql(call))
    assert sorted(found, key=str) == [("z", "B"), (None, "A"), (None, "A"), (None, "C")]
