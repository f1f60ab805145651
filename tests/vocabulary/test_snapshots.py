"""What dbt itself writes into a snapshot, read by `snapshot_history`; and a domain's own settings.

A small project of a domain's, because the vocabulary's own has neither.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.vocabulary.engines import Engine
from tests.vocabulary.words import PROJECT

META = "{'dbt_valid_from': 'seen_from', 'dbt_scd_id': 'state_id', 'dbt_is_deleted': 'is_delisted'}"
FILES = {
    "dbt_project.yml": f"""
name: shelf
version: 1.0.0
config-version: 2
profile: mesh
macro-paths: ["{PROJECT / "macros"}"]
vars: {{participles: [flown]}}
models: {{shelf: {{+materialized: table}}}}
""",
    "snapshots/states.sql": f"""
{{% snapshot states %}}
{{{{ config(
    unique_key='article_id', strategy='check', check_cols='all', hard_deletes='new_record',
    snapshot_meta_column_names={META}
) }}}}
select * from {{{{ target.schema }}}}.articles
{{% endsnapshot %}}
""",
    "models/states_history.sql": f"{{{{ snapshot_history(ref('states'), {META}, true) }}}}",
}


@pytest.fixture
def shelf(engine: Engine, tmp_path: Path) -> Engine:
    root = tmp_path / "shelf"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return replace(engine, project=replace(engine.project, root=root))


def test_a_snapshot_with_names_of_its_own_and_deletions_is_a_history(shelf: Engine) -> None:
    ice, tea = ({"article_id": "1", "size": "'22 LB'"}, {"article_id": "2", "size": "'5 OZ'"})
    for articles in ([ice, tea], [ice | {"size": "'20 LB'"}], [ice | {"size": "'20 LB'"}, tea]):
        shelf.put("articles", articles)
        results = shelf.project.build()
        assert {r.status for r in results.values()} == {"success"}, results
    states = shelf.query(
        "select article_id, size, is_current, valid_from, valid_to"
        " from {schema}.states_history order by article_id, valid_from"
    )
    assert [row[:3] for row in states] == [
        (1, "22 LB", False), (1, "20 LB", True), (2, "5 OZ", False), (2, "5 OZ", True)
    ]  # fmt: skip
    for (_, _, _, start, end), (_, _, _, next_start, next_end) in pairwise(states[:2]):
        assert start < end == next_start and next_end is None
    gone, back = states[2][4], states[3][3]
    assert gone < back, "while an article is delisted, it has no state"
    there = shelf.query("select * from {schema}.states_history limit 1")
    assert len(there[0]) == 5, "nothing of dbt's own is left"


def test_a_participle_of_the_domain_s_own(shelf: Engine) -> None:
    assert "balloon_flown" in shelf.project.sql("{{ event_id('balloon_flown', key=['a']) }}")
    said = shelf.project.refusal("event_id('balloon_swum', key=['a'])")
    assert "name is balloon_swum" in said


STAMPED = """
{% snapshot stamped %}
{{ config(unique_key='article_id', strategy='timestamp', updated_at='changed_at') }}
select * from {{ target.schema }}.articles
{% endsnapshot %}
"""


@pytest.mark.parametrize(
    ("type_", "never"),
    [
        ("timestamp", ""),
        ("timestamp with time zone", ""),
        pytest.param("timestamp", "cast('9999-12-31' as timestamp)", marks=pytest.mark.slow),
    ],
)
def test_a_snapshot_of_either_clock_is_a_history_of_instants(
    shelf: Engine, type_: str, never: str
) -> None:
    """dbt's `timestamp` strategy takes the moments from the source, zone or no zone.

    And with `dbt_valid_to_current`, no state is without an end.
    """
    told = STAMPED
    if never:
        if shelf.schema != "main":
            never = never.replace("timestamp", "datetime")
        told = STAMPED.replace("updated_at=", f'dbt_valid_to_current="{never}", updated_at=')
    (shelf.project.root / "snapshots" / "states.sql").write_text(told, encoding="utf-8")
    (shelf.project.root / "models" / "states_history.sql").write_text(
        "{{ snapshot_history(ref('stamped')) }}", encoding="utf-8"
    )
    if shelf.schema != "main":
        type_ = "datetime" if type_ == "timestamp" else "timestamp"
    for day in ("02", "09"):
        moment = f"cast('2017-01-{day} 04:00:00' as {type_})"
        shelf.put("articles", [{"article_id": "1", "size": f"'{day}'", "changed_at": moment}])
        results = shelf.project.build()
        assert {r.status for r in results.values()} == {"success"}, results
    found = shelf.query(
        "select valid_from, valid_to from {schema}.states_history order by valid_from"
    )
    first, second = (datetime(2017, 1, day, 4, tzinfo=UTC) for day in (2, 9))
    assert found == [(first, second), (second, None)]
    ends = "select count(*) from {schema}.stamped where dbt_valid_to is null"
    assert shelf.query(ends) == [(0 if never else 1,)]
    current = "select valid_from from {schema}.states_history where is_current"
    assert shelf.query(current) == [(second,)]
