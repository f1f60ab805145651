"""A column may be called anything: by a word of SQL's, or as a source's extract calls it.

And a list of columns is a list: a text in its place is refused, and not read letter by letter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.vocabulary.engines import Engine
from tests.vocabulary.test_snapshots import FILES
from tests.vocabulary.words import Project, Word, described

T = "api.Relation.create(database=target.database, schema=target.schema, identifier='t')"
DAY = date(2017, 1, 2)
# Each is reserved on one engine at least; the last is what a spreadsheet calls a column.
ROW = {
    "order": "1", "group": "cast('a' as string)", "from": "date '2017-01-02'",
    "end": "cast('2017-01-02 10:00:00' as timestamp)",
    "select": """'{"to": 5, "when": [{"then": 7}]}'""", "Größe (in LB)": "cast('22' as string)",
}  # fmt: skip
# A call, which of its columns are looked at, and what is in them.
CASES: list[tuple[str, list[str], list[Any]]] = [
    ("structured(T, 'select', {'to': 'integer'}, keep=['order'])", ["order", "to"], [1, 5]),
    ("structured(T, 'select', {'to': 'integer'})", ["group", "to", "unparsed"], ["a", 5, []]),
    (
        "unnested(T, 'select', '$.when', {'then': 'integer'}, position='end', keep=['order'])",
        ["order", "end", "then"], [1, 1, 7],
    ),
    (
        "conformed(T, {'by': {'type': 'bigint', 'aliases': ['Order']}, 'group': 'text',"
        " 'size': {'type': 'integer', 'aliases': ['Größe (in LB)']}})",
        ["by", "group", "size", "unparsed"], [1, "a", 22, []],
    ),
    (
        "with_defaults(T, {'group': 'text'}, {'text': 'U'}, recorded_in='all')",
        ["group", "all"], ["a", []],
    ),
    ("latest_by(T, key=['group'], recency=['order'])", ["order"], [1]),
    ("distinct_rows(T, ['group', 'order as rows'], copies='all')", ["group", "all"], ["a", 1]),
    ("first_by_event_id(T, ['order'], 'end', 'end', '1 day')", ["order"], [1]),
    (
        "completed(T, 'from', 'day', by=['group'], gap='is')", ["group", "from", "is"],
        ["a", DAY, False],
    ),
    ("completeness(T, 'from', 'day', by=['group'], per=['group'])", ["group"], ["a"]),
    (
        "completeness(T, 'from', 'day', by=['group'], per=['group'], expected=T,"
        """ start="date '2017-01-02'", end="date '2017-01-02'")""",
        ["group", "completeness"], ["a", 100.0],
    ),
    *(
        (f"winsorise(T, 'order', '{method}', by=['group'])", ["order", "order_winsorised"], [1, 1])
        for method in ("iqr", "mad", "robust_zscore")
    ),
    ("flag_outliers(T, 'order', 'bounds', upper=0)", ["order_is_outlier"], [True]),
    ("tokenised(T, T ~ '_vault', 'group', token='to')", ["order", "to"], [1, "x"]),
    (
        "events(T, 'basket_sold', key=['order'], occurred_at='`end`', columns=['group'])",
        ["order", "group"], [1, "a"],
    ),
    ("history(T, ['order'], '`end`', ['group'], order=['from'])", ["order", "group"], [1, "a"]),
    (
        "latest_state(T, ['order'], '`end`', ['group'], order=['from'])", ["order", "group"],
        [1, "a"],
    ),
    (
        "translated(T, {'to': 'order', 'size': 'Größe (in LB)', 'all':"
        " {'from': 'group', 'codes': {'a': 'one'}}})",
        ["to", "size", "all", "all_raw"], [1, "22", "one", "a"],
    ),
    ("aggregate(T, 'from', 'day', 'to', ['group'], {'all': 'count(*)'})", ["to", "group", "all"],
     [DAY, "a", 1]),
    ("test_k_anonymous(T, ['group'], 2, of='order')", ["group", "sharing"], ["a", 1]),
    ("test_never_changed(T, T, ['order'], ['group'])", [], []),
    ("test_replays_to(T, T, ['order'], '`end`', ['group'], order=['from'])", [], []),
]  # fmt: skip


@pytest.fixture
def quoted(engine: Engine) -> Engine:
    mark = '"' if engine.schema == "main" else "`"
    engine.put("t", [{f"{mark}{name}{mark}": value for name, value in ROW.items()}])
    engine.query(
        "create or replace table {schema}.t_vault as"
        f" select {ROW['group']} as value, cast('x' as string) as token"
    )
    return engine


def test_reserved_words_are_names(quoted: Engine) -> None:
    mark = '"' if quoted.schema == "main" else "`"
    vault = T.replace("'t'", "'t_vault'")
    wrong = {}
    for call, columns, expected in CASES:
        said = call.replace("T ~ '_vault'", vault).replace("T,", f"{T},").replace("`", mark)
        sql = quoted.project.sql("{{ " + said + " }}")
        picked = ", ".join(mark + column + mark for column in columns) or "1"
        try:
            found: object = quoted.query(f"select {picked} from ({sql}) as found")
        except Exception as error:  # each engine has its own
            found = str(error)
        if found != ([tuple(expected)] if columns else []):
            wrong[call] = found
    assert not wrong


ALL = {"relation": "'t'", "column": "'c'", "columns": "['c']", "key": "['c']", "recency": "['c']",
       "event_id": "['c']", "occurred_at": "'c'", "recorded_at": "'c'", "within": "'1 day'",
       "period": "'c'", "grain": "'day'", "day": "'c'", "by": "['c']", "at": "'c'",
       "state": "['c']", "name": "'basket_sold'", "path": "'$.a'", "events": "'t'",
       "origin": "'t'", "k": "2", "fields": "{'a': 'text'}", "order": "['c']", "per": "['c']",
       "keep": "['c']", "ignored": "['c']", "measures": "['c']",
       "additive": "{'n': 'count(*)'}", "of": "'c'"}  # fmt: skip
LISTS = [
    (word, argument["name"])
    for word in described().values()
    for argument in word.data.get("arguments", [])
    if argument["type"] == "list of columns" and word.name != "roll_up"
]


@pytest.mark.parametrize(("word", "argument"), LISTS, ids=lambda said: getattr(said, "name", said))
def test_a_text_is_no_list_of_columns(words: Project, word: Word, argument: str) -> None:
    taken = {a["name"] for a in word.data["arguments"]} & ALL.keys()
    said = {name: ALL[name] for name in taken} | {argument: "'article_id'"}
    if word.called in ("conformed", "conforms"):
        said["columns"] = "{'a': 'text'}"
    arguments = ", ".join(f"{name}={value}" for name, value in sorted(said.items()))
    if word.is_check:
        arguments = f"'t', {arguments}"
    expected = f"{argument} is article_id; expected a list of columns"
    assert expected in words.refusal(f"{word.name}({arguments})")


RENAMED = {
    "models/sums.sql": "{{ aggregate(source('till', 't'), 'from', 'week', 'order', ['group'],"
    " {'all': 'count(*)'}, recorded_at='end') }}",
    "models/rolled.sql": "{{ roll_up(ref('sums'), 'week', by=['group']) }}",
    "models/till.yml": "sources: [{name: till, schema: '{{ target.schema }}', tables: [{name: t}]}]"
    "\nmodels: [{name: sums, config: {materialized: by_period}}]",
}  # fmt: skip


def test_reserved_words_are_periods_and_groups(quoted: Engine, tmp_path: Path) -> None:
    """Of what is aggregated again, too."""
    root = tmp_path / "till"
    for name, text in (RENAMED | {"dbt_project.yml": FILES["dbt_project.yml"]}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    till = replace(quoted, project=replace(quoted.project, root=root))
    for times in (1, 2):
        results = till.project.build()
        assert {r.status for r in results.values()} == {"success"}, results
        assert till.query("select * from {schema}.rolled") == [(DAY, "a", times)]
        till.query("insert into {schema}.t select * from {schema}.t")
