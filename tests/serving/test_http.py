"""The service over HTTP, as clients meet it: formats, parts, resuming, and what is refused."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from tests.serving.conftest import LARGE, Served


def rows(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def test_health_needs_no_token(served: Served) -> None:
    assert served.get("/health").json() == {"ok": True}


def test_products_are_those_that_one_may_read(served: Served) -> None:
    names = {t: [p["product"] for p in served.get("/products", served.tokens[t]).json()]
             for t in served.tokens}  # fmt: skip
    assert names["whole"] == names["part"] == ["shop.orders"]
    assert names["own"] == ["shop.days", "shop.orders"]
    assert "shop.days" not in names["none"]
    (part,) = served.get("/products", served.tokens["part"]).json()
    assert part == {"product": "shop.orders", "version": 1, "snapshot": 1, "rows": None}


FORMATS = {
    "jsonl": lambda b: pa.Table.from_pylist([json.loads(x) for x in b.splitlines()]),
    "arrow": lambda b: pa.ipc.open_stream(b).read_all(),
    "parquet": lambda b: pq.read_table(io.BytesIO(b)),
    "csv": lambda b: csv.read_csv(io.BytesIO(b)),
}
MEDIA = {
    "jsonl": "application/x-ndjson",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_by_name_and_by_media_type(served: Served, name: str) -> None:
    import httpx

    named = served.get("/products/shop.orders", served.tokens["own"], format=name, as_of=0)
    assert named.headers["content-type"].startswith(MEDIA[name])
    assert (named.headers["mesh-snapshot"], named.headers["mesh-version"]) == ("0", "1")
    found = FORMATS[name](named.content)
    assert found.num_rows == 3
    assert [str(r["cents"]) for r in found.to_pylist()] == ["250", "1000", "40"]
    headers = {"Authorization": f"Bearer {served.tokens['own']}", "Accept": MEDIA[name]}
    asked = httpx.get(f"{served.http}/products/shop.orders?as_of=0", headers=headers)
    assert asked.headers["content-type"] == named.headers["content-type"]
    assert FORMATS[name](asked.content).equals(found)


def test_columns_conditions_limits_and_moments(served: Served) -> None:
    def ask(**parameters: Any) -> list[dict[str, Any]]:
        return rows(served.get("/products/shop.orders", served.tokens["whole"], **parameters))

    assert ask(as_of=0, columns="cents, ORDER_ID", where="cents > 100") == [
        {"cents": 250, "order_id": 1}, {"cents": 1000, "order_id": 2},
    ]  # fmt: skip
    assert ask(as_of=0, where='[["day", ">=", "2024-05-02"]]')[0]["order_id"] == 3
    assert len(ask(limit=5)) == 5
    assert ask(limit=0) == []
    assert len(ask(as_of=datetime.now(UTC).isoformat(), limit=7)) == 7


def test_a_stream_is_resumed_where_it_ended(served: Served) -> None:
    """Pages, each pinned to the snapshot of the first, are the whole in its order."""
    token, path = served.tokens["whole"], "/products/shop.orders"
    whole = pa.ipc.open_stream(served.get(path, token, format="arrow").content).read_all()
    assert whole.num_rows == LARGE
    pages, snapshot = [], None
    for offset in (0, 700_000, 1_400_001, 2_999_999):
        asked: dict[str, Any] = {"format": "arrow", "offset": offset, "limit": 700_001}
        page = served.get(path, token, **asked, **({"as_of": snapshot} if snapshot else {}))
        snapshot = page.headers["mesh-snapshot"]
        pages.append(pa.ipc.open_stream(page.content).read_all())
    assert pages[1].equals(whole.slice(700_000, 700_001))
    assert pages[2].equals(whole.slice(1_400_001, 700_001))
    assert pages[3].equals(whole.slice(2_999_999))
    assert pages[0]["order_id"].to_pylist()[:3] == [1, 2, 3]
    filtered = {"where": "cents < 50000", "format": "arrow"}
    all_of = pa.ipc.open_stream(served.get(path, token, **filtered).content).read_all()
    rest = served.get(path, token, **filtered, offset=1_000_000, as_of=1)
    assert pa.ipc.open_stream(rest.content).read_all().equals(all_of.slice(1_000_000))


def test_a_narrowed_agreement_opens_its_part_and_no_more(served: Served) -> None:
    token, path = served.tokens["part"], "/products/shop.orders"
    found = rows(served.get(path, token))
    assert {*found[0]} == {"order_id", "day"}
    assert [r["order_id"] for r in found] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert rows(served.get(path, token, where="order_id > 1000")) == []
    for hidden in ({"columns": "cents"}, {"where": "cents = 1"}, {"columns": "order_id,nope"}):
        said = served.get(path, token, **hidden)
        name = "nope" if "nope" in str(hidden) else "cents"
        assert said.status_code == 400
        assert f"o column `{name}`" in said.json()["error"]
        assert "Columns: `" in said.json()["error"]
        assert "cents" not in said.json()["error"].partition("olumns: ")[2]
    count = rows(served.query("select count(*) as n, max(order_id) as m from shop.orders", token))
    assert count == [{"n": 9, "m": 10}]
    assert served.query("select cents from shop.orders", token).status_code == 400


def test_no_condition_tells_about_hidden_rows(served: Served) -> None:
    """A condition that can fail only on a hidden row doesn't fail, and says no value."""
    token, path = served.tokens["part"], "/products/shop.orders"
    said = served.get(path, token, where="order_id = 'not a number'")
    assert said.status_code == 400
    assert "not a number" not in said.json()["error"].replace("order_id = 'not a number'", "")


@pytest.mark.parametrize("token", [None, "mesh_x", "mesh_0000000000_" + "x" * 43])
def test_without_a_token_nothing_is_said(served: Served, token: str | None) -> None:
    answers = [
        served.get(path, token) for path in ("/products", "/products/shop.orders", "/products/x.y")
    ]
    assert {a.status_code for a in answers} == {401}
    assert len({a.text for a in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"


def test_what_is_not_there_and_what_is_not_yours_are_the_same(served: Served) -> None:
    token = served.tokens["none"]
    for parameters in ({}, {"version": 1}, {"as_of": 0}, {"as_of": 99}, {"columns": "nope"}):
        theirs = served.get("/products/shop.days", token, **parameters)
        nothing = served.get("/products/shop.nope", token, **parameters)
        nowhere = served.get("/products/nope.days", token, **parameters)
        assert {theirs.status_code, nothing.status_code, nowhere.status_code} == {404}
        assert theirs.content == nothing.content.replace(b"shop.nope", b"shop.days")
        assert theirs.content == nowhere.content.replace(b"nope.days", b"shop.days")
        assert {*theirs.headers} == {*nothing.headers}
    theirs, nothing = (served.query(f"select x from shop.{n}", token) for n in ("days", "nope"))
    assert (theirs.status_code, nothing.status_code) == (404, 404)
    assert theirs.content == nothing.content.replace(b"shop.nope", b"shop.days")


def test_a_token_opens_its_products_only(served: Served) -> None:
    token = served.token("shop", "--product", "shop.days", who="Shop team")
    assert len(rows(served.get("/products/shop.days", token))) == 2
    assert served.get("/products/shop.orders", token).status_code == 404
    assert served.query("from shop.orders", token).status_code == 404


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": "-1"}, {"limit": "x"}, {"offset": "1,2"}, {"version": "1.0"}, {"format": "xml"},
        {"colums": "day"}, {"columns": ""}, {"where": ""}, {"where": "[1"}, {"where": "1; drop"},
        {"as_of": "yesterday"}, {"as_of": "17"}, {"as_of": "2001-01-01"}, {"limit": "9" * 30},
        {"where": "day in (select 1)"}, {"where": "read_text('/etc/passwd') is null"},
    ],
)  # fmt: skip
def test_what_can_not_be_done_is_said(served: Served, parameters: dict[str, str]) -> None:
    said = served.get("/products/shop.orders", served.tokens["own"], **parameters)
    assert said.status_code == 400
    assert set(said.json()) == {"error"}
    assert str(served.mesh.root) not in said.text


def test_each_read_is_put_down(served: Served) -> None:
    before = len(served.reads)
    got = served.get("/products/shop.orders", served.tokens["part"], columns="day", limit=2)
    served.get("/products/shop.days", served.tokens["part"])
    served.get("/products/shop.orders", served.tokens["part"], columns="cents")
    read, denied, refused = served.reads[before:]
    assert (read.who, read.product, read.version, read.snapshot) == (
        "app:part",
        "shop.orders",
        1,
        1,
    )
    assert (read.columns, read.rows, read.bytes) == (("day",), 2, len(got.content))
    assert (read.outcome, read.way, read.token) == ("read", "http", served.tokens["part"][5:15])
    assert read.agreement
    assert (denied.outcome, denied.product, denied.rows) == ("denied", "shop.days", 0)
    assert refused.outcome == "refused"


def test_fifty_readers_at_once(served: Served) -> None:
    def read(i: int) -> int:
        token = served.tokens[("whole", "own")[i % 2]]
        said = served.get("/products/shop.orders", token, format="arrow", limit=200_000 + i)
        return int(pa.ipc.open_stream(said.content).read_all().num_rows)

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(read, range(50))) == [200_000 + i for i in range(50)]


@pytest.mark.parametrize("name", FORMATS)
def test_much_is_handed_out_in_little_memory(served: Served, name: str) -> None:
    import httpx
    import psutil

    from tests.serving.conftest import bearer

    assert served.process
    process = psutil.Process(served.process.pid)
    before, seen, most = process.memory_info().rss, 0, 0
    url, token = f"{served.http}/products/shop.orders?format={name}", served.tokens["own"]
    with httpx.stream("GET", url, headers=bearer(token), timeout=60) as response:
        for piece in response.iter_raw(1_000_000):
            seen += len(piece)
            most = max(most, process.memory_info().rss)
    assert seen > 8_000_000
    assert most - before < 300_000_000
