"""docs/reference/changes.md has the table of changes as the code has it."""

from __future__ import annotations

import re

from mesh_defs.contracts.changes import Bump, Level
from mesh_defs.contracts.changes.kinds import KINDS, table
from tests.docs.pages import page, table_codes

PAGE = page("docs/reference/changes.md")
TEXT = PAGE.read_text(encoding="utf-8")


def test_page_has_the_table_as_it_is() -> None:
    assert "\n".join(table()).strip() in TEXT


def test_page_has_each_level_with_the_step_it_needs() -> None:
    assert [codes[0] for codes in table_codes(PAGE, "Three levels")] == [str(lv) for lv in Level]
    steps = re.findall(r"\| a new (\w+) version \|", TEXT)
    assert steps == [str(bump) for bump in (Bump.MAJOR, Bump.MINOR, Bump.PATCH)]


def test_words_name_only_kinds_that_are_there() -> None:
    words = TEXT.replace("\n".join(table()).strip(), "")
    named = set(re.findall(r"`([a-zA-Z]+\.[a-z_]+)`", words)) - {"domain.yaml"}
    assert named
    assert named <= set(KINDS)
