"""The vocabulary's page says what the macros say."""

from __future__ import annotations

from tests.vocabulary.page import GROUPS, PAGE, page
from tests.vocabulary.words import described


def test_the_page_is_current() -> None:
    said = "run `python -m tests.vocabulary.page`"
    assert PAGE.read_text(encoding="utf-8") == page(), said


def test_every_group_is_on_it() -> None:
    assert {word.group for word in described().values()} <= {*GROUPS}
