"""docs/reference/contract.md names every kind of rule there is, and its example is true."""

from __future__ import annotations

import re
from pathlib import Path

import mesh_defs.contracts.audit  # noqa: F401  # it brings every kind
from mesh_defs.contracts.clauses.quality import METRICS
from mesh_defs.contracts.clauses.reading import rules_of
from mesh_defs.contracts.levels.amounts import UNITS
from mesh_defs.contracts.levels.freshness import AUDITED
from mesh_defs.contracts.levels.meanings import DATED, MEANINGS
from mesh_defs.contracts.rules import SEVERITIES
from mesh_defs.contracts.scan.bench import KINDS
from mesh_defs.contracts.scan.formats import STRING_FORMATS
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


def test_page_has_a_word_about_every_field_of_the_standard() -> None:
    """Each field acts, or is said not to: none is passed over."""
    from open_data_contract_standard import model as odcs

    about = (
        odcs.SchemaObject,
        odcs.SchemaProperty,
        odcs.DataQuality,
        odcs.Relationship,
        odcs.EnumValue,
        odcs.ServiceLevelAgreementProperty,
        odcs.OpenDataContractStandard,
    )
    fields = {f.alias or name for part in about for name, f in part.model_fields.items()}
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`|```.*?```", TEXT, re.S))))
    assert fields - said == {"rule"}  # the old name of `metric`


def test_page_has_each_service_level_and_what_its_budget_counts() -> None:
    rows = re.findall(r"^\| (`\w+`(?: `\w+`)*) \|.*\| ?(\w*) \|$", _section("Service levels"), re.M)
    said = {(name, counts) for names, counts in rows for name in re.findall(r"\w+", names)}
    told = {(name, m.counts) for name, m in MEANINGS.items() if name != "timeToNotify"}
    assert said == told | {(name, "") for name in (*DATED, "timeToNotify")}


def test_page_has_a_name_for_each_unit() -> None:
    units = re.search(r"has a `unit`: (.*?);", _section("Service levels"), re.S)
    assert units
    said = [UNITS[unit] for unit in re.findall(r"`(\w+)`", units[1])]
    assert said == sorted(set(UNITS.values()), reverse=True)


def _section(heading: str) -> str:
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_example_has_the_rules_that_the_page_says(tmp_path: Path) -> None:
    example = next(b for b in blocks(PAGE) if b.title)
    path = tmp_path / example.title
    path.write_text(example.text, encoding="utf-8")
    found = [(r.id, r.kind, r.severity) for r in rules_of(read_contract(read_yaml(path)))]
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \| (\w+) \|$", TEXT, re.MULTILINE)
    assert found == rows
    assert not [r for r in rules_of(read_contract(read_yaml(path))) if r.unusable]
