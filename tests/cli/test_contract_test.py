"""`mesh contract test`: verdicts, reports and exit codes, outside a mesh and inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest
import yaml

from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import TinyMesh

HEAD = {
    "apiVersion": "v3.2.0",
    "kind": "DataContract",
    "id": "urn:loans",
    "version": "1.0.0",
    "status": "active",
    "name": "Loans",
}
LOANS = {
    "name": "loans",
    "properties": [
        {"name": "loan_id", "logicalType": "integer", "primaryKey": True},
        {"name": "email", "logicalType": "string", "classification": "restricted",
         "logicalTypeOptions": {"maxLength": 3}},
    ],
}  # fmt: skip
TEXT = {"type": "text", "description": "Every loan was made at a desk."}
SOFT = {"id": "many", "metric": "rowCount", "mustBeGreaterThan": 9, "severity": "warning"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rows = "(VALUES (1, 'a@b'), (2, 'longer'), (3, NULL)) AS t(loan_id, email)"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM {rows}) TO 'bad.parquet'")
        connection.execute(f"COPY (FROM {rows} WHERE loan_id <> 2) TO 'good.parquet'")
    return tmp_path


def write(folder: Path, *objects: Mapping[str, object], **more: object) -> None:
    data = {**HEAD, "schema": list(objects), **more}
    (folder / "c.odcs.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")


BROKEN = """\
Loans 1.0.0 on bad.parquet, 3 rows

             rule                found
  passed     loans.columns       all 2 are there
  passed     loans.extraColumns  no others
  passed     loans.primaryKey    none of 3 rows repeats another row's loan_id
  passed     loan_id.logicalType  the column is INTEGER
  passed     email.logicalType   the column is VARCHAR
  failed     email.maxLength     1 of 3 rows is too long
                                 promised: email has a length of at most 3
                                 {"loan_id": 2, "email": "(withheld: restricted)"}
  warning    many                3 rows
                                 promised: the number of rows is more than 9
  unchecked  loans.text          a promise in words: no engine can check it
                                 promised: Every loan was made at a desk (loans: text)

The contract is broken: 5 passed, 2 failed, 1 could not be checked, N s.
"""


def test_a_table_that_breaks_the_contract(shell: Shell, folder: Path) -> None:
    write(folder, {**LOANS, "quality": [SOFT, TEXT]})
    said = shell("contract", "test", "c.odcs.yaml", "--on", "bad.parquet")
    assert (said.code, said.err) == (1, "")
    assert [" ".join(line.split()) for line in steady(said.out).splitlines()] == [
        " ".join(line.split()) for line in BROKEN.splitlines()
    ]


@pytest.mark.parametrize(
    ("quality", "table", "code"),
    [
        ([], "good.parquet", 0),
        ([SOFT], "good.parquet", 0),
        ([TEXT], "good.parquet", 3),
        ([], "bad.parquet", 1),
        ([TEXT], "bad.parquet", 1),
    ],
)
def test_exit_code_tells(
    shell: Shell, folder: Path, quality: list[object], table: str, code: int
) -> None:
    write(folder, {**LOANS, "quality": quality})
    said = shell("contract", "test", "c.odcs.yaml", "--on", f"loans={table}", "--json")
    assert said.code == code
    assert said.json["holds"] == (code != 1)
    assert said.json["rules_not_executable"] == quality.count(TEXT)


def test_json_has_each_verdict(shell: Shell, folder: Path) -> None:
    write(folder, {**LOANS, "quality": [TEXT]})
    found = shell("contract", "test", "c.odcs.yaml", "--on", "bad.parquet", "--json").json
    by_rule = {v["rule"]: v for v in found["verdicts"]}
    assert by_rule["email.maxLength"] == {
        "rule": "email.maxLength",
        "object": "loans",
        "property": "email",
        "kind": "maxLength",
        "severity": "error",
        "outcome": "failed",
        "failing": 1,
        "found": "1 of 3 rows is too long",
        "promised": "email has a length of at most 3",
        "examples": [{"loan_id": 2, "email": "(withheld: restricted)"}],
        "quarantined": 0,
    }
    assert by_rule["loans.text"]["outcome"] == "not_executable"


def test_junit_and_markdown_files(shell: Shell, folder: Path) -> None:
    write(folder, {**LOANS, "quality": [SOFT, TEXT]})
    files = ("--junit", "r.xml", "--markdown", "r.md")
    assert shell("contract", "test", "c.odcs.yaml", "--on", "bad.parquet", *files).code == 1
    suite = ElementTree.parse(folder / "r.xml").getroot()
    assert {k: suite.get(k) for k in ("tests", "failures", "skipped")} == {
        "tests": "8", "failures": "1", "skipped": "2",
    }  # fmt: skip
    (failure,) = suite.iter("failure")
    assert failure.get("message") == "1 of 3 rows is too long"
    assert [s.get("message") for s in suite.iter("skipped")] == [
        "warning: 3 rows", "unchecked: a promise in words: no engine can check it",
    ]  # fmt: skip
    page = (folder / "r.md").read_text(encoding="utf-8")
    line = "| failed | `email.maxLength` | email has a length of at most 3 | 1 of 3 rows is too"
    assert page.startswith("# Loans 1.0.0\n\n**The contract is broken:** 5 passed, 2 failed, 1")
    assert line in page


LINES = {
    "name": "lines",
    "properties": [
        {"name": "loan_id", "logicalType": "integer", "relationships": [{"to": "loans.loan_id"}]}
    ],
}


def test_several_objects_are_each_given_a_table(shell: Shell, folder: Path) -> None:
    write(folder, LOANS, LINES)
    (folder / "x=1.csv").write_text("loan_id\n1\n2\n", encoding="utf-8")
    both = ("--on", "loans=good.parquet", "--on", "lines=x=1.csv")
    said = shell("contract", "test", "c.odcs.yaml", *both, "--json")
    failed = [v for v in said.json["verdicts"] if v["outcome"] != "passed"]
    assert [(v["rule"], v["failing"]) for v in failed] == [("loan_id.foreignKey", 1)]
    one = shell("contract", "test", "c.odcs.yaml", "--on", "loans=good.parquet", "--json")
    assert one.code == 1
    absent = [v for v in one.json["verdicts"] if v["object"] == "lines"]
    assert {v["outcome"] for v in absent} == {"failed", "not_executable"}


def test_a_contract_that_describes_no_table_checks_none(shell: Shell, folder: Path) -> None:
    write(folder)
    said = shell("contract", "test", "c.odcs.yaml", "--on", "good.parquet")
    assert said.code == 1
    assert "`c.odcs.yaml` has no schema object" in said.err
    assert "mesh contract init" in said.err


WRONG = [
    (("--on", "good.parquet"), 1, "say which object it is: --on loans=RELATION, --on lines="),
    (("--on", "loans=a", "--on", "loans=b"), 1, "`loans` is given twice: `a` and `b`."),
    (("--on", "loans=nope.parquet"), 1, "There is no file `nope.parquet`."),
    (("--on", "loans=good.parquet", "--as-of", "noon"), 2, "expected a moment such as"),
    ((), 2, "Missing option '--on'"),
]


@pytest.mark.parametrize(("arguments", "code", "message"), WRONG)
def test_what_was_typed_wrongly_is_said(
    shell: Shell, folder: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    write(folder, LOANS, LINES)
    said = shell("contract", "test", "c.odcs.yaml", *arguments)
    assert (said.code, said.out) == (code, "")
    assert message in " ".join(said.err.replace("│", " ").split())


def test_a_file_that_is_no_contract_is_named(shell: Shell, folder: Path) -> None:
    write(folder, LOANS, LINES, nonsense=1)
    said = shell("contract", "test", "c.odcs.yaml", "--on", "loans=good.parquet")
    assert said.code == 1
    assert "c.odcs.yaml:" in said.err and "nonsense" in said.err
    assert shell("contract", "test", "nope.yaml", "--on", "good.parquet").code == 1


def test_freshness_is_judged_as_of(shell: Shell, folder: Path) -> None:
    dated = {"name": "t", "properties": [{"name": "at", "logicalType": "timestamp"}]}
    level = {"property": "freshness", "value": 1, "unit": "h", "element": "t.at"}
    write(folder, dated, slaProperties=[level])
    (folder / "t.csv").write_text("at\n2017-12-31 06:00:00\n", encoding="utf-8")
    outcomes = {}
    for moment in ("2017-12-31T06:30", "2017-12-31T07:30", "2017-12-31T07:30+02:00"):
        said = shell(
            "contract", "test", "c.odcs.yaml", "--on", "t.csv", "--as-of", moment, "--json"
        )
        outcomes[moment] = {v["kind"]: v["outcome"] for v in said.json["verdicts"]}["freshness"]
    assert list(outcomes.values()) == ["passed", "failed", "passed"]


def test_service_levels_that_no_table_tells_are_named(shell: Shell, folder: Path) -> None:
    levels = [
        {"id": "daily", "property": "frequency", "value": 1, "unit": "d"},
        {"property": "availability", "value": 99.5},
    ]
    write(folder, LOANS, slaProperties=levels)
    said = shell("contract", "test", "c.odcs.yaml", "--on", "good.parquet")
    assert said.code == 0
    assert "No table tells these service levels: daily, availability. `mesh show` does" in said.out
    said = shell("contract", "test", "c.odcs.yaml", "--on", "good.parquet", "--json")
    assert said.json["levels_not_measured"] == ["daily", "availability"]


FOREIGN = {
    "name": "days",
    "properties": [
        {"name": "day", "logicalType": "date", "relationships": [{"to": "shop.orders.day"}]}
    ],
}


def test_another_contract_outside_a_mesh_is_given_or_named(shell: Shell, folder: Path) -> None:
    write(folder, FOREIGN)
    (folder / "days.csv").write_text("day\n2024-05-01\n2024-05-09\n", encoding="utf-8")
    (folder / "orders.csv").write_text("day\n2024-05-01\n", encoding="utf-8")
    said = shell("contract", "test", "c.odcs.yaml", "--on", "days.csv", "--json")
    assert said.code == 3
    assert said.json["verdicts"][-1]["found"] == "shop.orders is not at hand here"
    given = ("--on", "days.csv", "--on", "shop.orders=orders.csv")
    said = shell("contract", "test", "c.odcs.yaml", *given, "--json")
    assert (said.code, said.json["verdicts"][-1]["failing"]) == (1, 1)


def test_a_reference_by_ids_into_the_file_of_another_contract(shell: Shell, folder: Path) -> None:
    there = {"name": "orders", "id": "orders_id", "properties": [
        {"name": "day", "id": "day_id", "logicalType": "date"}]}  # fmt: skip
    write(folder, there)
    (folder / "c.odcs.yaml").rename(folder / "orders.yaml")
    to = "orders.yaml#/schema/orders_id/properties/day_id"
    day = {"name": "day", "logicalType": "date", "relationships": [{"to": to}]}
    write(folder, {"name": "days", "properties": [day]})
    (folder / "days.csv").write_text("day\n2024-05-01\n2024-05-09\n", encoding="utf-8")
    (folder / "o.csv").write_text("day\n2024-05-01\n", encoding="utf-8")
    given = ("--on", "days.csv", "--on", "orders.yaml#orders=o.csv")
    said = shell("contract", "test", "c.odcs.yaml", *given, "--json")
    failed = [v for v in said.json["verdicts"] if v["outcome"] != "passed"]
    assert [(v["rule"], v["failing"]) for v in failed] == [("day.foreignKey", 1)]


def test_inside_a_mesh_an_agreed_product_is_at_hand(
    shell: Shell, in_tiny_mesh: TinyMesh, tmp_path: Path
) -> None:
    import shutil

    mesh = TinyMesh(tmp_path / "mesh")
    shutil.copytree(in_tiny_mesh.root, mesh.root)
    contract = mesh.root / "domains/insight/contracts/best_day.odcs.yaml"
    data = yaml.safe_load(contract.read_text(encoding="utf-8"))
    data["schema"][0]["properties"][0]["relationships"] = [{"to": "shop.orders.day"}]
    contract.write_text(yaml.safe_dump(data), encoding="utf-8")
    (tmp_path / "days.csv").write_text("day,cents\n2024-05-01,1\n2024-05-09,2\n", encoding="utf-8")
    said = shell("contract", "test", str(contract), "--on", str(tmp_path / "days.csv"), "--json")
    failed = [v for v in said.json["verdicts"] if v["outcome"] != "passed"]
    assert [(v["rule"], v["failing"]) for v in failed] == [("day.foreignKey", 1)]
    assert json.dumps(failed[0]["examples"]) == '[{"day": "2024-05-09"}]'
