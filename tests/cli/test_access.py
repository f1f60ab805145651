"""`mesh access`: from "I need shop.orders" to its end, as typed, with everybody's good reasons."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mesh_defs.access import desk
from mesh_defs.storage.ledger import Ledger
from mesh_defs.storage.state import State
from tests.cli.accessing import (
    CONSUMER,
    IN_A_WEEK,
    NOTHING,
    PROVIDER,
    REQUEST,
    Access,
    contract,
)
from tests.cli.conftest import Shell


def test_on_bigquery_the_mesh_opens_its_own_table_to_runs_only(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is granted a table by an agreement alone, so none is active that grants nothing."""
    by_files = ["request", "shop.orders", "--for", "person:ola", "--purpose", "To look."]
    access(*by_files, who="ola")
    access("approve", "a1", who=PROVIDER)
    assert access("show", "a1")["granted"], "in the lake she may read"
    access("request", "shop.orders", "--for", "app:till", "--purpose", "To sell.", who="ola")

    monkeypatch.setenv("MESH_TARGET", "bigquery")
    assert not access("show", "a1")["granted"]
    waiting = access("approve", "a2", who=PROVIDER)
    assert (waiting["state"], waiting["granted"]) == ("approved", False)
    said = "a mesh on BigQuery opens the table that it makes to the runs of domains"
    assert said in waiting["error"]
    refused = access.refused("request", "shop.orders", "--for", "team:Insight team",
                             "--purpose", "To look.", who=CONSUMER)  # fmt: skip
    assert f"Not at this port: {said}" in refused
    assert "`bigquery`" in refused
    access(*REQUEST, who=CONSUMER)
    of_a_domain = access("approve", "a3", who=PROVIDER)
    assert (of_a_domain["state"], of_a_domain["granted"]) == ("active", True)

    monkeypatch.delenv("MESH_TARGET")
    access("reconcile")
    assert access("show", "a2")["granted"], "the same agreement, where the port can"


def test_from_a_request_to_notice(access: Access) -> None:
    asked = access(*REQUEST, who=CONSUMER)
    assert asked["id"] == "a1"
    assert (asked["product"], asked["port"], asked["version"]) == ("shop.orders", "orders", 1)
    assert (asked["consumer"], asked["purpose"]) == ("domain:insight", "To find the best day.")
    assert (asked["state"], asked["granted"]) == ("requested", False)
    assert asked["waiting_for"] == [PROVIDER]
    active = access("approve", "a1", "--why", "fine", who="shop team")
    assert (active["state"], active["granted"], active["permission"]) == ("active", True, "granted")
    leaving = access("cancel", "a1", "--why", "enough", who=CONSUMER)
    assert leaving["state"] == "notice given"
    given, ends = (datetime.fromisoformat(leaving["notices"][0][k]) for k in ("given", "ends"))
    assert ends - given == timedelta(days=30)
    assert leaving["notice_ends"] == ends.isoformat()
    assert [r["event"] for r in access("log", "a1")] == [
        "requested", "approved", "granted", "cancelled",
    ]  # fmt: skip
    assert access("verify")["ok"]


def test_it_ends_when_its_notice_is_over_and_is_seen_to_be_gone(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    access.active()
    access("cancel", "a1", "--why", "enough", who=CONSUMER)
    assert access("reconcile") == NOTHING
    tomorrow_month = datetime.now(UTC) + timedelta(days=31)

    class Later(desk.Desk):
        def __init__(self, root: Path, name: str) -> None:
            super().__init__(root, name, lambda: tomorrow_month)

    monkeypatch.setattr(desk, "Desk", Later)
    assert access("show", "a1")["granted"] is False
    assert [d["event"] for d in access("reconcile")["done"]] == ["revoked", "ended"]
    assert access.state() == "ended"
    assert access("list") == []
    assert [a["state"] for a in access("list", "--all")] == ["ended"]
    assert access(*REQUEST, who=CONSUMER)["id"] == "a2"


def test_granted_is_the_agreement_that_holds_the_permission(access: Access) -> None:
    access(*REQUEST, who=CONSUMER)
    access("reject", "a1", "--why", "not yet", who=PROVIDER)
    access(*REQUEST, who=CONSUMER)
    access("approve", "a2", who=PROVIDER)
    assert [a["granted"] for a in access("list", "--all")] == [False, True]
    assert access("show", "a1")["granted"] is False


def test_an_early_end_takes_both(access: Access) -> None:
    access.active()
    early = ["cancel", "a1", "--why", "enough", "--early", IN_A_WEEK]
    assert access(*early, who=CONSUMER)["state"] == "active"
    agreed = access(*early, who=PROVIDER)
    assert agreed["state"] == "notice given"
    assert (
        agreed["notice_ends"][:10]
        == (date.fromisoformat(IN_A_WEEK) + timedelta(days=1)).isoformat()
    )


def test_governance_suspends_and_resumes(access: Access) -> None:
    access.active()
    for who in (CONSUMER, PROVIDER, "gus"):
        assert "is not of the governance" in access.refused("suspend", "a1", "--why", "x", who=who)
    stopped = access("suspend", "a1", "--why", "a leak", who="Gus Vogt")
    assert (stopped["state"], stopped["granted"]) == ("suspended", False)
    assert access("resume", "a1", who="gus@example.com")["state"] == "active"


def test_two_levels_and_their_people(access: Access) -> None:
    contract(
        access.mesh,
        "roles: [{role: r, access: read, firstLevelApprovers: 'Ola Nord, X', "
        "secondLevelApprovers: David}]\n",
    )
    access(*REQUEST, who=CONSUMER)
    assert "level 1 of its contract is for Ola Nord or X" in access.refused(
        "approve", "a1", who="David"
    )
    first = access("approve", "a1", who="ola@example.com")
    assert (first["state"], first["waiting_for"]) == ("requested", ["David"])
    assert access("approve", "a1", who="david")["state"] == "active"


def test_another_name_of_the_same_person_is_no_second_person(access: Access) -> None:
    contract(
        access.mesh,
        "roles: [{role: r, access: read, firstLevelApprovers: 'Ola Nord, David', "
        "secondLevelApprovers: 'Eva, ola@example.com, David'}]\n",
    )
    access(*REQUEST, "--for", "app:till", who="Ola Nord")
    said = access.refused("approve", "a1", who="OLA@example.com")
    assert "asked for the agreement a1 as Ola Nord; this is for somebody else" in said
    access(*REQUEST, who=CONSUMER)
    access("approve", "a2", who="Ola Nord")
    assert "approved the level before as Ola Nord" in access.refused(
        "approve", "a2", who="ola@example.com"
    )
    access("approve", "a1", who="David")
    assert "the level before as David" in access.refused("approve", "a1", who="david")
    assert access("approve", "a1", who="Eva")["state"] == "active"


def test_an_open_product_is_granted_at_once(access: Access) -> None:
    path = access.mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(
            "customProperties:\n",
            "customProperties:\n- {property: accessApproval, value: automatic}\n",
        ),
        encoding="utf-8",
    )
    assert access(*REQUEST, who=CONSUMER)["state"] == "active"


def test_several_roles_have_to_be_chosen_from(access: Access) -> None:
    contract(access.mesh, "roles: [{role: few, firstLevelApprovers: A}, {role: all}]\n")
    assert "several roles to read as: `few`, `all`" in access.refused(*REQUEST, who=CONSUMER)
    assert "no role `none`" in access.refused(*REQUEST, "--role", "none", who=CONSUMER)
    assert access(*REQUEST, "--role", "few", who=CONSUMER)["waiting_for"] == ["A"]


def test_changes_are_announced_to_all_of_a_product(access: Access) -> None:
    access.active()
    access(*REQUEST, "--for", "app:till", who="Ola Nord")
    soon = ["announce", "shop.orders", "--change", "retirement", "--why", "v2", "--on"]
    assert "P30D, so" in access.refused(*soon, IN_A_WEEK, who=PROVIDER)
    assert "is not of `shop`" in access.refused(*soon, IN_A_WEEK, who=CONSUMER)
    later = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    told = access(*soon, later, who=PROVIDER)
    assert [(a["id"], a["state"]) for a in told] == [("a1", "notice given")]
    assert told[0]["announcements"][0]["on"] == later


def test_renewals_and_reassessments(access: Access) -> None:
    access(*REQUEST, "--until", IN_A_WEEK, who=CONSUMER)
    first = access("approve", "a1", "--reassess", IN_A_WEEK, who=PROVIDER)
    assert first["reassess_on"] == IN_A_WEEK
    later = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    asked = access("renew", "a1", "--until", later, who=CONSUMER)
    assert (asked["state"], asked["renewal"], asked["until"]) == ("active", later, IN_A_WEEK)
    assert access("approve", "a1", who=PROVIDER)["until"] == later
    assert access("renew", "a1", "--reassess", later, who=PROVIDER)["reassess_on"] == later


def test_a_day_that_one_of_two_levels_named_is_kept_and_the_sooner_one_counts(
    access: Access,
) -> None:
    contract(
        access.mesh,
        "roles: [{role: r, access: read, firstLevelApprovers: A, secondLevelApprovers: B}]\n",
    )
    later = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    access(*REQUEST, who=CONSUMER)
    access("approve", "a1", "--reassess", IN_A_WEEK, who="A")
    assert access("approve", "a1", who="B")["reassess_on"] == IN_A_WEEK
    access(*REQUEST, "--for", "app:till", who=CONSUMER)
    access("approve", "a2", "--reassess", later, who="A")
    assert access("approve", "a2", "--reassess", IN_A_WEEK, who="B")["reassess_on"] == IN_A_WEEK


def test_no_end_is_so_far_away_that_it_stops_everybody(access: Access) -> None:
    access(*REQUEST, "--until", "9999-12-31", who=CONSUMER)
    assert access("approve", "a1", who=PROVIDER)["state"] == "active"
    never = ["announce", "shop.orders", "--change", "price", "--on", "9999-12-31", "--why", "So."]
    assert access(*never, who=PROVIDER) == []
    access(*REQUEST, "--for", "app:till", who=CONSUMER)
    access("approve", "a2", who=PROVIDER)
    assert [a["id"] for a in access(*never, who=PROVIDER)] == ["a2"]
    assert access("reconcile") == NOTHING


def test_verify_names_the_entry(access: Access, shell: Shell) -> None:
    from sqlalchemy import text

    access.active()
    head = access("verify")["head"]
    ledger = Ledger.open(State(access.mesh.home))
    with ledger._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER mesh_ledger_no_UPDATE"))
        connection.execute(text("UPDATE mesh_ledger SET who = 'Mallory' WHERE seq = 2"))
    said = shell("access", "verify", "--head", head)
    assert (said.code, said.out) == (1, "")
    assert said.err == "Entry 2 was changed after it was written.\n"
    wrong = shell("access", "verify", "--json")
    assert wrong.code == 1
    assert [w["entry"] for w in wrong.json["wrong"]] == [2]


def test_pages_for_people(access: Access, shell: Shell) -> None:
    assert "No agreements" in shell("access", "list").out
    access.active()
    listed = shell("access", "list", "--product", "shop.orders", "--consumer", "insight").out
    assert listed.splitlines()[1].split()[:5] == [
        "a1",
        "shop.orders",
        "v1",
        "domain:insight",
        "active",
    ]
    assert shell("access", "list", "--product", "shop.days").out.startswith("No agreements")
    page = shell("access", "show", "a1").out
    assert "permission  granted, read back" in page
    assert "notice P30D" in page
    assert "Ola" not in shell("access", "log").out
    assert "Nothing is due" in shell("access", "reconcile").out
