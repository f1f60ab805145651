"""A contract as people read it, and what importing the room costs."""

from __future__ import annotations

import subprocess
import sys

from mesh_defs.contracts.levels.freshness import publication_interval
from mesh_defs.contracts.markdown import contract_markdown, verdict_lines
from tests.contracts.contract_lab import audited, contract, one_object, table

WHOLE = """
name: Purchases
status: active
domain: sales
description: {purpose: What was sold., usage: Count lines., limitations: No returns.}
schema:
  - name: purchases
    description: One line of a receipt.
    dataGranularityDescription: a basket line
    properties:
      - {name: id, logicalType: integer, primaryKey: true, description: The line | its number.}
      - {name: tags, logicalType: array, items: {logicalType: string}}
      - name: kind
        logicalType: string
        required: true
        classification: restricted
        enum: [{value: a, label: Alpha}, {value: b}]
    quality:
      - {type: text, description: Tills are trusted.}
slaProperties:
  - {property: freshness, value: 2, unit: d, element: purchases.id}
  - {property: availability, value: 99.5, unit: percent}
  - {property: frequency, value: 1, unit: d}
price: {priceAmount: 0, priceCurrency: EUR}
team: {name: Store Sales, members: [{username: ana@example.com, name: Ana, role: owner}]}
support: [{channel: sales-data, tool: slack, url: https://chat.example.com/sales}]
roles: [{role: analyst, access: read, firstLevelApprovers: Ana}]
customProperties: [{property: noticePeriod, value: P30D}]
"""


def test_a_page_says_everything_once() -> None:
    page = contract_markdown(contract(WHOLE))
    for said in (
        "# Purchases",
        "version 1.0.0 · status active · domain sales",
        "**Purpose:** What was sold.",
        "*One row: a basket line*",
        "| `id` | integer | key |  | The line \\| its number. |",
        "| `tags` | array of string |",
        "One of: `a` (Alpha), `b`.",
        "| `kind.enum` | kind is one of a, b | error |",
        "*not checked: a promise in words: no engine can check it*",
        "| freshness | 2 d | `purchases.id` | at every audit |",
        "| availability | 99.5 percent |  | over time |",
        "## Price\n\nfree",
        "| Ana | owner | ana@example.com |",
        "| sales-data | slack | https://chat.example.com/sales |",
        "| analyst | read | Ana |",
        "- **noticePeriod:** P30D",
    ):
        assert page.count(said) == 1, said
    assert "None" not in page


def test_an_empty_contract_still_has_a_page() -> None:
    assert contract_markdown(contract({})) == "# urn:t\n\nversion 1.0.0\n"


def test_how_often_a_product_is_promised() -> None:
    interval = publication_interval(contract(WHOLE))
    assert interval is not None and interval.days == 1
    assert publication_interval(contract({})) is None


def test_verdicts_as_lines() -> None:
    of = one_object([{"name": "x", "required": True}],
                    quality=[{"type": "text", "description": "Good."}])  # fmt: skip
    lines = verdict_lines(audited(table({"x": "INT"}, [(None,)]), of), only_bad=True)
    assert lines == [
        "failed     x.required: 1 of 1 row is null",
        "unchecked  t.text: a promise in words: no engine can check it",
    ]


def test_importing_the_room_brings_nothing_heavy() -> None:
    code = (
        "import sys, mesh_defs.contracts, mesh_defs.contracts.audit, mesh_defs.contracts.markdown;"
        "print([m for m in ('pandas', 'dagster', 'pyarrow', 'numpy', 'duckdb', 'dbt', 'pydantic')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
