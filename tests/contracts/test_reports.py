"""Reports of an audit: what a build server and a page get to read."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from mesh_defs.contracts.reports import audit_junit, audit_markdown, conclusion, summary, word_of
from mesh_defs.contracts.rules import Rule
from mesh_defs.contracts.verdicts import FAILED, NOT_EXECUTABLE, PASSED, Audit, Verdict


def verdict(outcome: str, severity: str = "error", **more: Any) -> Verdict:
    rule = Rule("x.enum", "t", "x", "enum", severity, "x is one of a|b", {})
    said = {"failing": 1, "found": "1 of 2 rows holds another value", **more}
    return Verdict(rule, outcome, **said)


@pytest.mark.parametrize(
    ("outcome", "severity", "word"),
    [
        (PASSED, "error", "passed"),
        (PASSED, "warning", "passed"),
        (FAILED, "error", "failed"),
        (FAILED, "warning", "warning"),
        (FAILED, "info", "info"),
        (NOT_EXECUTABLE, "error", "unchecked"),
    ],
)
def test_a_word_for_each_outcome(outcome: str, severity: str, word: str) -> None:
    assert word_of(verdict(outcome, severity)) == word


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([PASSED], ("The contract holds", "1 passed")),
        ([PASSED, FAILED], ("The contract is broken", "1 passed, 1 failed")),
        (
            [NOT_EXECUTABLE],
            (
                "The contract holds as far as it could be checked",
                "0 passed, 1 could not be checked",
            ),
        ),
    ],
)
def test_a_conclusion_never_hides_what_was_not_checked(
    outcomes: list[str], said: tuple[str, str]
) -> None:
    audit = Audit(2, tuple(verdict(o) for o in outcomes), 0.1)
    assert (conclusion(audit), summary(audit)) == said


def test_xml_holds_whatever_rows_hold() -> None:
    odd = "a\x00b\x0b <&> \ud800 \uffff ä 😀"
    audit = Audit(1, (verdict(FAILED, found=odd, examples=({"x": odd},)),), 0.1)
    (failure,) = ElementTree.fromstring(audit_junit("urn:t", audit)).iter("failure")
    message = failure.get("message") or ""
    assert message.startswith("a�b� <&> �")
    assert message.endswith("ä 😀")


def test_markdown_keeps_its_table() -> None:
    page = audit_markdown("T", Audit(1, (verdict(FAILED, examples=({"x": "a|b"},)),), 0.1))
    assert "| failed | `x.enum` | x is one of a\\|b | 1 of 2 rows holds another value |" in page
    assert '{"x": "a|b"}' in page
