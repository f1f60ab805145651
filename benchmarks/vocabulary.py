"""Each heavy word over 10 million rows, beside the SQL that one would write by hand for it.

Both write a table in a workshop with the platform's settings, in turn; medians of three. The table
is made up: a fifth of its rows repeat another's event, a tenth of its values are missing. Rows and
words can be chosen: `python -m benchmarks.vocabulary 1000000 --word latest_by`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from mesh_defs.storage.workshop import tune

ROWS = 10_000_000
RUNS = 3
AIM = 1.2


@dataclass(frozen=True)
class Pair:
    """A word's call as a model has it, and the same by hand; both give a query."""

    word: str
    call: str
    by_hand: str


PAIRS = [
    Pair(
        "latest_by",
        "{{ latest_by('lines', key=['event_id'], recency=['recorded_at', 'line_id']) }}",
        """
        select * from lines
        qualify row_number() over (
            partition by event_id order by recorded_at desc, line_id desc
        ) = 1
        """,
    ),
    Pair(
        "distinct_rows",
        "{{ distinct_rows('lines', columns=['store_id', 'article_id', 'day', 'quantity']) }}",
        """
        select store_id, article_id, day, quantity, count(*) as copies
        from lines group by store_id, article_id, day, quantity
        """,
    ),
    Pair(
        "first_by_event_id",
        "{{ first_by_event_id('lines', event_id=['event_id'], occurred_at='occurred_at',"
        " recorded_at='recorded_at', within='7 days') }}",
        """
        select * from lines
        qualify coalesce(occurred_at > lag(occurred_at) over (
            partition by event_id order by occurred_at, recorded_at
        ) + interval 7 days, true)
        """,
    ),
    Pair(
        "with_defaults",
        "{{ with_defaults('lines', types={'note': 'text', 'quantity': 'number'},"
        " by_type={'text': 'NONE', 'number': 0}) }}",
        """
        select * replace (
            coalesce(nullif(trim(note), ''), 'NONE') as note, coalesce(quantity, 0) as quantity),
            list_filter([case when nullif(trim(note), '') is null then 'note' end,
                case when quantity is null then 'quantity' end],
                lambda c: c is not null) as defaulted
        from lines
        """,
    ),
    Pair(
        "completed",
        "{{ completed('lines', period='day', grain='day', by=['store_id'],"
        " start=\"date '2017-01-01'\", end=\"date '2017-12-31'\") }}",
        """
        with grid as (
            select store_id, day::date as day
            from (select distinct store_id from lines where store_id is not null),
                range(date '2017-01-01', date '2018-01-01', interval 1 day) as days(day)
        )
        select lines.* replace (coalesce(lines.store_id, grid.store_id) as store_id,
            coalesce(lines.day, grid.day) as day), lines.day is null as is_gap
        from lines
        full join grid on lines.store_id = grid.store_id and lines.day = grid.day
        """,
    ),
    Pair(
        "completeness",
        "{{ completeness('lines', period='day', grain='week', by=['store_id', 'article_id'],"
        " start=\"date '2017-01-01'\", end=\"date '2017-12-31'\", per=['store_id']) }}",
        """
        with there as (
            select store_id, article_id, count(distinct date_trunc('week', day)) as weeks
            from lines where day between date '2016-12-26' and date '2017-12-31'
            group by store_id, article_id
        )
        select store_id, 53 * count(*) as expected, sum(weeks) as found,
            100.0 * found / expected as completeness
        from there group by store_id
        """,
    ),
    Pair(
        "flag_outliers",
        "{{ flag_outliers('lines', 'amount', method='iqr', by=['store_id']) }}",
        """
        with bounds as (
            select store_id, quantile_cont(amount, 0.25) as q1, quantile_cont(amount, 0.75) as q3
            from lines group by store_id
        )
        select lines.*, q1 - 1.5 * (q3 - q1) as low, q3 + 1.5 * (q3 - q1) as high,
            amount < low or amount > high as is_outlier
        from lines left join bounds using (store_id)
        """,
    ),
    Pair(
        "winsorise",
        "{{ winsorise('lines', 'amount', method='mad', by=['store_id']) }}",
        """
        with bounds as (
            select store_id, median(amount) as middle, 1.4826 * mad(amount) as scale
            from lines group by store_id
        )
        select lines.*, middle - 3 * scale as low, middle + 3 * scale as high,
            amount < low or amount > high as is_outlier,
            least(greatest(amount, low), high) as winsorised
        from lines left join bounds using (store_id)
        """,
    ),
    Pair(
        "event_id",
        "select *, {{ event_id('line_sold', ['store_id', 'line_id']) }} as id from lines",
        "select *, md5('line_sold' || ':' || store_id || ':' || line_id) as id from lines",
    ),
    Pair(
        "history",
        "{{ history('lines', key=['article_id'], at='occurred_at', state=['store_id', 'note'],"
        " order=['line_id']) }}",
        """
        with changes as (
            select article_id, occurred_at, store_id, note,
                lag(store_id) over w as store_before, lag(note) over w as note_before,
                row_number() over w as place
            from (
                select * from lines qualify row_number() over (
                    partition by article_id, occurred_at order by line_id desc) = 1
            )
            window w as (partition by article_id order by occurred_at)
        )
        select article_id, occurred_at as valid_from,
            lead(occurred_at) over (partition by article_id order by occurred_at) as valid_to,
            valid_to is null as is_current, store_id, note
        from changes
        where place = 1 or store_id is distinct from store_before
            or note is distinct from note_before
        """,
    ),
    Pair(
        "latest_state",
        "{{ latest_state('lines', key=['article_id'], at='occurred_at',"
        " state=['store_id', 'note'], order=['line_id']) }}",
        """
        select article_id, occurred_at, store_id, note from lines
        qualify row_number() over (
            partition by article_id order by occurred_at desc, line_id desc) = 1
        """,
    ),
    Pair(
        "translated",
        "{{ translated('lines', columns={'line': 'line_id', 'kind': {'from': 'quantity',"
        " 'codes': {'1': 'one', '2': 'two', '3': 'three'}}}) }}",
        """
        select line_id as line, quantity as kind_raw,
            case quantity when 1 then 'one' when 2 then 'two' when 3 then 'three' end as kind
        from lines
        """,
    ),
    Pair(
        "aggregate",
        "{{ aggregate('lines', day='day', grain='week', period='week', by=['store_id'],"
        " additive={'lines': 'count(*)', 'amount': 'sum(amount)'},"
        " non_additive={'articles': 'count(distinct article_id)'}) }}",
        """
        select date_trunc('week', day)::date as week, store_id, count(*) as lines,
            sum(amount) as amount, count(distinct article_id) as articles
        from lines group by 1, 2
        """,
    ),
]

LINES = """
create table lines as
select
    i as line_id,
    (hash(i) % (8 * {rows} // 10))::bigint as event_id,
    (hash(i, 1) % 500)::integer as store_id,
    (hash(i, 2) % 60000)::integer as article_id,
    timestamp '2017-01-01' + interval (hash(i, 3) % 31536000) second as occurred_at,
    occurred_at + interval (hash(i, 4) % 864000) second as recorded_at,
    occurred_at::date as day,
    case when hash(i, 5) % 10 > 0 then (hash(i, 6) % 20)::integer end as quantity,
    case when hash(i, 7) % 10 > 0 then 'note ' || hash(i, 8) % 1000 end as note,
    ((hash(i, 9) % 100000) / 100)::double as amount
from range({rows}) as t(i)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, nargs="?", default=ROWS)
    parser.add_argument("--word", action="append", choices=[p.word for p in PAIRS], dest="words")
    chosen = parser.parse_args()
    pairs = [p for p in PAIRS if p.word in (chosen.words or [p.word])]
    console = Console()
    table = Table("word", "s", "by hand, s", "ratio", box=None)
    with tempfile.TemporaryDirectory(prefix="mesh-bench-") as folder:
        with console.status("compiling the words"):
            compiled = _compiled(Path(folder), pairs)
        with duckdb.connect(str(Path(folder) / "workshop.duckdb")) as connection:
            tune(connection, Path(folder) / "spill")
            with console.status(f"making {chosen.rows:,} rows"):
                connection.execute(LINES.format(rows=chosen.rows))
            for pair in pairs:
                with console.status(pair.word):
                    word, hand = _measured(connection, compiled[pair.word], pair.by_hand)
                table.add_row(pair.word, f"{word:.2f}", f"{hand:.2f}", f"{word / hand:.2f}")
    console.print(table)
    console.print(f"Aim: every ratio at most {AIM}.")


def _measured(connection: duckdb.DuckDBPyConnection, *queries: str) -> list[float]:
    """Median seconds of each query as a table, measured in turn."""
    seconds: list[list[float]] = [[] for _ in queries]
    for _ in range(RUNS):
        for query, found in zip(queries, seconds, strict=True):
            started = time.perf_counter()
            connection.execute(f"create or replace table made as {query}")
            found.append(time.perf_counter() - started)
    return [statistics.median(found) for found in seconds]


def _compiled(folder: Path, pairs: list[Pair]) -> dict[str, str]:
    """What dbt makes of the words."""
    root = Path(__file__).resolve().parent.parent
    environment = {
        "MESH_WORKSHOP": str(folder / "state" / "workshops" / "compiling.duckdb"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    (folder / "state" / "workshops").mkdir(parents=True)
    found = {}
    for pair in pairs:
        done = subprocess.run(
            [Path(sys.executable).parent / "dbt", "--quiet", "compile", "--inline", pair.call,
             "--output", "json",
             "--project-dir", root / "dbt_projects" / "mesh_utils",
             "--profiles-dir", root / "dbt_projects",
             "--target-path", folder / "target", "--log-path", folder / "logs"],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{pair.word}: {done.stdout}{done.stderr}")
        found[pair.word] = json.loads(done.stdout)["compiled"]
    return found


if __name__ == "__main__":
    main()
