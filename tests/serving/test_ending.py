"""A right that ends, ends at once: at the next request, in the middle of pages, of a stream."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pyarrow as pa
import pytest
from pyarrow import flight

from mesh_defs.access.reading.audit import Stopped
from mesh_defs.access.reading.plan import Asked
from mesh_defs.access.serving.service import Service
from tests.serving.conftest import Served, bearer, call

PATH = "/products/shop.orders"
Ending = tuple[str, Callable[[], None]]


@pytest.fixture(params=["revoked", "suspended", "over", "withdrawn by role"])
def ending(request: pytest.FixtureRequest, served: Served) -> Iterator[Ending]:
    """A token for shop.orders, and what ends it."""
    consumer = f"app:{request.node.name}".replace(" ", "_").replace("[", "_").rstrip("]")
    id = served.agreed("shop.orders", consumer, "--role", "whole")
    token = served.token(consumer)
    contract = served.mesh.root / "domains/shop/contracts/orders.odcs.yaml"
    before = contract.read_text(encoding="utf-8")

    def end() -> None:
        if request.param == "revoked":
            served.type("token", "revoke", token[5:15], "--as", "Till crew")
        elif request.param == "suspended":
            served.type("access", "suspend", id, "--why", "leak", "--as", "Gov")
        elif request.param == "over":
            # This contract has no notice period, so that a notice is over when it is given.
            served.type("access", "cancel", id, "--why", "done", "--as", "Till crew")
        else:
            contract.write_text(before.replace("role: whole", "role: other"), encoding="utf-8")

    yield token, end
    if contract.read_text(encoding="utf-8") != before:
        contract.write_text(before, encoding="utf-8")
        time.sleep(1.1)
        assert served.get(PATH, served.tokens["whole"], limit=1).status_code == 200


def test_in_what_was_long_in_coming(served: Served, ending: Ending) -> None:
    """A reader who waits for a place, or for a slow query, is looked at when rows are there."""
    token, end = ending
    service = Service(served.mesh.root)
    known = service.admit(f"Bearer {token}")
    readable = service.find(known, "http", "shop.orders", 1, None)
    with (
        pytest.raises(Stopped),
        service.rows(known, "http", readable, Asked(limit=1)) as rows,
    ):
        end()
        time.sleep(1.1)
        assert not list(rows.batches)
    (read,) = [r for r in served.reads if r.token == known.id]
    assert (read.outcome, read.rows) == ("stopped", 0)


def _denied(response: httpx.Response) -> bool:
    return response.status_code in (401, 404)


def test_at_the_next_page(served: Served, ending: Ending) -> None:
    token, end = ending
    first = served.get(PATH, token, limit=10, as_of=1)
    assert first.status_code == 200
    end()
    time.sleep(1.1)  # a contract's file is looked at once a second; the rest acts at once
    assert _denied(served.get(PATH, token, limit=10, offset=10, as_of=1))
    assert _denied(served.query("select 1 from shop.orders", token))
    with pytest.raises((flight.FlightUnauthenticatedError, flight.FlightUnauthorizedError)):
        served.take(token, product="shop.orders", offset=10, limit=10)


def test_in_the_middle_of_a_stream(served: Served, ending: Ending) -> None:
    token, end = ending
    url, seen = f"{served.http}{PATH}?format=csv", 0
    with (
        pytest.raises(httpx.RemoteProtocolError),
        httpx.stream("GET", url, headers=bearer(token), timeout=30) as response,
    ):
        for piece in response.iter_bytes():
            if not seen:
                end()
                time.sleep(1.1)
            seen += len(piece)
    outcomes = [r.outcome for r in served.reads if r.token == token[5:15]]
    assert seen > 0
    assert outcomes[-1] == "stopped"


def test_in_the_middle_of_a_flight(served: Served, ending: Ending) -> None:
    token, end = ending
    with served.client() as client:
        reader = client.do_get(
            flight.Ticket(json.dumps({"product": "shop.orders"}).encode()), call(token)
        )
        reader.read_chunk()
        end()
        time.sleep(1.1)
        with pytest.raises(pa.ArrowInvalid, match="may not be read any more"):
            while True:
                reader.read_chunk()


def test_a_reader_who_goes_away_is_put_down(served: Served) -> None:
    token, before = served.tokens["whole"], len(served.reads)
    url = f"{served.http}{PATH}?format=csv"
    with httpx.stream("GET", url, headers=bearer(token), timeout=30) as response:
        next(response.iter_bytes())
    deadline = time.monotonic() + 20
    while (found := served.reads[before:])[0].outcome == "reading":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found[0].outcome == "broken off"
