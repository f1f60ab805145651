"""`mesh list` and `mesh show`."""

from __future__ import annotations

from datetime import datetime

from tests.cli.conftest import Shell, steady
from tests.tiny_mesh import TinyMesh
from tests.two_majors import next_major

LIST = """\
product           version  snapshot  rows  rules      published (UTC)   last attempt  read by
insight.best_day  1.0.0           0     1  6 passed   YYYY-MM-DD hh:mm  published     –
shop.days         1.0.0           0     2  7 passed   YYYY-MM-DD hh:mm  published     –
shop.orders       1.0.0           0     3  11 passed  YYYY-MM-DD hh:mm  published     insight
"""  # noqa: RUF001

SHOW = """\
insight.best_day 1.0.0, active: best_day
All about best_day.

owner     Ola Nord, Insight team <insight@example.com>
support   insight mailto:insight@example.com
price     0 EUR a month
notice    P30D
contract  urn:datacontract:insight.best_day (domains/insight/contracts/best_day.odcs.yaml)
reads     –
read by   –

Columns
column  type               class  meaning
day     date     required  –      The day.
cents   integer            –      What was paid.

Rules
rule                   promised                                       severity
best_day.columns       best_day has the columns day, cents            error
best_day.extraColumns  best_day has no columns but the promised ones  error
day.logicalType        day is of type date                            error
day.required           day is never null                              error
cents.logicalType      cents is of type integer                       error
not_empty              the number of rows is more than 0              error

Ports
port      kind   snapshot  status     verified (UTC)    location
best_day  delta  0         published  YYYY-MM-DD hh:mm  ROOT/.mesh/lake/insight/products/best_day/v1

Snapshots, newest first
snapshot  published (UTC)   rows  rules     contract  code      run       made from
       0  YYYY-MM-DD hh:mm     1  6 passed  1.0.0     hhhhhhhh  hhhhhhhh  shop.orders@1: 0

Last audit YYYY-MM-DD hh:mm UTC, published
  passed: all 6 rules
"""  # noqa: RUF001


def test_list(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("list")
    assert (said.code, said.err) == (0, "")
    assert steady(said.out) == LIST


def test_list_as_json(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("list", "--json")
    assert (said.code, said.err) == (0, "")
    orders = said.json[2]
    assert datetime.fromisoformat(orders.pop("published_at")).tzinfo
    assert orders == {
        "product": "shop.orders",
        "domain": "shop",
        "version": "1.0.0",
        "status": "active",
        "ends": None,
        "snapshot": 0,
        "rows": 3,
        "rows_quarantined": 0,
        "rules_passed": 11,
        "rules_failed": 0,
        "rules_not_executable": 0,
        "last_attempt": "published",
        "consumers": ["insight"],
    }


def test_list_before_the_first_run(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    said = shell("list", "--json")
    assert said.code == 0
    assert {p["snapshot"] for p in said.json} == {None}
    assert {p["published_at"] for p in said.json} == {None}
    assert not in_unpublished_mesh.home.exists()


def test_a_broken_domain_is_named_and_the_others_listed(
    shell: Shell, in_unpublished_mesh: TinyMesh
) -> None:
    file = in_unpublished_mesh.root / "domains" / "shop" / "domain.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("purpose:", "porpoise:"), "utf-8")
    said = shell("list", "--json")
    assert said.code == 1
    assert [p["product"] for p in said.json] == ["insight.best_day"]
    assert "shop is broken: domains/shop/domain.yaml:3: porpoise:" in said.err


def test_show(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("show", "insight.best_day")
    assert (said.code, said.err) == (0, "")
    assert steady(said.out, in_tiny_mesh.root) == SHOW


def test_show_as_json_has_the_lineage_and_the_verdicts(
    shell: Shell, in_tiny_mesh: TinyMesh
) -> None:
    data = shell("show", "insight.best_day", "--json").json
    assert data["lineage"]["inputs"] == {"shop.orders@1": 0}
    assert data["lineage"]["run_id"] == data["history"][0]["run_id"]
    assert data["ports"][0]["kind"] == "delta"
    assert data["owner"] == {
        "team": "Insight team",
        "email": "insight@example.com",
        "owner": "Ola Nord",
    }
    assert {v["outcome"] for v in data["audit"]["verdicts"]} == {"passed"}
    columns = shell("show", "shop.orders", "--json").json["contract"]["columns"]
    assert [c["classification"] for c in columns] == [None, None, "confidential"]


def test_show_before_the_first_run(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    said = shell("show", "shop.orders")
    assert said.code == 0
    assert "Never published." in said.out
    assert shell("show", "shop.orders", "--json").json["audit"] is None


def test_an_unknown_product_names_what_there_is(shell: Shell, in_tiny_mesh: TinyMesh) -> None:
    said = shell("show", "shop.nothing")
    assert said.code == 1
    assert "Products: days, orders." in said.err
    assert "is not `domain.product`" in shell("show", "shop").err


def test_an_older_version_says_that_it_ends(shell: Shell, in_unpublished_mesh: TinyMesh) -> None:
    next_major(in_unpublished_mesh.root)
    listed = steady(shell("list").out)
    assert "shop.orders_v1    1.1.0 deprecated, ends on 2030-01-01" in listed
    (older,) = [p for p in shell("list", "--json").json if p["product"] == "shop.orders_v1"]
    assert (older["status"], older["ends"]) == ("deprecated", "2030-01-01")
    assert older["consumers"] == ["insight"]
    assert shell("show", "shop.orders_v1").out.startswith(
        "shop.orders_v1 1.1.0, deprecated, ends on 2030-01-01: orders\n"
    )
    current = shell("show", "shop.orders").out
    assert "beside    shop.orders_v1 1.1.0 (deprecated, ends on 2030-01-01)" in current
