"""A source changes its columns, run by run: what was declared is absorbed, the rest is reported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vocabulary.engines import Engine
from tests.vocabulary.words import Project

ROWS = "select article_id, manufacturer_id, brand, unparsed from {schema}.conformed order by 1"
AS_DECLARED = {"product_id": "1", "maker": "cast('2' as string)", "brand": "cast('N' as string)",
               "package_size": "cast('22 LB' as string)"}  # fmt: skip
RENAMED = {"package_size": "cast('22 LB' as string)", "brand": "cast('N' as string)",
           "manufacturer": "2", "article_id": "cast(1.0 as numeric)"}  # fmt: skip
BOTH = AS_DECLARED | {"manufacturer": "3"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (AS_DECLARED, (1, 2, "N", [])),
        (RENAMED, (1, 2, "N", [])),
        (AS_DECLARED | {"maker": "cast('69 (own)' as string)"},
         (1, None, "N", ["maker: 69 (own) is no bigint"])),
        (BOTH, (1, 2, "N", ["manufacturer_id: manufacturer tells something else"])),
        ({k: v for k, v in AS_DECLARED.items() if k != "brand"}, (1, 2, None, [])),
        (AS_DECLARED | {"shelf": "5"}, (1, 2, "N", [])),
    ],
)  # fmt: skip
def test_what_was_declared_is_absorbed(
    engine: Engine, row: dict[str, str], expected: tuple[Any, ...]
) -> None:
    engine.put("article_extract", [row])
    engine.run("conformed")
    assert engine.query(ROWS) == [expected]


def test_what_was_not_declared_is_warned_of(engine: Engine) -> None:
    """History keeps loading all the same."""
    row = {k: v for k, v in AS_DECLARED.items() if k != "brand"} | {"label": "'N'"}
    engine.put("article_extract", [row])
    said: list[str] = []
    engine.project.build(
        "--select", "conformed", "--resource-type", "model",
        heard=lambda event: said.append(event.info.msg),
    )  # fmt: skip
    told = "\n".join(said)
    assert "column brand: the source has it no more, under no name; name its new one" in told
    assert "column label: the source has it, and nobody declared it; declare it" in told
    assert "package_size" not in told
    assert len(engine.query(ROWS)) == 1


def test_the_same_is_found_by_a_test(engine: Engine) -> None:
    engine.put("article_extract", [AS_DECLARED])
    engine.run("conformed")
    assert engine.test("conforms") == 0
    columns = "article_id bigint, manufacturer_id varchar, label varchar"
    if engine.schema != "main":
        columns = "article_id int64, manufacturer_id string, label string"
    engine.query("drop table {schema}.conformed")
    engine.query("create table {schema}.conformed (" + columns + ")")
    assert engine.test("conforms") == 2, "brand is gone, label is new"


SLOW = pytest.mark.slow
TEXT, NUMBER = "cast('7' as string)", "cast(7 as bigint)"


@pytest.mark.parametrize(
    ("column", "declared", "problem"),
    [
        pytest.param(NUMBER, "{'type': 'integer', 'arrives': 'integer'}", None, marks=SLOW),
        pytest.param(TEXT, "{'type': 'integer', 'arrives': 'text'}", None, marks=SLOW),
        (TEXT, "{'type': 'integer'}", None),
        (TEXT, "{'type': 'integer', 'arrives': 'integer'}", ", not integer"),
        pytest.param(NUMBER, "{'type': 'integer', 'arrives': 'text'}", ", not text", marks=SLOW),
        (TEXT, "{'type': 'integer', 'arrives': 'integer', 'aliases': ['wk']}", ", not integer"),
    ],
)
def test_another_type_than_it_arrives_in_is_reported_and_absorbed(
    engine: Engine, column: str, declared: str, problem: str | None
) -> None:
    """Only where a declaration says in which type: others are cast without a word."""
    engine.put("weeks", [{"wk" if "aliases" in declared else "week": column}])
    arguments = (
        "api.Relation.create(database=target.database, schema=target.schema, identifier='weeks'),"
        " {'week': " + declared + "}"
    )
    found = engine.query(engine.project.sql("{{ test_conforms(" + arguments + ") }}"))
    assert len(found) == (1 if problem else 0), found
    if problem:
        assert found[0][1].startswith("the source has it as ") and found[0][1].endswith(problem)
        assert "say so in `arrives`" in found[0][2]
    rows = engine.query(engine.project.sql("{{ conformed(" + arguments + ") }}"))
    assert rows == [(7, [])]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            "conformed('t', ['a'])",
            "conformed(): columns is ['a']; expected each column with its ty",
        ),
        ("conformed('t', {'a': {'aliases': ['b']}})", "expected a type, or a mapping of `type`"),
        ("conformed('t', {'a': {'type': 'text', 'aliases': 'b'}})", "`aliases` (a list)"),
    ],
)
def test_wrong_declarations(words: Project, call: str, said: str) -> None:
    assert said in words.refusal(call)


@pytest.mark.parametrize(
    ("value", "type_", "kept"),
    [
        ("cast(11.27 as float64)", "decimal(10, 2)", True),
        ("cast(0.333 as float64)", "decimal(10, 2)", False),
        ("cast(0.333 as numeric)", "decimal(10, 2)", False),
        ("cast(0.330 as numeric)", "decimal(10, 2)", True),
        ("cast(123 as bigint)", "decimal(4, 2)", False),
        ("cast(9007199254740993 as bigint)", "number", False),
        ("cast(9007199254740992 as bigint)", "number", True),
        ("cast(2.5 as float64)", "integer", False),
        ("cast(3000000000 as bigint)", "bigint", True),
    ],
)
def test_a_number_is_retyped_only_where_that_changes_nothing(
    engine: Engine, value: str, type_: str, kept: bool
) -> None:
    said = value if engine.schema != "main" else value.replace("float64", "double").replace(
        "numeric", "decimal(12, 4)"
    )  # fmt: skip
    engine.put("weeks", [{"n": said}])
    arguments = (
        "api.Relation.create(database=target.database, schema=target.schema, identifier='weeks'),"
        " {'n': '" + type_ + "'}"
    )
    ((found, unparsed),) = engine.query(engine.project.sql("{{ conformed(" + arguments + ") }}"))
    assert (found is not None) == kept
    assert len(unparsed) == (not kept), unparsed
