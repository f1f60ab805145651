"""docs/reference/contract.md names every kind of rule there is, and its example is true."""

from __future__ import annotations

import re
from pathlib import Path

from mesh_defs.contracts.audit import KINDS
from mesh_defs.contracts.formats import STRING_FORMATS
from mesh_defs.contracts.levels import AUDITED, SECONDS
from mesh_defs.contracts.quality import METRICS
from mesh_defs.contracts.rules import SEVERITIES, rules_of
from mesh_defs.contracts.wording import OPERATORS
from mesh_defs.model.contract import read_contract
from mesh_defs.model.yaml_source import read_yaml
from tests.docs.pages import blocks, page, table_codes

PAGE = page("docs/reference/contract.md")
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = ("The shape", "A column's values", "Keys and references", "Quality clauses")


def _said(heading: str) -> set[str]:
    return {code for row in table_codes(PAGE, heading) for code in row}


def test_page_names_each_kind_and_no_other() -> None:
    said = set().union(*map(_said, SECTIONS))
    assert {kind for kind in said if kind not in OPERATORS} == set(KINDS) - set(AUDITED)


def test_page_names_each_operator_metric_severity_and_format() -> None:
    assert set(OPERATORS) <= set(re.findall(r"`(\w+)`", TEXT))
    assert set(METRICS) <= _said("Quality clauses")
    assert _said("Severity and tolerance") == set(SEVERITIES)
    assert all(f"`{name}`" in TEXT for name in STRING_FORMATS)
    assert {SECONDS[unit] for unit in "dhmsw"} == set(SECONDS.values())


def test_example_has_the_rules_that_the_page_says(tmp_path: Path) -> None:
    example = next(b for b in blocks(PAGE) if b.title)
    path = tmp_path / example.title
    path.write_text(example.text, encoding="utf-8")
    found = [(r.id, r.kind, r.severity) for r in rules_of(read_contract(read_yaml(path)))]
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| (\w+) \|$", TEXT, re.MULTILINE)
    assert found == rows
    assert not [r for r in rules_of(read_contract(read_yaml(path))) if r.unusable]
