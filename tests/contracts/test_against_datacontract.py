"""Differential: generated contracts on generated tables, against datacontract-cli in its own room.

Where both check the same thing they say the same. Where they do not, docs/verdicts-compared.md says
who is right; `EXPLAINED` is the list of those.
"""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from mesh_defs.contracts.audit import audit
from tests.contracts.contract_lab import NOW, contract
from tests.contracts.generated import TYPES, Made, made
from tests.environments import JUDGES, judges

pytestmark = pytest.mark.slow

HEAD = {
    "apiVersion": "v3.2.0", "kind": "DataContract", "id": "t", "version": "1.0.0",
    "status": "active",
}  # fmt: skip
# Ours → theirs, and how a check of theirs is told from another one of its type.
TYPE_OF = {
    "required": "field_required",
    "unique": "field_unique",
    "enum": "field_enum",
    "minLength": "field_min_length",
    "maxLength": "field_max_length",
    "pattern": "field_regex",
    "minItems": "field_min_items",
    "maxItems": "field_max_items",
    "uniqueItems": "field_unique_items",
    "foreignKey": "field_relationships",
}
BOUNDS = {
    "minimum": ("field_minimum", "has a minimum of"),
    "maximum": ("field_maximum", "has a maximum of"),
    "exclusiveMinimum": ("field_minimum", "has a minimum of"),
    "exclusiveMaximum": ("field_maximum", "has a maximum of"),
}


class Peer:
    """datacontract-cli, asked contract after contract."""

    def __init__(self, python: Path) -> None:
        self.process = subprocess.Popen(
            [python, JUDGES / "judge.py", "test"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, path: Path) -> list[dict[str, Any]]:
        assert self.process.stdin and self.process.stdout
        print(path, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, "the judge is gone"
        found: list[dict[str, Any]] = json.loads(line)
        return found

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def peer(pytestconfig: pytest.Config) -> Iterator[Peer]:
    found = Peer(judges(pytestconfig))
    yield found
    found.close()


def apart(case: Made) -> Made:
    """The case without promises that datacontract-cli cannot keep apart on one column."""
    of = copy.deepcopy(case.contract)
    table = of["schema"][0]
    for prop in table["properties"]:
        options = prop.get("logicalTypeOptions") or {}
        for end in ("Minimum", "Maximum"):
            if f"exclusive{end}" in options:
                options.pop(end.lower(), None)
        if {"exclusiveMinimum", "exclusiveMaximum"} <= {*options}:
            options.pop("exclusiveMaximum")
    for holder in (table, *table["properties"]):
        by_metric = {q["metric"]: q for q in reversed(holder.get("quality") or ())}
        if by_metric:
            holder["quality"] = [*by_metric.values()]
    return replace(case, contract=of)


def both(case: Made, folder: Path, peer: Peer) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    names = ", ".join(f"{n} {TYPES[n]}" for n in case.properties)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({names})")
        for row in case.rows:
            marks = ", ".join("?" * len(row))
            values = [row[n] for n in case.properties]
            connection.execute(f"INSERT INTO t VALUES ({marks})", values)
        connection.execute("CREATE TABLE there (id INTEGER)")
        for n in case.there:
            connection.execute("INSERT INTO there VALUES (?)", [n])
        for name in ("t", "there"):
            connection.execute(f"COPY {name} TO '{folder}/{name}.parquet'")
        of = contract(case.contract)
        tables = {"t": "t", "there": "there"}
        found = audit(connection, tables, of, references={}, as_of=NOW)
    return {v.rule.id: v for v in found.verdicts}, peer.ask(written(case.contract, folder))


def written(of: dict[str, Any], folder: Path) -> Path:
    server = {"server": "files", "type": "local", "format": "parquet",
              "path": f"{folder}/{{model}}.parquet"}  # fmt: skip
    path = folder / "contract.odcs.yaml"
    path.write_text(yaml.safe_dump({**HEAD, "servers": [server], **of}), encoding="utf-8")
    return path


def theirs(verdict: Any, checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Their checks of the same promise; none where they do not look."""
    rule = verdict.rule
    place = (rule.property or "").replace(".items", "[]").replace(".key", "[key]")
    of_place = [c for c in checks if c["field"] == place]
    if rule.kind in BOUNDS:
        type_, words = BOUNDS[rule.kind]
        value = rule.params["value"]
        name = f"field {place} {words} {value}"
        found = [c for c in of_place if c["type"] == type_ and c["name"].endswith(name)][:1]
        if rule.kind.startswith("exclusive"):
            name = f"field {place} is not equal to {value}"
            found += [c for c in of_place if c["name"].endswith(name)][:1]
        return found
    if rule.kind == "primaryKey":
        types = ("primary_key_unique", "field_primary_key_unique", "field_primary_key_required")
        keys = rule.params["columns"]
        also = [c for c in checks if c["field"] in keys and c["type"] == "field_required"]
        also += [c for c in checks if keys == [c["field"]] and c["type"] == "field_unique"]
        return [*(c for c in checks if c["type"] in types), *also]
    if rule.kind in TYPE_OF:
        return [c for c in of_place if c["type"] == TYPE_OF[rule.kind]]
    return [c for c in checks if c["id"] == rule.id]


WIDE = [HealthCheck.too_slow, HealthCheck.data_too_large]
LOOKED_AT = {*TYPE_OF, *BOUNDS, "primaryKey", "rowCount", "nullValues", "missingValues",
             "invalidValues", "duplicateValues"}  # fmt: skip


def test_where_both_look_both_say_the_same(
    peer: Peer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    looked: set[str] = set()

    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=WIDE)
    @given(made())
    def agree(case: Made) -> None:
        found, checks = both(apart(case), tmp_path_factory.mktemp("case"), peer)
        for verdict in found.values():
            same = theirs(verdict, checks)
            results = {c["result"] for c in same}
            if not same or results == {"warning"}:
                continue  # they do not look: EXPLAINED has which
            looked.add(verdict.rule.kind)
            said = "passed" if results == {"passed"} else "failed"
            assert verdict.outcome == said, (verdict, same)
            if verdict.rule.kind in {*TYPE_OF, *BOUNDS} - {"unique"}:
                assert verdict.failing == sum(c["value"] for c in same), (verdict, same)

    agree()
    assert looked == LOOKED_AT


@dataclass(frozen=True)
class Explained:
    """A promise on which we differ: our outcome, and theirs (`nothing`: they have no check)."""

    column: str
    promise: dict[str, Any]
    values: list[Any]
    rule: str
    ours: str
    theirs: str


def option(logical: str, **options: Any) -> dict[str, Any]:
    return {"logicalType": logical, "logicalTypeOptions": options}


def metric(**quality: Any) -> dict[str, Any]:
    return {"logicalType": "integer", "quality": [{"id": "q", **quality}]}


MAP = {"key": {"logicalType": "string", "logicalTypeOptions": {"maxLength": 1}},
       "value": {"logicalType": "integer"}}  # fmt: skip
EXPECTATION = {"type": "expect_column_values_to_be_between", "kwargs": {"max_value": 1}}
# The names are those of docs/verdicts-compared.md.
EXPLAINED = {
    "repeated values": Explained(
        "INT", metric(metric="duplicateValues", mustBe=2), [1, 1, 1], "q", "passed", "failed"),
    "percentage of repeated values": Explained(
        "INT", metric(metric="duplicateValues", mustBe=50, unit="percent"), [1, 1], "q",
        "passed", "warning"),
    "two bounds at one end": Explained(
        "INT", option("integer", minimum=1, exclusiveMinimum=0), [1], "x.minimum",
        "passed", "failed"),
    "multiples": Explained(
        "INT", option("integer", multipleOf=2), [1], "x.multipleOf", "failed", "nothing"),
    "formats": Explained(
        "VARCHAR", option("string", format="uuid"), ["x"], "x.format", "failed", "nothing"),
    "types in files": Explained(
        "VARCHAR", {"logicalType": "integer"}, ["x"], "x.logicalType", "failed", "warning"),
    "physical types in files": Explained(
        "VARCHAR", {"logicalType": "string", "physicalType": "date"}, ["x"], "x.physicalType",
        "failed", "warning"),
    "moments as text": Explained(
        "VARCHAR", option("date", format="dd/MM/yyyy"), ["2017"], "x.format", "failed", "nothing"),
    "properties of an object": Explained(
        "STRUCT(a INT)", {**option("object", required=["a"]), "properties": [
            {"name": "a", "logicalType": "integer"}]}, [{"a": None}], "x.requiredProperties",
        "failed", "nothing"),
    "keys and values of a map": Explained(
        "MAP(VARCHAR, INT)", {"logicalType": "map", "map": MAP}, [{"ab": 1}], "x.key.maxLength",
        "failed", "warning"),
    "references to other contracts": Explained(
        "INT", {"logicalType": "integer", "relationships": [{"to": "other.product.id"}]}, [1],
        "x.foreignKey", "failed", "warning"),
    "Great Expectations": Explained(
        "INT", metric(type="custom", engine="greatExpectations", implementation=EXPECTATION), [2],
        "q", "failed", "nothing"),
    "other columns": Explained("INT", {"logicalType": "integer"}, [1], "t.extraColumns",
                               "failed", "nothing"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_where_we_differ_it_is_explained(name: str, peer: Peer, tmp_path: Path) -> None:
    case = EXPLAINED[name]
    of = {"schema": [{"name": "t", "properties": [{"name": "x", **case.promise}]}]}
    with duckdb.connect() as connection:
        more = ", more INT" if name == "other columns" else ""
        connection.execute(f"CREATE TABLE t (x {case.column}{more})")
        connection.executemany("INSERT INTO t (x) VALUES (?)", [[v] for v in case.values])
        connection.execute(f"COPY t TO '{tmp_path}/t.parquet'")
        connection.execute("CREATE TABLE other AS SELECT 7 AS id")
        references = {"other.product": "other"}
        found = audit(connection, {"t": "t"}, contract(of), references=references, as_of=NOW)
    verdict = next(v for v in found.verdicts if v.rule.id == case.rule)
    checks = peer.ask(written(of, tmp_path))
    same = theirs(verdict, checks)
    if verdict.rule.kind in ("logicalType", "physicalType"):
        same = [c for c in checks if c["type"] in ("field_type", "field_physical_type")]
    if verdict.rule.kind == "foreignKey":
        same = [c for c in checks if c["type"] == "field_relationships"]
    results = {c["result"] or "failed" for c in same}
    said = "failed" if "failed" in results else "".join(sorted(results)) or "nothing"
    assert (verdict.outcome, said) == (case.ours, case.theirs), (verdict, same)


def test_the_page_explains_each_and_no_other() -> None:
    from tests.docs.pages import page

    text = page("docs/verdicts-compared.md").read_text(encoding="utf-8")
    table = text.partition("## datacontract-cli")[2].partition("\n## ")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows[1:] == [*EXPLAINED]
