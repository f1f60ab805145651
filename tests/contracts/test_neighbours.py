"""References into other contracts' files, by names and by ids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.contracts.clauses.reading import rules_of
from tests.contracts.contract_lab import add_table, contract, table, verdicts

HEAD = {"apiVersion": "v3.2.0", "kind": "DataContract", "version": "1.0.0", "status": "active"}
THERE = [
    {"name": "articles", "id": "articles_id", "properties": [
        {"name": "number", "id": "number_id", "physicalName": "nr", "logicalType": "integer"}]},
    {"name": "prices", "id": "prices_id", "properties": [
        {"name": "number", "id": "number_id", "logicalType": "integer"}]},
]  # fmt: skip


def write(path: Path, *schema: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({**HEAD, "id": path.stem, "schema": [*schema]}), "utf-8")
    return path


def rule_to(to: str, folder: Path) -> Any:
    """As a contract that was read; ODCS's text knows `file#object.column`, its schema does not."""
    column = {"name": "article", "logicalType": "integer", "relationships": [{"to": to}]}
    of = contract({"schema": [{"name": "sold", "properties": [column]}]})
    of.path = folder / "sales/contracts/sold.odcs.yaml"
    return of


CASES = [
    ("catalog/contracts/articles.odcs.yaml#/schema/articles_id/properties/number_id",
     "catalog.articles", "nr"),
    ("../../catalog/contracts/articles.odcs.yaml#articles.number", "catalog.articles", "nr"),
    ("domains/catalog/contracts/articles.odcs.yaml#/schema/prices_id/properties/number_id",
     "catalog.articles.prices", "number"),
    ("beside.yaml#/schema/articles_id/properties/number_id", "beside.yaml#articles", "nr"),
    ("beside.yaml#prices.number", "beside.yaml#prices", "number"),
    ("https://a.example/catalog/contracts/articles.odcs.yaml#articles.number",
     "catalog.articles", "number"),
    ("nowhere.yaml#a.b", "nowhere.yaml#a", "b"),
]  # fmt: skip


@pytest.mark.parametrize(("to", "reference", "column"), CASES)
def test_names_and_ids_are_looked_up_where_the_file_is(
    tmp_path: Path, to: str, reference: str, column: str
) -> None:
    domains = tmp_path / "domains"
    write(domains / "catalog/contracts/articles.odcs.yaml", *THERE)
    write(domains / "sales/contracts/beside.yaml", *THERE)
    of = rule_to(to, domains)
    (rule,) = (r for r in rules_of(of) if r.kind == "foreignKey")
    assert (rule.params["reference"], rule.params["to"]) == (reference, [column])
    connection = table({"article": "INT"}, [(1,), (2,)], "sold")
    add_table(connection, {column: "INT"}, [(1,)], "there")
    found = verdicts(connection, of, references={reference: "there"})["article.foreignKey"]
    assert (found.outcome, found.failing) == ("failed", 1)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("beside.yaml#/schema/nope/properties/x", "`beside.yaml` has no object nope"),
        ("beside.yaml#/schema/prices_id/properties/x", "prices has no property x"),
    ],
)
def test_what_the_other_file_lacks_is_named(tmp_path: Path, to: str, reason: str) -> None:
    write(tmp_path / "sales/contracts/beside.yaml", *THERE)
    (rule,) = (r for r in rules_of(rule_to(to, tmp_path)) if r.kind == "foreignKey")
    assert rule.unusable == reason
