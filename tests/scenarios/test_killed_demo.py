"""kill -9 of a whole `mesh run` on the real data, at moments drawn by lot: readers see the old
snapshot or the new one, and the next run converges to what a clean run makes.

Old and new differ here, and two domains are at work. Each single step is in test_killed_anywhere.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from mesh_defs.model import ProductRef
from mesh_defs.orchestration.instance import open_instance
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot
from tests.scenarios.story import Story, orphans, raw, rows, write
from tests.ui.serving import below, gone

pytestmark = pytest.mark.slow

# What a reader looks at, and the whole content in a number.
SEEN = {
    "sales.purchases": "count(*), sum(sales_value)",
    "sales.baskets": "count(*), sum(sales_value)",
    "marketing.placements": "count(*)",
    "marketing.redemptions": "count(*)",
}
ALL = "count(*), sum(hash(t))"
Facts = dict[str, tuple[object, ...]]


def facts(home: Path, wanted: dict[str, str] | None = None) -> Facts:
    """What the newest snapshot of each product holds."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        for name in SEEN:
            standing = snapshot(State(home).product(ProductRef.parse(name), 1))
            assert standing is not None
            asked = f"SELECT {(wanted or {}).get(name, ALL)} FROM read_parquet(?) AS t"
            found[name] = connection.execute(asked, [list(standing.files)]).fetchall()[0]
    return found


@contextmanager
def reading(home: Path) -> Iterator[list[Facts]]:
    """Somebody who reads all the time."""
    seen: list[Facts] = []
    over = threading.Event()

    def read() -> None:
        while not over.wait(0.2):
            seen.append(facts(home, SEEN))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield seen
    finally:
        over.set()
        reader.join()


@pytest.fixture
def other(tmp_path: Path) -> dict[str, Path]:
    """Another day's batches: a basket, a redemption and some placements less."""
    changed = {
        "transactions": "from old where basket_id <> (select min(basket_id) from old)",
        "coupon_redemptions": "from old limit 2101",
        "promotions": "from old where week < 53 or hash(product_id, store_id) % 100 > 0",
    }
    return {n: write(tmp_path / f"{n}.parquet", sql, old=raw(n)) for n, sql in changed.items()}


def fed(demo: Story, batches: dict[str, Path]) -> Story:
    return demo.feeding(
        sales__transactions=batches["transactions"],
        marketing__coupon_redemptions=batches["coupon_redemptions"],
        marketing__promotions=batches["promotions"],
    )


def killed(story: Story, chance: random.Random) -> str:
    """Start a run and kill all its processes, some time after it has said so many lines."""
    lines, wait = chance.randint(0, 9), chance.uniform(0, 1.5)
    run = story.start("run", "sales", "marketing")
    assert run.stdout is not None
    said = [run.stdout.readline() for _ in range(lines)]
    time.sleep(wait)
    os.kill(run.pid, signal.SIGSTOP)  # so that it starts nothing while we look
    everything = below(run.pid)
    for pid in everything:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    run.wait(30)
    run.communicate()
    assert run.returncode == -signal.SIGKILL, "it was not done yet"
    assert gone(everything) == []
    moment = said[-1].strip() if said else "at the start"
    print(f"killed {wait:.1f} s after: {moment}")
    return moment


def test_killed_at_any_moment_the_next_run_converges(demo: Story, other: dict[str, Path]) -> None:
    chance = random.Random(189)  # moments from the landing to the publication
    clean, seen_clean = facts(demo.home), facts(demo.home, SEEN)
    new = fed(demo, other)

    with reading(demo.home) as seen:
        moment = killed(new, chance)
        converged(new, moment)
    made, seen_made = facts(demo.home), facts(demo.home, SEEN)
    assert (
        made["sales.purchases"][0] == rows("select count(*) from b", b=other["transactions"])[0][0]
    )
    assert made["marketing.redemptions"][0] == 2101
    assert all(made[name] != clean[name] for name in made)
    assert_old_or_new(seen, seen_clean, seen_made)

    with reading(demo.home) as seen:
        killed(demo, chance)
        moment = killed(demo, chance)  # once more, on top of what the first one left
        converged(demo, moment)
    assert facts(demo.home) == clean, "to the last row what the clean run made"
    assert_old_or_new(seen, seen_made, seen_clean)


def assert_old_or_new(seen: list[Facts], old: Facts, new: Facts) -> None:
    assert len(seen) > 5
    for name in SEEN:
        assert {found[name] for found in seen} <= {old[name], new[name]}
        is_new = [found[name] == new[name] for found in seen]
        assert is_new == sorted(is_new), "never back"


def converged(story: Story, moment: str) -> None:
    said = story.run("sales", "marketing")
    assert said.code == 0, (moment, said)
    assert set(said.statuses.values()) <= {"published", "unchanged"}
    assert set(story.run("sales", "marketing").statuses.values()) == {"unchanged"}
    assert orphans(story.home) == [], moment
    with open_instance(story.root, State(story.home)) as instance:
        assert all(run.is_finished for run in instance.get_runs()), moment
