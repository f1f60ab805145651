"""Documents behind the service: in a real browser, by agreement alone, put down, ended at once."""

from __future__ import annotations

import base64
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mesh_defs.access.desk import Desk
from mesh_defs.access.reading.audit import Stopped
from mesh_defs.access.serving.service import Service
from tests.ports.document_labs import DashboardLab
from tests.ports.lab import CONTRACT, FIRST, SECOND
from tests.serving.conftest import Served, bearer, running
from tests.tiny_mesh import TinyMesh
from tests.ui.chromium import Page, browser

PATH = "/products/shop.orders/ports/exit"
REPORT = {
    "title": "What was sold",
    "filters": ["Size"],
    "sections": [
        {
            "title": "Sold each day",
            "query": "select day::text as \"Day\", case when cents > 20 then 'large' else 'small' "
            'end as "Size", sum(cents) as "Cents" from orders group by all order by "Day", "Size"',
            "chart": {"kind": "bar", "x": "Cents", "y": "Day", "colour": "Size", "alt": "Bars."},
        }
    ],
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> DashboardLab:
    found = DashboardLab(tmp_path_factory.mktemp("documents") / "mesh")
    found.build()
    found.report(**REPORT)
    found.declare(
        "domains/shop/products/orders.odps.yaml",
        "outputPorts",
        {"name": "draft", "type": "dashboard"},
    )
    (found.root / "governance.yaml").write_text(
        "team: {name: Gov, email: g@example.com, members: []}\n", encoding="utf-8"
    )
    found.publish(FIRST)
    return found


@pytest.fixture(scope="module")
def service(lab: DashboardLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Tokens: `board` has an agreement on the port, `rows` one on the lake, `own` is shop's."""
    log = tmp_path_factory.mktemp("log") / "serve.log"
    with running(TinyMesh(lab.root), "--rate", "6000", log=log) as found:
        found.agreed("shop.orders", "app:board", "--port", "exit")
        found.agreed("shop.orders", "app:rows")
        for name in ("board", "rows", "other"):
            found.tokens[name] = found.token(f"app:{name}") if name != "other" else found.token(
                "insight", who="Insight team"
            )  # fmt: skip
        found.tokens["own"] = found.token("shop", who="Shop team")
        yield found
    assert "Traceback" not in log.read_text(), log.read_text()


def basic(token: str, user: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()}


def test_the_newest_file_byte_by_byte_and_how_it_may_be_shown(
    lab: DashboardLab, service: Served
) -> None:
    got = service.get(PATH, service.tokens["board"])
    assert (got.status_code, got.content) == (200, lab.path.read_bytes())
    said = got.headers
    assert said["content-type"] == "text/html; charset=utf-8"
    assert said["content-disposition"] == "inline; filename*=UTF-8''orders.exit.html"
    assert (said["cache-control"], said["x-content-type-options"]) == ("no-store", "nosniff")
    assert (said["mesh-snapshot"], said["mesh-version"]) == ("0", "1")
    policy = said["content-security-policy"].split("; ")
    assert {"default-src 'none'", "frame-ancestors 'none'", "sandbox allow-scripts"} <= {*policy}
    assert service.get(PATH, service.tokens["own"]).content == got.content


def test_a_browser_shows_the_token_as_a_password(service: Served) -> None:
    for user in ("", "eve"):
        said = httpx.get(service.http + PATH, headers=basic(service.tokens["board"], user))
        assert said.status_code == 200
    for wrong in ("", "mesh_x", "mesh_0000000000_" + "x" * 43, "é"):
        said = httpx.get(service.http + PATH, headers=basic(wrong))
        assert (said.status_code, said.headers["www-authenticate"]) == (401, 'Basic realm="mesh"')
    for broken in ("Basic", "Basic %%%", "Basic /w==", "Digest x"):
        assert httpx.get(service.http + PATH, headers={"Authorization": broken}).status_code == 401
    token = service.tokens["board"]
    assert httpx.get(f"{service.http}{PATH}?token={token}").status_code == 401
    shown = httpx.get(f"{service.http}{PATH}?token={token}", headers=bearer(token))
    assert shown.status_code == 400
    rows = httpx.get(service.http + "/products/shop.orders", headers=basic(service.tokens["own"]))
    assert rows.status_code == 401, "rows are for programs, which need no such way"


@pytest.fixture
def page(service: Served, tmp_path: Path) -> Iterator[Page]:
    """The dashboard as somebody sees it who typed the token where the browser asked for it."""
    with browser(tmp_path / "profile", 1000, 1500) as page:
        page.sign_in(service.http + PATH, "eve", service.tokens["board"])
        page.await_true("document.body && document.body.dataset.shown === 'all'")
        yield page


BARS = "document.querySelectorAll('#chart-0 [aria-roledescription=bar]').length"


def test_it_opens_in_a_browser_and_its_filters_work(page: Page) -> None:
    assert page.evaluate(BARS) == 2
    page.evaluate(
        "(() => { const s = document.querySelector('select'); s.value = 'small'; "
        "s.dispatchEvent(new Event('change', {bubbles: true})); })()"
    )
    page.await_true("document.body.dataset.shown === 'Size: small'")
    assert page.evaluate(BARS) == 1


def test_nothing_in_the_page_can_ask_the_service(page: Page, service: Served) -> None:
    """A script that got into it would have the reader's password at hand, and can't use it."""
    injected = "(() => { const s = document.createElement('script'); s.text = 'window.in = 1'; "
    page.evaluate(f"{injected} document.body.append(s); }})()")
    assert page.evaluate("window.in === undefined")
    assert page.evaluate("window.origin") == "null"
    page.evaluate(
        f"window.asked = 'waiting'; fetch('{service.http}{PATH}').then("
        "r => r.text()).then(t => window.asked = t, e => window.asked = 'refused'); 1"
    )
    page.await_true("window.asked !== 'waiting'")
    assert page.evaluate("window.asked") == "refused"


def test_what_is_not_there_and_what_is_not_yours_are_the_same(service: Served) -> None:
    wanted = service.get(PATH, service.tokens["other"])
    assert wanted.status_code == 404
    for token, path, mine, theirs in [
        ("other", "/products/shop.orders/ports/nope", b"nope", b"exit"),
        ("other", "/products/shop.nope/ports/exit", b"shop.nope", b"shop.orders"),
        ("other", "/products/nope.orders/ports/exit", b"nope.orders", b"shop.orders"),
        ("rows", PATH, b"", b""),
        ("board", "/products/shop.orders/ports/draft", b"draft", b"exit"),
        ("own", "/products/shop.orders/ports/orders", b"port `orders`", b"port `exit`"),
    ]:
        said = service.get(path, service.tokens[token])
        assert said.status_code == 404
        assert said.content.replace(mine, theirs) == wanted.content if mine else True
        assert {*said.headers} == {*wanted.headers}
    assert service.get(PATH, service.tokens["board"], version=2).status_code == 404


def test_an_agreement_on_the_port_opens_no_rows(service: Served) -> None:
    assert service.get("/products/shop.orders", service.tokens["board"]).status_code == 404
    assert service.get("/products", service.tokens["board"]).json() == []


def test_a_token_for_other_products_opens_none(service: Served) -> None:
    token = service.token("app:board", "--product", "shop.days")
    assert service.get(PATH, token).status_code == 404


def test_what_was_never_published_is_said_and_no_path_is(
    lab: DashboardLab, service: Served
) -> None:
    said = service.get("/products/shop.orders/ports/draft", service.tokens["own"])
    assert (said.status_code, said.json()) == (
        400, {"error": "`draft` of `shop.orders` was never published."},
    )  # fmt: skip


def test_each_read_is_put_down(service: Served) -> None:
    before = len(service.reads)
    got = service.get(PATH, service.tokens["board"])
    service.get(PATH, service.tokens["rows"])
    service.get("/products/shop.orders/ports/draft", service.tokens["own"])
    read, denied, refused = service.reads[before:]
    assert (read.who, read.product, read.version, read.snapshot, read.way) == (
        "app:board", "shop.orders", 1, 0, "http port exit",
    )  # fmt: skip
    assert (read.outcome, read.rows, read.bytes) == ("read", 0, len(got.content))
    assert read.agreement
    assert (denied.outcome, denied.who, denied.bytes) == ("denied", "app:rows", 0)
    assert refused.outcome == "refused"


ENDS: dict[str, Callable[[Served, str, str, Any], Any]] = {
    "token revoked": lambda s, id, token, lab: s.type(
        "token", "revoke", token[5:15], "--as", "Till crew"
    ),
    "suspended": lambda s, id, token, lab: s.type(
        "access", "suspend", id, "--why", "leak", "--as", "Gov"
    ),
    "grant lost": lambda s, id, token, lab: lab.grants.revoke(lab.wanted("app:ends_grant_lost")),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_right_that_ends_ends_at_once(lab: DashboardLab, service: Served, how: str) -> None:
    consumer = f"app:ends_{how.replace(' ', '_')}"
    id = service.agreed("shop.orders", consumer, "--port", "exit")
    token = service.token(consumer)
    assert service.get(PATH, token).status_code == 200
    ENDS[how](service, id, token, lab)
    assert service.get(PATH, token).status_code in (401, 404)


def test_a_role_that_opens_a_part_does_not_narrow_a_document(
    lab: DashboardLab, service: Served
) -> None:
    part = [{"property": "readableColumns", "value": ["day"]}]
    roles = [{"role": "part", "access": "read", "customProperties": part}]
    path = lab.root / CONTRACT
    before = path.read_text()
    lab.change(lambda contract: contract.update(roles=roles))
    service.agreed("shop.orders", "app:part", "--port", "exit", "--role", "part")
    token = service.token("app:part")
    time.sleep(1.1)  # the service looks at files once a second
    assert service.get(PATH, token).content == lab.path.read_bytes()
    path.write_text(before)
    time.sleep(1.1)


def test_a_grant_without_an_agreement_opens_nothing_and_is_taken_back(
    lab: DashboardLab, service: Served
) -> None:
    token = service.token("app:rows")
    lab.grants.grant(lab.wanted("app:rows"))  # by hand, in the state folder
    assert service.get(PATH, token).status_code == 404
    found = Desk(lab.root, "x").reconcile()
    assert lab.wanted("app:rows") in found.orphans


def test_a_right_that_ends_while_it_is_handed_out(lab: DashboardLab, service: Served) -> None:
    """Whoever takes it slowly gets the rest no more; a page is small, so no client is slow enough
    here: this one speaks to the service without a network."""
    service.agreed("shop.orders", "app:slow", "--port", "exit")
    token = service.token("app:slow")
    inside = Service(lab.root)
    known = inside.admit(f"Bearer {token}")
    shown = inside.find_document(known, "http port exit", "shop.orders", "exit", None)
    with pytest.raises(Stopped), inside.pieces(known, "http port exit", shown) as (pieces, _):
        assert next(pieces)
        service.type("token", "revoke", token[5:15], "--as", "Till crew")
        time.sleep(0.6)
        next(pieces)
    assert service.reads[-1].outcome == "stopped"


def test_the_next_snapshot_is_handed_out_and_a_broken_report_takes_nothing(
    lab: DashboardLab, service: Served
) -> None:
    before = service.get(PATH, service.tokens["board"])
    lab.publish(SECOND)
    after = service.get(PATH, service.tokens["board"])
    assert after.headers["mesh-snapshot"] == "1"
    assert after.content != before.content
    lab.report(title="Broken")
    time.sleep(1.1)
    assert service.get(PATH, service.tokens["board"]).content == after.content
    lab.report(**REPORT)


def test_a_mesh_on_bigquery_hands_out_what_it_shows_and_says_where_rows_are(
    lab: DashboardLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents are files in the state folder, whatever engine made the rows that they show."""
    made = lab.root / ".mesh/documents"
    shutil.copytree(made, tmp_path / "bigquery/documents", symlinks=True)
    there = {"MESH_HOME": str(tmp_path), "MESH_TARGET": "bigquery"}
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    with running(TinyMesh(lab.root), log=tmp_path / "log", variables=there) as found:
        found.agreed("shop.orders", "app:hall", "--port", "exit")
        hall, own = found.token("app:hall"), found.token("shop", who="Shop team")
        other = found.token("insight", who="Insight team")
        for token in (hall, own):
            assert found.get(PATH, token).content == lab.path.read_bytes()
        assert found.get(PATH, other).status_code == 404
        for answer in (
            found.get("/products", own),
            found.get("/products/shop.orders", own),
            found.query("from shop.orders", own),
        ):
            assert (answer.status_code, "Ask BigQuery" in answer.text) == (400, True)


def test_too_many_requests_are_refused(lab: DashboardLab, tmp_path: Path) -> None:
    with running(TinyMesh(lab.root), "--rate", "6", log=tmp_path / "log") as found:
        token = found.token("shop", who="Shop team")
        said = [found.get(PATH, token).status_code for _ in range(3)]
    assert said == [200, 429, 429]
