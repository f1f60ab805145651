"""An audit as a report for other programs and for files: JSON, JUnit XML, Markdown; no printing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from mesh_defs.contracts.markdown import as_table
from mesh_defs.contracts.verdicts import FAILED, NOT_EXECUTABLE, PASSED

if TYPE_CHECKING:
    from mesh_defs.contracts.verdicts import Audit, Verdict


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    rule = verdict.rule
    return {
        "rule": rule.id,
        "object": rule.object,
        "property": rule.property,
        "kind": rule.kind,
        "severity": rule.severity,
        "outcome": verdict.outcome,
        "failing": verdict.failing,
        "found": verdict.found,
        "promised": rule.promised,
        "examples": list(verdict.examples),
        "quarantined": verdict.quarantined,
    }


def word_of(verdict: Verdict) -> str:
    """What a person is told: a rule that failed without blocking is called by its severity."""
    if verdict.outcome == NOT_EXECUTABLE:
        return "unchecked"
    softly = verdict.outcome == FAILED and verdict.rule.severity != "error"
    return verdict.rule.severity if softly else verdict.outcome


def summary(audit: Audit) -> str:
    """`12 passed, 1 failed, 2 could not be checked`."""
    counts = (
        (audit.passed, "passed"),
        (audit.failed, "failed"),
        (audit.not_executable, "could not be checked"),
    )
    return ", ".join(f"{n} {said}" for n, said in counts if n or said == "passed")


def conclusion(audit: Audit) -> str:
    if not audit.holds:
        return "The contract is broken"
    if audit.not_executable:
        return "The contract holds as far as it could be checked"
    return "The contract holds"


def audit_markdown(title: str, audit: Audit) -> str:
    """The verdicts as a page: the table of all, then what each rule that did not pass met."""
    rows = [(word_of(v), f"`{v.rule.id}`", v.rule.promised, v.found) for v in audit.verdicts]
    parts = [
        f"# {title}",
        f"**{conclusion(audit)}:** {summary(audit)}.",
        as_table(("", "Rule", "Promised", "Found"), rows),
    ]
    for verdict in audit.verdicts:
        if verdict.examples:
            lines = "\n".join(_said(verdict.examples))
            parts.append(f"Rows that break `{verdict.rule.id}`:\n\n```json\n{lines}\n```")
    return "\n\n".join(part for part in parts if part) + "\n"


def audit_junit(name: str, audit: Audit) -> str:
    """JUnit XML: a suite for each object, a case for each rule.

    JUnit knows no warnings. A rule that failed without blocking, or could not be checked, is
    `skipped` with the word in front, so that it is shown and counted, and the build stays green.
    """
    root = ElementTree.Element("testsuites", {"name": name, **_counts(audit.verdicts)})
    root.set("time", f"{audit.seconds:.3f}")
    for object_ in dict.fromkeys(v.rule.object for v in audit.verdicts):
        own = [v for v in audit.verdicts if v.rule.object == object_]
        suite = ElementTree.SubElement(root, "testsuite", {"name": object_, **_counts(own)})
        for verdict in own:
            _case(suite, f"{name}.{object_}", verdict)
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"


def _counts(verdicts: Iterable[Verdict]) -> dict[str, str]:
    verdicts = list(verdicts)
    blocking = sum(v.blocking for v in verdicts)
    passed = sum(v.outcome == PASSED for v in verdicts)
    return {
        "tests": str(len(verdicts)),
        "failures": str(blocking),
        "errors": "0",
        "skipped": str(len(verdicts) - blocking - passed),
    }


def _case(suite: ElementTree.Element, class_name: str, verdict: Verdict) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", {"classname": class_name, "name": verdict.rule.id}
    )
    if verdict.outcome == PASSED:
        return
    if verdict.blocking:
        tag, attributes = "failure", {"type": verdict.rule.kind, "message": verdict.found}
    else:
        tag, attributes = "skipped", {"message": f"{word_of(verdict)}: {verdict.found}"}
    made = ElementTree.SubElement(case, tag, {k: _printable(v) for k, v in attributes.items()})
    lines = [f"promised: {verdict.rule.promised}", *_said(verdict.examples)]
    made.text = _printable("\n".join(lines))


def _said(examples: Iterable[dict[str, Any]]) -> list[str]:
    return [json.dumps(e, ensure_ascii=False, default=str) for e in examples]


def _printable(text: str) -> str:
    """XML 1.0 has no control characters, not even escaped."""
    return re.sub(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)
