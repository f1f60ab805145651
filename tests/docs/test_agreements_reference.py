"""docs/reference/agreements.md says what the lifecycle and the ledger do."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from mesh_defs.access.agreements import State
from mesh_defs.access.agreements.states import COMMANDS, POSSIBLE, Permission
from mesh_defs.model.approvals import Approval, ApprovalsFile
from mesh_defs.model.governance import GovernanceFile
from mesh_defs.storage.ledger import GENESIS, Draft, Head
from mesh_defs.storage.ledger.chain import chained
from tests.docs.pages import blocks, page, table_codes

PAGE = page("docs/reference/agreements.md")
TEXT = PAGE.read_text(encoding="utf-8")


def test_table_has_each_state_and_what_a_person_can_do_in_it() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \| [^|]+ \|([^|]*)\|$", TEXT, re.MULTILINE)
    said = {state: set(re.findall(r"`([^`]+)`", cell)) for state, cell in rows}
    known = {
        str(state): {COMMANDS[event] for event in events if event in COMMANDS}
        for state, events in POSSIBLE.items()
    }
    assert {state: said.get(state) for state in known} == known
    assert [codes[0] for codes in table_codes(PAGE, "Lifecycle")] == list(said)
    assert set(said) == set(State)


def test_each_permission_is_named() -> None:
    assert [p for p in Permission if f"`{p}`" not in TEXT] == []


def test_the_hash_on_the_page_is_the_hash() -> None:
    (block,) = [b for b in blocks(PAGE) if b.language == "python"]
    names: dict[str, Any] = {}
    exec(block.text, names)
    draft = Draft(
        "a1", "requested", datetime(2026, 1, 1, tzinfo=UTC), "Änne", "consumer", "why", {"b": 1}
    )
    for record in chained([draft, draft], Head()):
        assert names["digest"](vars(record)) == record.hash
    assert GENESIS == "0" * 64


def test_the_standing_approvals_on_the_page_can_be_read() -> None:
    import yaml

    (block,) = [b for b in blocks(PAGE) if b.title == "domains/sales/approvals.yaml"]
    shown = yaml.safe_load(block.text)
    ApprovalsFile.model_validate(shown)
    fields = [f"approvals[].{name}" for name in Approval.model_fields]
    assert [c[0] for c in table_codes(PAGE, "Inputs and standing approvals")] == fields
    assert [f"approvals[].{name}" for name in shown["approvals"][0]] == fields


def test_the_governance_file_on_the_page_can_be_read() -> None:
    import yaml

    (block,) = [b for b in blocks(PAGE) if b.title == "governance.yaml"]
    assert GovernanceFile.model_validate(yaml.safe_load(block.text)).team.members
