"""`mesh contract test` and `init` on BigQuery's tables, as one would type them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.cli.conftest import Shell
from tests.cli.test_contract_test import BROKEN, HEAD, LOANS, SOFT, TEXT
from tests.emulator.running import Emulator

pytestmark = pytest.mark.slow


@pytest.fixture
def dataset(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A dataset with the table `loans`, where the command finds it."""
    monkeypatch.chdir(tmp_path)
    for name, value in emulator.host.items():
        monkeypatch.setenv(name, value)
    found = emulator.dataset()
    with duckdb.connect() as connection:
        rows = "(VALUES (1, 'a@b'), (2, 'longer'), (3, NULL)) AS t(loan_id, email)"
        emulator.load(connection.sql(f"FROM {rows}"), f"{found}.loans")
    return found


def write(*objects: Mapping[str, object], **more: object) -> None:
    data = {**HEAD, "schema": list(objects), **more}
    Path("c.odcs.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


def words(text: str) -> list[list[str]]:
    """Line by line, but the first, which names the table, and the last, which tells the time."""
    return [line.split() for line in text.strip().splitlines()[1:-1]]


def test_says_what_it_says_of_a_file(dataset: str, shell: Shell) -> None:
    write({**LOANS, "quality": [SOFT, TEXT]})
    done = shell("contract", "test", "c.odcs.yaml", "--on", f"bigquery:local.{dataset}.loans")
    assert done.code == 1
    of_a_file = BROKEN.replace("INTEGER", "INT64").replace("VARCHAR", "STRING")
    assert words(done.out) == words(of_a_file)


def test_passes_with_a_query_of_its_own_dialect(dataset: str, shell: Shell) -> None:
    count = "SELECT COUNTIF(SAFE_CAST(email AS INT64) IS NULL) FROM {object}"
    own = {"type": "sql", "query": count, "mustBe": 3}
    write({"name": "loans", "properties": LOANS["properties"][:1], "quality": [own]})
    done = shell("contract", "test", "c.odcs.yaml", "--on", f"bigquery:{dataset}.loans", "--json")
    found = {v["rule"]: v["outcome"] for v in done.json["verdicts"]}
    assert found["loans.sql"] == "passed"
    assert found["loans.extraColumns"] == "failed"


def test_a_query_written_for_files_is_translated(dataset: str, shell: Shell) -> None:
    long = "SELECT count(*) FILTER (length(email) > 3) FROM {object}"
    own = {"type": "sql", "query": long, "mustBe": 1}
    files = [{"server": "lake", "type": "local", "path": "lake/loans", "format": "parquet"}]
    write({**LOANS, "quality": [own]}, servers=files)
    done = shell("contract", "test", "c.odcs.yaml", "--on", f"bigquery:{dataset}.loans", "--json")
    found = {v["rule"]: v["outcome"] for v in done.json["verdicts"]}
    assert found["loans.sql"] == "passed"


def test_a_table_that_is_not_there(dataset: str, shell: Shell) -> None:
    write(LOANS)
    done = shell("contract", "test", "c.odcs.yaml", "--on", f"bigquery:{dataset}.loan")
    assert done.code == 1
    assert "cannot be read: " in done.out
    assert "Not found: Table" in done.out


def test_a_first_contract_of_a_table(dataset: str, shell: Shell) -> None:
    done = shell("contract", "init", f"bigquery:{dataset}.loans")
    assert done.code == 0, done.err
    (loans,) = yaml.safe_load(done.out)["schema"]
    assert loans["name"] == "loans"
    assert [(p["name"], p["logicalType"]) for p in loans["properties"]] == [
        ("loan_id", "integer"),
        ("email", "string"),
    ]
