"""`mesh contract init`: where the contract goes, what it is called, and that it can be used."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from mesh_defs.governance.validation import validate
from mesh_defs.model import Mesh
from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh

ROWS = "SELECT range AS order_id, 'a' || range || '@b.example' AS email FROM range(3)"
CSV = "station,day,celsius\nharbour,2016-06-05,18.5\nhill,2016-06-05,16.0\nhill,2016-06-06,21.5\n"
READINGS = """\
# Drafted from readings.csv, 3 rows: what is so in all of them, not what was agreed. Describe the
# columns, look at each guess, and take away what is only so by chance.
apiVersion: v3.2.0
kind: DataContract
id: urn:datacontract:readings
name: Readings
version: 1.0.0
status: draft
dataProduct: readings
description:
  purpose: To be described.
schema:
  - name: readings
    physicalType: table
    description: To be described.
    properties:
      - name: station
        description: To be described; the bounds are those observed.
        logicalType: string
        primaryKey: true  # guessed: station, day identify a row together
        primaryKeyPosition: 1
        required: true
        logicalTypeOptions: {minLength: 1, maxLength: 7}
      - name: day
        description: To be described; the bounds are those observed.
        logicalType: date
        primaryKey: true
        primaryKeyPosition: 2
        required: true
        logicalTypeOptions: {minimum: '2016-06-05'}
      - name: celsius
        description: To be described; the bounds are those observed.
        logicalType: number
        required: true
        logicalTypeOptions: {minimum: 16, maximum: 21.5}
    quality:
      - {id: not_empty, type: library, metric: rowCount, mustBeGreaterThan: 0}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readings.csv").write_text(CSV, encoding="utf-8")
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute(f"CREATE TABLE orders AS {ROWS}")
        connection.execute("COPY orders TO 'orders.2017.parquet'")
    return tmp_path


def test_the_contract_is_all_that_stdout_has(shell: Shell, folder: Path) -> None:
    said = shell("contract", "init", "readings.csv")
    assert (said.code, said.out, said.err) == (0, READINGS, "")


@pytest.mark.parametrize("relation", ["readings.csv", "orders.2017.parquet", "shop.duckdb:orders"])
def test_it_holds_where_it_was_drafted_from(shell: Shell, folder: Path, relation: str) -> None:
    said = shell("contract", "init", relation, "--to", "c.yaml")
    assert said.code == 0 and said.out.startswith("wrote c.yaml: ")
    tested = shell("contract", "test", "c.yaml", "--on", relation, "--json")
    assert tested.code == 0 and tested.json["rules_not_executable"] == 0


def test_a_file_that_is_there_is_left_alone(shell: Shell, folder: Path) -> None:
    (folder / "c.yaml").write_text("mine", encoding="utf-8")
    said = shell("contract", "init", "readings.csv", "--to", "c.yaml")
    assert said.code == 1
    assert said.err == "`c.yaml` is there already, and left as it is. Nothing written.\n"
    assert (folder / "c.yaml").read_text(encoding="utf-8") == "mine"


NAMES = [
    (("readings.csv",), "readings", None, "urn:datacontract:readings"),
    (("orders.2017.parquet",), "orders", None, "urn:datacontract:orders"),
    (("./*.parquet",), "table", None, "urn:datacontract:table"),
    (("shop.duckdb:orders",), "orders", None, "urn:datacontract:orders"),
    (("shop.duckdb:main.orders", "--domain", "shop"), "orders", "shop",
     "urn:datacontract:shop.orders"),
    (("readings.csv", "--name", "daily", "--id", "my-id"), "daily", None, "my-id"),
    (("readings.csv", "--to", "domains/sky/contracts/daily.odcs.yaml"), "daily", "sky",
     "urn:datacontract:sky.daily"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "name", "domain", "id_"), NAMES)
def test_what_it_is_called(
    shell: Shell,
    folder: Path,
    arguments: tuple[str, ...],
    name: str,
    domain: str | None,
    id_: str,
) -> None:
    (folder / "domains/sky/contracts").mkdir(parents=True)
    made = shell("contract", "init", *arguments, "--json").json["contract"]
    assert (made["dataProduct"], made.get("domain"), made["id"]) == (name, domain, id_)
    assert made["schema"][0]["name"] == name


WRONG = [
    (("nope.parquet",), "There is no file `nope.parquet`."),
    (("readings.csv", "--name", "Not A Name"), "`Not A Name` can't be the name: expected lower"),
    (("readings.csv", "--to", "no/such/folder.yaml"), "`no/such/folder.yaml` cannot be written"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_what_cannot_be_done_is_said(
    shell: Shell, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    said = shell("contract", "init", *arguments)
    assert (said.code, said.out) == (1, "")
    assert message in said.err


def test_json_tells_what_was_guessed(shell: Shell, folder: Path) -> None:
    said = shell("contract", "init", "orders.2017.parquet", "--json").json
    assert {k: said[k] for k in ("rows", "key", "file")} == {
        "rows": 3, "key": ["order_id"], "file": None,
    }  # fmt: skip
    assert said["guesses"] == [
        {"property": "order_id", "guess": "order_id identifies a row"},
        {"property": "email", "guess": "an email address, by the column's name"},
    ]


def test_in_a_mesh_the_file_is_all_that_a_product_lacks(
    shell: Shell, in_unpublished_mesh: TinyMesh
) -> None:
    root = in_unpublished_mesh.root
    to = "domains/shop/contracts/tickets.odcs.yaml"
    assert shell("contract", "init", "data/orders.csv", "--to", to).code == 0
    made = yaml.safe_load((root / to).read_text(encoding="utf-8"))
    assert made["team"]["members"][0]["name"] == "Ola Nord"
    orders = (root / "domains/shop/products/orders.odps.yaml").read_text(encoding="utf-8")
    (root / "domains/shop/products/tickets.odps.yaml").write_text(
        orders.replace("orders", "tickets"), encoding="utf-8"
    )
    (root / "dbt_projects/shop/models/tickets.sql").write_text("select 1", encoding="utf-8")
    assert validate(Mesh.read(root), root) == []
