"""A contract's rules on a report and a dashboard: judged by what people read there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ports.document_labs import DashboardLab, DocumentLab, PdfLab
from tests.ports.lab import FIRST, SECOND
from tests.post import Post

ENGINES = {PdfLab: "report", DashboardLab: "dashboard"}
BY_DAY = 'select day as "Day", count(*) as "Orders" from orders group by all'
LEFT_OUT = BY_DAY.replace("from orders", "from orders where order_id > 1")
EVERY_ORDER = {"section": "By day", "figure": "Orders", "query": "select count(*) from {object}"}


def rule(lab: DocumentLab, id: str, said: dict[str, Any], **more: Any) -> None:
    clause = {
        "id": id, "type": "custom", "engine": ENGINES[type(lab)],
        "implementation": {"port": lab.port, **said}, **more,
    }  # fmt: skip
    lab.change(lambda data: data["schema"][0]["quality"].append(clause))


def report(lab: DocumentLab, query: str = BY_DAY, **more: Any) -> None:
    lab.report(title="Orders", sections=[{"title": "By day", "query": query}], **more)


def built(kind: type[DocumentLab], folder: Path) -> DocumentLab:
    lab = kind(folder / "mesh")
    lab.build()
    report(lab)
    return lab


@pytest.fixture
def lab(tmp_path: Path) -> DocumentLab:
    return built(PdfLab, tmp_path)


def test_what_is_promised_and_kept_is_told_with_what_was_found(lab: DocumentLab) -> None:
    rule(lab, "every_order", EVERY_ORDER)
    rule(lab, "few_days", {"section": "By day", "metric": "rowCount", "mustBeLessThan": 8})
    lab.publish(FIRST)
    told = {r["rule"]: (r["holds"], r["found"]) for r in lab.stands.to_json()["rules"]}
    assert told == {"every_order": (True, "it is 3"), "few_days": (True, "it is 1")}


def test_a_rule_that_can_never_be_judged_is_told_and_not_kept_to(lab: DocumentLab) -> None:
    rule(lab, "no_operator", {"section": "By day", "metric": "rowCount"})
    lab.publish(FIRST)
    (told,) = lab.stands.rules
    assert (told["rule"], told["holds"], told["blocks"]) == ("no_operator", False, False)
    assert "exactly one operator" in told["found"]


@pytest.mark.parametrize("kind", ENGINES)
def test_a_section_that_leaves_a_row_out_is_not_shown(
    kind: type[DocumentLab], tmp_path: Path
) -> None:
    """It is what was declared, and proven to be: only the contract says that it is wrong."""
    lab = built(kind, tmp_path)
    rule(lab, "every_order", EVERY_ORDER)
    lab.publish(FIRST)
    before = lab.path.read_bytes()
    report(lab, LEFT_OUT)
    lab.snapshot(SECOND)
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert stands.error == (
        "It breaks its contract: every_order: promised Orders in By day of exit is what the query "
        "gives; it is 4, where the product has 5."
    )
    (told,) = stands.rules
    assert (told["rule"], told["holds"], told["blocks"]) == ("every_order", False, True)
    assert lab.path.read_bytes() == before, "the document before stands"
    assert lab.leftovers() == []

    report(lab)
    assert lab.deliver().status == "published"
    assert [r["holds"] for r in lab.stands.rules] == [True]
    assert lab.path.read_bytes() != before


def test_a_rule_that_only_warns_is_a_note(lab: DocumentLab) -> None:
    rule(lab, "every_order", EVERY_ORDER, severity="warning")
    report(lab, LEFT_OUT)
    lab.publish(FIRST)
    assert "every_order: promised Orders in By day" in lab.stands.note
    assert "it is 2, where the product has 3" in lab.stands.note


def test_what_is_judged_is_what_people_read_there_and_not_what_was_meant(
    lab: DocumentLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof is blinded: a document with another figure is caught by the rule alone."""
    from mesh_defs.ports.documents import document, figures

    real = figures.print_of
    monkeypatch.setattr(figures, "print_of", lambda value: "2" if value == 3 else real(value))
    monkeypatch.setattr(document, "differences", lambda wanted, found: [])
    rule(lab, "three", {"section": "By day", "figure": "Orders", "mustBe": 3})
    lab.snapshot(FIRST)
    assert "it is 2" in lab.deliver().error
    assert not lab.path.exists()


UNASKED = {
    "hidden": ("select max(order_id) from {object}", "shows `order_id`, which is restricted"),
    "wide": ("select cents, day from {object}", "does not give one column"),
    "others": ("select count(*) from days", "reads `days`"),
    "unknown": ("select sum(weight) from {object}", "asks for what the product has not"),
    "odd": ("select sum(day::text::integer) from {object}", "failed"),
    "many": ("select day from {object}", "does not give one number"),
}


def test_a_query_that_cannot_be_asked_breaks_its_rule(lab: DocumentLab) -> None:
    lab.change(lambda data: data["schema"][0]["properties"][0].update(classification="restricted"))
    for name, (query, _) in UNASKED.items():
        rule(lab, name, {**EVERY_ORDER, "query": query})
    lab.snapshot(FIRST)
    stands = lab.deliver()
    assert stands.status == "failed"
    found = {r["rule"]: r["found"] for r in stands.rules}
    for name, (_, said) in UNASKED.items():
        assert said in found[name]
    assert "2024" not in stands.error, "no row is quoted"


def test_what_a_filter_has_to_offer(tmp_path: Path) -> None:
    lab = built(DashboardLab, tmp_path)
    rule(lab, "any_day", {"filter": "Day", "query": "select distinct day from {object}"})
    days = "select i::bigint as order_id, date '2024-05-01' + i::int as day, 1 as cents from "
    report(lab, filters=["Day"])
    lab.publish(f"{days} range(1, 4) t(i)")
    assert [r["found"] for r in lab.stands.rules] == ["all of 3 values can be chosen"]
    offered = lab.document().choices(lab.path.read_bytes())
    assert offered == {"Day": ["2024-05-02", "2024-05-03", "2024-05-04"]}
    report(lab, LEFT_OUT, filters=["Day"])
    stands = lab.deliver()
    assert (stands.status, stands.snapshot) == ("failed", 0)
    assert "1 of 3 values can't be chosen" in stands.error


def test_what_breaks_the_contract_is_not_mailed_and_what_is_mended_is(
    server: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = built(PdfLab, tmp_path)
    monkeypatch.setenv(lab.variable, server.url("smtps"))
    lab.grants.grant(lab.wanted("domain:insight"))
    rule(lab, "every_order", EVERY_ORDER)
    report(lab, LEFT_OUT)
    lab.snapshot(FIRST)
    assert (lab.deliver().status, server.mails) == ("failed", [])
    report(lab)
    assert lab.deliver().status == "published"
    assert server.recipients == ["insight@example.com"]
