"""The demo's domains, whole, on DuckDB and on BigQuery: every model builds, every test of dbt's
passes, and the tables tell the same.

The judge of BigQuery is an emulator that reads GoogleSQL; it takes some functions that BigQuery
does not have, so those that the compiled models call are looked up in a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.domains.two_engines import MESH, OnBigQuery, OnDuckDB, differences
from tests.emulator.running import Emulator

pytestmark = pytest.mark.slow

DOMAINS = sorted(MESH.rooms)
# What a run writes of itself, and numbers that mean something on one engine only.
OWN = {
    "recorded_at",
    "valid_from",
    "valid_to",
    "dbt_scd_id",
    "dbt_updated_at",
    "fingerprint",
    "recipe",
}
# What stands before a bracket in GoogleSQL: its functions, of those that the models call …
FUNCTIONS = {
    "abs", "any_value", "array_agg", "array_concat", "array_length", "avg", "cast",
    "coalesce", "concat", "count", "countif", "current_timestamp", "date", "date_add",
    "date_diff", "date_trunc", "datetime_add", "datetime_diff", "farm_fingerprint", "floor",
    "generate_date_array", "greatest", "if", "lag", "lead", "least", "length", "lower", "max",
    "max_by", "md5", "min", "nullif", "percent_rank", "percentile_cont", "regexp_contains",
    "regexp_extract", "regexp_replace", "round", "row_number", "safe_cast", "sqrt", "struct",
    "sum", "timestamp", "timestamp_diff", "timestamp_trunc", "to_hex", "to_json_string",
    "trim", "unnest", "var_samp",
}  # fmt: skip
# … words that are no function, and functions that are created: ours and a domain's.
OTHERS = {
    "all", "and", "as", "by", "distinct", "except", "exists", "from", "in", "join", "not", "on",
    "or", "over", "replace", "select", "then", "using", "values", "when", "where",
    "pseudonym", "package_size",
}  # fmt: skip


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> OnDuckDB:
    return OnDuckDB(tmp_path_factory.mktemp("domains-on-duckdb"))


@pytest.fixture(scope="module")
def on_bigquery(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> OnBigQuery:
    emulator.add_pseudonym("key")
    return OnBigQuery(tmp_path_factory.mktemp("domains-on-bigquery"), emulator=emulator)


@pytest.fixture(params=DOMAINS)
def domain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_domain_builds_on_bigquery(domain: str, on_bigquery: OnBigQuery) -> None:
    results = on_bigquery.build(domain)
    assert results
    failed = {n: r.message for n, r in results.items() if r.status not in ("success", "pass")}
    assert not {n: m for n, m in failed.items() if results[n].status != "warn"}


def test_it_tells_the_same_on_both(
    domain: str, on_duckdb: OnDuckDB, on_bigquery: OnBigQuery
) -> None:
    ours, theirs = on_duckdb.build(domain), on_bigquery.build(domain)
    assert {n: r.status for n, r in ours.items()} == {n: r.status for n, r in theirs.items()}
    tables = on_duckdb.columns(domain)
    assert tables
    for table in tables:
        columns = [c for c in tables[table] if c not in OWN]
        here = on_duckdb.rows(domain, table, columns)
        there = on_bigquery.rows(domain, table, columns)
        assert here, f"{table} has no row: nothing is compared"
        assert not differences(here, there)[:3], table


@pytest.mark.parametrize("domain", ["catalog", "sales"])
def test_a_second_run_changes_nothing(domain: str, on_bigquery: OnBigQuery) -> None:
    """Neither the states that a snapshot keeps nor the events that were recorded."""
    kept = {"catalog": "articles_history", "sales": "baskets_purchased"}[domain]
    on_bigquery.build(domain)
    first = on_bigquery.rows(domain, kept, ["*"])
    results = on_bigquery.project(domain).build()
    assert {r.status for r in results.values()} <= {"success", "pass", "warn"}
    assert sorted(on_bigquery.rows(domain, kept, ["*"]), key=str) == sorted(first, key=str)


def test_its_sql_calls_what_bigquery_has(domain: str, on_bigquery: OnBigQuery) -> None:
    on_bigquery.build(domain)
    called = {
        name: path.name
        for path in _compiled(on_bigquery.folder / domain)
        for name in _called(path.read_text(encoding="utf-8"))
    }
    assert called
    assert not {name: where for name, where in called.items() if name not in FUNCTIONS | OTHERS}


def _compiled(home: Path) -> Iterator[Path]:
    return (p for p in home.glob("target/compiled/*/*/**/*.sql") if p.is_file())


def _called(sql: str) -> set[str]:
    text = re.sub(r"--[^\n]*|'(?:[^'\\]|\\.)*'|`[^`]*`", " ", sql)
    return {name.lower() for name in re.findall(r"\b([A-Za-z_]\w*)\s*\(", text)}
