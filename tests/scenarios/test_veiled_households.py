"""No household's number leaves its domain: numbers that nobody else has are planted in the sources,
and searched for in all that the mesh shows.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from mesh_defs.model import Mesh
from mesh_defs.storage.state import State
from mesh_defs.storage.tables import snapshot
from tests.scenarios.story import Story, raw, write

pytestmark = pytest.mark.slow

PLANTED = 7_000_000_000
FOUND = "70000[0-2][0-9]{4}"  # 7000000001 and on: a household's number, and nothing else here


@pytest.fixture
def planted(demo: Story, tmp_path: Path) -> Story:
    """The demo, run on households whose numbers can be told from all other numbers."""
    batches = {
        source: write(
            tmp_path / f"{name}.parquet",
            f"select * replace (household_id + {PLANTED} as household_id) from old",
            old=raw(name),
        )
        for source, name in {
            "sales__transactions": "transactions",
            "customers__demographics": "demographics",
            "marketing__campaigns": "campaigns",
            "marketing__coupon_redemptions": "coupon_redemptions",
        }.items()
    }
    fed = demo.feeding(**batches)
    said = fed.run()
    assert said.code == 0, said
    changed = {"customers.households", "marketing.campaigns", "marketing.redemptions",
               "sales.purchases", "sales.baskets", "growth.household_months",
               "growth.household_segments"}  # fmt: skip
    assert {said.statuses[name] for name in changed} == {"published"}
    return fed


def columns_with_numbers(state: State, root: Path) -> tuple[set[str], int]:
    """Published columns in which a planted number is found, and how many were searched."""
    found, searched = set(), 0
    with duckdb.connect() as connection:
        for ref, product in Mesh.read(root).products.items():
            standing = snapshot(state.product(ref, product.contract.major))
            assert standing is not None
            table = connection.read_parquet(list(standing.files))
            for column in table.columns:
                searched += 1
                values = table.project(f'"{column}"::varchar as value').distinct()
                if values.filter(f"regexp_matches(value, '{FOUND}')").fetchone():
                    found.add(f"{ref}.{column}")
    return found, searched


def test_no_published_column_has_a_households_number(planted: Story) -> None:
    state = State(planted.home)
    landed = snapshot(state.landing("sales", "transactions"))
    assert landed is not None
    with duckdb.connect() as connection:
        values = connection.read_parquet(list(landed.files)).project("household_id::varchar as v")
        assert values.filter(f"regexp_matches(v, '{FOUND}')").fetchone(), "they are planted"
    found, searched = columns_with_numbers(state, planted.root)
    assert found == set()
    assert searched > 100

    # nor what is said about them: statistics, audits, logs, Dagster's events
    number = re.compile(rb"(?<![0-9a-f])" + FOUND.encode() + rb"(?![0-9a-f])")
    places = [
        *planted.home.glob("lake/*/products/**/*.json"),
        *(p for p in planted.home.glob("audits/**/*") if p.is_file()),
        *(p for p in planted.home.glob("logs/**/*") if p.is_file()),
        *(p for p in planted.home.glob("dagster/**/*") if p.is_file()),
        *(p for p in planted.home.glob("dbt/**/*") if p.is_file()),
    ]
    assert len(places) > 50
    assert [p for p in places if number.search(p.read_bytes())] == []
