"""`mesh access`: what it refuses, what was typed wrongly, and who acts."""

from __future__ import annotations

import pytest

from tests.cli.accessing import (
    CONSUMER,
    IN_A_WEEK,
    PROVIDER,
    REQUEST,
    Access,
)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["request", "shop.nothing", "--purpose", "x"], "No product `nothing`"),
        ([*REQUEST, "--version", "7"], "not published as v7. There is v1"),
        ([*REQUEST, "--for", "shop"], "a product of its own to domain:shop"),
        ([*REQUEST, "--for", "nowhere"], "There is no domain `nowhere`"),
        ([*REQUEST, "--for", "robot:x"], "`robot:x` is no consumer"),
        ([*REQUEST, "--for", "person:Eva"], "is not of person:Eva"),
        (["request", "shop.orders", "--purpose", " "], "what the data is for"),
        ([*REQUEST, "--until", "2020-01-01"], "2020-01-01 is over"),
        (["approve", "a9"], "There is no agreement `a9`"),
    ],
)
def test_what_cannot_be_is_said(access: Access, arguments: list[str], said: str) -> None:
    assert said in access.refused(*arguments, who=CONSUMER)
    assert access("list", "--all") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["renew", "a1"],
        ["renew", "a1", "--until", "2027-01-01", "--reassess", "2027-01-01"],
        ["cancel", "a1"],
        ["cancel", "a1", "--why", "x", "--early", "soon"],
        ["verify", "--head", "x"],
    ],
)
def test_what_is_typed_wrongly_ends_with_2(access: Access, arguments: list[str]) -> None:
    assert access.shell("access", *arguments).code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["reject", "a1"],
        ["cancel", "a2"],
        ["cancel", "a2", "--early", IN_A_WEEK],
        ["announce", "shop.orders", "--change", "breaking", "--on", "2099-01-01"],
        ["suspend", "a2"],
    ],
)
def test_a_reason_that_must_be_given_is_not_blank(access: Access, arguments: list[str]) -> None:
    access(*REQUEST, "--for", "app:till", who="Tills")
    access(*REQUEST, who=CONSUMER)
    access("approve", "a2", who=PROVIDER)
    before = access("verify")["head"]
    for name in (PROVIDER, "Gus Vogt") if arguments[0] == "suspend" else (PROVIDER,):
        access.refused(*arguments, "--why", " ", who=name)
    assert "Say why" in access.refused(*arguments, "--why", "", who=name)
    assert access("verify")["head"] == before


def test_names_are_the_same_however_their_letters_are_composed(access: Access) -> None:
    composed, apart = "Jos\u00e9 N\u00fa\u00f1ez", "Jose\u0301 Nu\u0301n\u0303ez"
    access(*REQUEST, "--for", f"person:{apart}", who=composed)
    assert access("approve", "a1", who=PROVIDER)["consumer"] == f"person:{composed}"
    for name in (composed, apart, f"person:{apart}"):
        said = access.shell("query", "from shop.orders", "--as", name)
        assert "was never published" in said.err, name
    assert "already: a1" in access.refused(*REQUEST, "--for", f"person:{composed}", who=apart)


@pytest.mark.parametrize("hidden", ["a\nb", "\x1b[2Ja", "\u202eb", "a\u2028b"])
def test_nothing_is_kept_that_nobody_can_see(access: Access, hidden: str) -> None:
    assert "is no consumer" in access.refused(*REQUEST, "--for", f"app:{hidden}", who=CONSUMER)
    assert access.shell("access", *REQUEST, "--for", "app:x", "--as", hidden).code == 2
    assert access.shell("query", "from shop.orders", "--as", hidden).code == 2
    request = ["request", "shop.orders", "--for", "app:x", "--purpose"]
    if hidden in ("a\nb", "a\u2028b"):
        access(*request, hidden, who=CONSUMER)  # a purpose may have lines
    else:
        assert "can't be kept" in access.refused(*request, hidden, who=CONSUMER)


def test_nobody_acts_as_nobody(access: Access) -> None:
    for name in ("", " "):
        said = access.shell("access", *REQUEST, "--for", "app:till", "--as", name)
        assert said.code == 2
        assert access.shell("query", "from shop.orders", "--as", name).code == 2
    assert access("list", "--all") == []


def test_who_acts_may_come_from_the_environment(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is of no domain" in access.refused(*REQUEST, who="somebody")
    assert "is of several domains" in access.refused(*REQUEST, who="Ola Nord")
    monkeypatch.setenv("MESH_ACTOR", CONSUMER)
    assert access(*REQUEST)["requested_by"] == CONSUMER
