"""Inputs as requests, standing approvals, and the gate in front of a domain's run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from mesh_defs.access import declared
from mesh_defs.access.agreements import EMPTY, Book, Change, Event, State, fold
from mesh_defs.access.agreements import deciding as do
from mesh_defs.access.desk import Desk
from mesh_defs.access.gate import Gate
from mesh_defs.access.validation import validate
from mesh_defs.model import Mesh, ProductRef
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State as Folder
from tests.tiny_mesh import TinyMesh

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ORDERS = ProductRef("shop", "orders")
Edit = Callable[[Any], None]


class Files:
    """A tiny mesh whose files are edited, and what they say then."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def edit(self, path: str, edit: Edit) -> None:
        file = self.root / "domains" / path
        data = yaml.safe_load(file.read_text())
        edit(data)
        file.write_text(yaml.safe_dump(data, sort_keys=False))

    def approval(self, **changed: Any) -> None:
        self.edit("shop/approvals.yaml", lambda data: data["approvals"][0].update(changed))

    def input(self, **changed: Any) -> None:
        self.edit("insight/domain.yaml", lambda data: data["inputs"]["shop.orders"].update(changed))

    def contract(self, **changed: Any) -> None:
        self.edit("shop/contracts/orders.odcs.yaml", lambda data: data.update(changed))

    def roles(self, *roles: dict[str, str]) -> None:
        self.contract(roles=list(roles))

    def book(self, now: datetime = NOW, book: Book = EMPTY) -> Book:
        return fold(declared.entries(Mesh.read(self.root), book, now), book)

    def findings(self, book: Book = EMPTY) -> list[str]:
        return [str(f) for f in validate(Mesh.read(self.root), book, NOW)]

    def gate(self, now: datetime = NOW) -> Gate:
        return Gate(Mesh.read(self.root), Folder.of(self.root), lambda: now)

    def refused(self, now: datetime = NOW) -> str | None:
        return self.gate(now).refused("insight").get(ORDERS)

    def desk(self, name: str, now: datetime = NOW) -> Desk:
        return Desk(self.root, name, lambda: now)


@pytest.fixture
def files(unpublished_mesh: TinyMesh) -> Files:
    return Files(unpublished_mesh.root)


TWO_LEVELS = {
    "role": "reader",
    "firstLevelApprovers": "Ola Nord",
    "secondLevelApprovers": "Shop team",
}


# What files say becomes entries ---------------------------------------------------------------


def test_a_declared_input_is_a_request_with_its_purpose(files: Files) -> None:
    (agreement,) = files.book().values()
    assert (agreement.product, agreement.port, agreement.version) == ("shop.orders", "orders", 1)
    assert agreement.consumer == "domain:insight"
    assert agreement.purpose == "To find the best day."
    assert agreement.requested_by == "Insight team"


def test_a_standing_approval_approves_in_the_name_of_who_gave_it(files: Files) -> None:
    (agreement,) = files.book().values()
    assert agreement.state is State.APPROVED
    assert [a.who for a in agreement.approvals] == ["Ola Nord"]
    entry = declared.entries(Mesh.read(files.root), EMPTY, NOW)[-1]
    assert entry.event is Event.APPROVED
    assert entry.why == "They are our friends. (domains/shop/approvals.yaml)"


@pytest.mark.parametrize(
    "changed",
    [
        {"product": "days"},
        {"version": 2},
        {"consumer": "shop"},
        {"consumer": "person:insight"},
        {"approved_by": ["Somebody Else"]},
        {"until": date(2026, 1, 30)},
    ],
    ids=str,
)
def test_an_approval_of_something_else_leaves_the_request_waiting(
    files: Files, changed: dict[str, Any]
) -> None:
    files.approval(**changed)
    (agreement,) = files.book().values()
    assert agreement.state is State.REQUESTED


def test_an_approval_stands_on_its_last_day(files: Files) -> None:
    files.approval(until=NOW.date())
    assert [a.state for a in files.book().values()] == [State.APPROVED]


def test_two_levels_need_two_names_in_their_order(files: Files) -> None:
    files.roles(TWO_LEVELS)
    (agreement,) = files.book().values()
    assert (agreement.state, agreement.waiting_for) == (State.REQUESTED, ("Shop team",))
    files.roles({**TWO_LEVELS, "secondLevelApprovers": "Gus Vogt"})
    files.approval(approved_by=["Ola Nord", "Gus Vogt"])
    (agreement,) = files.book().values()
    assert [a.who for a in agreement.approvals] == ["Ola Nord", "Gus Vogt"]


def test_an_approval_that_comes_later_approves_what_waits(files: Files) -> None:
    given = files.root / "domains/shop/approvals.yaml"
    text = given.read_text()
    given.unlink()
    waiting = files.book()
    assert [a.state for a in waiting.values()] == [State.REQUESTED]
    given.write_text(text)
    assert [a.state for a in files.book(book=waiting).values()] == [State.APPROVED]


def test_nothing_is_said_twice(files: Files) -> None:
    assert declared.entries(Mesh.read(files.root), files.book(), NOW) == []


def test_what_was_rejected_or_ended_is_not_asked_for_again_by_a_file(files: Files) -> None:
    (files.root / "domains/shop/approvals.yaml").unlink()
    files.desk("Ola Nord").settle()
    files.desk("Ola Nord").act("a1", lambda a, who, at: _reject(a, who, at))
    assert files.refused() == (
        "agreement a1 is rejected (not for this): "
        "`mesh access request shop.orders --version 1 --for insight --purpose …`"
    )
    assert list(files.desk("Ola Nord").register.book()) == ["a1"]


def test_an_open_contract_needs_nobody(files: Files) -> None:
    (files.root / "domains/shop/approvals.yaml").unlink()
    files.contract(customProperties=[{"property": "accessApproval", "value": "automatic"}])
    assert files.refused() is None


def test_an_input_says_which_role_it_reads_as(files: Files) -> None:
    files.roles({"role": "counts"}, {"role": "rows"})
    assert files.book() == {}
    assert "Say which" in "".join(files.findings())
    files.input(role="rows")
    assert [a.state for a in files.book().values()] == [State.APPROVED]
    assert files.findings() == []


# Announcements -------------------------------------------------------------------------------


def test_an_end_of_life_is_announced_once_and_ends_the_agreement(files: Files) -> None:
    book = files.book()
    assert book["a1"].announcements == ()
    files.contract(slaProperties=[{"property": "endOfLife", "value": "2026-06-30"}])
    book = files.book(book=book)
    (told,) = book["a1"].announcements
    assert (told.change, told.on) == (Change.RETIREMENT, date(2026, 6, 30))
    assert told.why == "v1 ends on 2026-06-30 (domains/shop/contracts/orders.odcs.yaml)"
    assert book["a1"].notice_ends == datetime(2026, 7, 1, tzinfo=UTC)
    assert files.book(book=book) == book


def test_an_end_that_comes_before_the_notice_is_not_announced(files: Files) -> None:
    book = files.book()
    files.contract(slaProperties=[{"property": "endOfLife", "value": "2026-02-15"}])
    assert files.book(book=book) == book


def test_another_price_is_announced_for_the_day_after_the_notice(files: Files) -> None:
    book = files.book()
    files.contract(price={"priceAmount": 3, "priceCurrency": "EUR", "priceUnit": "month"})
    book = files.book(book=book)
    (told,) = book["a1"].announcements
    assert (told.change, told.on) == (Change.PRICE, date(2026, 3, 2))
    assert told.why.startswith("3 EUR month, where it was 0 EUR month (")
    assert book["a1"].notice_ends is None, "who does not like it gives notice"
    later = NOW + timedelta(days=3)
    assert files.book(later, book) == book


# The gate -------------------------------------------------------------------------------------


def test_the_gate_opens_only_once_the_grant_was_read_back(files: Files) -> None:
    assert files.refused() is None
    log = Ledger.open(Folder.of(files.root)).read()
    assert [r.event for r in log] == ["requested", "approved", "granted"]


def test_the_gate_says_who_has_to_approve(files: Files) -> None:
    (files.root / "domains/shop/approvals.yaml").unlink()
    said = "agreement a1 waits for Shop team to approve it: `mesh access approve a1`"
    assert files.refused() == said
    assert files.refused() == said  # asked for once, however often it is run


def test_suspended_stops_and_resumed_opens_again(files: Files) -> None:
    (files.root / "governance.yaml").write_text(
        "team: {name: Guards, email: g@example.com, members: [{name: Gus, role: steward}]}\n"
    )
    assert files.refused() is None
    files.desk("Gus").act("a1", lambda a, who, at: do.suspend(a, who, at, "a leak"))
    assert files.refused() == "agreement a1 is suspended (a leak): ask the governance group"
    files.desk("Gus").act("a1", lambda a, who, at: do.resume(a, who, at))
    assert files.refused() is None


def test_the_gate_closes_when_the_notice_is_over(files: Files) -> None:
    assert files.refused() is None
    files.desk("Ola Nord").act("a1", lambda a, who, at: do.cancel(a, who, at, "we stop"))
    assert files.refused(NOW + timedelta(days=29)) is None
    assert "is over" in (files.refused(NOW + timedelta(days=31)) or "")


def test_a_ledger_that_does_not_answer_refuses(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MESH_LEDGER_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    said = files.refused() or ""
    assert "does not answer" in said
    assert "secret" not in said


def test_a_broken_governance_file_stops_nobody_who_has_an_agreement(files: Files) -> None:
    assert files.refused() is None
    (files.root / "governance.yaml").write_text("team: [")
    files.contract(price={"priceAmount": 3, "priceCurrency": "EUR", "priceUnit": "month"})
    assert files.refused() is None
    assert files.desk("Insight team").reconcile().ok


def test_a_broken_governance_file_agrees_to_nothing(files: Files) -> None:
    (files.root / "governance.yaml").write_text("team: [")
    assert "nobody agreed to it" in (files.refused() or "")


def test_a_domain_without_inputs_needs_no_ledger(files: Files) -> None:
    assert files.gate().refused("shop") == {}
    assert Ledger.known(Folder.of(files.root)) is None


# Findings -------------------------------------------------------------------------------------


def test_files_that_agree_are_well(files: Files) -> None:
    assert files.findings() == []


def test_an_input_that_nobody_approved_is_found_with_its_line(files: Files) -> None:
    (files.root / "domains/shop/approvals.yaml").unlink()
    (said,) = files.findings()
    line = _line(files.root / "domains/insight/domain.yaml", "shop.orders:")
    assert said == (
        f"domains/insight/domain.yaml:{line}: inputs.shop.orders: v1 has no agreement: it waits "
        "for Shop team to approve it. They approve it, or write a standing approval in "
        "domains/shop/approvals.yaml."
    )


def test_an_agreement_in_the_ledger_is_enough(files: Files) -> None:
    known = files.book()
    (files.root / "domains/shop/approvals.yaml").unlink()
    assert files.findings(known) == []


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"product": "nothing"}, "product", "No product `nothing` in `shop`"),
        ({"version": 3}, "product", "`shop.orders` is not published as v3. There is v1"),
        ({"consumer": "moon"}, "consumer", "there is no domain `moon`. Domains: insight, shop."),
        ({"consumer": "shop"}, "consumer", "a domain needs no approval of its own"),
        ({"approved_by": ["Eva"]}, "approved_by",
         "`Eva` can't approve: level 1 of the contract is for Shop team. Name one of them."),
    ],
)  # fmt: skip
def test_an_approval_that_can_approve_nothing_is_found(
    files: Files, changed: dict[str, Any], field: str, said: str
) -> None:
    files.approval(**changed)
    found = [f for f in files.findings() if f.startswith("domains/shop/approvals.yaml")]
    assert len(found) == 1
    assert f"approvals[0].{field}: {said}" in found[0]


def test_a_level_without_a_name_is_found(files: Files) -> None:
    files.roles({**TWO_LEVELS, "secondLevelApprovers": "Gus Vogt"})
    assert any(
        "approvals[0].approved_by: level 2 of the contract is for Gus Vogt. Name them, too." in f
        for f in files.findings()
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"consumer": "robot:x"}, "expected a domain, or person:NAME, team:NAME, app:NAME"),
        ({"approved_by": []}, "approved_by"),
        ({"why": ""}, "why"),
        ({"until": "soon"}, "until"),
        ({"whom": "x"}, "not a field that is known here"),
    ],
)
def test_an_approval_that_cannot_be_read_keeps_its_domain_from_being_read(
    files: Files, changed: dict[str, Any], said: str
) -> None:
    files.approval(**changed)
    found = [str(f) for f in Mesh.read(files.root).findings]
    assert len(found) == 1
    assert found[0].startswith("domains/shop/approvals.yaml:")
    assert said in found[0]


def _reject(agreement: Any, who: Any, at: datetime) -> Any:
    return do.reject(agreement, who, at, "not for this")


def _line(path: Path, text: str) -> int:
    lines = path.read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)
