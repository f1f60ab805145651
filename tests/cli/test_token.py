"""`mesh token`: shown once, kept hashed, for those one speaks for."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mesh_defs.access.tokens.keyring import Gatekeeper
from mesh_defs.storage.ledger import Sisters
from mesh_defs.storage.state import State
from tests.cli.conftest import Shell
from tests.tiny_mesh import TinyMesh


class Tokens:
    def __init__(self, shell: Shell, mesh: TinyMesh) -> None:
        self.shell, self.mesh = shell, mesh

    def __call__(self, *arguments: str, who: str | None = None) -> Any:
        said = self.shell("token", *arguments, *(["--as", who] if who else []), "--json")
        assert said.code == 0, said.err
        return said.json

    def refused(self, *arguments: str, who: str | None = None) -> str:
        said = self.shell("token", *arguments, *(["--as", who] if who else []))
        assert (said.code, said.out) == (1, "")
        return said.err

    def known(self, token: str, now: datetime | None = None) -> bool:
        sisters = Sisters.open(State.of(self.mesh.root))
        return Gatekeeper(sisters, lambda: now or datetime.now(UTC)).recognise(token) is not None


@pytest.fixture
def tokens(shell: Shell, in_unpublished_mesh: TinyMesh) -> Tokens:
    return Tokens(shell, in_unpublished_mesh)


def test_is_shown_once_and_kept_nowhere(tokens: Tokens) -> None:
    made = tokens("create", "--product", "shop.orders", "--purpose", "nightly", who="Insight team")
    assert re.fullmatch(r"mesh_[0-9a-z]{10}_[\w-]{43}", made["token"])
    assert (made["consumer"], made["products"]) == ("domain:insight", ["shop.orders"])
    assert (made["state"], made["last_used"]) == ("active", None)
    listed = tokens("list")
    assert listed == [{k: v for k, v in made.items() if k != "token"}]
    secret = made["token"][16:]
    for file in tokens.mesh.home.rglob("*"):
        if file.is_file():
            assert secret.encode() not in file.read_bytes()
    with sqlite3.connect(tokens.mesh.home / "ledger/ledger.db") as ledger:
        ((kept,),) = ledger.execute("select hash from mesh_token").fetchall()
    assert re.fullmatch("[0-9a-f]{64}", kept)
    assert not tokens.known(f"mesh_{made['id']}_{kept[:43]}")


def test_only_the_token_is_on_stdout(tokens: Tokens) -> None:
    said = tokens.shell("token", "create", "--as", "Insight team")
    assert tokens.known(said.out.strip())
    assert "reads all it may for domain:insight" in said.err


def test_is_recognised_and_last_used_is_kept(tokens: Tokens) -> None:
    made = tokens("create", who="Insight team")
    assert tokens.known(made["token"])
    assert tokens("list")[0]["last_used"]
    for other in ("", "mesh_", made["token"][:-1], made["token"][:-1] + "x" * 2,
                  f"mesh_{'0' * 10}_{made['token'][16:]}"):  # fmt: skip
        assert not tokens.known(other), other


def test_expires(tokens: Tokens) -> None:
    made = tokens("create", who="Insight team")
    lasts = datetime.fromisoformat(made["expires"]) - datetime.now(UTC)
    assert timedelta(days=89) < lasts <= timedelta(days=90)
    ends = datetime.fromisoformat(made["expires"])
    assert tokens.known(made["token"], ends - timedelta(seconds=1))
    assert not tokens.known(made["token"], ends)
    assert "is over" in tokens.refused("create", "--until", "2020-01-01", who="Insight team")


def test_no_end_is_too_far_away(tokens: Tokens) -> None:
    made = tokens("create", "--until", "9999-12-31", who="Insight team")
    again = tokens("rotate", made["id"], who="Insight team")
    assert again["expires"] == made["expires"]
    assert tokens.known(again["token"])


def test_rotated_and_revoked(tokens: Tokens) -> None:
    first = tokens("create", who="Insight team")
    second = tokens("rotate", first["id"], who="Insight team")
    assert second["id"] == first["id"]
    assert (tokens.known(first["token"]), tokens.known(second["token"])) == (False, True)
    ended = tokens("revoke", first["id"], who="Insight team")
    assert (ended["state"], ended["revoked_by"]) == ("revoked", "Insight team")
    assert not tokens.known(second["token"])
    assert tokens("list") == []
    assert [t["id"] for t in tokens("list", "--all")] == [first["id"]]
    assert "is revoked" in tokens.refused("rotate", first["id"], who="Insight team")
    again = tokens("revoke", first["id"], who="Insight team")
    assert again["revoked"] == ended["revoked"]


def test_only_who_speaks_for_a_consumer_has_its_tokens(tokens: Tokens) -> None:
    made = tokens("create", who="Insight team")
    said = "does not speak for domain:insight"
    assert said in tokens.refused("create", "--for", "insight", who="Shop team")
    assert said in tokens.refused("rotate", made["id"], who="Shop team")
    assert said in tokens.refused("revoke", made["id"], who="Shop team")
    assert tokens.known(made["token"])
    (tokens.mesh.root / "governance.yaml").write_text(
        "team: {name: Gov, email: g@example.com, members: []}\n", encoding="utf-8"
    )
    assert tokens("revoke", made["id"], who="Gov")["revoked_by"] == "Gov"
    assert "There is no such token" in tokens.refused("revoke", "nope", who="Gov")


def test_an_app_belongs_to_whoever_requested_an_agreement_for_it(tokens: Tokens) -> None:
    made = ("create", "--for", "app:till")
    assert "does not speak for app:till" in tokens.refused(*made, who="Till crew")
    request = ["access", "request", "shop.days", "--for", "app:till", "--purpose", "Refunds"]
    assert tokens.shell(*request, "--as", "Till crew").code == 0
    assert tokens(*made, who="Till crew")["consumer"] == "app:till"
    assert "does not speak for app:till" in tokens.refused(*made, who="Mallory")


def test_asking_for_somebody_elses_app_makes_it_nobody_elses(tokens: Tokens) -> None:
    def request(product: str, who: str, app: str = "app:till") -> tuple[int, str]:
        said = tokens.shell("access", "request", product, "--for", app, "--purpose", "x",
                            "--as", who)  # fmt: skip
        return said.code, said.err

    assert request("shop.days", "Till crew") == (0, "")
    code, said = request("shop.orders", "Mallory")
    assert (code, "Mallory is not of app:till" in said) == (1, True)
    assert "does not speak for" in tokens.refused("create", "--for", "app:till", who="Mallory")
    assert request("shop.orders", "till crew") == (0, "")
    # Whoever was turned down has no say: the name is free again.
    assert request("shop.days", "Mallory", "app:news") == (0, "")
    assert request("shop.days", "News desk", "app:news")[0] == 1
    rejected = tokens.shell("access", "reject", "a4", "--why", "no", "--as", "Shop team")
    assert rejected.code == 0, rejected.err
    assert request("shop.days", "News desk", "app:news") == (0, "")
    assert "does not speak for" in tokens.refused("create", "--for", "app:news", who="Mallory")


def test_a_scope_is_a_product_in_all_of_its_versions(tokens: Tokens) -> None:
    made = tokens("create", "--product", "shop.days", "--product", "no.such", who="Insight team")
    assert made["products"] == ["shop.days", "no.such"]
    assert "is not `domain.product`" in tokens.refused(
        "create", "--product", "orders", who="Insight team"
    )
