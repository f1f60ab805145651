"""Each heavy word over 10 million rows, beside the SQL that one would write by hand for it.

Both write a table in a workshop with the platform's settings, in turn; medians of three. The table
is made up: a fifth of its rows repeat another's event, a tenth of its values are missing. Rows and
words can be chosen: `python -m benchmarks.vocabulary 1000000 --word latest_by`. The pairs are in
`word_pairs`.
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
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from benchmarks.word_pairs import PAIRS, Pair
from mesh_defs.storage.workshop import tune

ROWS = 10_000_000
RUNS = 3
AIM = 1.2

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

# Of what applications and suppliers send, one value in a hundred does not parse.
ORDERS = """
create table orders as
select
    line_id,
    case line_id % 100
        when 0 then '{{'
        when 1 then '[1]'
        when 2 then '{{"placed_on": "2017-02-30", "payment": 7, "lines": 5}}'
        else '{{"household": ' || store_id || ', "placed_on": "' || day
            || '", "payment": {{"total": "' || amount::decimal(10, 2)
            || '"}}, "channel": "app", "lines": [{{"article": ' || article_id
            || ', "size": "' || coalesce(note, '') || '"}}, {{"article": "'
            || case when line_id % 100 = 3 then 'x' else line_id::varchar end || '"}}]}}'
    end as payload
from lines
"""

EXTRACT = """
create table extract as
select
    note as brand,
    line_id,
    case when line_id % 100 = 0 then 'x' || article_id else article_id::varchar end as product_id,
    store_id + case when line_id % 100 = 1 then 0.5 else 0 end as maker,
    case when line_id % 100 = 2 then 0 when line_id % 2 = 0 then store_id end::bigint
        as manufacturer,
    day::timestamp + interval (case when line_id % 100 = 3 then 1 else 0 end) hour as sold_on,
    amount + case when line_id % 100 = 4 then 0.001 else 0 end as amount,
    'A' as shelf
from lines
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
        workshop = Path(folder) / "workshop.duckdb"
        with console.status(f"making {chosen.rows:,} rows"), duckdb.connect(workshop) as connection:
            tune(connection, Path(folder) / "spill")
            connection.execute(LINES.format(rows=chosen.rows))
            for name, made in (("orders", ORDERS), ("extract", EXTRACT)):
                if any(f"'{name}'" in pair.call for pair in pairs):
                    connection.execute(made.format())
        with console.status("compiling the words"):
            compiled = _compiled(workshop, pairs)
        with duckdb.connect(workshop) as connection:
            tune(connection, Path(folder) / "spill")
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


def _compiled(workshop: Path, pairs: list[Pair]) -> dict[str, str]:
    """What dbt makes of the words; it looks at the tables, as `conformed` does."""
    root, folder = Path(__file__).resolve().parent.parent, workshop.parent
    environment = {"MESH_WORKSHOP": str(workshop), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
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
