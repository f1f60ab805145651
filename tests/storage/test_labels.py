"""Labels are what BigQuery takes as such, whatever it is that they say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh_defs.storage.bigquery.labels import job_labels, label


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shop", "shop"),
        ("shop_2-b", "shop_2-b"),
        ("Orders", "orders"),
        ("1.0.0", "1_0_0"),
        ("Öl & Gas.2", "_l___gas_2"),
        ("3390b680-e1ba-4b73-8a91-3f9075aa550e", "3390b680-e1ba-4b73-8a91-3f9075aa550e"),
        ("a*/b\n", "a__b_"),
        ("x" * 63, "x" * 63),
        ("x" * 64, "x" * 63),
        ("İ" * 40, ("i_" * 40)[:63]),  # a capital whose small letter is two characters
        ("", ""),
    ],
)
def test_a_text_as_a_label(text: str, said: str) -> None:
    assert label(text) == said


@given(st.text())
def test_whatever_it_says_bigquery_takes_it(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_-]{0,63}", label(text))
    assert label(label(text)) == label(text)


def test_what_is_not_known_is_no_label() -> None:
    about = {"domain": "shop", "product": "", "run": "A.1"}
    assert job_labels("Mesh", about) == {
        "mesh_prefix": "mesh", "mesh_domain": "shop", "mesh_run": "a_1",
    }  # fmt: skip
