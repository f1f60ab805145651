"""`mesh cost`: what jobs took, what it comes to, and what is owed; nothing is lost or guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from mesh_defs.access.costing.accounts import AUDIT, DELIVERY, MODEL, MOUNT, PUBLICATION, UNLABELLED
from mesh_defs.access.costing.charges import UNITS
from mesh_defs.cli.say import NOTHING
from mesh_defs.model.governance import GovernanceFile
from mesh_defs.storage.bigquery.jobs import LOAD
from mesh_defs.storage.bigquery.labels import job_labels
from mesh_defs.storage.ledger import ReadRow, Sisters
from mesh_defs.storage.ledger.sisters import new_read_id
from mesh_defs.storage.state import State
from tests.cli.conftest import Shell
from tests.docs.pages import blocks, page
from tests.storage.jobs_server import Listing, listing, load, query
from tests.tiny_mesh import TinyMesh

GIB = 2**30
GOVERNANCE = "team: {name: G, email: g@x.com, members: [{name: Gus, role: steward}]}\n"
RATE = "bigquery: {price_per_tib: 6.25, currency: USD}\n"
CONSUMER = "Insight team"
LOOKS = f"""\
Made, YYYY-MM-DD to YYYY-MM-DD
product               kind         jobs  GiB billed  slot s  cost (USD)
insight.best_day      model           1      64.000     5.0        0.39
shop, no one product  load            1       0.000     0.0        0.00
shop.orders           audit           1     256.000    30.0        1.56
shop.orders           model           1     512.000    90.0        3.12
shop.orders           publication     1     256.000     1.0        1.56
unlabelled            {NOTHING}               1       8.000     0.5        0.05
all                                   6   1,096.000   126.5        6.69
Read, YYYY-MM-DD to YYYY-MM-DD (a part of what is above)
consumer  reads           jobs  GiB billed  slot s  cost (USD)
insight   shop.orders v1     1      64.000     5.0        0.39
Owed, YYYY-MM-DD to YYYY-MM-DD
consumer        product         days                      price           quantity        owed  note
domain:insight  shop.orders v1  YYYY-MM-DD to YYYY-MM-DD  2 EUR gibibyte        64  128.00 EUR"""


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")


def _labels(**about: str) -> dict[str, str]:
    return job_labels("mesh", about)


def _priced(mesh: TinyMesh, amount: float, unit: str) -> None:
    path = mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    said["price"] = {"priceAmount": amount, "priceCurrency": "EUR", "priceUnit": unit}
    path.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def _agree(shell: Shell, *more: str) -> None:
    said = shell("access", "request", "shop.orders", "--purpose", "why", *more)
    assert said.code == 0, said.err


@pytest.fixture
def mesh(in_unpublished_mesh: TinyMesh) -> TinyMesh:
    (in_unpublished_mesh.root / "governance.yaml").write_text(GOVERNANCE + RATE, encoding="utf-8")
    _priced(in_unpublished_mesh, 2, "gibibyte")
    return in_unpublished_mesh


@pytest.fixture
def google(mesh: TinyMesh, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listing]:
    """A project in which `shop` makes and publishes what `insight` reads, and others work, too."""
    with listing() as found:
        monkeypatch.setenv("MESH_TARGET", "bigquery")
        monkeypatch.setenv("MESH_BIGQUERY_PROJECT", "acme-mesh")
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", found.url)
        at, dbt = _now(), {"dbt_invocation_id": "i"}
        shop, orders = _labels(domain="shop"), _labels(domain="shop", product="orders")
        insight = _labels(domain="insight", model="best_day", product="best_day") | dbt
        found.jobs = [
            load("l", at, shop, "mesh_inputs_shop.landing__orders"),
            query("m", at, orders | dbt, 512 * GIB, 90_000, ("mesh_inputs_shop.landing__orders",)),
            query("a", at, orders, 256 * GIB, 30_000, ("mesh_private_shop.orders",)),
            query("p", at, orders, 256 * GIB, 1_000, ("mesh_private_shop.orders",),
                  makes="mesh_published_shop.orders_v1__0"),
            query("i", at, insight, 64 * GIB, 5_000, ("mesh_published_shop.orders_v1__0",)),
            query("x", at, {}, 8 * GIB, 500, ("elsewhere.table",)),
        ]  # fmt: skip
        yield found


def _took(jobs: int, gib: float, seconds: float, cost: float | None) -> dict[str, Any]:
    return {"jobs": jobs, "bytes_billed": int(gib * GIB), "slot_seconds": seconds, "cost": cost}


def test_what_was_made_read_and_is_owed(shell: Shell, google: Listing) -> None:
    _agree(shell, "--as", CONSUMER)
    said = shell("cost", "--json")
    assert (said.code, said.err) == (0, "")
    found = said.json
    assert (found["price_per_tib"], found["currency"], found["notes"]) == (6.25, "USD", [])
    assert found["made"] == [
        {"product": "insight.best_day", "domain": "insight", "kind": "model",
         **_took(1, 64, 5.0, 0.390625)},
        {"product": None, "domain": "shop", "kind": "load", **_took(1, 0, 0.0, 0.0)},
        {"product": "shop.orders", "domain": "shop", "kind": "audit",
         **_took(1, 256, 30.0, 1.5625)},
        {"product": "shop.orders", "domain": "shop", "kind": "model",
         **_took(1, 512, 90.0, 3.125)},
        {"product": "shop.orders", "domain": "shop", "kind": "publication",
         **_took(1, 256, 1.0, 1.5625)},
        {"product": None, "domain": None, "kind": "unlabelled", **_took(1, 8, 0.5, 0.048828)},
    ]  # fmt: skip
    assert found["total"] == _took(6, 1096, 126.5, 6.689453)
    assert found["read"] == [
        {"consumer": "insight", "products": [{"product": "shop.orders", "version": 1}],
         **_took(1, 64, 5.0, 0.390625)}
    ]  # fmt: skip
    (owed,) = found["owed"]
    assert (owed["consumer"], owed["product"]) == ("domain:insight", "shop.orders")
    assert (owed["price"], owed["quantity"]) == ("2 EUR gibibyte", 64.0)
    assert (owed["amount"], owed["currency"], owed["note"]) == (128.0, "EUR", "")


def test_bytes_that_nobody_can_divide_are_billed_to_nobody(shell: Shell, google: Listing) -> None:
    _agree(shell, "--as", CONSUMER)
    google.jobs.append(
        query("b", _now(), _labels(domain="insight"), GIB, 1,
              ("mesh_published_shop.orders_v1", "mesh_private_insight.best_day"))
    )  # fmt: skip
    found = shell("cost", "--json").json
    assert found["read"][0]["bytes_billed"] == 65 * GIB
    (owed,) = found["owed"]
    assert (owed["quantity"], owed["amount"]) == (None, None)
    assert owed["note"] == "not computed: of 1 read it is not known how many bytes they had"


def test_how_it_looks(shell: Shell, google: Listing) -> None:
    _agree(shell, "--as", CONSUMER)
    said = shell("cost")
    text = re.sub(r"\d{4}-\d\d-\d\d", "YYYY-MM-DD", said.out)
    shown = "\n".join(line.rstrip() for line in text.splitlines())
    assert shown == LOOKS
    assert said.err == ""


def test_only_what_is_about_one(shell: Shell, google: Listing) -> None:
    _agree(shell, "--as", CONSUMER)
    for about, made, read, owed in (
        ("shop", {"shop"}, 1, 1),
        ("insight", {"insight"}, 1, 1),
        ("shop.orders", {"shop.orders"}, 1, 1),
        ("shop.days", set(), 0, 0),
        ("insight.best_day", {"insight.best_day"}, 0, 0),
    ):
        found = shell("cost", about, "--json").json
        key = "product" if "." in about else "domain"
        assert {m[key] for m in found["made"]} == made, about
        assert (len(found["read"]), len(found["owed"])) == (read, owed), about
        assert found["total"]["jobs"] == sum(m["jobs"] for m in found["made"]), about


def test_without_a_price_there_is_no_money_and_how_to_say_one(
    shell: Shell, google: Listing, mesh: TinyMesh
) -> None:
    (mesh.root / "governance.yaml").write_text(GOVERNANCE, encoding="utf-8")
    said = shell("cost", "--json")
    assert said.json["total"] == _took(6, 1096, 126.5, None)
    assert "bigquery: {price_per_tib" in said.json["notes"][0]
    said = shell("cost")
    assert (said.code, "governance.yaml" in said.err) == (0, True)
    assert "cost (" not in said.out


def test_a_price_that_is_none_is_found(shell: Shell, mesh: TinyMesh) -> None:
    for rate, says in (
        ("{price_per_tib: -1, currency: USD}", "greater than or equal to 0"),
        ("{price_per_tib: 6.25, currency: dollars}", "bigquery.currency"),
        ("{price_per_tib: .inf, currency: USD}", "finite number"),
        ("{price_per_tib: 6.25}", "required, and missing"),
    ):
        text = f"{GOVERNANCE}bigquery: {rate}\n"
        (mesh.root / "governance.yaml").write_text(text, encoding="utf-8")
        said = shell("cost")
        assert (said.code, said.out) == (1, "")
        assert "governance.yaml:2" in said.err and says in said.err, said.err


def test_what_is_missing_is_named(
    shell: Shell, google: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.forbidden = "no listAll"
    said = shell("cost")
    assert (said.code, said.out) == (1, "")
    assert "roles/bigquery.resourceViewer" in said.err
    monkeypatch.delenv("MESH_BIGQUERY_PROJECT")
    said = shell("cost")
    assert (said.code, said.out) == (1, "")
    assert "MESH_BIGQUERY_PROJECT is not set" in said.err


def test_jobs_are_those_of_the_days(shell: Shell, google: Listing) -> None:
    found = shell("cost", "--since", "2024-01-01", "--until", "2024-01-31", "--json").json
    assert (found["made"], found["owed"], found["total"]["jobs"]) == ([], [], 0)
    assert "BigQuery lists jobs for 180 days" in found["notes"][0]
    assert "no jobs" in shell("cost", "--since", "2024-01-01", "--until", "2024-01-31").out


def test_what_is_typed_wrongly(shell: Shell, mesh: TinyMesh) -> None:
    for typed, code, says in (
        (["nobody"], 1, "No domain `nobody`. Domains: insight, shop."),
        (["shop.nothing"], 1, "No product `nothing` in `shop`."),
        (["--since", "May"], 2, "`May` is no day"),
        (["--since", "2027-02-01", "--until", "2027-01-01"], 2, "ends on 2027-01-01"),
    ):
        said = shell("cost", *typed)
        assert (said.code, said.out) == (code, "")
        assert says in " ".join(said.err.replace("│", "").split())


def test_on_duckdb_what_was_handed_out_is_owed_for(shell: Shell, mesh: TinyMesh) -> None:
    for app, amount, unit in (("till", 0.5, "row"), ("desk", 2, "gibibyte")):
        _priced(mesh, amount, unit)
        _agree(shell, "--for", f"app:{app}", "--as", CONSUMER)
    _priced(mesh, 9, "row")  # what the contract says by now has no say
    ids = {a["consumer"]: a["id"] for a in shell("access", "list", "--json").json}
    for app in ("till", "desk"):
        assert shell("access", "approve", ids[f"app:{app}"], "--as", "Shop team").code == 0
    _read(mesh, "app:till", ids["app:till"])
    _read(mesh, "app:till", ids["app:till"], "2024-05-01T00:00:00+00:00")
    _read(mesh, "app:desk", ids["app:desk"])
    _read(mesh, "app:till", None)
    said = shell("cost")
    assert "nobody bills what it computes" in said.err and "Made" not in said.out
    found = shell("cost", "--json").json
    assert (found["engine"], found["total"], found["made"]) == ("duckdb", None, [])
    by = {o["consumer"]: o for o in found["owed"]}
    assert (by["app:till"]["quantity"], by["app:till"]["amount"]) == (3.0, 1.5)
    # No sum is better than a wrong one.
    assert (by["app:desk"]["amount"], by["domain:insight"]["amount"]) == (None, None)
    assert "not known how many bytes" in by["app:desk"]["note"]
    assert "where nobody counts it" in by["domain:insight"]["note"]


def _read(mesh: TinyMesh, who: str, agreement: str | None, at: str | None = None) -> None:
    """What `mesh query` puts down of three rows; without an agreement, that it was denied."""
    sisters, at = Sisters.open(State.of(mesh.root)), at or datetime.now(UTC).isoformat()
    outcome = "reading" if agreement else "denied"
    read = ReadRow(new_read_id(), at, who, None, agreement, "shop.orders", 1, 0, None,
                   "mesh query", outcome)  # fmt: skip
    sisters.begin(read)
    sisters.end(read.id, "read", 3, 0, at)


def test_the_page_has_every_unit_and_kind_and_its_file_can_be_read() -> None:
    where = page("docs/reference/cost.md")
    said = where.read_text(encoding="utf-8")
    kinds = (MODEL, AUDIT, PUBLICATION, LOAD, MOUNT, DELIVERY, UNLABELLED)
    assert [name for name in (*UNITS, *kinds) if f"`{name}`" not in said] == []
    (block,) = [b for b in blocks(where) if b.title == "governance.yaml"]
    assert GovernanceFile.model_validate(yaml.safe_load(block.text)).bigquery
